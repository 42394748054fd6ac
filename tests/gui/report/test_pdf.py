"""The PDF as readers see it: through poppler, in both languages and on both papers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading

import pytest

from slora_core.errors import InputError, OutputError
from slora_core.studies.ablation.measures import ALL_OFF, ALL_ON, MEASURES
from slora_core.studies.study_file import StudyWriter
from slora_core.studies.whole_run import RunFigures
from slora_gui.report import write_pdf

GIB = 1024**3
NOTE = "对比新缓存之前的显存"


def _pages(poppler, path):
    return poppler("pdftotext", "-layout", path, "-").split("\f")[:-1]


@pytest.mark.parametrize(("paper", "size"), [("A4", "595 x 842"), ("Letter", "612 x 792")])
def test_a_report_is_selectable_text_and_vectors_with_numbered_pages(record, poppler, tmp_path, paper, size):
    path = write_pdf([record("base"), record("other", failed=True)], tmp_path / "r.pdf", paper=paper)
    assert size in re.sub(r"\.\d+", "", poppler("pdfinfo", path))
    pages = _pages(poppler, path)
    assert [f"page {n} of {len(pages)}" in page for n, page in enumerate(pages, 1)] == [True] * len(pages)
    assert "2 GiB" in pages[0]
    assert "A card" in pages[0]
    assert "the card is full. free it" in "".join(pages)
    assert len(poppler("pdfimages", "-list", path).splitlines()) == 2  # its headings alone


def test_the_contents_name_the_pages_on_which_the_sections_begin(record, poppler, tmp_path):
    pages = _pages(poppler, write_pdf([record("a", stages=90), record("b")], tmp_path / "r.pdf"))
    contents = pages[0].split("Contents")[1]
    listed = dict(re.findall(r"^\s*(\S.*?\S)\s{2,}(\d+)$", contents, re.MULTILINE))
    assert {"Memory curves", "Stages", "Configuration", "Notices"} <= listed.keys()
    for title, number in listed.items():
        assert re.search(rf"^\s*{re.escape(title)}$", pages[int(number) - 1], re.MULTILINE), title


def test_a_long_table_repeats_its_heading_and_loses_no_row(record, poppler, tmp_path):
    pages = _pages(poppler, write_pdf([record("a", stages=150)], tmp_path / "r.pdf"))
    found = [re.findall(r"^\s*(task\d+\.move)\s+1\s?s", page, re.MULTILINE) for page in pages]
    assert [stage for page in found for stage in page] == [f"task{n}.move" for n in range(150)]
    with_rows = [page for page, rows in zip(pages, found, strict=True) if rows]
    assert len(with_rows) >= 3
    assert all(re.search(r"^\s*stage\s+time\s+peak allocated", page, re.MULTILINE) for page in with_rows)


def test_chinese_glyphs_are_embedded_and_their_text_can_be_copied(record, poppler, tmp_path):
    path = write_pdf([record("a", note=NOTE), record("b")], tmp_path / "r.pdf", language="zh_CN")
    text = re.sub(r"\s", "", "".join(_pages(poppler, path)))
    assert "分布补偿：运行对比" in text
    assert NOTE in text
    fonts = [line.split() for line in poppler("pdffonts", path).splitlines()[2:]]
    assert fonts
    assert all((font[-5], font[-3]) == ("yes", "yes") for font in fonts)  # embedded, with a map to Unicode
    assert any("SLoRASansSC" in font[0] for font in fonts)


def test_a_note_longer_than_a_page_is_kept_whole(record, poppler, tmp_path):
    words = [f"word{n}" for n in range(2500)]
    path = write_pdf([record("a", message=" ".join(words))], tmp_path / "r.pdf")
    assert re.findall(r"word\d+", "".join(_pages(poppler, path))) == words


def test_the_old_report_stays_where_the_new_one_cannot_be_written(record, tmp_path):
    run = record("a")
    with pytest.raises(OutputError, match=r"r\.pdf' cannot be written: No such file"):
        write_pdf([run], tmp_path / "nowhere" / "r.pdf")
    (tmp_path / "r.pdf").mkdir()
    with pytest.raises(OutputError, match="Is a directory"):
        write_pdf([run], tmp_path / "r.pdf")
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".new")] == []


def test_an_unknown_paper_or_language_is_refused_before_anything_is_written(record, tmp_path):
    run = record("a")
    with pytest.raises(InputError, match="paper 'A5' of a report: expected one of A4, Letter"):
        write_pdf([run], tmp_path / "r.pdf", paper="A5")
    with pytest.raises(InputError, match="language 'fr'"):
        write_pdf([run], tmp_path / "r.pdf", language="fr")
    assert not (tmp_path / "r.pdf").exists()


def test_a_thread_of_the_window_can_write_it(qapp, record, tmp_path):
    thread = threading.Thread(target=write_pdf, args=([record("a")], tmp_path / "r.pdf"))
    thread.start()
    thread.join(60)
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")


def test_it_is_written_without_a_display_and_without_torch(record, tmp_path):
    code = (
        "import sys; from slora_gui.report import write_pdf; write_pdf(sys.argv[1:2], sys.argv[2]);"
        "sys.exit('torch' in sys.modules or 'PySide6.QtWidgets' in sys.modules)"
    )
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    command = [sys.executable, "-c", code, str(record("a")), str(tmp_path / "r.pdf")]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")


def test_an_ablation_is_a_section_beside_runs_and_a_report_alone(record, poppler, tmp_path):
    study = tmp_path / "study.jsonl"
    off = ",".join(measure.name for measure in MEASURES if measure.name != "tiled_attention")
    with StudyWriter.create("ablation", "k", {"source": {"kind": "demo"}}, {"repeats": 1}, study) as writer:
        for case, peak in ((ALL_ON, 2 * GIB), (off, 8 * GIB), (ALL_OFF, 16 * GIB)):
            writer.add("trial", {"case": case, "repeat": 1, "figures": RunFigures(1.0, peak).to_dict()})
    for files, language, saves in (
        ([record("a"), record("b"), study], "en", r"saves 75\.0% of the peak"),
        ([study], "zh_CN", r"节省峰值的\s?75\.0%"),
    ):
        path = write_pdf(files, tmp_path / "r.pdf", language=language)
        pages = _pages(poppler, path)
        (line,) = re.findall(r"^.*tiled_attention.*" + saves + ".*$", "".join(pages), re.MULTILINE)
        assert re.search(r"10-15 %\s+75\.0 %\s+8 GiB\s+2 GiB", line), line
