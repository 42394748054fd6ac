"""The job that the window edits: one validated configuration; every change can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from slora_core.config import RunConfig, SourceConfig
from slora_core.errors import ConfigError, InputError
from slora_gui.model.model_folders import folder_fields
from slora_gui.model.problem_texts import what_text
from slora_gui.model.source_facts import SourceFacts, source_facts


class JobModel(QObject):
    """Holds ``config``. ``changed`` carries each section that changed ("memory"), "" for all of them.

    A change that the configuration does not allow changes nothing and is ``refused`` in the engine's own sentence.
    """

    changed = Signal(str)
    refused = Signal(str)

    def __init__(self, config: RunConfig | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._config = config or RunConfig()
        self._facts: SourceFacts | None = None

    @property
    def config(self) -> RunConfig:
        return self._config

    @property
    def source_facts(self) -> SourceFacts:
        """Sizes of the source, read when the source has changed."""
        if self._facts is None:
            self._facts = source_facts(self._config.source)
        return self._facts

    def take_facts(self, source: SourceConfig, facts: SourceFacts) -> None:
        """Facts of ``source`` that were read anew, in another thread for instance; dropped if the job has another."""
        if source == self._config.source and facts != self.source_facts:
            self._facts = facts
            self.changed.emit("source")

    def change(self, changes: Mapping[str, Any], text: str, merge_key: str = "") -> bool:
        """Change nested values, as ``RunConfig.merged`` takes them; whether they are valid.

        ``text`` names the change in the undo history. Changes in a row with an equal ``merge_key``, of one drag say,
        are undone together.
        """
        try:
            config = self._config.merged(changes)
        except ConfigError as error:
            self.refused.emit(error.what.removeprefix("the configuration: "))
            return False
        if config != self._config:
            self.undo_stack.push(_Change(self, config, text, merge_key))
        return True

    def replace(self, config: RunConfig, text: str) -> None:
        """Put another configuration in place."""
        if config != self._config:
            self.undo_stack.push(_Change(self, config, text, whole=True))

    def open_source(self, role: str, path: str | Path, text: str) -> bool:
        """Make the file ``path`` the source's "features", "state" or "evaluate"; whether it can be used.

        A file that is refused changes nothing.
        """
        models = self._config.source.kind == "models" and role == "state"
        changes = {"kind": "models" if models else "files", role: str(path)}
        try:
            facts = source_facts(self._config.merged({"source": changes}).source)
        except ConfigError as error:
            self.refused.emit(error.what.removeprefix("the configuration: "))
            return False
        if role in facts.problems:
            self.refused.emit(facts.problems[role])
            return False
        return self.change({"source": changes}, text)

    def open_folder(self, path: str | Path, text: str) -> bool:
        """Take a folder of a transformer, adapters or images into a source of models; whether it is one."""
        try:
            fields = folder_fields(Path(path), self._config.source)
        except InputError as error:
            self.refused.emit(what_text(error))
            return False
        return self.change({"source": {"kind": "models", **fields}}, text)

    def open_config(self, path: str | Path, text: str) -> bool:
        """Take the configuration in a TOML file; whether it is one."""
        try:
            config = RunConfig.from_toml(path)
        except ConfigError as error:
            self.refused.emit(what_text(error))
            return False
        self.replace(config, text)
        return True

    def _put(self, config: RunConfig, whole: bool) -> None:
        before, self._config = self._config, config
        sections = [name for name in RunConfig.model_fields if getattr(config, name) != getattr(before, name)]
        if "source" in sections:
            self._facts = None
        for section in [""] if whole else sections:
            self.changed.emit(section)


class _Change(QUndoCommand):
    """From the job's configuration to another and back."""

    def __init__(self, job: JobModel, after: RunConfig, text: str, merge_key: str = "", *, whole: bool = False) -> None:
        super().__init__(text)
        self._job, self._before, self._after = job, job.config, after
        self._merge_key, self._whole = merge_key, whole

    def id(self) -> int:
        return 1 if self._merge_key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other._merge_key != self._merge_key:
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True

    def redo(self) -> None:
        self._job._put(self._after, self._whole)

    def undo(self) -> None:
        self._job._put(self._before, self._whole)
