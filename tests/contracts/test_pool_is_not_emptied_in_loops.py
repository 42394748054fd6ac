"""Emptying a CUDA pool costs time and the next allocations theirs: a run does it between stages, never in a loop."""

from __future__ import annotations

import ast
from pathlib import Path

import slora_core

ROOT = Path(slora_core.__file__).parent
MEASURING = {"features/probe.py"}
"""Every batch size is measured with an empty pool, a handful of times, before a run."""


def emptied_in_loops(tree: ast.AST) -> list[int]:
    """Lines of loops and comprehensions with a call of ``empty_cache`` in them."""
    loops = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    return [
        call.lineno
        for loop in ast.walk(tree)
        if isinstance(loop, loops)
        for call in ast.walk(loop)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "empty_cache"
    ]


def test_the_search_finds_what_it_looks_for() -> None:
    assert emptied_in_loops(ast.parse("for x in y:\n    if x:\n        torch.cuda.empty_cache()")) == [3]
    assert emptied_in_loops(ast.parse("def f():\n    torch.cuda.empty_cache()")) == []


def test_no_loop_empties_the_pool() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for path in sorted(ROOT.rglob("*.py"))
        if (lines := emptied_in_loops(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found.keys() == MEASURING, found
