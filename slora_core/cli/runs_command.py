"""``slora runs``: the history of recorded runs."""

from __future__ import annotations

import argparse
import dataclasses
import json
from contextlib import closing
from pathlib import Path

from rich.console import Console

from slora_core.cli.display import drawn
from slora_core.errors import InputError
from slora_core.records.history import History
from slora_core.records.run_file import RunFile
from slora_core.records.tables import accuracies_table, runs_table, stages_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "show", "note", "delete", "restore"), default="list")
    parser.add_argument("run", nargs="?", help="a run's name in the history, or a path")
    parser.add_argument("text", nargs="?", help="the note")
    parser.add_argument("--search", metavar="WORDS", help="list runs that contain every word")
    parser.add_argument("--folder", metavar="DIR", help="another history folder")
    parser.add_argument("--json", action="store_true", help="print one JSON document for machines")


def run(args: argparse.Namespace) -> int:
    history = History(args.folder)
    if args.action == "list":
        return _list(history, args)
    if args.run is None:
        raise InputError(f"slora runs {args.action} needs the name of a run; 'slora runs' lists them")
    path = _find(history, args.run, deleted=args.action == "restore")
    if args.action == "show":
        return _show(path, args.json)
    if args.action == "note":
        with closing(RunFile.open(path)) as record:
            record.set_note(args.text or "")
        moved = path
    else:
        moved = history.delete(path) if args.action == "delete" else history.restore(path)
    print(json.dumps({"path": str(moved)}) if args.json else moved)
    return 0


def _list(history: History, args: argparse.Namespace) -> int:
    runs = history.search(args.search) if args.search else history.list_runs()
    if args.json:
        print(json.dumps([dataclasses.asdict(run) for run in runs], default=str, ensure_ascii=False))
    elif runs:
        Console().print(drawn(runs_table(runs)))
    else:
        print(f"no runs in {history.folder}")
    return 0


def _show(path: Path, as_json: bool) -> int:
    with closing(RunFile.open(path)) as record:
        if as_json:
            data = {
                **dataclasses.asdict(record.header),
                "config": record.config,
                "environment": record.environment,
                "plan": record.plan,
                "stages": [dataclasses.asdict(stage) for stage in record.stages()],
                "accuracies": [dataclasses.asdict(row) for row in record.accuracies()],
                "notices": [json.loads(notice.to_json()) for notice in record.notices()],
            }
            print(json.dumps(data, default=str, ensure_ascii=False))
            return 0
        console = Console()
        for table in (runs_table([record.header]), stages_table(record), accuracies_table(record)):
            if table.rows:
                console.print(drawn(table))
        for notice in record.notices():
            console.print(f"notice: {notice.message}", highlight=False, markup=False)
    return 0


def _find(history: History, name: str, *, deleted: bool) -> Path:
    folder = history.trash if deleted else history.folder
    for path in (Path(name), folder / name, folder / f"{name}.slora"):
        if path.is_file():
            return path
    raise InputError(f"no run {name!r} in {folder}; 'slora runs' lists them")
