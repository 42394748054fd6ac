"""A run on a terminal: one progress line with ETA, notices and accuracies as they come, a summary at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from slora_core import events
from slora_core.cli.printing import drawn, errors_console
from slora_core.events import Event
from slora_core.memory.sizes import format_size
from slora_core.records.tables import TextTable, format_seconds
from slora_core.wording import counted


def follow(stream: Iterable[Event], *, quiet: bool, title: str) -> Iterator[Event]:
    """Pass the events of ``stream`` on while showing them on standard error: without a terminal, notices alone."""
    if quiet:
        yield from stream
        return
    console = errors_console()
    if not console.is_terminal:
        for event in stream:
            if isinstance(event, events.Notice):
                console.print(_notice(event))
            yield event
        return
    columns = (
        TextColumn("{task.description}", style="bold"),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[stage]}"),
        TextColumn("{task.fields[memory]}", style="cyan"),
        TextColumn("{task.fields[eta]}", style="dim"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(title, total=1.0, stage="", memory="", eta="")
        done: dict[int, float | None] = {}
        for event in stream:
            if isinstance(event, events.Progress):
                done[event.rank] = event.fraction
                if any((other or 0.0) < (event.fraction or 0.0) for other in done.values()):
                    yield event  # the rank that is furthest behind says how far the run is
                    continue
            _show(event, progress, bar)
            yield event


def _show(event: Event, progress: Progress, bar: Any) -> None:
    match event:
        case events.Progress():
            eta = "" if event.eta_s is None else f"ETA {format_seconds(event.eta_s)}"
            stage = f"{event.stage} {event.done}/{event.total} {event.unit}"
            progress.update(bar, stage=stage, eta=eta, completed=event.fraction)
        case events.StageStarted(rank=0):
            progress.update(bar, stage=event.stage)
        case events.MemorySample(rank=0):
            progress.update(bar, memory=format_size(event.allocated_bytes))
        case events.Notice():
            progress.console.print(_notice(event))
        case events.TaskFinished():
            progress.console.print(
                f"task {event.task} of {event.tasks}, {counted(event.classes_seen, 'class', 'classes')} seen"
            )
            progress.console.print(accuracy_table(event.accuracies))


def _notice(event: events.Notice) -> RenderableType:
    return f"[yellow]notice:[/] {escape(event.message)}"


def accuracy_table(accuracies: Mapping[str, Mapping[str, float]]) -> Table:
    """Variants as rows, classifiers as columns, percent."""
    classifiers = tuple(dict.fromkeys(name for row in accuracies.values() for name in row))
    rows = tuple(
        (variant, *(f"{100 * row[name]:.2f} %" if name in row else "" for name in classifiers))
        for variant, row in accuracies.items()
    )
    return drawn(TextTable("", ("variant", *classifiers), (False, *(True,) * len(classifiers)), rows))
