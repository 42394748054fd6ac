"""Pictures and tables as files: whole, exact, or not there."""

from __future__ import annotations

import csv
import resource
import xml.etree.ElementTree as ET

import pytest
from PySide6.QtGui import QGuiApplication, QImage

from slora_core.errors import OutputError
from slora_gui.plots.accuracy_plot import AccuracyPlot
from slora_gui.plots.export import copy_to_clipboard, export_csv, export_png, export_svg, picture
from slora_gui.plots.memory_plot import MemoryPlot
from slora_gui.plots.style import LIGHT
from slora_gui.plots.table import TableData

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def plot(show, cpu_run):
    plot = show(MemoryPlot(), 800, 500)
    plot.set_run(cpu_run)
    plot.set_budget(48 * 2**20)
    return plot


def _colours(image):
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}


def test_a_png_is_the_widget_at_its_scale(plot, tmp_path):
    export_png(plot, tmp_path / "memory.png", 3.0)
    image = QImage(str(tmp_path / "memory.png"))
    assert (image.width(), image.height()) == (2400, 1500)
    colours = _colours(image)
    assert {LIGHT.background, LIGHT.budget, LIGHT.curves[0].color} <= colours


def test_stripes_and_curves_keep_their_proportions_at_any_scale(plot):
    small, large = picture(plot, 1.0), picture(plot, 4.0)
    corner = plot.device.plot.mapTo(plot, plot.device.plot.mapFromScene(plot.device.view.sceneBoundingRect().topLeft()))
    x = corner.x() + 100
    assert _widest(large, 4 * x) == 4 * _widest(small, x) > 0
    names = [(4 * corner.x() + dx, 4 * corner.y() + dy) for dx in range(8, 160) for dy in range(8, 72)]
    assert len({large.pixelColor(*point).name() for point in names}) > 8  # smooth text, not enlarged pixels


def _widest(image, x):
    """Pixels of the longest stretch of a column in the colour of the first curve."""
    column = "".join(" #"[image.pixelColor(x, y).name() == LIGHT.curves[0].color] for y in range(image.height()))
    return max(map(len, column.split()))


def test_an_svg_has_lines_and_text_and_no_bitmap(plot, tmp_path):
    export_svg(plot, tmp_path / "memory.svg")
    root = ET.parse(tmp_path / "memory.svg").getroot()
    assert root.get("viewBox") == "0 0 800 500"
    texts = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    assert {"budget 48 MiB", "allocated", "Host RAM", "scan", "40 MiB"} <= texts
    assert not list(root.iter(f"{SVG}image"))
    colours = {element.get("stroke") for element in root.iter()}
    assert {LIGHT.budget, LIGHT.curves[0].color, LIGHT.curves[4].color} <= colours


def test_symbols_are_vectors_too(show, tmp_path):
    from slora_core.records.run_file import Accuracy

    plot = show(AccuracyPlot())
    plot.set_accuracies([Accuracy(task, None, "SeqFT", "lda", 0.9) for task in (1, 2)], "lda")
    export_svg(plot, tmp_path / "accuracy.svg")
    assert not list(ET.parse(tmp_path / "accuracy.svg").getroot().iter(f"{SVG}image"))


def test_a_csv_reads_back_exactly(plot, tmp_path, cpu_run):
    export_csv(plot.data_table(), tmp_path / "memory.csv")
    assert (tmp_path / "memory.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "memory.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["t_s"]) for row in rows] == cpu_run.samples.t_s.tolist()
    assert [int(row["rss_bytes"]) for row in rows] == [int(v) for v in cpu_run.samples.counter("rss_bytes")]


def test_what_is_not_available_is_an_empty_cell(tmp_path):
    export_csv(TableData("t", ("t_s", "rss_bytes"), (True, True), [(0.1, None)]), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8-sig").splitlines() == ["t_s,rss_bytes", "0.1,"]


def test_the_clipboard_holds_the_picture(plot):
    copy_to_clipboard(plot)
    assert QGuiApplication.clipboard().image().width() == 1600


@pytest.mark.parametrize("export", [export_png, export_svg])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(plot, tmp_path, export):
    path = tmp_path / "memory.bin"
    path.write_text("before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"memory\.bin"):
            export(plot, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(plot, tmp_path):
    with pytest.raises(OutputError, match="nowhere"):
        export_png(plot, tmp_path / "nowhere" / "memory.png")
