"""Stages, notices and effects as they are told: in the words of the engine in English, translated in Chinese."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from slora_core.events import NOTICE_KINDS, Notice
from slora_core.memory.sampler import BudgetWatch
from slora_core.sources.probed import MeasuredPrecision
from slora_core.studies.ablation.effects import Effect, Spread
from slora_core.studies.ablation.verdict import verdict_of
from slora_gui.i18n import Languages
from slora_gui.model.effect_texts import PHRASES, effect_text
from slora_gui.model.notice_texts import notice_text, notice_title
from slora_gui.model.stage_texts import stage_text

MIB = 2**20


@pytest.mark.parametrize("path", ["task12.attention.move", "warm-up", "", "a.stage.of.the.future", "attention"])
def test_a_stage_keeps_its_own_name_in_english(qapp, path):
    assert stage_text(path) == path


def test_a_stage_is_told_in_chinese(chinese):
    assert stage_text("task12.attention.move") == "任务12.注意力.迁移"
    assert stage_text("a.stage.of.the.future") == "a.stage.of.the.future"


def test_every_kind_of_notice_has_a_title_in_both_languages(qapp):
    english = [notice_title(Notice(0.0, kind, "")) for kind in NOTICE_KINDS]
    assert not set(english) & set(NOTICE_KINDS)
    assert len(set(english)) == len(english)
    languages = Languages(qapp)
    languages.use("zh_CN")
    translated = [notice_title(Notice(0.0, kind, "")) for kind in NOTICE_KINDS]
    languages.use("en")
    assert not set(translated) & set(english)
    assert notice_title(Notice(0.0, "of the future", "")) == "of the future"


def test_a_crossing_of_the_budget_is_told_with_its_figures(chinese):
    (notice,) = BudgetWatch(100 * MIB).look(85 * MIB, 1.0, "scan")
    assert notice_text(notice) == "内存接近预算：85 MiB，预算 100 MiB"


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("skipped-images", {"ignored": 1}, "1 file in the image folders is not named as an image"),
        ("skipped-images", {"ignored": 2}, "2 files in the image folders are not named as images"),
        ("skipped-images", {"skipped": 1, "reasons": {"a.png": ""}}, "1 image cannot be read and is left out: a.png"),
        ("one-sample-class", {"classes": [79]}, "Class 79 has one sample: its covariance is 1e-4 I"),
        ("labels", {"anew": [4]}, "Class 4 comes again; its statistics are taken anew"),
        ("labels", {"anew": [4, 5]}, "Classes 4, 5 come again; their statistics are taken anew"),
        ("jitter", {"jitter": {"3": 1e-6}}, "The covariance of class 3 needed a jitter of 1e-06"),
        (
            "retry",
            {"kept": 1, "predicted_bytes": MIB},
            "1 class is finished and kept; the others go on with a smaller plan of 1 MiB",
        ),
    ],
)
def test_one_thing_is_told_in_the_singular(qapp, kind, data, text):
    assert notice_text(Notice(0.0, kind, "what the engine says", data=data)) == text


def test_a_retry_says_what_is_kept(qapp):
    notice = Notice(0.0, "retry", "out of memory with chunk 8", data={"kept": 3, "predicted_bytes": 5 * MIB})
    assert notice_text(notice).startswith("3 classes are finished and kept")
    again = replace(notice, data={"kept": 0, "predicted_bytes": 5 * MIB})
    assert notice_text(again) == "It begins again with a smaller plan of 5 MiB"


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("labels", {"known": [3, 7]}, "类别 3、7 已在类状态中；移动的是类状态，不使用它们的行"),
        ("labels", {"anew": [3, 7]}, "类别 3、7 再次出现；其统计量重新计算"),
        ("labels", {"classes": {"4": "cat"}}, "类文件夹与类编号：cat = 4"),
        ("continued", {"kept": 3, "all": 8}, "8 份类统计量中有 3 份此前已完成，予以保留"),
        ("one-sample-class", {"classes": [79]}, "类别 79 只有一个样本：其协方差取 1e-4 I"),
        (
            "no-effect",
            {"idle": {"measures.mixed_precision": "no model runs"}},
            "本次运行中无作用：measures.mixed_precision (不运行模型)",
        ),
        ("unpacked-file", {"path": "f.npz", "keys": ["labels"]}, "f.npz 无法就地映射；已解包：labels"),
    ],
)
def test_a_notice_is_told_in_chinese(chinese, kind, data, text):
    assert notice_text(Notice(0.0, kind, "what the engine says", data=data)) == text


def test_a_measured_precision_is_told_with_its_figures(qapp):
    measured = MeasuredPrecision("bf16", 8, 0.0096, 0.02, 0.3, 0.2, 5, 4)
    notice = Notice(0.0, "precision", measured.describe(), data=asdict(measured))
    assert notice_text(notice) == (
        "Forward passes in bf16: on 8 inputs bf16 takes 67% of the time of fp32, and its features deviate by 0.0096"
        " (at most 0.02 is allowed)"
    )
    without = replace(measured, bf16_s=None, deviation=None)
    assert "no bf16" in notice_text(replace(notice, data=asdict(without)))


@pytest.mark.parametrize("kind", [*NOTICE_KINDS, "of the future"])
@pytest.mark.parametrize("data", [{}, {"plan": None, "jitter": [], "kept": "?", "used_bytes": None}])
def test_a_notice_without_its_figures_has_the_words_of_the_engine(qapp, kind, data):
    text = notice_text(Notice(0.0, kind, "what the engine says", data=data))
    assert text == "what the engine says" or kind == "outside-budget"


def _effect(**figures):
    seconds = Spread(1.0, 1.0, 1.0, 3)
    return Effect("off alone", "weak_chunks", "middle", None, seconds_without=seconds, seconds_with=seconds, **figures)


EFFECTS = [
    _effect(saving=0.42, time_change=Spread(0.1, 0.2, 0.3, 3)),
    _effect(saving=-1.5, time_change=Spread(-0.3, -0.2, -0.1, 3)),
    _effect(saving=0.001, best_stage="attention.move", best_stage_saving=0.25, accuracy_change=-0.0125),
    _effect(saving=0.0, idle="no model runs"),
    _effect(saving=0.0, idle="no model is trained"),
    _effect(unchanged=True),
    _effect(),
    Effect("off alone", "weak_chunks", "middle", None),
]


@pytest.mark.parametrize("effect", EFFECTS)
def test_the_verdict_is_that_of_the_engine(qapp, effect):
    assert effect_text(effect) == verdict_of(effect)


def test_every_phrase_of_the_verdicts_is_known():
    said = []

    def note(text, **values):
        said.append(text)
        return text.format(**values)

    for effect in EFFECTS:
        verdict_of(effect, note)
    assert set(said) == set(PHRASES)


def test_the_verdict_is_told_in_chinese(chinese):
    assert effect_text(EFFECTS[2]) == "仅节省 注意力.迁移 的 25.0%，准确率 -1.25 个百分点"
    assert effect_text(EFFECTS[5]) == "无作用"
    assert effect_text(replace(EFFECTS[5], failure="out of memory")) == "out of memory"
