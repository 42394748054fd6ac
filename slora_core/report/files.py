"""The files of a report by what they hold: recorded runs, and studies of the memory measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from slora_core.records.run_file import RunFile
from slora_core.report.studies import ReadAblation, read_ablations


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """In the order in which they were named; the first run is the base."""

    runs: tuple[RunFile, ...]
    ablations: tuple[ReadAblation, ...]


@contextmanager
def report_files(paths: Sequence[str | Path]) -> Iterator[ReportFiles]:
    """Open ``paths``, told apart by their content. Raises InputError for a file that is neither."""
    studies = [Path(path) for path in paths if _is_json(Path(path))]
    with ExitStack() as stack:
        runs = [stack.enter_context(RunFile.open(path)) for path in paths if Path(path) not in studies]
        yield ReportFiles(tuple(runs), read_ablations(studies))


def _is_json(path: Path) -> bool:
    """Whether the file begins as the lines of a study do; a run file is a database and does not."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(1) == b"{"
    return False
