"""The full configuration: of the first run or study whole, of each further one what it has otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import tomli_w

from slora_core.report.model import Block, Listing, Paragraph, Section
from slora_core.report.phrases import Phrases


class Configured(Protocol):
    @property
    def label(self) -> str: ...

    @property
    def config(self) -> Mapping[str, Any]: ...


def configuration_section(runs: Sequence[Configured], say: Phrases) -> Section:
    base = runs[0]
    lines = tuple(tomli_w.dumps(_plain(base.config)).splitlines())
    blocks: list[Block] = [Paragraph(base.label, "heading"), Listing(lines)]
    for run in runs[1:]:
        changes = differences(base.config, run.config)
        blocks.append(Paragraph(run.label, "heading"))
        if not changes:
            blocks.append(Paragraph(say("As {base}.", base=base.label)))
            continue
        unset = say("not set")
        rows = [tuple(unset if cell is None else str(cell) for cell in row) for row in changes]
        columns = (say("setting"), base.label, run.label)
        title = say("As {base}, but for:", base=base.label)
        blocks.append(say.table(title, columns, rows, texts=3))
    return Section(say("Configuration"), tuple(blocks))


def differences(base: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(dotted setting, value of the base, value of the other) where they differ; None is "not set"."""
    first, second = dict(_flat(base)), dict(_flat(other))
    names = dict.fromkeys((*first, *second))
    return [(name, first.get(name), second.get(name)) for name in names if first.get(name) != second.get(name)]


def _flat(config: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in config.items():
        found += _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else [(prefix + name, value)]
    return found


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not set, which TOML cannot say."""
    return {
        name: _plain(value) if isinstance(value, Mapping) else value
        for name, value in config.items()
        if value is not None
    }
