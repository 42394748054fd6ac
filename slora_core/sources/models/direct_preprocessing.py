"""The usual preprocessing, resize and normalise, on Pillow and NumPy alone: most of it without Python's lock.

An image processor of transformers spends half of its time under that lock, so that threads wait for each other and
a card waits for images. What a processor does is taken from its settings, and believed only if the results agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Prepare: TypeAlias = Callable[[Any], NDArray[np.float32]]
"""From an opened image to the model's input [3, height, width]."""

_AGREEMENT: Final = 1e-5
_TRIED: Final = ((97, 61), (224, 224), (640, 480))
_UNKNOWN_STEPS: Final = ("do_center_crop", "do_pad", "do_thumbnail", "do_align_long_axis", "do_reduce_labels")


def direct_or_own(processor: Any, own: Prepare) -> Prepare:
    """A quicker way to the values of ``own``, which calls ``processor``; ``own`` itself where there is none."""
    direct = _direct(processor)
    return direct if direct is not None and _agree(direct, own) else own


class _Direct:
    """x -> (x scale - mean) / std of a channel, after a resize to height x width."""

    def __init__(self, size: tuple[int, int], resample: int, factor: NDArray[np.float32], shift: NDArray[np.float32]):
        self._height, self._width = size
        self._resample = resample
        self._factor, self._shift = factor[:, None, None], shift[:, None, None]

    def __call__(self, image: Any) -> NDArray[np.float32]:
        image = image.convert("RGB")
        if image.size != (self._width, self._height):
            image = image.resize((self._width, self._height), self._resample)
        values = np.empty((3, self._height, self._width), np.float32)
        np.multiply(np.asarray(image).transpose(2, 0, 1), self._factor, out=values)
        values += self._shift
        return values


def _direct(processor: Any) -> _Direct | None:
    """None for settings that are not understood."""
    size = getattr(processor, "size", None)
    try:
        height, width = int(size["height"]), int(size["width"])  # type: ignore[index]
    except (TypeError, KeyError, ValueError):
        return None
    if not getattr(processor, "do_resize", False) or any(getattr(processor, name, None) for name in _UNKNOWN_STEPS):
        return None
    scale = float(processor.rescale_factor) if getattr(processor, "do_rescale", False) else 1.0
    normalised = bool(getattr(processor, "do_normalize", False))
    mean = np.asarray(processor.image_mean if normalised else (0.0,) * 3, np.float64)
    deviation = np.asarray(processor.image_std if normalised else (1.0,) * 3, np.float64)
    if mean.shape != (3,) or deviation.shape != (3,):
        return None
    factor, shift = (scale / deviation).astype(np.float32), (-mean / deviation).astype(np.float32)
    return _Direct((height, width), int(processor.resample), factor, shift)


def _agree(direct: Prepare, own: Prepare) -> bool:
    """Over images of noise, smaller, larger and as large as the model's input."""
    from PIL import Image

    random = np.random.default_rng(0)
    for width, height in _TRIED:
        image = Image.fromarray(random.integers(0, 256, (height, width, 3), np.uint8))
        expected, got = own(image), direct(image)
        if got.shape != expected.shape or float(np.abs(got - expected).max()) > _AGREEMENT:
            return False
    return True
