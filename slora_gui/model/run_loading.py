"""From run files to the state of a run: read once, or followed while another process writes. Free of Qt."""

from __future__ import annotations

from pathlib import Path

from slora_core.errors import InputError
from slora_core.records.run_file import RunFile
from slora_gui.model.run_state import RUNNING, RunState
from slora_gui.model.stage_log import StageLog


def load_run(path: str | Path) -> RunState:
    """The whole run, for any thread. Raises InputError that says why the file cannot be read."""
    with RunFile.open(path) as run:
        state = RunState(run.path)
        _read_all_but_samples(run, state)
        for rank in _ranks(run):
            state.store(rank).extend(run.samples(rank) if rank else run.samples())
        _advance(state)
        return state


class RunFollower:
    """A run file that is still written: :meth:`poll` brings ``state`` up to what has been committed.

    Raises InputError like :func:`load_run`.
    """

    def __init__(self, path: str | Path) -> None:
        self._run = RunFile.open(path)
        self._row = 0
        self._version: int | None = None
        self.state = RunState(self._run.path)

    @property
    def ended(self) -> bool:
        """Whether the run has a final state: nothing more will come."""
        return self.state.status not in (RUNNING, "starting")

    def close(self) -> None:
        self._run.close()

    def poll(self) -> tuple[str, ...]:
        """Read what is new; returns the aspects that have changed. Raises InputError when the file has been damaged."""
        try:
            version, status = self._run.data_version, self._run.status
            if (version, status) == (self._version, self.state.status):
                return ()
            return self._read(version)
        except InputError as error:
            if error.remedy == "try again":  # its writer holds it just now
                return ()
            raise

    def _read(self, version: int) -> tuple[str, ...]:
        before = _fingerprint(self.state)
        _read_all_but_samples(self._run, self.state)
        self._row, samples = self._run.samples_after(self._row)
        for sample in samples:
            self.state.apply(sample)
        _advance(self.state)
        self._version = version
        after = _fingerprint(self.state)
        changed = [aspect for aspect, value in after.items() if value != before[aspect]]
        return (*changed, "samples") if samples else tuple(changed)


def _read_all_but_samples(run: RunFile, state: RunState) -> None:
    header, meta = run.header, run.meta
    state.status, state.run_id, state.started_at = header.status, header.run_id, header.started_at
    state.engine, state.budget_bytes, state.note = header.engine, header.budget_bytes, str(meta.get("note") or "")
    state.config, state.environment, state.plan = run.config, run.environment, run.plan
    state.result = run.result
    for rank in _ranks(run):
        state.logs[rank] = StageLog(run.stages(rank) if rank else run.stages())
    state.notices = run.notices()
    for row in run.accuracies():
        state.accuracy_of[row.task, row.variant, row.classifier] = row.accuracy
        if row.classes_seen is not None:
            state.classes_seen[row.task] = row.classes_seen


def _ranks(run: RunFile) -> tuple[int, ...]:
    """Files of runs of one process alone know no ranks."""
    ranks = getattr(run, "ranks", None)
    return (0,) if ranks is None else tuple(ranks())


def _advance(state: RunState) -> None:
    """``now_s`` to the last moment that the file tells of."""
    moments = [state.now_s, *(notice.t_s for notice in state.notices)]
    moments += [float(store.t_s[-1]) for store in state.stores.values() if len(store)]
    moments += [row.started_s + (row.seconds or 0.0) for log in state.logs.values() for row in log.rows]
    if state.result is not None:
        moments.append(state.result.t_s)
    state.now_s = max(moments)


def _fingerprint(state: RunState) -> dict[str, object]:
    return {
        "status": (state.status, state.run_id),
        "stages": [list(log.rows) for log in state.logs.values()],
        "notices": len(state.notices),
        "accuracies": dict(state.accuracy_of),
        "plan": state.plan,
        "note": state.note,
    }
