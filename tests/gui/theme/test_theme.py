"""Themes are whole, readable for everyone, and reach widgets and icons at any time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QCheckBox, QPushButton

from slora_core.errors import InputError
from slora_core.resources import resource_path
from slora_gui import theme
from slora_gui.theme import theme as theme_module

TEXT_PAIRS = [
    *((text, ground) for text in ("text", "muted") for ground in ("window", "surface", "raised")),
    *((text, ground) for text in ("good", "warning", "danger", "accent") for ground in ("window", "surface")),
    ("accent_text", "accent"),
    ("text", "selection"),
]


def luminance(color):
    """Relative luminance of WCAG 2."""
    channels = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.getRgbF()[:3]]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_texts_have_the_contrast_of_wcag_aa(name, text, ground):
    colors = theme.load_theme(name).colors
    bright, dim = sorted((luminance(QColor(colors[text])), luminance(QColor(colors[ground]))), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


def test_a_theme_that_is_not_whole_is_refused(tmp_path, monkeypatch):
    data = json.loads(resource_path("themes/light.json").read_text())
    data["colors"]["accent"] = "blue"
    (tmp_path / "odd.json").write_text(json.dumps(data))
    monkeypatch.setattr(theme_module, "resource_path", lambda name: tmp_path / Path(name).name)
    with pytest.raises(InputError, match=r"odd\.json.*#rrggbb"):
        theme.load_theme("odd")


def test_widgets_and_icons_in_use_follow_a_change_of_theme(qapp, qtbot):
    button = QPushButton()
    qtbot.addWidget(button)
    button.setIcon(theme.icon("run"))
    strongest = {}
    for name in ("light", "dark"):
        theme.apply(qapp, theme.load_theme(name))
        button.ensurePolished()
        assert button.palette().color(QPalette.ColorRole.ButtonText).name() == theme.load_theme(name).colors["text"]
        strongest[name] = _strongest_color(button.icon())
        assert strongest[name] == theme.load_theme(name).colors["text"]
    qapp.setStyleSheet("")
    assert strongest["light"] != strongest["dark"]


@pytest.mark.parametrize("path", sorted(resource_path("icons").glob("*.svg")), ids=lambda path: path.stem)
def test_every_icon_draws_something(qapp, path):
    shown = theme.icon(path.stem) if path.stem != "slora" else theme.app_icon()
    assert _strongest_color(shown) != ""


def test_an_unknown_icon_is_named():
    with pytest.raises(InputError, match="icons/nonsense"):
        theme.icon("nonsense")


def test_a_choice_of_theme(qapp):
    assert theme.chosen_theme(qapp, "dark").dark
    assert not theme.chosen_theme(qapp, "light").dark
    assert theme.chosen_theme(qapp, "system").name in ("light", "dark")


def _strongest_color(icon):
    """The colour of the most opaque pixel; "" for an icon without one."""
    image = icon.pixmap(QSize(48, 48)).toImage()
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    best = max(pixels, key=lambda pixel: pixel.alpha())
    return best.name() if best.alpha() > 200 else ""


def test_an_empty_box_is_seen_in_each_theme(each_theme, qtbot):
    box = QCheckBox("off")
    qtbot.addWidget(box)
    image = box.grab().toImage()
    shown = {image.pixelColor(x, y).name() for x in range(20) for y in range(image.height())}
    assert each_theme.colors["muted"] in shown
