"""Arguments that commands share, and the configuration that they add up to."""

from __future__ import annotations

import argparse
import difflib
import tomllib
from typing import Any, Final

from slora_core.config import MeasuresConfig, RunConfig
from slora_core.errors import ConfigError
from slora_core.sources.presets import PRESETS, preset
from slora_core.types import CLASSIFIERS, OPERATORS

_KINDS: Final = {
    "files": "a run on files",
    "models": "a run on models",
    "synthetic": "a synthetic workload",
    "demo": "the demo",
}
_KINDS_OF_OPTION: Final = {
    "features": ("files",),
    "state": ("files", "models"),
    "evaluate": ("files", "models"),
    **dict.fromkeys(("base", "adapter_before", "adapter_after", "images", "aux_images"), ("models",)),
    "precision": ("models", "demo"),
    "batch": ("models", "demo"),
    "workload": ("synthetic",),
    "demo": ("demo",),
    "tasks": ("demo",),
}


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document for machines")


def add_source(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("source")
    group.add_argument("--features", metavar="FILE", help="pairs of features, .npz or .safetensors")
    group.add_argument("--state", metavar="FILE", help="class state to move, .safetensors")
    group.add_argument("--evaluate", metavar="FILE", help="features and labels (of models: class folders) for accuracy")
    group.add_argument("--base", metavar="MODEL_DIR", help="transformer that extracts the features, local")
    group.add_argument("--adapter-before", metavar="DIR", help="its LoRA adapter before the task; none: the base alone")
    group.add_argument("--adapter-after", metavar="DIR", help="its LoRA adapter after the task")
    group.add_argument("--images", metavar="FOLDER", help="images of the task, one folder a class")
    group.add_argument("--aux-images", metavar="FOLDER", help="images without classes, beside those of the task")
    group.add_argument(
        "--precision",
        choices=("fp32", "bf16", "fp16", "auto"),
        help="of the forward passes; default: fp32; all others change results, auto takes bf16 where it measures well",
    )
    group.add_argument("--batch", type=int, metavar="N", help="images of a forward pass; default: planned")
    group.add_argument("--workload", metavar="NAME", help=f"synthetic: {', '.join(PRESETS)}")
    group.add_argument("--demo", action="store_true", help="the digits demo")


def add_tasks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tasks", type=int, metavar="N", help="stop after N of the demo's five tasks")


def add_job(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("job")
    group.add_argument("--config", metavar="FILE.toml", help="start from this configuration")
    group.add_argument("--operators", metavar="A,B", help=f"of {', '.join(OPERATORS)}")
    group.add_argument("--classifiers", metavar="A,B", help=f"of {', '.join(CLASSIFIERS)}")
    group.add_argument("--budget", metavar="SIZE", help="memory budget, such as 256MiB; 'none' lifts it")
    group.add_argument(
        "--policy",
        choices=("fixed", "adaptive", "planned", "tuned"),
        help="how chunks are chosen; default: planned; tuned takes what 'slora tune' measured",
    )
    group.add_argument("--chunk", type=int, metavar="N", help="query chunk of the fixed policy, which it implies")
    group.add_argument(
        "--without", action="append", default=[], metavar="MEASURE", help="switch a memory measure off; repeatable"
    )
    group.add_argument(
        "--with", action="append", default=[], dest="with_", metavar="MEASURE", help="switch it on; repeatable"
    )
    group.add_argument("--device", metavar="NAME", help="auto, cpu, cuda or cuda:N")
    group.add_argument("--seed", type=int, metavar="N", help="of noise, training batches and synthetic data")
    group.add_argument("--nproc", type=int, metavar="N", help="share the run among N processes of this host")
    group.add_argument(
        "--threads", type=int, metavar="N", help="compute threads; 0: as PyTorch chooses, one for the demo"
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any other setting, such as operators.attention.top_k=400; repeatable",
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine", choices=("optimised", "baseline"), help="default: optimised; the baseline is the seed's own way"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--out", metavar="FILE", help="where the moved class state goes, .safetensors")
    group.add_argument("--packed", action="store_true", help="store covariances as triangles")
    group.add_argument(
        "--resume", action="store_true", help="keep finished classes of a run that fails, and continue from them"
    )


def add_record(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("run")
    group.add_argument("--run-file", metavar="FILE.slora", help="where the run is recorded; default: the history")
    group.add_argument("--no-record", action="store_true", help="do not record the run")
    group.add_argument("--here", action="store_true", help="run in this process instead of a fresh one")
    group.add_argument("--quiet", action="store_true", help="no progress and no notices on the terminal")


def add_studied_job(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """The job of a study; returns the group for the study's own arguments."""
    add_source(parser)
    add_tasks(parser)
    add_job(parser)
    return parser.add_argument_group("study")


def add_study_file(parser: argparse.ArgumentParser, group: argparse._ArgumentGroup) -> None:
    """Where a study is kept, whether it is continued, and how it is told."""
    group.add_argument(
        "--results", metavar="FILE.jsonl", help="where the study is kept and continued; default: with the history"
    )
    group.add_argument(
        "--fresh", action="store_true", help="measure all anew instead of continuing an interrupted study"
    )
    group.add_argument("--show", metavar="FILE.jsonl", help="print a study that was measured before")
    group.add_argument("--quiet", action="store_true", help="no progress on the terminal")
    add_json(parser)


def studied_config(args: argparse.Namespace) -> RunConfig:
    """The configuration of :func:`add_studied_job`. Raises ConfigError."""
    if args.demo:
        all_operators(args)
    return build_config(args, kind=source_kind(args))


def source_kind(args: argparse.Namespace) -> str | None:
    """The kind of source when no argument names one: that of the configuration file, else files."""
    return None if args.config else "files"


def all_operators(args: argparse.Namespace) -> None:
    """The demo shows every operator unless it is told which."""
    if args.operators is None and args.config is None:
        args.operators = ",".join(OPERATORS)


def build_config(args: argparse.Namespace, *, kind: str | None = None) -> RunConfig:
    """The configuration of parsed arguments, later ones over the file of ``--config``. Raises ConfigError."""
    config = RunConfig.from_toml(args.config) if getattr(args, "config", None) else RunConfig()
    changes: dict[str, dict[str, Any]] = {}

    def put(section: str, key: str, value: Any) -> None:
        if value is not None:
            changes.setdefault(section, {})[key] = value

    _put_source(args, put, kind)
    put("operators", "names", getattr(args, "operators", None))
    put("classifiers", "names", getattr(args, "classifiers", None))
    put("memory", "budget", getattr(args, "budget", None))
    put("memory", "policy", getattr(args, "policy", None))
    if getattr(args, "chunk", None) is not None:
        if args.policy not in (None, "fixed"):
            raise ConfigError(f"--chunk is for --policy fixed; with --policy {args.policy} the engine chooses chunks")
        put("memory", "chunk", args.chunk)
        put("memory", "policy", "fixed")
    put("distributed", "processes", getattr(args, "nproc", None))
    for key in ("engine", "device", "seed", "threads"):
        put("run", key, getattr(args, key, None))
    put("output", "state", getattr(args, "out", None))
    put("output", "packed", getattr(args, "packed", False) or None)
    put("output", "resume", getattr(args, "resume", False) or None)
    for name in getattr(args, "without", []):
        put("measures", _measure(name), False)
    for name in getattr(args, "with_", []):
        put("measures", _measure(name), True)
    for assignment in getattr(args, "set", []):
        _assign(changes, assignment)
    if str(changes.get("memory", {}).get("budget", "")).lower() in ("none", "unlimited"):
        changes["memory"]["budget"] = None
    merged = config.merged(changes)
    _check_options(args, merged.source.kind)
    if getattr(args, "packed", False) and merged.output.state is None:
        raise ConfigError("--packed is for the class state that --out names: there is none to pack", "give --out")
    return merged


def _put_source(args: argparse.Namespace, put: Any, kind: str | None) -> None:
    features, state = getattr(args, "features", None), getattr(args, "state", None)
    workload = getattr(args, "workload", None)
    if features or state:
        kind = "files"
    if workload:
        kind = "synthetic"
        sizes = preset(workload)
        put("source", "pairs", sizes.pairs)
        put("source", "dim", sizes.dim)
        put("source", "classes", sizes.classes)
    if getattr(args, "demo", False):
        kind = "demo"
    for key in ("base", "adapter_before", "adapter_after", "images", "aux_images"):
        if (value := getattr(args, key, None)) is not None:
            kind = "models"
            put("source", key, value)
    for key in ("precision", "batch"):
        put("extraction", key, getattr(args, key, None))
    put("source", "kind", kind)
    put("source", "features", features)
    put("source", "state", state)
    put("source", "evaluate", getattr(args, "evaluate", None))
    put("source", "tasks", getattr(args, "tasks", None))


def _check_options(args: argparse.Namespace, kind: str) -> None:
    """Raises ConfigError for an option that a run of this ``kind`` would not look at."""
    for option, kinds in _KINDS_OF_OPTION.items():
        if kind not in kinds and getattr(args, option, None) not in (None, False):
            meant = " or ".join(_KINDS[name] for name in kinds).replace(" or a run on", " or")
            raise ConfigError(f"--{option.replace('_', '-')} is for {meant}, and this is {_KINDS[kind]}")


def _measure(name: str) -> str:
    known = tuple(MeasuresConfig.model_fields)
    key = name.replace("-", "_")
    if key not in known:
        close = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
        hint = f", did you mean {close[0]!r}?" if close else ""
        raise ConfigError(f"unknown measure {name!r}{hint}; known: {', '.join(known)}")
    return key


def _assign(changes: dict[str, dict[str, Any]], assignment: str) -> None:
    path, equals, text = assignment.partition("=")
    keys = path.strip().split(".")
    if not equals or len(keys) < 2:
        raise ConfigError(f"--set {assignment!r}: expected SECTION.KEY=VALUE, such as operators.attention.top_k=400")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    target: dict[str, Any] = changes
    for depth, key in enumerate(keys[:-1], start=1):
        target = target.setdefault(key, {})
        if not isinstance(target, dict):
            raise ConfigError(f"--set {assignment!r}: {'.'.join(keys[:depth])} is a value and not a section")
    target[keys[-1]] = value
