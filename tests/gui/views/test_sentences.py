"""Sentences and clauses that stand after one another are parted as their language does it."""

from __future__ import annotations

import pytest

from slora_core.config import RunConfig
from slora_core.errors import InputError
from slora_core.events import RunFailed
from slora_core.memory.device import CPU_PROFILE
from slora_core.sources.workloads import workloads_of
from slora_gui.control.outcomes import error_message, failure_message
from slora_gui.i18n import languages_of
from slora_gui.model.forecasting import forecast
from slora_gui.views.layout import in_sentences
from slora_gui.views.stage_bars import StageBars
from slora_gui.views.tuner_page import TunerPage


@pytest.fixture
def speak(qapp):
    languages = languages_of(qapp)
    yield languages.use
    languages.use("en")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "The card is gone. Free memory. What was measured until then is kept."),
        ("zh_CN", "The card is gone。Free memory。此前的测量数据已保留。"),
    ],
)
def test_what_is_told_of_a_failure(speak, language, told):
    speak(language)
    failure = RunFailed(0.0, "engine-died", "the card is gone", "free memory.", 4)
    assert failure_message(failure, lambda _: None).text == told


def test_what_is_told_of_an_error(speak):
    with pytest.raises(InputError) as caught:
        workloads_of(RunConfig().merged({"source": {"kind": "models"}}))
    speak("zh_CN")
    told = "来源不完整：模型运行需要基础模型和按类文件夹存放的图像。请在作业的“来源”中选择。"
    assert error_message(caught.value).text == told
    speak("en")
    told = (
        "The source is not complete: a run on models needs a base model and images in class folders."
        " Choose them in the job, under Source."
    )
    assert error_message(caught.value).text == told


@pytest.mark.parametrize(
    ("language", "texts", "told"),
    [
        ("en", ("no key 'a'; is it 'b'?", "", "name it"), "No key 'a'; is it 'b'? Name it."),
        ("zh_CN", ("缺少键；应为 'b'？", "", "请改名。"), "缺少键；应为 'b'？请改名。"),
        ("en", (), ""),
    ],
)
def test_questions_keep_their_mark_and_what_is_empty_is_left_out(speak, language, texts, told):
    speak(language)
    assert in_sentences(texts) == told


def test_stages_are_read_out_in_sentences(qtbot, speak, job):
    bars = StageBars()
    qtbot.addWidget(bars)
    for language, end, gap in (("en", ".", ". "), ("zh_CN", "。", "。")):
        speak(language)
        bars.retranslate()
        rows = forecast(job.config, CPU_PROFILE).rows
        bars.set_rows(rows, None)
        told = bars.accessibleDescription()
        assert told.endswith(end)
        assert len(told.removesuffix(end).split(gap)) == len(rows) > 1


@pytest.mark.parametrize(
    ("language", "listed"),
    [
        ("en", "planned: 2 s, peak 4 MiB; tuned: 1 s, peak 3 MiB"),
        ("zh_CN", "规划：2 s，峰值 4 MiB；调优：1 s，峰值 3 MiB"),
    ],
)
def test_whole_runs_are_listed(qtbot, speak, language, listed):
    speak(language)
    page = TunerPage()
    qtbot.addWidget(page)
    page.show_whole_runs(
        {
            "planned": [{"seconds": 2.0, "peak_allocated_bytes": 4 * 2**20}],
            "tuned": [{"seconds": 1.0, "peak_allocated_bytes": 3 * 2**20}],
        }
    )
    assert page._whole_line.text().endswith(listed)
