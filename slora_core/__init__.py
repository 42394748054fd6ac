"""SLoRA: distribution compensation for class-incremental learning, inside a memory budget.

Importing this package loads neither torch nor Qt; names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from slora_core.api import class_statistics, compensate, fit
    from slora_core.cancel import CancelToken
    from slora_core.classifiers.registry import build as build_classifier
    from slora_core.config import RunConfig
    from slora_core.model_api import compensate_models
    from slora_core.statistics.saving import save_state
    from slora_core.statistics.state import ClassState
    from slora_core.statistics.state_file import open_state

__all__ = [
    "CancelToken",
    "ClassState",
    "RunConfig",
    "build_classifier",
    "class_statistics",
    "compensate",
    "compensate_models",
    "fit",
    "open_state",
    "save_state",
]

_HOMES: Final = {
    "CancelToken": ("slora_core.cancel", "CancelToken"),
    "ClassState": ("slora_core.statistics.state", "ClassState"),
    "RunConfig": ("slora_core.config", "RunConfig"),
    "build_classifier": ("slora_core.classifiers.registry", "build"),
    "class_statistics": ("slora_core.api", "class_statistics"),
    "compensate": ("slora_core.api", "compensate"),
    "compensate_models": ("slora_core.model_api", "compensate_models"),
    "fit": ("slora_core.api", "fit"),
    "open_state": ("slora_core.statistics.state_file", "open_state"),
    "save_state": ("slora_core.statistics.saving", "save_state"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'slora_core' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
