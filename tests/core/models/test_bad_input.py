"""Whatever is wrong with models, adapters and images is said before, or instead of, anything half done."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from zoo_files import save_adapter, save_base, save_images


def failure(perform, config) -> str:
    return perform(config).expect_failed("input-error").what


def edit_json(path: Path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def first_task(pair_config, folders, **source):
    return pair_config(folders, adapter_before=None, adapter_after=folders.first, **source)


def test_an_adapter_of_another_width_names_the_tensor_and_both_shapes(own_zoo, pair_config, perform):
    save_base(own_zoo.root / "wide", dim=32)
    save_adapter(own_zoo.root / "wide", own_zoo.root / "foreign", 1)
    what = failure(perform, pair_config(own_zoo, adapter_after=own_zoo.foreign, adapter_before=None))
    assert "foreign' does not belong to this model" in what
    assert "[4, 32]" in what
    assert "[24, 24]" in what
    assert "wide' as its base" in what


def test_an_adapter_of_another_architecture_names_the_module(own_zoo, pair_config, perform):
    path = own_zoo.root / "first" / "adapter_model.safetensors"
    save_file({key.replace("q_proj", "gate"): value for key, value in load_file(path).items()}, path)
    what = failure(perform, first_task(pair_config, own_zoo))
    assert "the model has no module 'layers.0.attention.gate'" in what


def test_adapters_trained_before_the_modules_were_renamed_are_understood(own_zoo, pair_config, perform, tmp_path):
    outputs = []
    for name in ("new", "old"):
        target = tmp_path / f"{name}.safetensors"
        config = first_task(pair_config, own_zoo).merged({"output": {"state": str(target)}})
        perform(config).expect_finished()
        outputs.append(load_file(target)["linear.mean"])
        path = own_zoo.root / "first" / "adapter_model.safetensors"
        renamed = {
            key.replace("model.layers.", "model.vit.encoder.layer.")
            .replace("attention.q_proj", "attention.attention.query")
            .replace("attention.v_proj", "attention.attention.value"): value
            for key, value in load_file(path).items()
        }
        save_file(renamed, path)
        edit_json(own_zoo.root / "first" / "adapter_config.json", target_modules=["query", "value"])
    assert np.array_equal(*outputs)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda z: edit_json(z.root / "first/adapter_config.json", peft_type="IA3"), "peft_type is 'IA3'; expected"),
        (lambda z: (z.root / "first/adapter_model.safetensors").unlink(), "has no adapter_model.safetensors"),
        (lambda z: (z.root / "first/adapter_model.safetensors").write_bytes(b"no"), "cannot be read"),
        (lambda z: (z.root / "first/adapter_config.json").write_text("{"), "adapter_config.json cannot be read"),
        (lambda z: (z.root / "base/config.json").unlink(), "has no config.json"),
        (lambda z: (z.root / "base/preprocessor_config.json").unlink(), "has no preprocessor_config.json"),
        (lambda z: (z.root / "base/model.safetensors").unlink(), "has no model.safetensors; expected weights"),
        (lambda z: (z.root / "base/model.safetensors").write_bytes(b"broken"), "base' cannot be loaded"),
        (lambda z: edit_json(z.root / "base/config.json", num_hidden_layers=3), "its weights lack 'layers.2"),
        (lambda z: (z.root / "train/5").mkdir(), "5' holds no images; expected files of"),
        (lambda z: (z.root / "train").rename(z.root / "away"), "train' does not exist; expected a folder of images"),
        (lambda z: save_images(z.root / "train", {"03": 2}, 0), "class id 3 has several folders"),
    ],
)
def test_what_is_damaged_is_named(own_zoo, pair_config, perform, damage, message):
    damage(own_zoo)
    assert message in failure(perform, first_task(pair_config, own_zoo))


def test_a_model_that_is_nowhere_is_not_fetched(pair_config, perform):
    what = failure(perform, pair_config(base="nobody/no-such-model", adapter_before=None))
    assert "neither a folder nor in the local model cache; nothing is downloaded" in what


def test_images_without_class_folders_are_refused(zoo, pair_config, perform):
    what = failure(perform, pair_config(images=f"{zoo.train}/3", adapter_before=None))
    assert "holds no class folders; expected one folder of images a class" in what


def test_a_state_of_another_dimension_names_both(make_files, pair_config, perform):
    files = make_files(dim=12)
    what = failure(perform, pair_config(state=files.state))
    assert "features of d = 24 but class state" in what
    assert "d = 12" in what


def test_unreadable_images_are_left_out_counted_and_planned_for(own_zoo, pair_config, perform, tmp_path):
    (own_zoo.root / "train/3/000.png").write_bytes(b"not an image")
    whole = (own_zoo.root / "train/4/001.png").read_bytes()
    (own_zoo.root / "train/4/001.png").write_bytes(whole[: len(whole) // 2])
    (own_zoo.root / "train/4/notes.txt").write_text("nothing to see")
    target = tmp_path / "state.safetensors"
    changes = {"output": {"state": str(target)}, "extraction": {"stream": False}}
    done = perform(first_task(pair_config, own_zoo).merged(changes)).expect_finished()

    assert list(load_file(target)["count"]) == [13, 11]
    skipped = [notice for notice in done.notices if notice.kind == "skipped-images"]
    assert skipped[0].message.startswith("1 file in the image folders is not named as an image")
    assert skipped[1].data["skipped"] == 2
    assert "000.png" in skipped[1].message
    assert "001.png" in skipped[1].message
    assert any(notice.kind == "replanned" for notice in done.notices)


def test_a_class_whose_images_are_all_unreadable_is_refused(own_zoo, pair_config, perform):
    for path in (own_zoo.root / "train/4").iterdir():
        path.write_bytes(b"\x89PNG")
    what = failure(perform, first_task(pair_config, own_zoo))
    assert "none of the 12 images of class '4' can be read" in what


def test_a_budget_too_small_for_the_model_is_refused_before_anything_runs(pair_config, perform):
    done = perform(pair_config(adapter_before=None).merged({"memory": {"budget": "64KiB"}}))
    assert done.expect_failed("budget-refused").what.startswith("the budget of 64 KiB cannot hold the extract stage")
    assert done.started == []


def test_names_of_class_folders_become_ids_after_those_of_the_state(own_zoo, pair_config, perform, tmp_path):
    save_images(own_zoo.root / "named", {"owl": 6, "cat": 5}, 5)
    target = tmp_path / "state.safetensors"
    config = first_task(pair_config, own_zoo, images=own_zoo.named).merged({"output": {"state": str(target)}})
    done = perform(config).expect_finished()
    assert list(load_file(target)["class_ids"]) == [0, 1]
    assert list(load_file(target)["count"]) == [5, 6]
    assert any("cat = 0, owl = 1" in notice.message for notice in done.notices)


def test_without_the_libraries_the_message_says_what_to_install(pair_config, perform, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    failed = perform(pair_config(adapter_before=None)).expect_failed("input-error")
    assert failed.what == "a model is given, but transformers is not installed"
    assert "slora[vit]" in failed.remedy
