"""What an operation of the framework does to memory: read once from its schema, then looked up.

The dispatcher's contract is that a result whose schema declares no alias is new memory, that an in-place operation
returns its argument's memory, and that only ``out=`` forms and ``resize_`` change the size of an existing storage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor

_aten = torch.ops.aten
Request: TypeAlias = Callable[[Sequence[Any], Mapping[str, Any]], int]


class Effect(Enum):
    """What has to be looked at after an operation."""

    QUIET = "results are memory that was there before, unchanged in size"
    RESIZES = "results are arguments whose storage may have grown"
    ADOPTS = "the result's storage was made outside the dispatcher, by the framework or by someone else"
    ALLOCATES = "results may be new storages"
    COMPOSITE = "made of other operations, which have to be seen one by one"


@dataclass(frozen=True, slots=True)
class Rule:
    """An operation's ``effect``, the cheapest way to ``call`` it, and the bytes it will ``request`` where they are
    known before it runs. ``operation`` is held so that its id stays its own."""

    operation: Any
    call: Callable[..., Any]
    effect: Effect
    request: Request | None


def _host_bytes(elements: int, kwargs: Mapping[str, Any], model: Tensor | None = None) -> int:
    """Bytes of a dense host tensor with the options of ``kwargs``, by default those of ``model``; 0 for any other."""
    device = kwargs.get("device") or (model.device if model is not None else None)
    layout = kwargs.get("layout") or (model.layout if model is not None else None)
    if (device is not None and device.type != "cpu") or (layout is not None and layout is not torch.strided):
        return 0
    dtype = kwargs.get("dtype") or (model.dtype if model is not None else torch.get_default_dtype())
    return int(elements * dtype.itemsize)


def _sized(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return _host_bytes(prod(args[0]), kwargs)


def _filled(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    inferred = torch.bool if isinstance(args[1], bool) else torch.int64 if isinstance(args[1], int) else None
    return _host_bytes(prod(args[0]), {**kwargs, "dtype": kwargs.get("dtype") or inferred})


def _strided(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    size, stride = args[0], args[1]
    extent = 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if all(size) else 0
    return _host_bytes(extent, kwargs)


def _sized_as(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return _host_bytes(prod(args[1]), kwargs, args[0])


def _like(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    return _host_bytes(args[0].numel(), kwargs, args[0])


_REQUESTS: Final[dict[Any, Request]] = {
    _aten.empty.memory_format: _sized,
    _aten.zeros.default: _sized,
    _aten.ones.default: _sized,
    _aten.rand.default: _sized,
    _aten.randn.default: _sized,
    _aten.rand.generator: _sized,
    _aten.randn.generator: _sized,
    _aten.full.default: _filled,
    _aten.empty_strided.default: _strided,
    _aten.new_empty.default: _sized_as,
    _aten.new_zeros.default: _sized_as,
    _aten.new_ones.default: _sized_as,
    _aten.new_full.default: _sized_as,
    _aten.empty_like.default: _like,
    _aten.zeros_like.default: _like,
    _aten.ones_like.default: _like,
    _aten.full_like.default: _like,
    _aten.rand_like.default: _like,
    _aten.randn_like.default: _like,
    _aten.clone.default: _like,
    _aten._to_copy.default: _like,
}
_SPECIAL: Final[dict[Any, Effect]] = {
    _aten.resize_.default: Effect.RESIZES,
    _aten.resize_as_.default: Effect.RESIZES,
    _aten.lift_fresh.default: Effect.ADOPTS,
    _aten.set_.source_Storage: Effect.ADOPTS,
    _aten.set_.source_Storage_storage_offset: Effect.ADOPTS,
    _aten.from_file.default: Effect.ADOPTS,
}
RULES: Final[dict[int, Rule]] = {}
"""By the id of the operation: hashing an operation itself runs Python code."""


def rule_of(operation: Any) -> Rule:
    """The rule of an ``OpOverload`` or higher-order operator."""
    rule = RULES.get(id(operation))
    if rule is None:
        call = getattr(operation, "_op", operation)
        rule = RULES[id(operation)] = Rule(operation, call, _effect(operation), _REQUESTS.get(operation))
    return rule


def _effect(operation: Any) -> Effect:
    schema = getattr(operation, "_schema", None)
    if schema is None:
        return Effect.ALLOCATES
    if operation in _SPECIAL:
        return _SPECIAL[operation]
    if operation.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd):
        return Effect.COMPOSITE
    returns = [item for item in schema.returns if "Tensor" in str(item.type)]
    if any(item.alias_info is None for item in returns):
        return Effect.ALLOCATES
    if any(argument.is_out for argument in schema.arguments):
        return Effect.RESIZES
    return Effect.QUIET
