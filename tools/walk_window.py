"""Walks through the real window as a person would, and keeps a picture of every step.

python tools/walk_window.py FOLDER                       every size, language and theme, into FOLDER
python tools/walk_window.py FOLDER --size 1280x800       one size; --tasks 5 runs the whole demo
python tools/walk_window.py docs/images --portrait       the two pictures of the README

Where there is no display the window opens under Xvfb, with a screen as large as the picture. History and settings of
the walk live in a folder of their own, which is removed at the end.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

SIZES: Final = ("1280x800", "2560x1440")
LANGUAGES: Final = ("en", "zh_CN")
THEMES: Final = ("light", "dark")
SECONDS: Final = 180
"""The longest wait for a step."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Keeps a picture of every step of a sitting in the window.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", action="append", help="WIDTHxHEIGHT; again for more")
    parser.add_argument("--tasks", type=int, default=1, help="tasks of the demo, 1 to 5")
    parser.add_argument("--portrait", action="store_true", help="one run of the seed's workload, in both themes")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # the display is there
    args = parser.parse_args()
    folder = args.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if args.inside:
        return portrait(folder, args.size[0]) if args.portrait else walk(folder, args.size[0], args.tasks)
    options = ["--tasks", str(args.tasks), *(["--portrait"] if args.portrait else [])]
    return max(_outside(folder, size, options) for size in args.size or (SIZES[:1] if args.portrait else SIZES))


def _outside(folder: Path, size: str, options: Sequence[str]) -> int:
    command = [sys.executable, __file__, str(folder), "--size", size, *options, "--inside"]
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        if shutil.which("xvfb-run") is None:
            print("walk_window: no display and no xvfb-run; install xvfb", file=sys.stderr)
            return 2
        command = ["xvfb-run", "-a", "-s", f"-screen 0 {size}x24", *command]
    with tempfile.TemporaryDirectory(prefix="slora-walk-") as home:
        environment = {**os.environ, "SLORA_HOME": home}
        return subprocess.run(command, env=environment, check=False).returncode


class Answers:
    """In place of the dialogs that ask for a file: everything goes to one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder_path = folder

    def save_file(self, title: str, name: str, patterns: str, suffix: str) -> Path:
        return self.folder_path / name

    def open_file(self, title: str, patterns: str) -> None:
        return None

    def folder(self, title: str) -> Path:
        return self.folder_path

    def note(self, text: str) -> str:
        return "As small as it gets."

    def stop_running(self) -> bool:
        return True


class Walk:
    """The window with its pictures."""

    def __init__(self, folder: Path, size: str) -> None:
        from slora_gui import app
        from slora_gui.settings import Settings

        self.app = app.make_application()
        self.size, self.pictures = size, folder
        self.files = Path(tempfile.mkdtemp(prefix="walk-", dir=os.environ.get("SLORA_HOME")))
        self.window = app.create_window(Settings(language="en", theme="light"), dialogs=Answers(self.files))
        self.control = app.controller_of(self.window)
        if self.window.screen().size().width() < 1400:  # else it opens as it would for anyone, here at the size asked
            self.window.move(0, 0)
        width, height = (int(part) for part in size.split("x"))
        self.window.resize(width, height)
        self.window.show()
        self.step = 0

    def wait(self, done: Callable[[], Any], what: str) -> None:
        limit = time.monotonic() + SECONDS
        from PySide6.QtCore import QCoreApplication, QEvent

        while not done():
            if time.monotonic() > limit:
                raise TimeoutError(f"step {self.step}: {what} did not come in {SECONDS} s")
            self.app.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)  # only exec() does so itself
            time.sleep(0.005)

    def settle(self, seconds: float = 0.15) -> None:
        until = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > until, "time")

    def picture(self, name: str, *, every: bool = True) -> None:
        """This moment in every language and theme."""
        self.step += 1
        self.settle()
        looks = [(language, theme) for language in LANGUAGES for theme in THEMES] if every else [("en", "light")]
        for language, theme in looks:
            self.control.appearance.choose_language(language)
            self.control.appearance.choose_theme(theme)
            self.settle(0.08)
            path = self.pictures / f"{self.size}-{self.step:02d}-{name}-{language}-{theme}.png"
            if not self.composed().save(str(path)):
                raise OSError(f"{path} cannot be written")
        self.control.appearance.choose_language("en")
        self.control.appearance.choose_theme("light")
        self.settle(0.05)

    def composed(self) -> Any:
        """The window, and over it what lies over it: dialogs, menus, the palette."""
        from PySide6.QtGui import QPainter
        from PySide6.QtWidgets import QApplication

        picture = self.window.grab()
        painter = QPainter(picture)
        corner = self.window.mapToGlobal(self.window.rect().topLeft())
        for widget in QApplication.topLevelWidgets():
            if widget is not self.window and widget.isVisible():
                painter.drawPixmap(widget.mapToGlobal(widget.rect().topLeft()) - corner, widget.grab())
        painter.end()
        return picture

    def perform(self, action: str) -> None:
        self.control.perform(action)
        self.settle()

    def close_dialogs(self) -> None:
        from PySide6.QtWidgets import QApplication

        for widget in QApplication.topLevelWidgets():
            if widget is not self.window and widget.isVisible():
                widget.close()
        self.settle()

    def ended(self) -> bool:
        return not self.control.runs.running and not self.control.background.busy


def walk(folder: Path, size: str, tasks: int) -> int:
    walk = Walk(folder, size)
    try:
        for part in (first_sight, lambda w: demo(w, tasks), own_files, live, comparison, the_rest):
            part(walk)
    finally:
        walk.window.close()
    print(f"{walk.step} steps at {size}")
    return 0


def portrait(folder: Path, size: str) -> int:
    """A run of the seed's workload within 32 MiB, a stretch of it marked."""
    walk = Walk(folder, size)
    try:
        job = walk.control.models.job
        source = {"kind": "synthetic", "pairs": 7048, "dim": 768, "classes": 20}
        changes = {"source": source, "operators": {"names": ["linear", "attention"]}, "memory": {"budget": "32MiB"}}
        job.change(changes, "Choose the workload")
        forecast(walk)
        walk.control.start_job()
        walk.wait(walk.ended, "the end of the run")
        walk.window.messages.dismiss()
        plot, end_s = walk.control.views.live.plot, walk.control.run.now_s
        plot.region.show(0.5 * end_s, 0.75 * end_s)
        plot.hover.move_to(0.6 * end_s)
        for theme in THEMES:
            walk.control.appearance.choose_theme(theme)
            walk.settle(0.3)
            walk.composed().save(str(folder / f"window-{theme}.png"))
    finally:
        walk.window.close()
    return 0


