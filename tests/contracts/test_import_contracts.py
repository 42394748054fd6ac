"""The architecture holds: the contracts of pyproject.toml, and what importing a module really loads."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

import slora_core

ROOT = Path(__file__).parents[2]

TORCH_FREE = (
    "slora_core",
    "slora_core.config",
    "slora_core.events",
    "slora_core.types",
    "slora_core.errors",
    "slora_core.cancel",
    "slora_core.streams.streaming",
    "slora_core.isolate",
    "slora_core.streams.worker",
    "slora_core.running.planning",
    "slora_core.compensators.registry",
    "slora_core.memory.planner",
    "slora_core.memory.plan",
    "slora_core.memory.policies",
    "slora_core.memory.device",
    "slora_core.memory.machine",
    "slora_core.studies.ablation.study",
    "slora_core.studies.ablation.tables",
    "slora_core.studies.tuning.study",
    "slora_core.studies.tuning.results",
    "slora_core.studies.tuning.tables",
    "slora_core.studies.tuning.snippet",
    "slora_core.sources.file_info",
    "slora_core.sources.probed",
    "slora_core.sources.models.folders",
    "slora_core.sources.models.sizes",
    "slora_core.sources.models.estimate",
    "slora_core.statistics.state_info",
)


SCRIPT = """
import importlib, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
    for heavy in ("torch", "PySide6", "PySide6.QtWidgets", "pyqtgraph"):
        if heavy in sys.modules:
            print(module, "loads", heavy)
"""


def _heavy(*modules):
    """What of torch and Qt a fresh interpreter has loaded after importing ``modules`` in order."""
    command = [sys.executable, "-c", SCRIPT, *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_import_contracts_are_kept(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    broken = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert broken == 0, capsys.readouterr().out


def test_the_contracts_notice_a_broken_rule(tmp_path, monkeypatch):
    """The rule on Qt, applied to a module that breaks it: the guard itself works."""
    package = tmp_path / "guarded_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "views.py").write_text("import PySide6.QtCore\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_package = "guarded_package"\ninclude_external_packages = true\n'
        '[[tool.importlinter.contracts]]\nname = "no Qt"\ntype = "forbidden"\n'
        'source_modules = ["guarded_package"]\nforbidden_modules = ["PySide6"]\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert lint_imports(config_filename=str(tmp_path / "pyproject.toml"), no_cache=True) != 0


def test_what_the_window_needs_loads_neither_torch_nor_qt():
    assert _heavy(*TORCH_FREE) == []


def test_records_and_plans_load_neither_torch_nor_qt():
    known = [module.name for module in pkgutil.walk_packages(slora_core.__path__, "slora_core.")]
    records = [name for name in known if name.startswith("slora_core.records.")]
    plans = [name for name in known if name.rpartition(".")[2] == "plan"]
    assert len(records) > 5
    assert len(plans) > 5
    assert _heavy(*records, *plans) == []


def test_the_thread_of_signals_loads_qt_but_neither_widgets_nor_torch():
    pytest.importorskip("PySide6.QtCore")
    assert _heavy("slora_core.qthread") == ["slora_core.qthread loads PySide6"]


def test_the_models_of_the_window_load_neither_widgets_nor_torch():
    models = pytest.importorskip("slora_gui.model")
    names = [module.name for module in pkgutil.iter_modules(models.__path__, "slora_gui.model.")]
    assert len(names) > 5
    loaded = {line.rpartition(" ")[2] for line in _heavy(*names)}
    assert loaded == {"PySide6"}


def test_the_whole_window_loads_no_torch():
    pytest.importorskip("PySide6.QtWidgets")
    loaded = {line.rpartition(" ")[2] for line in _heavy("slora_gui.controller")}
    assert loaded == {"PySide6", "PySide6.QtWidgets", "pyqtgraph"}


def test_the_check_itself_sees_torch():
    assert _heavy("slora_core.memory.ledger") == ["slora_core.memory.ledger loads torch"]


def test_no_module_needs_one_that_needs_it_not_even_for_its_types():
    graph = grimp.build_graph("slora_core", "slora_gui", exclude_type_checking_imports=False)
    assert "slora_gui.plots.memory_plot" in graph.modules
    TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}).prepare()
