"""Resources are found in an installed package first, else in the repository, else the error names them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from slora_core import resources
from slora_core.errors import InputError


def test_the_digits_are_found_in_the_repository():
    assert resources.resource_path("demo/digits.npz").read_bytes().startswith(b"PK")


def test_an_installed_package_comes_before_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = tmp_path / "slora_core"
    for folder, text in ((package / "_resources", "installed"), (tmp_path / "resources", "repository")):
        folder.mkdir(parents=True)
        (folder / "name.txt").write_text(text)
    monkeypatch.setattr(resources, "_PACKAGE", package)

    assert resources.resource_path("name.txt").read_text() == "installed"
    (package / "_resources" / "name.txt").unlink()
    assert resources.resource_path("name.txt").read_text() == "repository"


def test_a_missing_resource_is_named():
    with pytest.raises(InputError, match=r"'demo/letters\.npz' is missing"):
        resources.resource_path("demo/letters.npz")


def test_the_demos_sizes_need_no_torch():
    code = (
        "import sys; from slora_core.config import RunConfig; from slora_core.sources.demo.sizes import demo_workloads;"
        " assert len(demo_workloads(RunConfig())) == 5; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
