"""What a running run gains is painted alone, and looks as if all were painted."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage

from slora_gui.bench.synthetic import synthetic_run, synthetic_samples
from slora_gui.plots.memory_plot import MemoryPlot

_RGB = QImage.Format.Format_RGB32


@pytest.fixture(params=[200, 5_000], ids=["every sample", "thinned"])
def streaming(show, request):
    run = synthetic_run(request.param, finished=False)
    plot = show(MemoryPlot())
    plot.set_run(run)
    return plot, run


def _gain(plot, run, count):
    run.feed_all(synthetic_samples(count, 1, run.now_s + 0.02))
    plot._take(run)


def test_new_samples_expose_only_the_strip_they_lie_in(streaming, qapp):
    plot, run = streaming
    layer, exposed = plot.device.curves, []
    _gain(plot, run, 1)  # the first that is gained has all painted anew
    qapp.processEvents()
    layer.update = lambda rect=None: exposed.append(rect)
    before = layer.x_pixels(run.samples.t_s[-1])
    _gain(plot, run, 5)
    assert len(exposed) == len(layer.names)
    for strip in exposed:
        assert strip.left() == pytest.approx(float(before), abs=8)
        assert 0 < strip.width() < 0.1 * layer.boundingRect().width()


def test_painting_strips_gives_the_picture_of_painting_all(streaming, qapp):
    plot, run = streaming
    qapp.processEvents()
    for _ in range(25):
        _gain(plot, run, 2)
        qapp.processEvents()
    window = plot.window()
    strips, whole = window.screen().grabWindow(window.winId()).toImage(), window.grab().toImage()
    assert strips.size() == whole.size()
    pixels = [np.frombuffer(bytes(image.convertToFormat(_RGB).constBits()), np.uint8) for image in (strips, whole)]
    assert len(np.unique(pixels[1])) > 8
    assert np.array_equal(*pixels)


def test_other_curves_are_painted_whole(streaming):
    plot, _ = streaming
    layer, exposed = plot.device.curves, []
    layer.update = lambda rect=None: exposed.append(rect)
    plot.device.set_curve_visible("allocated_bytes", False)
    assert None in exposed
    assert "allocated_bytes" not in layer.names
