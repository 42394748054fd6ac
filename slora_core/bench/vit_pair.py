"""A vision transformer of random weights with two LoRA adapters, saved as users have them, and images in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from slora_core.errors import InputError
from slora_core.sources.models.backbone import quiet_libraries
from slora_core.sources.models.model_files import INSTALL, AdapterFiles, BaseFiles, adapter_files, base_files

CLASSES: Final = 8
_RANK: Final = 8


@dataclass(frozen=True, slots=True)
class VitSizes:
    """A transformer's published sizes, and how many images are measured."""

    name: str
    hidden: int
    layers: int
    heads: int
    image: int
    patch: int
    images: int


VIT_B16: Final = VitSizes("ViT-B/16", 768, 12, 12, 224, 16, 2048)
VIT_SMALL: Final = VitSizes("a small ViT", 128, 4, 4, 64, 8, 192)


@dataclass(frozen=True, slots=True)
class VitPair:
    """The files of a pair: base, adapter before, adapter after."""

    base: BaseFiles
    before: AdapterFiles
    after: AdapterFiles


def make_pair(folder: Path, sizes: VitSizes, seed: int) -> VitPair:
    """Write base and adapters. Raises InputError when the libraries are not installed."""
    try:
        from peft import LoraConfig, get_peft_model
        from transformers import ViTConfig, ViTModel
    except ImportError:
        raise InputError("the extraction suite needs transformers and peft, which are not installed", INSTALL) from None
    config = ViTConfig(
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=4 * sizes.hidden,
        image_size=sizes.image,
        patch_size=sizes.patch,
        initializer_range=sizes.hidden**-0.5,
    )
    base = folder / "base"
    with quiet_libraries(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ViTModel(config, add_pooling_layer=False)
        model.save_pretrained(base)
        side = {"height": sizes.image, "width": sizes.image}
        (base / "preprocessor_config.json").write_text(json.dumps({"size": side}), encoding="utf-8")
        for name in ("before", "after"):
            lora = LoraConfig(r=_RANK, lora_alpha=_RANK, target_modules=["q_proj", "v_proj"])
            adapted = get_peft_model(ViTModel.from_pretrained(base, add_pooling_layer=False), lora)
            with torch.no_grad():
                for key, parameter in adapted.named_parameters():
                    if "lora_" in key:
                        parameter.normal_(std=0.3 * sizes.hidden**-0.5)
            adapted.save_pretrained(folder / name)
    return VitPair(base_files(str(base)), adapter_files(str(folder / "before")), adapter_files(str(folder / "after")))


def make_images(sizes: VitSizes, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Normalised images [N, 3, s, s] of ``CLASSES`` patterns under noise, and their classes."""
    draw = np.random.default_rng(seed)
    labels = np.arange(sizes.images) % CLASSES
    patterns = draw.standard_normal((CLASSES, 3, sizes.image, sizes.image), np.float32)
    images = np.empty((sizes.images, 3, sizes.image, sizes.image), np.float32)
    for row, label in enumerate(labels):
        draw.standard_normal(dtype=np.float32, out=images[row])
        images[row] += np.float32(1.0) * patterns[label]
    return images, labels
