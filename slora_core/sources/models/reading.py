"""Lists of images to features in files: read, encoded, of several ranks each its share, and what could not be read."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError
from slora_core.features.encoders import Encoder
from slora_core.features.extraction import Extractor
from slora_core.features.feed import Feed
from slora_core.features.sharing import put_together
from slora_core.features.store import FeatureFiles, StoredPairs, StoredRows
from slora_core.peers import Peers, share_of
from slora_core.sources.models.folders import ImageList
from slora_core.sources.models.images import ImageInputs, own_preprocessing
from slora_core.sources.models.sizes import ModelInputs
from slora_core.sources.rounds import FedRows
from slora_core.wording import by_count, counted

NAMED: Final = 5


def own_part(images: ImageList, peers: Peers) -> ImageList:
    """This rank's share of the images, contiguous; empty when there are more ranks than images."""
    return images.part(*share_of(len(images), peers.rank, peers.size))


class ImageReader:
    """Extracts lists of images into scratch files and reports what could not be read."""

    def __init__(
        self, ctx: RunContext, config: RunConfig, inputs: ModelInputs, extractor: Extractor, files: ExitStack
    ) -> None:
        self._ctx = ctx
        self._config = config
        self._shape = inputs.base.image_shape
        self._dim = inputs.base.dim
        self._prepare = own_preprocessing(inputs.base)
        self._extractor = extractor
        self._files = files

    def read(self, name: str, encoders: Sequence[Encoder], lists: Sequence[ImageList]) -> StoredPairs | StoredRows:
        """Pairs of two encoders, rows of one; all of them on every rank, in the order of the lists.

        Raises InputError when a class, or all, is lost.
        """
        ctx = self._ctx
        parts = [self._inputs(own_part(images, ctx.peers)) for images in lists]
        own_name = name if ctx.peers.size == 1 else f"{name}-of-rank-{ctx.peers.rank}"
        with FeatureFiles(ctx.scratch, own_name, len(encoders)) as files:
            labels = self._extractor.extract(encoders, parts, files.append)
            found = put_together(ctx, files.finish(labels), name, [part.kept for part in parts])
        report_broken(ctx, lists, parts, Counter(found.labels.tolist()))
        if len(encoders) == 2:
            return self._files.enter_context(found.as_pairs())
        return self._files.enter_context(found.as_rows())

    def feed(
        self, feed: Feed, new_classes: NDArray[np.int64], encoders: Sequence[Encoder], lists: Sequence[ImageList]
    ) -> FedRows:
        """This rank's share into ``feed``, which is left to be finished; what is known of the rows of all ranks.

        Raises InputError as :meth:`read` does.
        """
        ctx = self._ctx
        parts = [self._inputs(own_part(images, ctx.peers)) for images in lists]
        feed.begin(new_classes)
        labels = self._extractor.extract(encoders, parts, feed.take, feed.settle)
        counts: Counter[int] = Counter()
        for told in ctx.peers.gather(list(Counter(labels.tolist()).items())):
            counts.update(dict(told))
        report_broken(ctx, lists, parts, counts)
        return FedRows(self._dim, sum(counts.values()) if len(encoders) == 2 else 0, counts)

    def finish(self) -> None:
        """Say what the cache has saved on all ranks, and have it written."""
        cache, extractor = self._extractor.cache, self._extractor
        if cache is None:
            return
        cache.flush()
        counts = self._ctx.peers.gather([cache.hits, cache.misses, extractor.passes])
        hits, misses, passes = (sum(column) for column in zip(*counts, strict=True))
        self._ctx.notice(
            "feature-cache",
            f"feature cache: {hits} of {hits + misses} features were known, {passes} forward passes were made",
            hits=hits,
            misses=misses,
            passes=passes,
        )

    def _inputs(self, images: ImageList) -> ImageInputs:
        pinned = self._ctx.device.type == "cuda"
        return ImageInputs(images, self._prepare, self._shape, self._config.extraction.workers, pinned=pinned)


def check_same_files(peers: Peers, inputs: ModelInputs, encoders: Sequence[Encoder]) -> None:
    """Raises InputError when the ranks find other images or other weights under the same names."""
    if peers.size == 1:
        return
    lists = [part for part in (inputs.images, inputs.auxiliary, inputs.evaluation) if part is not None]
    listed = repr([(list(map(str, images.paths)), images.labels) for images in lists])
    own = {"images": hashlib.sha256(listed.encode()).hexdigest(), "weights": [encoder.key for encoder in encoders]}
    told: list[dict[str, Any]] = peers.gather(own)
    for rank, other in enumerate(told):
        for what, found in other.items():
            if found != told[0][what]:
                raise InputError(
                    f"rank {rank} finds other {what} than rank 0 under the same names; expected the same files",
                    "give folders on storage that all hosts share, and leave them alone during a run",
                )


def report_broken(
    ctx: RunContext, lists: Sequence[ImageList], parts: Sequence[ImageInputs], left: Mapping[int, int]
) -> None:
    """A notice of the images that are left out on any rank; ``left`` counts by class those that came on all.

    Raises InputError when no image of a class, or of a folder without classes, is left.
    """
    own = [[len(part.broken), [[str(item.path), item.reason] for item in part.broken[:NAMED]]] for part in parts]
    told: list[list[Any]] = ctx.peers.gather(own)
    by_list = [rank[number] for number in range(len(lists)) for rank in told]
    count = sum(broken for broken, _ in by_list)
    if not count:
        return
    first_broken = [tuple(item) for _, named in by_list for item in named][:NAMED]
    expected = Counter(label for images in lists for label in images.labels)
    first = f"{first_broken[0][0]!r}: {first_broken[0][1]}"
    for images in lists:
        for class_id in dict.fromkeys(images.labels):
            if not left.get(class_id):
                name = images.class_names.get(class_id, "")
                where = f"of class {name!r} " if name else ""
                raise InputError(
                    f"image folder {str(images.root)!r}: none of the {expected[class_id]} images {where}can be"
                    f" read; the first is {first}"
                )
    named = ", ".join(repr(path) for path, _ in first_broken)
    more = f" and {count - NAMED} more" if count > NAMED else ""
    message = f"{count} of {sum(expected.values())} images cannot be read and {by_count(count, 'is', 'are')} left out"
    ctx.notice("skipped-images", f"{message}: {named}{more}", skipped=count, reasons=dict(first_broken))


def announce_images(ctx: RunContext, lists: Sequence[ImageList]) -> None:
    """How folders became classes, and which files were not taken for images."""
    named = {number: name for images in lists for number, name in images.class_names.items() if str(number) != name}
    if named and not all(name.isdecimal() for name in named.values()):
        listed = ", ".join(f"{name} = {number}" for number, name in sorted(named.items())[:NAMED])
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        ctx.notice(
            "labels", f"class folders by class id: {listed}{more}", classes={str(k): v for k, v in named.items()}
        )
    if ignored := sum(images.ignored for images in lists):
        told = by_count(ignored, "is not named as an image", "are not named as images")
        ctx.notice("skipped-images", f"{counted(ignored, 'file')} in the image folders {told}", ignored=ignored)
