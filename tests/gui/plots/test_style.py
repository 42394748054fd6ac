"""Colours: enough contrast, and told apart by readers who see fewer of them."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from PySide6.QtGui import QColor

from slora_gui.plots.style import plot_theme
from slora_gui.theme import load_theme

THEMES = [plot_theme(chosen.colors, chosen.dark) for chosen in map(load_theme, ("light", "dark"))]

# Full dichromacy, on linear sRGB: Machado, Oliveira and Fernandes, 2009.
SEEN_BY = {
    "everyone": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def _linear(name):
    c = np.array(QColor(name).getRgbF()[:3])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _lab(linear):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(np.clip(xyz / [0.9505, 1.0, 1.089], 1e-6, None))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _contrast(a, b):
    bright, dark = sorted((float(_linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_lines_and_text_stand_out_from_their_ground(theme):
    for ground in (theme.background, theme.band_odd):
        assert _contrast(theme.foreground, ground) >= 7
        for color in (*(curve.color for curve in theme.curves), theme.budget, theme.accent):
            assert _contrast(color, ground) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("reader", SEEN_BY)
def test_curves_differ_for_every_reader(theme, reader):
    seen = [_lab(np.clip(SEEN_BY[reader] @ _linear(curve.color), 0, 1)) for curve in theme.curves]
    for (a, first), (b, second) in combinations(enumerate(theme.curves), 2):
        assert np.linalg.norm(seen[a] - seen[b]) > 10, (first.color, second.color)
    for panel in (theme.curves[:4], theme.curves[4:]):
        assert len({curve.dash for curve in panel}) == len(panel)


@pytest.mark.parametrize("theme", THEMES)
def test_neighbouring_runs_never_share_colour_or_dash(theme):
    series = [theme.series(index) for index in range(12)]
    for first, second in pairwise(series):
        assert first.color != second.color
        assert first.dash != second.dash
    assert len({(style.color, style.dash) for style in series}) == 12
