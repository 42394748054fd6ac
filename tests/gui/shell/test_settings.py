"""Settings survive a restart; a broken file is set aside, told of, and never in the way."""

from __future__ import annotations

import json

import pytest

from slora_core.errors import OutputError
from slora_gui import settings
from slora_gui.settings import Settings


def test_what_is_saved_is_loaded(home):
    saved = Settings(theme="dark", language="zh_CN", recent=["/a", "/b"], toured=True, job="[memory]\n")
    saved.save()
    assert settings.settings_path().parent == home
    assert settings.load() == (saved, "")


def test_without_a_file_there_are_defaults_and_nothing_to_tell():
    assert settings.load() == (Settings(), "")


@pytest.mark.parametrize("text", ["{", "[]", '{"theme": "pink"}', '{"recent": 3}', "\x00\x01"])
def test_a_broken_file_gives_defaults_and_is_kept_aside(text):
    path = settings.settings_path()
    path.write_text(text)
    loaded, problem = settings.load()
    assert loaded == Settings()
    assert str(path) in problem
    assert path.with_name("settings.broken.json").read_text() == text
    assert settings.load() == (Settings(), "")


def test_a_file_in_another_encoding_is_broken_too():
    settings.settings_path().write_bytes(b"\xff\xfe{}")
    assert settings.load()[1]


def test_keys_of_a_later_version_are_passed_over():
    settings.settings_path().write_text(json.dumps({"version": 9, "theme": "dark", "holograms": True}))
    loaded, problem = settings.load()
    assert (loaded.theme, problem) == ("dark", "")


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(OutputError, match=r"file/settings\.json"):
        Settings().save(blocked / "settings.json")


def test_recent_files_are_unique_newest_first_and_few():
    kept = Settings()
    for number in range(15):
        kept.remember_file(f"/runs/{number}")
    kept.remember_file("/runs/9")
    assert kept.recent[:2] == ["/runs/9", "/runs/14"]
    assert len(kept.recent) == settings.RECENT_LIMIT
