"""The digits' vision transformer in the formats of transformers and PEFT: trained, saved, and its images as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.sources.demo.digits import LabelledImages
from slora_core.sources.demo.model import ADAPTER_RANK, DEPTH, DIM, HEADS, HIDDEN, IMAGE_SIDE, PATCH_SIDE
from slora_core.sources.demo.training import FIRST_TASK, Schedule, train_encoder
from slora_core.sources.models.backbone import quiet_libraries
from slora_core.sources.models.model_files import INSTALL

_ADAPTED: Final = ["q_proj", "k_proj", "v_proj", "o_proj", "fc1", "fc2"]
_MIDDLE: Final = 0.5
_LATER_TASKS: Final = Schedule(steps=60, learning_rate=3e-3, reconstruction=10.0)
"""Adapters of PEFT drift less at the rates of the plain demo, whose adapters start larger."""
_WEIGHT_STD: Final = 0.12


class _OnDigits(nn.Module):
    """Images [B, 8, 8] in 0..1 to features [B, 64], through a transformer for three channels in -1..1."""

    def __init__(self, vit: nn.Module) -> None:
        super().__init__()
        self.vit = vit

    def forward(self, images: Tensor) -> Tensor:
        pixels = ((images - _MIDDLE) / _MIDDLE).unsqueeze(1).expand(-1, 3, -1, -1)
        features: Tensor = self.vit(pixel_values=pixels).last_hidden_state[:, 0]
        return features


class DigitVit:
    """Trains task after task under ``folder``: ``base`` on the first, then an adapter a task, ``task2``, ``task3``, ...

    An adapter goes on from the one before it. Raises InputError when transformers or peft are not installed.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        try:
            import peft  # noqa: F401
            import PIL  # noqa: F401
            from transformers import ViTConfig, ViTModel
        except ImportError:
            raise InputError("the full demo needs transformers, peft and pillow", INSTALL) from None
        self.base = folder / "base"
        self._folder = folder
        self._seed = seed
        config = ViTConfig(
            hidden_size=DIM,
            num_hidden_layers=DEPTH,
            num_attention_heads=HEADS,
            intermediate_size=HIDDEN,
            image_size=IMAGE_SIDE,
            patch_size=PATCH_SIDE,
            initializer_range=_WEIGHT_STD,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._vit: Any = ViTModel(config, add_pooling_layer=False)

    def adapter(self, task: int) -> Path | None:
        """The folder of the model after ``task``; None for the base alone."""
        return self._folder / f"task{task}" if task > 1 else None

    def train(self, ctx: RunContext, task: int, digits: LabelledImages, auxiliary: NDArray[np.float32]) -> None:
        """Train on the digits of ``task`` and save what came of it. Advances by steps."""
        from peft import LoraConfig, get_peft_model

        generator = torch.Generator().manual_seed(self._seed * 1000 + task)
        with quiet_libraries(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed + task)
            if task == 2:
                lora = LoraConfig(r=ADAPTER_RANK, lora_alpha=ADAPTER_RANK, target_modules=_ADAPTED)
                self._vit = get_peft_model(self._vit, lora)
            schedule = _LATER_TASKS if task > 1 else FIRST_TASK
            train_encoder(
                ctx,
                _OnDigits(self._vit),
                digits,
                auxiliary,
                generator,
                task=task,
                seed=self._seed,
                schedule=schedule,
            )
            self._vit.save_pretrained(str(self.adapter(task) or self.base))
        if task == 1:
            (self.base / "preprocessor_config.json").write_text(json.dumps(_PREPROCESSING), encoding="utf-8")


_PREPROCESSING: Final = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": IMAGE_SIDE, "width": IMAGE_SIDE},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [_MIDDLE] * 3,
    "image_std": [_MIDDLE] * 3,
}


def save_images(folder: Path, images: NDArray[np.float32], labels: NDArray[np.int64] | None) -> Path:
    """PNG files; one folder a class where there are ``labels``. Returns ``folder``."""
    from PIL import Image

    for number, image in enumerate(images):
        home = folder if labels is None else folder / str(labels[number])
        home.mkdir(parents=True, exist_ok=True)
        pixels = np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(home / f"{number:05d}.png")
    return folder
