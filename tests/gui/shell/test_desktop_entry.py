"""The desktop entry can be installed again and again, and taken out without a trace."""

from __future__ import annotations

import sys
from configparser import ConfigParser
from xml.etree import ElementTree

import pytest

from slora_core.errors import InputError
from slora_gui import app
from slora_gui.shell import desktop_entry

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a desktop entry is for Linux")


@pytest.fixture
def data_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def _files(folder):
    return sorted(path for path in folder.rglob("io.github.slora*"))


def test_installing_twice_is_installing_once_and_uninstalling_leaves_nothing(data_home, capsys):
    assert app.main(["--install-desktop"]) == 0
    first = {path: path.read_text() for path in _files(data_home)}
    assert app.main(["--install-desktop"]) == 0
    assert {path: path.read_text() for path in _files(data_home)} == first
    assert len(first) == 3
    assert app.main(["--uninstall-desktop"]) == 0
    assert _files(data_home) == []
    assert app.main(["--uninstall-desktop"]) == 0
    assert "nothing was installed" in capsys.readouterr().out


def test_the_entry_starts_the_window_with_files(data_home):
    entry, mime, icon = desktop_entry.install()
    parsed = ConfigParser(interpolation=None)
    parsed.optionxform = str
    parsed.read(entry, encoding="utf-8")
    section = parsed["Desktop Entry"]
    assert section["Exec"].endswith(('slora-gui" %F', "-m slora_gui %F"))
    assert section["Icon"] == icon.stem
    assert section["MimeType"].rstrip(";") == ElementTree.parse(mime).getroot()[0].get("type")


def test_another_system_is_told_so(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(InputError, match="darwin"):
        desktop_entry.install()
