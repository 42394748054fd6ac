"""The configuration of a run: one frozen model, to and from TOML. Errors name the field, the value and the range."""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import tomli_w
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from slora_core.errors import ConfigError
from slora_core.memory.sizes import parse_size
from slora_core.types import CLASSIFIERS, GIB, MIB, OPERATORS


def _names(value: Any, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    if not isinstance(value, (str, Sequence, Set)):
        raise ValueError(f"expected names among {', '.join(known)}")
    items = [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)
    if not items or items == [""]:
        raise ValueError(f"expected at least one {what} of {', '.join(known)}")
    for item in items:
        if item not in known:
            raise ValueError(f"unknown {what} {item!r}{_nearest(str(item), known)}; known: {', '.join(known)}")
    if len(set(items)) != len(items):
        raise ValueError(f"each {what} at most once")
    return tuple(items)


def _nearest(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f", did you mean {close[0]!r}?" if close else ""


def _size(value: Any) -> int:
    try:
        return parse_size(value)
    except ConfigError as error:
        raise ValueError(str(error)) from None


def _size_or_nothing(value: Any) -> int:
    return 0 if str(value).strip().lower() in ("0", "none") else _size(value)


Size: TypeAlias = Annotated[int, BeforeValidator(_size)]
CacheSize: TypeAlias = Annotated[int, BeforeValidator(_size_or_nothing)]
PositiveInt: TypeAlias = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_flag_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """True is no 1: a flag in the place of a number is a mistake."""
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation in (int, float):
            raise ValueError("expected a number")
        return value


class SourceConfig(Section):
    """Where pairs and class state come from.

    ``files`` reads ``features`` and ``state`` (and ``evaluate`` for accuracies); ``demo`` is the digits run;
    ``synthetic`` generates ``pairs`` x ``dim`` features and ``classes`` Gaussians from the seed. ``models`` extracts
    the features: of ``images`` (class folders) and unlabelled ``aux_images`` under the transformer ``base`` with
    ``adapter_before`` (None: the base alone) and with ``adapter_after``; there ``evaluate`` is a folder of images, and
    without a ``state`` the run is a first task, whose classes only get their statistics.
    """

    kind: Literal["files", "demo", "synthetic", "models"] = "demo"
    features: str | None = None
    state: str | None = None
    evaluate: str | None = None
    base: str | None = None
    adapter_before: str | None = None
    adapter_after: str | None = None
    images: str | None = None
    aux_images: str | None = None
    pairs: Annotated[int, Field(ge=2)] = 7048
    dim: PositiveInt = 768
    classes: PositiveInt = 20
    tasks: Annotated[int, Field(ge=1, le=5)] = 5


class ExtractionConfig(Section):
    """How features are extracted from models.

    ``batch`` inputs of a forward pass (0: planned); ``precision`` of the forward pass alone, by autocast: all but fp32
    change results. ``auto`` measures fp32 and bf16 on a small batch and takes bf16 where it is faster and its features
    deviate by at most ``precision_bound`` (relative, Frobenius). ``workers`` threads decode images. With ``stream`` the
    features of a model pair, of files or of modules, flow into sums as they come, where every operator is one over the
    pairs and the budget holds them; else they lie in scratch files. Features are cached up to ``cache_device``,
    ``cache_ram`` and ``cache_disk`` bytes (in ``cache_folder``, None: the user's cache) until unused for
    ``cache_expiry`` tasks.
    """

    batch: Annotated[int, Field(ge=0, le=65536)] = 0
    precision: Literal["fp32", "bf16", "fp16", "auto"] = "fp32"
    precision_bound: Annotated[float, Field(gt=0, le=1)] = 0.02
    workers: Annotated[int, Field(ge=1, le=256)] = 4
    stream: bool = True
    cache_device: CacheSize = 0
    cache_ram: CacheSize = 64 * MIB
    cache_disk: CacheSize = GIB
    cache_folder: str | None = None
    cache_expiry: PositiveInt = 8


class LinearConfig(Section):
    """Ridge ``gamma``, mixing temperature T and the ``ridge`` added to the moved covariance."""

    gamma: Annotated[float, Field(gt=0)] = 0.1
    mixing_temperature: Annotated[float, Field(gt=0)] = 1.0
    ridge: Annotated[float, Field(ge=0)] = 1e-3


class WeakNonlinearConfig(Section):
    """Training of the two-branch network and the samples of a class pushed through it."""

    steps: PositiveInt = 4000
    batch: PositiveInt = 64
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-5
    samples: Annotated[int, Field(ge=2)] = 5000


class AttentionConfig(Section):
    """Exact top-k attention over the drift of the pairs."""

    temperature: Annotated[float, Field(gt=0)] = 0.05
    top_k: PositiveInt = 2000
    samples: Annotated[int, Field(ge=2)] = 2000
    mean_mixing: Annotated[float, Field(ge=0, le=1)] = 0.0
    covariance_blend: Annotated[float, Field(ge=0, le=1)] = 0.1
    mean_only: bool = False


class RffConfig(Section):
    """Random Fourier features: the linear-time approximation of the attention."""

    features: PositiveInt = 1024
    gamma: Annotated[float, Field(gt=0)] = 5.0
    samples: Annotated[int, Field(ge=2)] = 2000
    mean_mixing: Annotated[float, Field(ge=0, le=1)] = 0.0
    covariance_blend: Annotated[float, Field(ge=0, le=1)] = 0.1


class OperatorsConfig(Section):
    names: tuple[str, ...] = ("linear", "weaknonlinear", "attention")
    cholesky_reg: Annotated[float, Field(ge=0)] = 1e-4
    linear: LinearConfig = LinearConfig()
    weaknonlinear: WeakNonlinearConfig = WeakNonlinearConfig()
    attention: AttentionConfig = AttentionConfig()
    rff: RffConfig = RffConfig()

    @field_validator("names", mode="before")
    @classmethod
    def _known(cls, value: Any) -> tuple[str, ...]:
        return _names(value, OPERATORS, "operator")


class ClassifiersConfig(Section):
    """Shrinkage of the classifiers rebuilt from the statistics."""

    names: tuple[str, ...] = CLASSIFIERS
    lda_alpha: Annotated[float, Field(ge=0, le=1)] = 0.1
    qda_alphas: tuple[float, float, float] = (0.2, 2.0, 0.5)
    rank: PositiveInt = 64

    @field_validator("names", mode="before")
    @classmethod
    def _known(cls, value: Any) -> tuple[str, ...]:
        return _names(value, CLASSIFIERS, "classifier")


class MemoryConfig(Section):
    """``budget`` None is unlimited. ``chunk`` is the query chunk of the fixed policy."""

    budget: Size | None = None
    policy: Literal["fixed", "adaptive", "planned", "tuned"] = "planned"
    chunk: PositiveInt = 128


class MeasuresConfig(Section):
    """The nine measures, each on or off on its own. Only ``mixed_precision`` changes results, declared."""

    feature_cache: bool = True
    progressive_release: bool = True
    tiled_attention: bool = True
    device_split: bool = True
    adaptive_budget: bool = True
    stage_release: bool = True
    mixed_precision: bool = False
    activation_checkpointing: bool = True
    weak_chunks: bool = True


class RunSection(Section):
    engine: Literal["optimised", "baseline"] = "optimised"
    device: str = "auto"
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    sample_hz: Annotated[float, Field(ge=0, le=1000)] = 50.0
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    scratch: str | None = None

    @field_validator("device")
    @classmethod
    def _device(cls, value: str) -> str:
        kind, _, index = value.partition(":")
        if kind not in ("auto", "cpu", "cuda") or (index and not (kind == "cuda" and index.isdecimal())):
            raise ValueError("expected auto, cpu, cuda or cuda:N")
        return value


class DistributedConfig(Section):
    """Several processes that share a run. ``processes`` are those of one node; under ``torchrun`` it says how many.

    A rank that shows no sign of life, or no progress while it is not waiting for another, for ``timeout_s`` counts as
    hanging; then, and when a rank dies, the others end within ``grace_s``. ``backend`` auto is NCCL where every rank
    has a card of its own, else gloo. After the death of a rank all begin again, up to ``max_restarts`` times.
    """

    processes: Annotated[int, Field(ge=1, le=1024)] = 1
    backend: Literal["auto", "gloo", "nccl"] = "auto"
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    grace_s: Annotated[float, Field(gt=0)] = 5.0
    max_restarts: Annotated[int, Field(ge=0, le=100)] = 0


class OutputConfig(Section):
    """``state`` receives the moved class statistics; ``packed`` stores covariances as triangles.

    ``resume`` keeps what a failed run has finished beside ``state`` and continues it.
    """

    state: str | None = None
    packed: bool = False
    resume: bool = False


class RunConfig(Section):
    """Everything that defines a run."""

    source: SourceConfig = SourceConfig()
    extraction: ExtractionConfig = ExtractionConfig()
    operators: OperatorsConfig = OperatorsConfig()
    classifiers: ClassifiersConfig = ClassifiersConfig()
    memory: MemoryConfig = MemoryConfig()
    measures: MeasuresConfig = MeasuresConfig()
    run: RunSection = RunSection()
    distributed: DistributedConfig = DistributedConfig()
    output: OutputConfig = OutputConfig()

    @classmethod
    def from_dict(cls, data: dict[str, Any], origin: str = "the configuration") -> RunConfig:
        """Raises ConfigError that names every offending field, its value and what was expected."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ConfigError(f"{origin}: {_explain(error)}") from None

    @classmethod
    def from_toml(cls, path: str | Path) -> RunConfig:
        try:
            data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"configuration file {str(path)!r} cannot be read: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"configuration file {str(path)!r} is not valid TOML: {error}") from None
        return cls.from_dict(data, f"configuration file {str(path)!r}")

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)

    def to_toml(self) -> str:
        return tomli_w.dumps(self.to_dict())

    def digest(self) -> str:
        """Of what decides the result: source, operators, classifiers, seed; not of budget, device, ranks or output."""
        data = self.model_dump(mode="json", include={"source", "operators", "classifiers"})
        precision = {"precision": self.precision} if self.precision != "fp32" else {}
        text = json.dumps({**data, "seed": self.run.seed, **precision}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def precision(self) -> str:
        """Of forward passes: ``extraction.precision``, or bf16 with the measure ``mixed_precision``."""
        mixed = self.measures.mixed_precision and self.extraction.precision == "fp32"
        return "bf16" if mixed else self.extraction.precision

    def with_precision(self, precision: str) -> RunConfig:
        """What ``auto`` has come to: a run in ``precision``, whatever the measure ``mixed_precision`` says."""
        return self.merged({"extraction": {"precision": precision}, "measures": {"mixed_precision": False}})

    def merged(self, changes: Mapping[str, Any]) -> RunConfig:
        """A validated copy with nested values replaced: ``config.merged({"memory": {"budget": "64MiB"}})``."""
        return type(self).from_dict(_merge(self.model_dump(mode="json"), changes))


def _merge(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return merged


def _explain(error: ValidationError) -> str:
    return "; ".join(_explain_one(item) for item in error.errors())


def _explain_one(item: Any) -> str:
    path = [str(part) for part in item["loc"]]
    name = ".".join(path)
    if item["type"] == "extra_forbidden":
        known = tuple(_section(path[:-1]).model_fields)
        return f"unknown key {name!r}{_nearest(path[-1], known)}; known here: {', '.join(known)}"
    message = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if item["type"] == "value_error":
        return f"{name} = {item['input']!r}: {message}"
    return f"{name} = {item['input']!r}: expected {message}"


def _section(path: list[str]) -> type[BaseModel]:
    model: type[BaseModel] = RunConfig
    for part in path:
        annotation = model.model_fields[part].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return model
