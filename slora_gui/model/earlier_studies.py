"""What earlier studies have measured of a job. Free of Qt, for any thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slora_core.config import RunConfig
from slora_core.errors import ConfigError
from slora_core.studies.ablation.study import study_key as ablation_key
from slora_core.studies.study_file import Study, StudyRecord, list_studies
from slora_core.studies.tuning.study import study_key as tuning_key

_KEYS: Final = {"ablation": ablation_key, "tuning": tuning_key}
_APART: Final[dict[Study, dict[str, Any]]] = {
    "ablation": {"measures": True, "output": True},
    "tuning": {"memory": {"budget", "policy"}, "output": True},
}
"""What of a configuration a study's results hold for whatever it is."""


@dataclass(frozen=True, slots=True)
class EarlierStudies:
    """``newest`` has trials of the job; ``resumable_trials`` of an interrupted study of it are measured and kept."""

    newest: StudyRecord | None = None
    resumable_trials: int = 0


def earlier_studies(study: Study, config: RunConfig) -> EarlierStudies:
    """Reads every study of this kind; files that cannot be read are left out."""
    key, job = _KEYS[study](config), job_of_study(study, config)
    newest: StudyRecord | None = None
    resumable = 0
    for record in list_studies(study):
        if not record.of_kind("trial"):
            continue
        if not resumable and record.key == key and record.finished is None:
            resumable = len(record.measured_trials())
        if _job_of_record(study, record) == job and (newest is None or (record.finished and not newest.finished)):
            newest = record
    return EarlierStudies(newest, resumable)


def job_of_study(study: Study, config: RunConfig) -> Mapping[str, Any]:
    """What of ``config`` the results of a study depend on."""
    return config.model_dump(mode="json", exclude=_APART[study])


def _job_of_record(study: Study, record: StudyRecord) -> Mapping[str, Any] | None:
    try:
        return job_of_study(study, RunConfig.from_dict(dict(record.config)))
    except ConfigError:  # of another version
        return None
