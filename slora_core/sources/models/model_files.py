"""A transformer and its adapters on disk: what their configuration files say. Torch-free; nothing is downloaded.

The formats are those of transformers (``config.json``, ``preprocessor_config.json``, ``*.safetensors``) and PEFT
(``adapter_config.json``, ``adapter_model.safetensors``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from slora_core.errors import InputError

INSTALL: Final = "pip install 'slora[vit]' brings transformers, peft and pillow"
_CHANNELS: Final = 3


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """A local transformer: features of ``dim``, inputs [3, ``height``, ``width``]."""

    path: Path
    dim: int
    height: int
    width: int
    config: dict[str, Any]
    weights: tuple[Path, ...]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return (_CHANNELS, self.height, self.width)

    @property
    def weights_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.weights)


@dataclass(frozen=True, slots=True)
class AdapterFiles:
    """A local LoRA adapter."""

    path: Path
    rank: int
    base_name: str
    weights: Path


def base_files(base: str) -> BaseFiles:
    """The model folder ``base``, or the model of that name in the local cache. Raises InputError."""
    path = _resolve(base)
    config = _read_json(path / "config.json", f"model {base!r}")
    if "hidden_size" not in config:
        kind = config.get("model_type", "unknown")
        raise InputError(f"model {base!r}: config.json of type {kind!r} has no hidden_size; expected a ViT")
    processor = _read_json(path / "preprocessor_config.json", f"model {base!r}")
    height, width = _input_size(base, config, processor)
    weights = tuple(sorted(path.glob("model*.safetensors")))
    if not weights:
        raise InputError(
            f"model {base!r} has no model.safetensors; expected weights as safetensors: pickled ones are never loaded"
        )
    return BaseFiles(path, int(config["hidden_size"]), height, width, config, weights)


def adapter_files(adapter: str) -> AdapterFiles:
    """The adapter folder ``adapter``. Raises InputError."""
    path = Path(adapter)
    if not path.is_dir():
        raise InputError(
            f"adapter {adapter!r} is not a folder; expected a PEFT adapter folder",
            case="adapter-missing",
            data={"path": adapter},
        )
    config = _read_json(path / "adapter_config.json", f"adapter {adapter!r}")
    kind = config.get("peft_type")
    if kind != "LORA":
        raise InputError(
            f"adapter {adapter!r}: peft_type is {kind!r}; expected 'LORA'",
            case="adapter-kind",
            data={"path": adapter, "kind": kind},
        )
    weights = path / "adapter_model.safetensors"
    if not weights.is_file():
        raise InputError(
            f"adapter {adapter!r} has no adapter_model.safetensors; expected weights as safetensors: pickled ones are"
            " never loaded",
            case="adapter-weights-missing",
            data={"path": adapter},
        )
    return AdapterFiles(path, int(config.get("r", 0)), str(config.get("base_model_name_or_path") or ""), weights)


def fingerprint_files(paths: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files: a changed weight or preprocessing is another fingerprint."""
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(f"{path.name}:{path.stat().st_size}:".encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def base_fingerprint(files: BaseFiles) -> str:
    """Of weights, architecture and preprocessing."""
    return fingerprint_files([files.path / "config.json", files.path / "preprocessor_config.json", *files.weights])


def adapter_fingerprint(files: AdapterFiles) -> str:
    return fingerprint_files([files.path / "adapter_config.json", files.weights])


def _resolve(base: str) -> Path:
    if Path(base).is_dir():
        return Path(base)
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError:
        raise InputError(f"model {base!r} is not a folder, and no local model cache can be read", INSTALL) from None
    try:
        return Path(snapshot_download(base, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError, ValueError):
        raise InputError(
            f"model {base!r} is neither a folder nor in the local model cache; nothing is downloaded",
            "give a folder with config.json, preprocessor_config.json and model.safetensors",
            case="model-missing",
            data={"path": base},
        ) from None


def _read_json(path: Path, origin: str) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{origin} has no {path.name}; expected one in {str(path.parent)!r}",
            case="folder-lacks",
            data={"name": path.name, "path": str(path.parent)},
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{origin}: {path.name} cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise InputError(f"{origin}: {path.name} is not a JSON object")
    return data


def _input_size(base: str, config: dict[str, Any], processor: dict[str, Any]) -> tuple[int, int]:
    """What the preprocessing makes of an image: its crop, its size, else what the model was built for."""
    crop = processor.get("crop_size") if processor.get("do_center_crop") else None
    for size in (crop, processor.get("size"), config.get("image_size")):
        match size:
            case int():
                return size, size
            case {"height": int(height), "width": int(width)}:
                return height, width
            case [int(height), int(width)]:
                return height, width
    raise InputError(
        f"model {base!r}: the preprocessing does not fix the size of an image; expected 'size' or 'crop_size' with"
        " height and width in preprocessor_config.json"
    )
