"""One training step of alpha2-SLDC, written out: forward, backward and AdamW in buffers that exist beforehand.

f(x) = a1 A x + a2 B2 relu(B1 x) with (a1, a2) = softmax(z), z = alpha / exp(s) (Rao et al., arXiv 2511.09926). The pull
of the loss 0.5 (p1 - 1)^2, p = softmax(alpha), has the slope -p1 p2^2 in alpha_1 and its opposite in alpha_2. For
E = f(X) - Y over n rows and G = 2 E / (n d),

    dA = a1 G'X;   dB2 = a2 G'R;   dH = a2 (G B2) * [H > 0];   dB1 = dH'X;   dz1 = -dz2 = a1 a2 <G, U - V>

with U = X A', H = X B1', R = relu(H), V = R B2'. All matrices but X and Y are held transposed, [features, n].
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from slora_core.compensators.weak_nonlinear.branches import Branches, open_branches
from slora_core.compensators.weak_nonlinear.narrow_product import NarrowProduct
from slora_core.compensators.weak_nonlinear.plan import CUDA_GROUPS, CUDA_SLICES
from slora_core.config import WeakNonlinearConfig
from slora_core.memory.workspace import Workspace

BETA1: Final = 0.9
BETA2: Final = 0.999
EPSILON: Final = 1e-8
FAINT_MOMENT: Final = 1e-30
"""Over ``EPSILON`` it moves no weight; without slopes it is denormal after 175 more steps."""

_GATES: Final = 0
_LINEAR: Final = 1
"""Branches. The products are in neither: their library takes memory for every stream it works on."""


class TrainingStep:
    """Call it to train on one batch of pairs.

    Nothing is allocated and nothing waits for the device, so one call or several can be captured as a CUDA graph.
    Where branches work side by side, slopes have memory of their own; else they replace what they are the slopes of.
    """

    def __init__(self, space: Workspace, config: WeakNonlinearConfig) -> None:
        dim = space["weights"].shape[-1]
        scratch = space["partial_sums"] if space.footprint.holds("partial_sums") else None
        self._enter, self._leave = (
            NarrowProduct(left, space["active"].shape[1], scratch)
            for left in (_joined(space["weights"]), space["weights"][2])
        )
        self._outer_columns = space["weights"][2].mT
        self._entry_gradient = _joined(space["gradient"])
        self._outer_gradient = space["gradient"][2]
        self._alphas, self._log_scale = space["gates"][:2], space["gates"][2]
        self._gate_gradient = space["gate_gradient"].unbind()
        self._hidden, self._linear, self._inner = space["hidden"], space["hidden"][:dim], space["hidden"][dim:]
        self._active, self._active_rows = space["active"], space["active"].mT
        self._branch, self._error, self._row_sums = space["branch"], space["error"], space["row_sums"]
        side_by_side = space.footprint.holds("slopes")
        self._slopes = space["slopes"] if side_by_side else self._hidden
        self._outer_error = space["outer_error"] if side_by_side else self._branch
        self._linear_slope, self._inner_slope = self._slopes[:dim], self._slopes[dim:]
        self._slope_of_mean = 2 / space["error"].numel()
        self._logits, self._shares, self._weights, self._unscaled = space["gate_pairs"].unbind()
        self._logit1, self._logit2 = self._logits.unbind()
        self._a1, self._a2 = self._shares.unbind()
        self._weight1, self._weight2 = self._weights.unbind()
        self._p1, self._p2 = self._unscaled.unbind()
        self._scale, self._gap, self._pull, self._slope = space["scalars"].unbind()
        self._aside = open_branches(space.device)
        self._optimizer = _Optimizer(space, config.weight_decay, self._aside)

    def __call__(self, x: Tensor, y: Tensor, learning_rate: Tensor) -> None:
        """On rows ``x`` and ``y`` [n, d], with the step size in ``learning_rate`` []."""
        self.differentiate(x, y)
        self._optimizer.update(learning_rate)

    def forget_faint_moments(self) -> None:
        """Of units whose slope has become zero, before they are denormal, with which many processors are slow."""
        self._optimizer.forget_faint_moments()

    def differentiate(self, x: Tensor, y: Tensor) -> None:
        """Fill ``gradient`` [3, d, d] and ``gate_gradient`` [3] with the slope of the loss."""
        with self._aside.open(_GATES):
            self._weigh_branches()
        self._enter(x.mT, self._hidden)
        torch.clamp(self._inner, min=0, out=self._active)
        self._leave(self._active, self._branch)
        self._aside.join(_GATES)
        torch.lerp(self._branch, self._linear, self._a1, out=self._error)
        self._error.sub_(y.mT)
        with self._aside.open(_GATES):
            self._backward_gates()
        torch.mul(self._error, self._weight2, out=self._outer_error)
        with self._aside.open(_LINEAR):
            torch.mul(self._error, self._weight1, out=self._linear_slope)
        torch.mm(self._outer_error, self._active_rows, out=self._outer_gradient)
        torch.mm(self._outer_columns, self._outer_error, out=self._inner_slope)
        torch.ops.aten.threshold_backward.grad_input(self._inner_slope, self._active, 0, grad_input=self._inner_slope)
        self._aside.join(_LINEAR)
        torch.mm(self._slopes, x, out=self._entry_gradient)
        self._aside.join(_GATES)

    def _weigh_branches(self) -> None:
        """``shares`` (a1, a2), the same times the slope of the mean as ``weights``, and what the pull needs."""
        torch.exp(self._log_scale, out=self._scale)
        torch.div(self._alphas, self._scale, out=self._logits)
        torch.softmax(self._logits, 0, out=self._shares)
        torch.mul(self._shares, self._slope_of_mean, out=self._weights)
        torch.sub(self._logit2, self._logit1, out=self._gap)
        torch.softmax(self._alphas, 0, out=self._unscaled)
        torch.mul(self._p2, self._p2, out=self._pull)
        self._pull.mul_(self._p1)

    def _backward_gates(self) -> None:
        """``branch`` becomes E * (U - V), which is summed in two steps because a long sum takes scratch on CUDA."""
        alpha1, alpha2, log_scale = self._gate_gradient
        torch.sub(self._linear, self._branch, out=self._branch)
        self._branch.mul_(self._error)
        torch.sum(self._branch, 1, out=self._row_sums)
        torch.sum(self._row_sums, 0, out=self._slope)
        self._slope.mul_(self._weight1).mul_(self._a2)
        torch.mul(self._slope, self._gap, out=log_scale)
        self._slope.div_(self._scale)
        torch.sub(self._slope, self._pull, out=alpha1)
        torch.neg(alpha1, out=alpha2)


def _joined(weights: Tensor) -> Tensor:
    """A over B1: the view [2d, d] of [3, d, d]."""
    return weights[:2].view(-1, weights.shape[2])


class _Optimizer:
    """AdamW of the library over all parameters, its state in the workspace (Loshchilov and Hutter, 2019).

    The library gives a few blocks of a card to a tensor, however large it is, and takes few tensors in one launch:
    there all matrices together are updated in slices, of which several groups run side by side.
    """

    def __init__(self, space: Workspace, weight_decay: float, aside: Branches) -> None:
        names = [("weights", "gates"), ("gradient", "gate_gradient")]
        names += [("first_moment", "gate_first_moment"), ("second_moment", "gate_second_moment")]
        on_cuda = space.device.type == "cuda"
        lists = [_sliced(space[matrices], space[gates], on_cuda=on_cuda) for matrices, gates in names]
        self._groups = list(zip(*lists, strict=True))
        self._count = space["step_count"]
        self._first_moment = space["first_moment"]
        self._weight_decay = weight_decay
        self._aside = aside
        for name in ("first_moment", "gate_first_moment", "second_moment", "gate_second_moment", "step_count"):
            space[name].zero_()

    def update(self, learning_rate: Tensor) -> None:
        self._count.add_(1)
        for number, group in enumerate(self._groups[1:]):
            with self._aside.open(number):
                self._update(group, learning_rate)
        self._update(self._groups[0], learning_rate)
        for number in range(len(self._groups) - 1):
            self._aside.join(number)

    def forget_faint_moments(self) -> None:
        torch.hardshrink(self._first_moment, FAINT_MOMENT, out=self._first_moment)

    def _update(self, group: tuple[list[Tensor], ...], learning_rate: Tensor) -> None:
        """Of the function behind ``torch.optim.AdamW(fused=True)``, which counts the steps of every slice anew."""
        parameters, gradients, first, second = group
        torch._fused_adamw_(
            parameters,
            gradients,
            first,
            second,
            [],
            [self._count] * len(parameters),
            lr=learning_rate,
            beta1=BETA1,
            beta2=BETA2,
            weight_decay=self._weight_decay,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )


def _sliced(matrices: Tensor, gates: Tensor, *, on_cuda: bool) -> list[list[Tensor]]:
    """The parameters in groups that are updated side by side: one on a CPU; on CUDA several, of slices."""
    if not on_cuda:
        return [[matrices, gates]]
    groups = [list(part.chunk(CUDA_SLICES)) for part in matrices.view(-1).chunk(CUDA_GROUPS)]
    groups[-1].append(gates)
    return groups
