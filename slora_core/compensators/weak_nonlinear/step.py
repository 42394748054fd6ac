"""One training step of alpha2-SLDC, written out: forward, backward and AdamW in buffers that exist beforehand.

f(x) = a1 A x + a2 B2 relu(B1 x) with (a1, a2) = softmax(alpha / exp(s)) (Rao et al., arXiv 2511.09926). With two
branches a softmax is a sigmoid of the margin m = alpha_1 - alpha_2: u = m exp(-s), a1 = sigma(u), a2 = sigma(-u), and
the pull of the loss 0.5 (sigma(m) - 1)^2 has the slope -sigma(m) sigma(-m)^2 in m. For E = f(X) - Y over n rows,

    G = 2 E / (n d);   dA = a1 G'X;   dB2 = a2 G'R;   dH = a2 (G B2) * [H > 0];   dB1 = dH'X;   du = <G, U - V> a1 a2

with U = X A', H = X B1', R = relu(H), V = R B2'. All matrices but X and Y are held transposed, [features, n].
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from slora_core.compensators.weak_nonlinear.branches import Branches, open_branches
from slora_core.compensators.weak_nonlinear.plan import CUDA_SLICES
from slora_core.config import WeakNonlinearConfig
from slora_core.memory.workspace import Workspace

BETA1: Final = 0.9
BETA2: Final = 0.999
EPSILON: Final = 1e-8


class TrainingStep:
    """Call it to train on the pairs in ``space["x"]`` and ``space["y"]`` at ``space["learning_rate"]``.

    Nothing is allocated and nothing waits for the device, so one call can be captured as a CUDA graph.
    """

    def __init__(self, space: Workspace, config: WeakNonlinearConfig) -> None:
        dim = space["x"].shape[1]
        self._x, self._x_columns, self._y_columns = space["x"], space["x"].mT, space["y"].mT
        self._entry, self._entry_gradient = _joined(space["weights"]), _joined(space["gradient"])
        self._outer, self._outer_columns = space["weights"][2], space["weights"][2].mT
        self._outer_gradient = space["gradient"][2]
        self._gates, self._gate_gradient = space["gates"].unbind(), space["gate_gradient"].unbind()
        self._hidden, self._linear, self._inner = space["hidden"], space["hidden"][:dim], space["hidden"][dim:]
        self._active, self._active_rows = space["active"], space["active"].mT
        self._branch, self._flat_branch = space["branch"], space["branch"].view(-1)
        self._error, self._flat_error = space["error"], space["error"].view(-1)
        self._slope_of_mean = 2 / space["error"].numel()
        scalars = space["scalars"].unbind()
        self._margin, self._shrink, self._logit, self._a1, self._a2, self._slope, self._pull = scalars
        self._aside = open_branches(space.device)
        self._optimizer = _Optimizer(space, config.weight_decay, self._aside)

    def __call__(self) -> None:
        self.differentiate()
        self._optimizer.update()

    def differentiate(self) -> None:
        """Fill ``gradient`` [3, d, d] and ``gate_gradient`` [3] with the slope of the loss."""
        with self._aside.open(0):
            self._weigh_branches()
        torch.mm(self._entry, self._x_columns, out=self._hidden)
        self._aside.join(0)
        self._forward()
        with self._aside.open(0):
            self._backward_gates()
        self._backward_weights()
        self._aside.join(0)

    def _weigh_branches(self) -> None:
        alpha1, alpha2, log_scale = self._gates
        torch.sub(alpha1, alpha2, out=self._margin)
        torch.neg(log_scale, out=self._shrink)
        self._shrink.exp_()
        torch.mul(self._margin, self._shrink, out=self._logit)
        torch.sigmoid(self._logit, out=self._a1)
        torch.neg(self._logit, out=self._a2)
        self._a2.sigmoid_()

    def _forward(self) -> None:
        """From ``hidden``: ``error`` becomes G; ``branch`` U - V; ``slope`` <G, U - V>."""
        torch.clamp(self._inner, min=0, out=self._active)
        torch.mm(self._outer, self._active, out=self._branch)
        torch.mul(self._linear, self._a1, out=self._error)
        self._error.addcmul_(self._branch, self._a2).sub_(self._y_columns).mul_(self._slope_of_mean)
        torch.sub(self._linear, self._branch, out=self._branch)
        torch.dot(self._flat_error, self._flat_branch, out=self._slope)

    def _backward_gates(self) -> None:
        alpha1, alpha2, log_scale = self._gate_gradient
        self._slope.mul_(self._a1).mul_(self._a2)
        torch.mul(self._slope, self._logit, out=log_scale)
        log_scale.neg_()
        torch.sigmoid(self._margin, out=self._pull)
        self._margin.neg_().sigmoid_()
        self._pull.mul_(self._margin).mul_(self._margin)
        self._slope.mul_(self._shrink)
        torch.sub(self._slope, self._pull, out=alpha1)
        torch.neg(alpha1, out=alpha2)

    def _backward_weights(self) -> None:
        """``hidden`` is overwritten by the slopes of its own elements, ``active`` by the mask of the rectifier."""
        torch.mul(self._error, self._a1, out=self._linear)
        self._error.mul_(self._a2)
        torch.mm(self._error, self._active_rows, out=self._outer_gradient)
        torch.mm(self._outer_columns, self._error, out=self._branch)
        torch.mul(self._branch, self._active.sign_(), out=self._inner)
        torch.mm(self._hidden, self._x, out=self._entry_gradient)


def _joined(weights: Tensor) -> Tensor:
    """A over B1: the view [2d, d] of [3, d, d]."""
    return weights[:2].view(-1, weights.shape[2])


class _Optimizer:
    """AdamW of the library over all parameters, its state in the workspace (Loshchilov and Hutter, 2019).

    The library gives a few blocks of a card to a tensor, however large it is: there each matrix is updated in slices,
    and the three side by side.
    """

    def __init__(self, space: Workspace, weight_decay: float, aside: Branches) -> None:
        names = [("weights", "gates"), ("gradient", "gate_gradient")]
        names += [("first_moment", "gate_first_moment"), ("second_moment", "gate_second_moment")]
        on_cuda = space.device.type == "cuda"
        lists = [_sliced(space[matrices], space[gates], on_cuda=on_cuda) for matrices, gates in names]
        self._groups = list(zip(*lists, strict=True))
        counts = space["step_counts"].unbind()
        sizes = [len(group[0]) for group in self._groups]
        self._steps = [list(counts[sum(sizes[:i]) : sum(sizes[: i + 1])]) for i in range(len(sizes))]
        self._learning_rate = space["learning_rate"]
        self._weight_decay = weight_decay
        self._capturable = on_cuda
        self._aside = aside
        for name in ("first_moment", "gate_first_moment", "second_moment", "gate_second_moment", "step_counts"):
            space[name].zero_()

    def update(self) -> None:
        for number, (group, steps) in enumerate(zip(self._groups[1:], self._steps[1:], strict=True)):
            with self._aside.open(number):
                self._update(group, steps)
        self._update(self._groups[0], self._steps[0])
        for number in range(len(self._groups) - 1):
            self._aside.join(number)

    def _update(self, group: tuple[list[Tensor], ...], steps: list[Tensor]) -> None:
        parameters, gradients, first, second = group
        adamw(
            parameters,
            gradients,
            first,
            second,
            [],
            steps,
            fused=True,
            capturable=self._capturable,
            amsgrad=False,
            beta1=BETA1,
            beta2=BETA2,
            lr=self._learning_rate,
            weight_decay=self._weight_decay,
            eps=EPSILON,
            maximize=False,
        )


def _sliced(matrices: Tensor, gates: Tensor, *, on_cuda: bool) -> list[list[Tensor]]:
    """The parameters in groups that are updated side by side: one on a CPU; on CUDA one a matrix, in slices."""
    if not on_cuda:
        return [[matrices, gates]]
    groups = [list(matrix.view(-1).chunk(CUDA_SLICES)) for matrix in matrices]
    groups[0].append(gates)
    return groups