def first_sight(walk: Walk) -> None:
    walk.picture("welcome")
    tour = walk.control.help.tour()
    walk.picture("tour-first")
    for _ in range(3):
        tour.next_button.click()
    walk.picture("tour-fourth")
    for _ in range(2):
        tour.next_button.click()
    walk.window.reset_layout()
    walk.control.settings.toured = True


def demo(walk: Walk, tasks: int) -> None:
    from slora_gui.control.batches import demo_config

    names = ["linear", "attention"] if tasks == 1 else ["linear", "weaknonlinear", "attention", "rff"]
    changes = {"source": {"tasks": tasks}, "operators": {"names": names}}
    walk.control.models.job.replace(demo_config(walk.control.models.job.config).merged(changes), "Set up the demo")
    walk.control.start_job()
    walk.wait(lambda: len(walk.control.run.stages) > 2, "the second stage of the demo")
    walk.picture("demo-live")
    walk.wait(walk.ended, "the end of the demo")
    walk.picture("demo-finished")
    walk.window.docks["results"].hide()
    walk.picture("demo-plots")


def own_files(walk: Walk) -> None:
    from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
    from PySide6.QtGui import QDropEvent

    features, state = write_files(walk.files)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(features)), QUrl.fromLocalFile(str(state))])
    action, button, key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    walk.window.dropEvent(QDropEvent(QPointF(5, 5), action, mime, button, key))
    walk.picture("files-dropped")
    job = walk.control.models.job
    smallest = forecast(walk).smallest_bytes
    job.change({"memory": {"budget": int(1.6 * smallest)}}, "Set budget")
    walk.settle(0.4)
    drag_budget(walk, 0.6)
    walk.settle(0.4)
    walk.picture("budget-too-small")
    job.change({"memory": {"budget": int(1.1 * smallest), "policy": "adaptive"}}, "Set policy")
    walk.settle(0.4)
    walk.window.show_dock("plan")
    walk.picture("plan")
    walk.window.docks["plan"].hide()
    area = walk.control.views.job.area
    for fold in walk.control.views.job._folds.values():
        fold.button.click()
    walk.settle()
    for share, name in ((0.55, "job-middle"), (1.0, "job-end")):
        area.verticalScrollBar().setValue(int(share * area.verticalScrollBar().maximum()))
        walk.picture(name)
    for fold in walk.control.views.job._folds.values():
        fold.button.click()
    area.verticalScrollBar().setValue(0)


def forecast(walk: Walk) -> Any:
    panel = walk.control.views.forecast
    wanted = walk.control.models.job.config
    walk.wait(lambda: panel._forecast is not None and panel._forecast.config == wanted, "the forecast")
    return panel._forecast


