"""The quicker preprocessing gives what the image processors of transformers give, and steps back where it would not."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("transformers")
from PIL import Image
from transformers import CLIPImageProcessorPil, DeiTImageProcessorPil, SiglipImageProcessorPil, ViTImageProcessorPil

from slora_core.sources.models.direct_preprocessing import direct_or_own


def own(processor):
    return lambda image: np.asarray(
        processor(images=image.convert("RGB"), return_tensors="np")["pixel_values"][0], np.float32
    )


def picture(mode: str, size: tuple[int, int]) -> Image.Image:
    values = np.random.default_rng(5).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(values).convert(mode)


@pytest.mark.parametrize(
    "processor",
    [
        ViTImageProcessorPil(),
        ViTImageProcessorPil(size={"height": 32, "width": 48}, image_mean=(0.48, 0.45, 0.4), image_std=(0.2, 0.3, 0.1)),
        ViTImageProcessorPil(do_normalize=False, resample=Image.Resampling.LANCZOS),
        ViTImageProcessorPil(do_rescale=False),
        SiglipImageProcessorPil(),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_it_agrees_with_the_processor_of_the_library(processor, mode):
    expected = own(processor)
    direct = direct_or_own(processor, expected)
    assert direct is not expected
    for size in ((31, 77), (500, 375), (48, 32)):
        got = direct(picture(mode, size))
        assert got.dtype == np.float32
        assert got.flags.c_contiguous
        np.testing.assert_allclose(got, expected(picture(mode, size)), atol=1e-5)


@pytest.mark.parametrize("processor", [CLIPImageProcessorPil(), DeiTImageProcessorPil(do_center_crop=True)])
def test_a_processor_that_crops_is_used_itself(processor):
    expected = own(processor)
    assert direct_or_own(processor, expected) is expected


def test_a_processor_with_a_step_of_its_own_is_used_itself():
    class Inverting(ViTImageProcessorPil):
        def __call__(self, images, **options):
            return super().__call__(images=Image.eval(images, lambda value: 255 - value), **options)

    expected = own(Inverting())
    assert direct_or_own(Inverting(), expected) is expected
