"""A small real ViT and its LoRA adapters in the Hugging Face formats, and images in folders."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from zoo_files import ModelZoo, save_adapter, save_base, save_images


@pytest.fixture(scope="session")
def zoo(tmp_path_factory) -> ModelZoo:
    for module in ("transformers", "peft", "PIL"):
        pytest.importorskip(module)
    os.environ["HF_HUB_OFFLINE"] = "1"

    root = tmp_path_factory.mktemp("zoo")
    save_base(root / "base")
    save_adapter(root / "base", root / "first", 1)
    save_adapter(root / "base", root / "second", 2, head=True)
    save_images(root / "train", {"3": 14, "4": 12}, 1)
    save_images(root / "test", {"3": 5, "4": 5, "1": 5}, 2)
    save_images(root / "aux", {"a": 9, "b": 7}, 3)
    return ModelZoo(root)


@pytest.fixture
def own_zoo(zoo, tmp_path) -> ModelZoo:
    """A copy to damage."""
    shutil.copytree(zoo.root, tmp_path / "zoo")
    return ModelZoo(tmp_path / "zoo")


@pytest.fixture
def pair_config(zoo, tmp_path):
    """``pair_config(**source)``: a run on the pair with quick operators and a cache of its own."""
    from slora_core.config import RunConfig

    def make(folders=zoo, extraction=None, **source) -> RunConfig:
        names = {"base": "base", "adapter_before": "first", "adapter_after": "second", "images": "train"}
        paths = {key: getattr(folders, name) for key, name in names.items()}
        return RunConfig().merged(
            {
                "source": {"kind": "models", **paths, **source},
                "extraction": {"cache_folder": str(tmp_path / "cache"), **(extraction or {})},
                "operators": {
                    "names": "linear,attention",
                    "attention": {"samples": 100, "top_k": 12},
                },
                "run": {"threads": 1, "device": "cpu"},
            }
        )

    return make
