"""Every text of the window is translated, and every character of it is in the bundled font."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtGui import QRawFont

from slora_core.errors import InputError
from slora_core.resources import resource_path
from slora_gui.i18n import Languages

sys.path.append(str(Path(__file__).parents[3] / "tools"))
import update_translations

TS = resource_path("i18n/slora_zh_CN.ts")


def test_translations_are_complete_and_fresh():
    assert update_translations.problems() == []


def test_no_text_has_lost_its_context():
    """A helper named ``tr`` hides the context from the tool that extracts."""
    root = ElementTree.parse(TS).getroot()
    contexts = [context.findtext("name") for context in root.iter("context")]
    assert [name for name in contexts if name in ("", None, "QCoreApplication")] == []


def test_every_character_is_in_the_bundled_font(qapp):
    texts = "".join(ElementTree.parse(TS).getroot().itertext())
    for path in resource_path("fonts").glob("*.otf"):
        font = QRawFont(str(path), 12)
        missing = {letter for letter in texts if not letter.isspace() and not font.supportsCharacter(ord(letter))}
        assert missing == set()


def test_placeholders_survive_translation():
    import string

    for message in ElementTree.parse(TS).getroot().iter("message"):
        source, translation = message.findtext("source"), message.find("translation")
        forms = [form.text or "" for form in translation.iter("numerusform")] or [translation.text or ""]
        for form in (form for form in forms if form):
            assert _fields(form, string) == _fields(source, string), source


def _fields(text, string):
    try:
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)
    except ValueError:
        return []


def test_a_language_is_put_on_and_taken_off(qapp):
    languages = Languages(qapp)
    languages.use("zh_CN")
    assert QCoreApplication.translate("Pages", "Welcome") == "欢迎"
    languages.use("en")
    assert QCoreApplication.translate("Pages", "Welcome") == "Welcome"
    with pytest.raises(InputError, match="'fr'"):
        languages.use("fr")


def test_figures_are_written_as_the_window_speaks_from_the_start_and_not_as_the_desktop_does(qapp):
    before = QLocale()
    QLocale.setDefault(QLocale("de"))
    try:
        Languages(qapp).use("en")
        assert QLocale().toString(4000) == "4,000"
    finally:
        QLocale.setDefault(before)
