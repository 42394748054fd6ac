"""The bundled font has Chinese, and the window uses it with tabular figures."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontMetricsF, QRawFont

from slora_core.resources import resource_path
from slora_gui.theme import fonts


def test_the_bundled_files_form_one_family_and_bring_their_licence(qapp):
    assert fonts.bundled_family() == "SLoRA Sans SC"
    assert "SIL OPEN FONT LICENSE" in (resource_path("fonts") / "OFL.txt").read_text(encoding="utf-8")


def test_both_weights_hold_gb_2312(qapp):
    everything = [bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)]
    characters = "".join(code.decode("gb2312", "ignore") for code in everything)
    assert len(characters) == 6763
    for path in resource_path("fonts").glob("*.otf"):
        font = QRawFont(str(path), 12)
        assert [character for character in characters if not font.supportsCharacter(ord(character))] == []


def test_figures_are_all_of_one_width(qapp):
    font = fonts.window_font(QFont("sans-serif", 10))
    metrics = QFontMetricsF(font)
    assert len({round(metrics.horizontalAdvance(digit), 3) for digit in "0123456789"}) == 1
