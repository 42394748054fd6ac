"""What the engine refuses is told with its own figures: in its own words in English, translated in Chinese."""

from __future__ import annotations

import json

import numpy as np
import pytest

from slora_core.config import RunConfig
from slora_core.errors import BudgetRefused, InputError, SloraError
from slora_core.events import RunFailed, event_from_json
from slora_core.memory.planner import refused
from slora_core.sources.file_info import evaluation_file_info, feature_file_info
from slora_core.sources.models.folders import unlabelled_images
from slora_core.sources.models.model_files import adapter_files
from slora_core.sources.workloads import workloads_of
from slora_core.statistics.saving import save_state
from slora_core.statistics.state import ClassState
from slora_core.streams.streaming import failure_of
from slora_gui.control.outcomes import failure_message
from slora_gui.model.problem_texts import remedy_text, what_text

PAIRS = np.zeros((4, 3), np.float32)


def _arrays(folder, name="features.npz", **arrays):
    np.savez(folder / name, **arrays)
    return folder / name


def _adapter(folder, **config):
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return adapter_files(str(folder))


def _other_dim(folder):
    state = ClassState.from_arrays([0], [5], np.zeros((1, 2)), np.eye(2)[None])
    save_state(folder / "s.safetensors", state)
    features = _arrays(folder, features_before=PAIRS, features_after=PAIRS)
    source = {"kind": "files", "features": str(features), "state": str(folder / "s.safetensors")}
    return workloads_of(RunConfig().merged({"source": source}))


def _empty(folder):
    (folder / "f.npz").touch()
    return feature_file_info(folder / "f.npz")


REFUSED = {
    "file-missing": (lambda f: feature_file_info(f / "no.npz"), "特征文件 '{f}/no.npz' 不存在"),
    "file-is-folder": (
        evaluation_file_info,
        "评估文件 '{f}' 是文件夹；应为 .npz 或 .safetensors 文件",
    ),
    "file-empty": (_empty, "特征文件 '{f}/f.npz' 是空文件（0 字节）；应为 .npz 或 .safetensors 文件"),
    "key-missing": (
        lambda f: feature_file_info(_arrays(f, x=PAIRS)),
        "特征文件 '{f}/features.npz' 缺少键 'features_before'；现有 'x'；"
        "应有 features_before [N, d]、features_after [N, d]，以及可选的 labels [N]",
    ),
    "key-misnamed": (
        lambda f: evaluation_file_info(_arrays(f, feature=PAIRS, labels=np.zeros(4, np.int64))),
        "评估文件 '{f}/features.npz' 缺少键 'features'；现有 'feature'、'labels'；"
        "应有 features [M, d] 和 labels [M]；'feature' 是否应命名为 'features'？",
    ),
    "axes": (
        lambda f: evaluation_file_info(_arrays(f, features=PAIRS[0], labels=np.zeros(3, np.int64))),
        "评估文件 '{f}/features.npz'：键 'features' 的形状为 [3]；应有 2 个轴：features [M, d] 和 labels [M]",
    ),
    "pairs-differ": (
        lambda f: feature_file_info(_arrays(f, features_before=PAIRS, features_after=PAIRS[:3])),
        "特征文件 '{f}/features.npz'：features_before 的形状为 [4, 3]，而 features_after 为 [3, 3]；"
        "两者应为相同的 [N, d]",
    ),
    "labels-differ": (
        lambda f: feature_file_info(
            _arrays(f, features_before=PAIRS, features_after=PAIRS, labels=np.zeros(3, np.int64))
        ),
        "特征文件 '{f}/features.npz'：labels 的形状为 [3]；应为 [4]，每个样本对一个标签",
    ),
    "dims-differ": (
        _other_dim,
        "特征文件 '{f}/features.npz' 的 d = 3，而类状态 '{f}/s.safetensors' 的 d = 2；两者应相同",
    ),
    "adapter-missing": (
        lambda f: adapter_files(str(f / "task1")),
        "适配器 '{f}/task1' 不是文件夹；应为 PEFT 适配器文件夹",
    ),
    "adapter-kind": (lambda f: _adapter(f, peft_type="IA3"), "适配器 '{f}'：peft_type 为 'IA3'；应为 'LORA'"),
    "adapter-weights-missing": (
        lambda f: _adapter(f, peft_type="LORA"),
        "适配器 '{f}' 没有 adapter_model.safetensors；权重应为 safetensors 格式：从不加载 pickle 格式的权重",
    ),
    "images-missing": (lambda f: unlabelled_images(f / "train"), "图像文件夹 '{f}/train' 不存在；应为存放图像的文件夹"),
    "images-are-a-file": (
        lambda f: unlabelled_images(_arrays(f, x=PAIRS)),
        "图像文件夹 '{f}/features.npz' 是文件；应为存放图像的文件夹",
    ),
}


def _refusal(case, folder):
    with pytest.raises(InputError) as caught:
        REFUSED[case][0](folder)
    assert caught.value.case == case
    return caught.value


@pytest.mark.parametrize("case", REFUSED)
def test_in_english_the_window_says_what_the_engine_says(qapp, tmp_path, case):
    error = _refusal(case, tmp_path)
    told = SloraError("other words", error.remedy, case=error.case, data=error.data)
    assert what_text(told) == error.what
    assert remedy_text(told) == error.remedy


@pytest.mark.parametrize("case", REFUSED)
def test_in_chinese_it_says_the_same_with_all_figures(chinese, tmp_path, case):
    assert what_text(_refusal(case, tmp_path)) == REFUSED[case][1].replace("{f}", str(tmp_path))


@pytest.mark.parametrize(("rank", "of_rank"), [(None, ""), (3, "（进程 3）")])
def test_a_refused_budget_reaches_the_message_bar_in_chinese(chinese, rank, of_rank):
    failure = failure_of(refused(2**24, "task2.attention.move", 30248417, rank), 0.0)
    failure = event_from_json(failure.to_json())
    assert failure_message(failure, lambda _: None).text == (
        f"预算 16 MiB 容不下阶段 任务2.注意力{of_rank}；最小可行预算为 28.9 MiB。"
        "请将预算提高到至少 30248417 字节，或减少采样数。"
    )


def test_a_refused_budget_in_english(qapp):
    error = refused(2**24, "weaknonlinear.move", 30248417, 1)
    told = BudgetRefused("-", stage="", budget_bytes=1, smallest_bytes=30248417, data=error.data)
    assert (what_text(told), remedy_text(told)) == (error.what, error.remedy)


def test_a_source_that_is_not_complete_says_what_to_choose(chinese):
    with pytest.raises(InputError) as caught:
        workloads_of(RunConfig().merged({"source": {"kind": "models"}}))
    assert what_text(caught.value) == "来源不完整：模型运行需要基础模型和按类文件夹存放的图像"
    assert remedy_text(caught.value) == "请在作业的“来源”中选择"


@pytest.mark.parametrize(
    ("case", "data"), [("of the future", {}), ("file-missing", {}), ("budget-refused", {"rank": 0})]
)
def test_what_has_no_translation_stays_as_it_is(chinese, case, data):
    failure = RunFailed(0.0, "input-error", "so it goes", "try again", 2, case=case, data=data)
    assert (what_text(failure), remedy_text(failure)) == ("so it goes", "try again")
