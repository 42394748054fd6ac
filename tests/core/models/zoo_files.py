"""Builds a small ViT, adapters and images on disk, and computes their features by the libraries alone."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SIDE = 16
DIM = 24


@dataclass(frozen=True)
class ModelZoo:
    """Folders: ``base``, the adapters ``first`` and ``second`` of it, class folders ``train`` and ``test``, ``aux``."""

    root: Path

    def __getattr__(self, name: str) -> str:
        return str(self.root / name)


def save_adapter(base: Path, target: Path, seed: int, *, head: bool = False) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import ViTForImageClassification, ViTModel

    kind = ViTForImageClassification if head else ViTModel
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = kind.from_pretrained(base)
        config = LoraConfig(
            r=4, target_modules=["q_proj", "v_proj"], modules_to_save=["classifier"] if head else None, lora_alpha=8
        )
        model = get_peft_model(model, config)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "lora_" in name:
                    parameter.normal_(std=0.3, generator=generator)
        model.save_pretrained(target)


def save_images(folder: Path, classes: dict[str, int], seed: int) -> None:
    """Classes are patterns of their own, with noise; 20 x 12 pixels, to be resized."""
    from PIL import Image

    draw = np.random.default_rng(seed)
    for number, (name, count) in enumerate(classes.items()):
        (folder / name).mkdir(parents=True)
        pattern = np.random.default_rng(number).uniform(0, 255, (12, 20, 3))
        for index in range(count):
            pixels = np.clip(pattern + draw.normal(0, 40, pattern.shape), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index:03d}.png")


def save_base(target: Path, dim: int = DIM, seed: int = 0) -> None:
    import torch
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(
        hidden_size=dim,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        image_size=SIDE,
        patch_size=4,
        initializer_range=0.2,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        ViTForImageClassification(config).save_pretrained(target)
    processor = {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "do_rescale": True,
        "do_normalize": True,
        "size": {"height": SIDE, "width": SIDE},
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "resample": 2,
        "rescale_factor": 1 / 255,
    }
    (target / "preprocessor_config.json").write_text(json.dumps(processor))


def reference_features(zoo: ModelZoo, adapter: str | None, *folders: str) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels by the libraries alone: PeftModel, the image processor, one image at a time."""
    import torch
    from peft import PeftModel
    from PIL import Image
    from transformers import AutoImageProcessor, ViTForImageClassification, ViTModel

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        kind = ViTForImageClassification if adapter == zoo.second else ViTModel
        model = kind.from_pretrained(zoo.base)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, adapter).base_model.model
        model = getattr(model, "vit", model).eval()
        processor = AutoImageProcessor.from_pretrained(zoo.base, backend="pil")
        rows, labels = [], []
        for path in (path for folder in folders for path in sorted(Path(folder).rglob("*.png"))):
            values = processor(images=Image.open(path).convert("RGB"), return_tensors="pt")
            rows.append(model(**values).last_hidden_state[0, 0].numpy())
            labels.append(int(path.parent.name) if path.parent.name.isdecimal() else -1)
    return np.stack(rows), np.array(labels)
