"""One transformer with its adapters, loaded from disk: several encoders share it and switch what is active."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from slora_core.errors import InputError
from slora_core.features.encoders import pooled
from slora_core.sources.models.adapters import attach_adapter
from slora_core.sources.models.model_files import (
    INSTALL,
    AdapterFiles,
    BaseFiles,
    adapter_fingerprint,
    base_fingerprint,
)


class AdaptedBackbone:
    """The transformer of ``base`` with ``adapters`` by name; None stands for the base alone.

    Raises InputError for a model that cannot be loaded and for adapters of another base.
    """

    def __init__(self, base: BaseFiles, adapters: Mapping[str, AdapterFiles | None]) -> None:
        self._base = base
        self._adapters = dict(adapters)
        with quiet_libraries():
            self.model = _load(base)
            for name, files in adapters.items():
                if files is not None:
                    attach_adapter(self.model, files, name)
        self.model.requires_grad_(False)
        self.model.eval()
        self._layers = _tuner_layers(self.model) if any(adapters.values()) else []
        self._active: str | None = None

    @property
    def size_bytes(self) -> int:
        """Parameters and buffers, adapters included."""
        return sum(tensor.nbytes for tensor in self._tensors())

    def encoder(self, name: str) -> AdapterEncoder:
        """The transformer with the adapter ``name``."""
        files = self._adapters[name]
        own = adapter_fingerprint(files) if files is not None else "base"
        return AdapterEncoder(self, name, f"{base_fingerprint(self._base)}:{own}")

    def activate(self, name: str) -> None:
        """Switch to the adapter ``name``, or to none where it stands for the base alone."""
        if name == self._active:
            return
        files = self._adapters[name]
        for layer in self._layers:
            layer.enable_adapters(files is not None)
            if files is not None:
                layer.set_adapter(name, inference_mode=True)
        self._active = name

    def take_over(self, device: torch.device) -> None:
        """Weights on ``device``; on a CPU in memory of their own, which the run's ledger then counts."""
        if device.type != "cpu":
            self.model.to(device)
            return
        for tensor in self._tensors():
            tensor.data = tensor.data.clone()

    def give_back(self) -> None:
        """Weights in host memory again, until the run takes them over."""
        self.model.to("cpu")

    def _tensors(self) -> Iterator[Tensor]:
        yield from self.model.parameters()
        yield from self.model.buffers()


class AdapterEncoder:
    """The transformer under one of its adapters; implements :class:`~slora_core.features.encoders.Encoder`."""

    def __init__(self, backbone: AdaptedBackbone, name: str, key: str) -> None:
        self._backbone = backbone
        self._name = name
        self.key = key

    def modules(self) -> Iterable[nn.Module]:
        return self._backbone.model.modules()

    def __call__(self, inputs: Tensor) -> Tensor:
        self._backbone.activate(self._name)
        return pooled(self._backbone.model(pixel_values=inputs), self._backbone.model)


def _load(base: BaseFiles) -> nn.Module:
    """The bare transformer, float32, without a head or a pooler; every weight must be in the files."""
    try:
        from transformers import MODEL_MAPPING, AutoConfig
    except ImportError:
        raise InputError("a model is given, but transformers is not installed", INSTALL) from None
    try:
        config = AutoConfig.from_pretrained(str(base.path), local_files_only=True)
        kind = MODEL_MAPPING[type(config)]
        bare = "add_pooling_layer" in inspect.signature(kind.__init__).parameters
        loaded = kind.from_pretrained(
            str(base.path),
            config=config,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            **({"add_pooling_layer": False} if bare else {}),
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(f"model {str(base.path)!r} cannot be loaded: {reason[0]}") from None
    model: nn.Module = loaded[0]
    missing = sorted(key for key in loaded[1]["missing_keys"] if "pooler" not in key)
    if missing:
        raise InputError(
            f"model {str(base.path)!r}: its weights lack {missing[0]!r}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            + "; expected the weights of the whole transformer"
        )
    return model


def _tuner_layers(model: nn.Module) -> list[Any]:
    from peft.tuners.tuners_utils import BaseTunerLayer

    return [module for module in model.modules() if isinstance(module, BaseTunerLayer)]


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Without the libraries' progress bars and reports, and without a look at the network."""
    try:
        from transformers.utils import logging
    except ImportError:
        yield
        return
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    offline = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
        if offline is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = offline
