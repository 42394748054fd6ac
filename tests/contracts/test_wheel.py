"""What a user installs: a wheel with all resources in it, from which command line and window start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling")
ROOT = Path(__file__).parents[2]

WINDOW = """
import sys
from pathlib import Path
import slora_core, slora_gui
site = Path(sys.argv[1])
assert Path(slora_core.__file__).is_relative_to(site), slora_core.__file__
assert Path(slora_gui.__file__).is_relative_to(site), slora_gui.__file__
from slora_core.resources import resource_path
for name in ("demo", "icons", "themes", "i18n", "fonts"):
    assert resource_path(name).is_relative_to(site), name
from PySide6.QtCore import QCoreApplication
from slora_gui.app import create_window, make_application
from slora_gui.settings import Settings
make_application()
window = create_window(Settings(language="zh_CN", theme="dark"))
window.show()
for _ in range(20):
    QCoreApplication.processEvents()
print(window.pages.tabText(0), "torch" in sys.modules)
window.close()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder that holds what the wheel holds, as an installation does."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


def run(site, tmp_path, *arguments):
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "SLORA_HOME": str(tmp_path / "home"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )


def test_the_window_starts_from_the_wheel_in_another_language(site, tmp_path):
    pytest.importorskip("PySide6.QtWidgets")
    done = run(site, tmp_path, "-c", WINDOW, str(site))
    assert (done.returncode, done.stdout) == (0, "欢迎 False\n"), done.stderr
    assert [line for line in done.stderr.splitlines() if "This plugin does not support" not in line] == []


def test_the_command_line_starts_from_the_wheel(site, tmp_path):
    done = run(site, tmp_path, "-m", "slora_core", "plan", "--demo", "--tasks", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["predicted_peak_bytes"] > 0


def test_the_wheel_names_its_commands_and_its_licences(site):
    (metadata,) = site.glob("*.dist-info")
    entries = (metadata / "entry_points.txt").read_text()
    assert "slora = slora_core.cli:main" in entries
    assert "slora-gui = slora_gui.app:main" in entries
    assert (metadata / "licenses" / "LICENSE").is_file()
