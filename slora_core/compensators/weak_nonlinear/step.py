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
        self._optimizer = _Optimizer(space, config.weight_decay)

    def __call__(self) -> None:
        self.differentiate()
        self._optimizer.update()

    def differentiate(self) -> None:
        """Fill ``gradient`` [3, d, d] and ``gate_gradient`` [3] with the slope of the loss."""
        self._weigh_branches()
        self._forward()
        self._backward_gates()
        self._backward_weights()

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
        """``error`` becomes G; ``branch`` U - V; ``slope`` <G, U - V>."""
        torch.mm(self._entry, self._x_columns, out=self._hidden)
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
    """AdamW of the library over both parameters, its state in the workspace (Loshchilov and Hutter, 2019)."""

    def __init__(self, space: Workspace, weight_decay: float) -> None:
        self._parameters = [space["weights"], space["gates"]]
        self._gradients = [space["gradient"], space["gate_gradient"]]
        self._first = [space["first_moment"], space["gate_first_moment"]]
        self._second = [space["second_moment"], space["gate_second_moment"]]
        self._steps = list(space["step_counts"].unbind())
        self._learning_rate = space["learning_rate"]
        self._weight_decay = weight_decay
        self._capturable = space.device.type == "cuda"
        for state in (*self._first, *self._second, *self._steps):
            state.zero_()

    def update(self) -> None:
        adamw(
            self._parameters,
            self._gradients,
            self._first,
            self._second,
            [],
            self._steps,
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
