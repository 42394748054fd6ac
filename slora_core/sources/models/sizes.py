"""The sizes of a run on a model pair, from folders and configuration files alone. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slora_core.config import RunConfig
from slora_core.errors import ConfigError, InputError
from slora_core.sources.labels import read_integers
from slora_core.sources.models.folders import ImageList, class_folders, unlabelled_images
from slora_core.sources.models.model_files import AdapterFiles, BaseFiles, adapter_files, base_files
from slora_core.statistics.state_info import class_state_info, require_variants, state_layout
from slora_core.types import Workload


@dataclass(frozen=True, slots=True)
class ModelInputs:
    """Everything that a run on a model pair reads, checked. ``adapter_before`` None is the base alone."""

    base: BaseFiles
    adapter_before: AdapterFiles | None
    adapter_after: AdapterFiles | None
    images: ImageList
    auxiliary: ImageList | None
    evaluation: ImageList | None
    known_ids: tuple[int, ...]
    workload: Workload


def model_inputs(config: RunConfig) -> ModelInputs:
    """Raises ConfigError for what is missing and InputError for what is wrong with a folder or a file."""
    source = config.source
    if source.base is None or source.images is None:
        absent = "base" if source.base is None else "images"
        raise ConfigError(
            f"source.{absent} is not set: a run on models needs a base model and images in class folders",
            "give --base MODEL_DIR and --images FOLDER",
            case="source-incomplete",
            data={"kind": "models"},
        )
    if source.state is not None and source.adapter_after is None:
        raise ConfigError(
            "source.adapter_after is not set: without it the model after the task is the model before",
            "give --adapter-after DIR, or no --state for a first task",
            case="no-adapter-after",
        )
    base = base_files(source.base)
    known = _known_ids(config, base.dim)
    images = class_folders(source.images, first_id=max(known, default=-1) + 1)
    auxiliary = unlabelled_images(source.aux_images) if source.aux_images else None
    names = {name: number for number, name in images.class_names.items()}
    evaluation = class_folders(source.evaluate, known=names) if source.evaluate else None
    new = [number for number in images.class_names if number not in known]
    moves = source.state is not None
    return ModelInputs(
        base=base,
        adapter_before=adapter_files(source.adapter_before) if source.adapter_before else None,
        adapter_after=adapter_files(source.adapter_after) if source.adapter_after else None,
        images=images,
        auxiliary=auxiliary if moves else None,
        evaluation=evaluation,
        known_ids=known,
        workload=Workload(
            pairs=len(images) + len(auxiliary or ()) if moves else 0,
            dim=base.dim,
            classes=len(known),
            new_classes=len(new),
            evaluation_rows=len(evaluation or ()),
            labelled_rows=int(np.isin(images.labels, new).sum()),
        ),
    )


def _known_ids(config: RunConfig, dim: int) -> tuple[int, ...]:
    """Classes of the class state, whose features must be those of the model."""
    source = config.source
    if source.state is None:
        return ()
    state = class_state_info(source.state)
    if state.dim != dim:
        raise InputError(
            f"model {source.base!r} has features of d = {dim} but class state {source.state!r} has d = {state.dim};"
            " expected the same",
            case="dims-differ",
            data={"role": "model", "path": source.base, "dim": dim, "state": source.state, "state_dim": state.dim},
        )
    require_variants(state, config.operators.names)
    return tuple(int(value) for value in read_integers(state_layout(source.state).class_ids))
