"""What a report consists of: frozen records in the order of reading, every text already in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from slora_core.records.tables import TextTable


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; ``lead`` is the sentence to read first, ``small`` explains what stands above it."""

    text: str
    kind: Literal["text", "lead", "small", "heading"] = "text"


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines to be set as they are, such as a configuration file."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A counter over time: seconds [n] and bytes [n], NaN is "not available"."""

    name: str
    t_s: NDArray[np.float64]
    size_bytes: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StageBand:
    """The time that a stage took, to be shaded behind the curves."""

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class PeakMarker:
    """A peak as its counter gave it, at the time of the nearest sample; ``text`` is empty for one without a label."""

    t_s: float
    size_bytes: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Memory over time. ``budget_bytes`` None: no budget line. ``time_label`` and ``size_label`` name the axes."""

    title: str
    caption: str
    time_label: str
    size_label: str
    curves: tuple[Curve, ...]
    bands: tuple[StageBand, ...] = ()
    peaks: tuple[PeakMarker, ...] = ()
    budget_bytes: int | None = None
    budget_label: str = ""


Block: TypeAlias = Paragraph | TextTable | Listing | Figure


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """``summary`` is the first page, the contents list ``sections``; ``page_label`` holds {page} and {pages}."""

    language: str
    title: str
    subtitle: str
    contents_title: str
    page_label: str
    summary: tuple[Block, ...]
    sections: tuple[Section, ...]