def write_files(folder: Path) -> tuple[Path, Path]:
    """A feature file and a class state as small as a demonstration needs."""
    import numpy as np
    from safetensors.numpy import save_file

    from slora_core.statistics.state_info import FORMAT

    pairs, dim, classes = 4000, 128, 10
    draw = np.random.default_rng(0)
    before = draw.standard_normal((pairs, dim), dtype=np.float32)
    features, state = folder / "features-task-3.npz", folder / "classes-task-2.safetensors"
    np.savez(features, features_before=before, features_after=before + 0.1 * before[:, ::-1])
    arrays = {
        "class_ids": np.arange(classes, dtype=np.int64),
        "count": np.full(classes, 400, dtype=np.int64),
        "mean": draw.standard_normal((classes, dim), dtype=np.float32),
        "cov": np.repeat(np.eye(dim, dtype=np.float32)[None], classes, axis=0),
    }
    save_file(arrays, state, metadata={"format": FORMAT, "version": "1"})
    return features, state


def drag_budget(walk: Walk, factor: float) -> None:
    """Take the line with the mouse and move it to ``factor`` of its value."""
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest

    walk.window.show_page("live")
    walk.settle()
    plot = walk.control.views.live.plot
    view, port = plot.device.view, plot.device.plot.viewport()
    x = view.rect().center().x()

    def point(y: float) -> QPoint:
        return plot.device.plot.mapFromScene(view.mapToScene(x, y))

    start = plot.budget._line_y()
    end = view.rect().height() - factor * (view.rect().height() - start)
    button, key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseMove(port, point(start))
    QTest.mousePress(port, button, key, point(start))
    for share in steps(8):
        QTest.mouseMove(port, point(start + share * (end - start)))
        walk.settle(0.03)
    QTest.mouseRelease(port, button, key, point(end))


def steps(count: int) -> Iterator[float]:
    return (index / count for index in range(1, count + 1))


def live(walk: Walk) -> None:
    control = walk.control
    smallest = forecast(walk).smallest_bytes
    control.models.job.change({"memory": {"budget": int(1.05 * smallest), "policy": "planned"}}, "Set budget")
    forecast(walk)
    control.start_job()
    walk.wait(lambda: control.run.progress is not None and len(control.run.stages) > 3, "the fourth stage")
    walk.window.show_dock("notices")
    walk.picture("run-live")
    walk.wait(lambda: len(control.run.samples) > 60 or not control.runs.running, "samples")
    control.views.live.tools.buttons["pause"].setChecked(True)
    plot = control.views.live.plot
    span = control.run.now_s
    plot.region.show(0.4 * span, 0.7 * span)
    plot.hover.move_to(0.55 * span)
    walk.picture("run-paused-region")
    control.runs.cancel()
    walk.wait(walk.ended, "the end of the cancelled run")
    control.views.live.tools.buttons["pause"].setChecked(False)
    walk.picture("run-cancelled")
    walk.window.show_dock("forecast")


def comparison(walk: Walk) -> None:
    control = walk.control
    small = {"source": {"kind": "synthetic", "pairs": 1500, "dim": 64, "classes": 4}}
    control.models.job.change({**small, "operators": {"names": ["linear", "attention"]}}, "Choose a small job")
    control.perform("compare-engines")
    walk.wait(lambda: walk.ended() and walk.window.page == "compare", "the comparison")
    walk.picture("compare-time")
    page = control.views.compare
    page.mode.setCurrentIndex(1)
    page.tabs.setCurrentIndex(2)
    walk.picture("compare-stages")
    page.mode.setCurrentIndex(0)
    walk.window.show_dock("results")
    control.views.results.tabs.setCurrentIndex(1)
    walk.picture("compare-deviation")
    walk.window.docks["results"].hide()
    control.perform("export-report")
    walk.wait(walk.ended, "the report")
    walk.picture("report-written")
    walk.perform("history")
    control.views.history.table.select_row(0)
    control.perform("note")
    walk.picture("history")
    walk.window.docks["history"].hide()


def the_rest(walk: Walk) -> None:
    control = walk.control
    for page in ("ablation", "tuner"):
        walk.window.show_page(page)
        walk.settle(0.6)
        walk.picture(page)
    for action in ("palette", "shortcuts", "preferences", "about"):
        walk.perform(action)
        walk.picture(action)
        walk.close_dialogs()
    walk.window.show_page("live")
    broken = walk.files / "broken.slora"
    broken.write_text("not a run")
    control.open_files([broken])
    walk.settle(0.5)
    walk.picture("refused-file")


if __name__ == "__main__":
    sys.exit(main())
