"""Images as the model wants them: read and prepared by a few threads, one batch ahead; broken ones are left out."""

from __future__ import annotations

import hashlib
import io
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from slora_core.errors import InputError
from slora_core.features.inputs import InputBatch
from slora_core.sources.models.direct_preprocessing import Prepare, direct_or_own
from slora_core.sources.models.folders import ImageList
from slora_core.sources.models.model_files import INSTALL, BaseFiles


class Broken(NamedTuple):
    """An image that cannot be read, and why."""

    path: Path
    reason: str


class _Loaded(NamedTuple):
    values: NDArray[np.float32] | None
    digest: bytes
    reason: str


def own_preprocessing(base: BaseFiles) -> Prepare:
    """What the model's image processor does, on Pillow. Raises InputError when the libraries are not installed."""
    try:
        import PIL.Image  # noqa: F401
        from transformers import AutoImageProcessor
    except ImportError:
        raise InputError("images are given, but transformers and pillow are not installed", INSTALL) from None
    try:
        processor = AutoImageProcessor.from_pretrained(str(base.path), local_files_only=True, backend="pil")
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"model {str(base.path)!r}: its preprocessing cannot be loaded: {reason}") from None

    def prepare(image: Any) -> NDArray[np.float32]:
        values = processor(images=image.convert("RGB"), return_tensors="np")["pixel_values"][0]
        return np.asarray(values, np.float32)

    return direct_or_own(processor, prepare)


class ImageInputs:
    """The images of a list as inputs [b, 3, height, width]; ``broken`` collects those that cannot be read.

    The digest of a row is that of the file. ``pinned`` batches lie in page-locked memory, for a CUDA device.
    """

    def __init__(
        self, images: ImageList, prepare: Prepare, shape: tuple[int, int, int], workers: int, *, pinned: bool = False
    ) -> None:
        self._images = images
        self._prepare = prepare
        self._shape = shape
        self._workers = workers
        self._pinned = pinned
        self.broken: list[Broken] = []

    @property
    def count(self) -> int:
        return len(self._images)

    @property
    def kept(self) -> int:
        """Images that could be read, once all have been."""
        return self.count - len(self.broken)

    def batches(self, size: int, *, digests: bool) -> Iterator[InputBatch]:
        """Batches are smaller by the images that are left out."""
        starts = deque(range(0, self.count, size))
        ahead: deque[tuple[int, list[Future[_Loaded]]]] = deque()
        with ThreadPoolExecutor(self._workers, "slora-images") as pool:
            try:
                while starts or ahead:
                    while starts and len(ahead) < 2:
                        first = starts.popleft()
                        paths = self._images.paths[first : first + size]
                        ahead.append((first, [pool.submit(self._load, path) for path in paths]))
                    first, futures = ahead.popleft()
                    batch = self._batch(first, [future.result() for future in futures], digests)
                    del futures
                    if batch is not None:
                        yield batch
            finally:
                pool.shutdown(cancel_futures=True)

    def _load(self, path: Path) -> _Loaded:
        from PIL import Image, UnidentifiedImageError

        try:
            content = path.read_bytes()
            with Image.open(io.BytesIO(content)) as image:
                values = self._prepare(image)
        except UnidentifiedImageError:
            return _Loaded(None, b"", "its format is none that is known")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            return _Loaded(None, b"", str(error).strip() or type(error).__name__)
        return _Loaded(values, hashlib.sha256(content).digest(), "")

    def _batch(self, first: int, loaded: list[_Loaded], digests: bool) -> InputBatch | None:
        numbers = [number for number, item in enumerate(loaded) if item.values is not None]
        self.broken += [
            Broken(self._images.paths[first + number], item.reason)
            for number, item in enumerate(loaded)
            if item.values is None
        ]
        if not numbers:
            return None
        values = torch.empty(len(numbers), *self._shape, pin_memory=self._pinned)
        for row, number in enumerate(numbers):
            prepared = loaded[number].values
            if prepared is None or prepared.shape != self._shape:
                found = None if prepared is None else list(prepared.shape)
                raise InputError(
                    f"image {str(self._images.paths[first + number])!r} became an input of shape {found}; expected"
                    f" {list(self._shape)} from the model's preprocessing"
                )
            values[row].numpy()[...] = prepared
        labels = np.array([self._images.labels[first + number] for number in numbers], np.int64)
        return InputBatch(values, labels, [loaded[number].digest for number in numbers] if digests else None)
