"""The sizes of a configured source, before anything is computed: one workload a round. Torch-free."""

from __future__ import annotations

from slora_core.config import RunConfig
from slora_core.errors import ConfigError, InputError
from slora_core.sources.file_info import evaluation_file_info, feature_file_info
from slora_core.sources.labels import labelled_classes
from slora_core.statistics.state_info import ClassStateInfo, class_state_info, require_variants
from slora_core.types import Workload


def workloads_of(config: RunConfig) -> tuple[Workload, ...]:
    """One workload a round of the source. Reads headers and labels only. Raises InputError."""
    if config.source.kind == "demo":
        from slora_core.sources.demo.sizes import demo_workloads

        return demo_workloads(config)
    if config.source.kind == "synthetic":
        source = config.source
        return (Workload(source.pairs, source.dim, source.classes),)
    if config.source.kind == "models":
        from slora_core.sources.models.sizes import model_inputs

        return (model_inputs(config).workload,)
    return (_files_workload(config),)


def _files_workload(config: RunConfig) -> Workload:
    source = config.source
    if source.features is None or source.state is None:
        absent = "features" if source.features is None else "state"
        raise ConfigError(
            f"source.{absent} is not set: a run on files needs a feature file and a class state",
            "give --features F.npz and --state S.safetensors",
            case="source-incomplete",
            data={"kind": "files"},
        )
    features, state = feature_file_info(source.features), class_state_info(source.state)
    if features.dim != state.dim:
        raise _dims_differ("feature file", source.features, features.dim, state)
    evaluation_rows = 0
    if source.evaluate is not None:
        evaluation = evaluation_file_info(source.evaluate)
        if evaluation.dim != state.dim:
            raise _dims_differ("evaluation file", source.evaluate, evaluation.dim, state)
        evaluation_rows = evaluation.rows
    require_variants(state, config.operators.names)
    labelled = labelled_classes(source.features, source.state)
    return Workload(
        pairs=features.rows,
        dim=features.dim,
        classes=state.classes,
        new_classes=len(labelled.new),
        labelled_rows=int(labelled.counts.sum()),
        evaluation_rows=evaluation_rows,
    )


def _dims_differ(role: str, path: str, dim: int, state: ClassStateInfo) -> InputError:
    return InputError(
        f"{role} {path!r} has d = {dim} but class state {str(state.path)!r} has d = {state.dim}; expected the same",
        case="dims-differ",
        data={"role": role, "path": path, "dim": dim, "state": str(state.path), "state_dim": state.dim},
    )
