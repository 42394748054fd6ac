"""LoRA adapters from disk onto a loaded transformer, by their tensors' names. Nothing is downloaded or unpickled."""

from __future__ import annotations

import re
from typing import Final

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from slora_core.errors import InputError
from slora_core.sources.models.model_files import INSTALL, AdapterFiles

_PEFT_PREFIX: Final = "base_model.model."
_TENSOR: Final = re.compile(r"(.+)\.lora_(?:A|B|embedding_A|embedding_B|magnitude_vector)\b")
_OLD_NAMES: Final = (
    ("encoder.layer.", "layers."),
    ("attention.attention.query", "attention.q_proj"),
    ("attention.attention.key", "attention.k_proj"),
    ("attention.attention.value", "attention.v_proj"),
    ("attention.output.dense", "attention.o_proj"),
    ("intermediate.dense", "mlp.fc1"),
    ("output.dense", "mlp.fc2"),
)
"""Of a ViT in transformers before 5: adapters keep the names that they were trained under."""


def attach_adapter(model: nn.Module, files: AdapterFiles, name: str) -> None:
    """Inject the adapter as ``name``. Raises InputError for one that was trained on another base."""
    try:
        from peft import PeftConfig, inject_adapter_in_model, set_peft_model_state_dict
    except ImportError:
        raise InputError("an adapter is given, but peft is not installed", INSTALL) from None
    tensors = _tensors(model, files)
    config = PeftConfig.from_pretrained(str(files.path))
    config.inference_mode = True
    config.modules_to_save = None
    config.target_modules = _targets(tensors)
    _check_shapes(model, files, tensors)
    inject_adapter_in_model(config, model, name)
    try:
        result = set_peft_model_state_dict(model, tensors, name)
    except (RuntimeError, ValueError, KeyError) as error:
        raise _other_base(files, str(error).splitlines()[0]) from None
    if result.unexpected_keys:
        raise _other_base(files, f"the model has no place for {result.unexpected_keys[0]!r}")


def _tensors(model: nn.Module, files: AdapterFiles) -> dict[str, Tensor]:
    """The adapter's own tensors under the names of ``model``'s modules; a trained head is left out."""
    try:
        stored = load_file(files.weights)
    except (OSError, SafetensorError) as error:
        raise InputError(f"adapter {str(files.path)!r}: adapter_model.safetensors cannot be read: {error}") from None
    modules = dict(model.named_modules())
    tensors = {}
    for key, tensor in stored.items():
        found = _TENSOR.match(key)
        if found is None:
            continue
        module = found.group(1)
        place = _place(module.removeprefix(_PEFT_PREFIX), modules, str(getattr(model, "base_model_prefix", "")))
        if place is None:
            raise _other_base(files, f"the model has no module {module.removeprefix(_PEFT_PREFIX)!r}")
        tensors[place + key[len(module) :]] = tensor
    if not tensors:
        raise InputError(f"adapter {str(files.path)!r} holds no LoRA tensors; expected lora_A and lora_B")
    return tensors


def _place(name: str, modules: dict[str, nn.Module], prefix: str) -> str | None:
    """``name`` as the model calls it: as it is, without the prefix of a model with a head, or by its later name."""
    bare = name.removeprefix(f"{prefix}.") if prefix else name
    later = bare
    for old, new in _OLD_NAMES:
        later = later.replace(old, new)
    return next((found for found in (name, bare, later) if found in modules), None)


def _targets(tensors: dict[str, Tensor]) -> list[str]:
    found = {match.group(1) for key in tensors if (match := _TENSOR.match(key))}
    return sorted(found)


def _check_shapes(model: nn.Module, files: AdapterFiles, tensors: dict[str, Tensor]) -> None:
    """lora_A [r, in] and lora_B [out, r] of linear maps [out, in]."""
    for key, tensor in tensors.items():
        match = _TENSOR.match(key)
        module = model.get_submodule(match.group(1)) if match else None
        if not isinstance(module, nn.Linear):
            continue
        for part, axis, size in (("lora_A", 1, module.in_features), ("lora_B", 0, module.out_features)):
            if part in key and tensor.ndim == 2 and tensor.shape[axis] != size:
                raise _other_base(
                    files, f"{key!r} has shape {list(tensor.shape)}, and the model's map is {list(module.weight.shape)}"
                )


def _other_base(files: AdapterFiles, what: str) -> InputError:
    trained = f" It names {files.base_name!r} as its base." if files.base_name else ""
    return InputError(
        f"adapter {str(files.path)!r} does not belong to this model: {what}.{trained}",
        "give the adapter of this base, or the base of this adapter",
    )
