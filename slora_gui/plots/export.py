"""Plots as PNG, SVG and CSV files and on the clipboard. A file is written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRectF, QSize
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPen
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from slora_core.errors import OutputError
from slora_core.records.export_csv import write_tables
from slora_gui.plots.canvas import Canvas
from slora_gui.plots.curve_layer import CurveLayer
from slora_gui.plots.table import TableData


def export_png(widget: QWidget, path: str | Path, scale: float = 2.0) -> None:
    """``scale`` is pixels of the picture for a pixel of the widget. Raises OutputError."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not picture(widget, scale).save(buffer, "PNG"):  # type: ignore[call-overload]  # the stub says bytes, wrongly
        raise OutputError(f"picture {str(path)!r} cannot be encoded as PNG at {scale:g} times its size")
    _write(Path(path), buffer.data())


def export_svg(widget: QWidget, path: str | Path) -> None:
    """Lines stay lines and text stays text. Raises OutputError."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(QRectF(0, 0, widget.width(), widget.height()))
    generator.setTitle(widget.accessibleName())
    painter = QPainter(generator)
    paint_plot(widget, painter)
    painter.end()
    _write(Path(path), buffer.data())


def export_csv(table: TableData, path: str | Path) -> None:
    """UTF-8 with a byte-order mark, full precision, units in the header; not available is empty. Raises OutputError."""
    path = Path(path)
    write_tables({path.name: (table.columns, table.rows)}, path.parent)


def copy_to_clipboard(widget: QWidget) -> None:
    QGuiApplication.clipboard().setImage(picture(widget, 2.0))


def picture(widget: QWidget, scale: float) -> QImage:
    image = QImage((QSize(widget.size()) * scale), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    image.fill(widget.palette().window().color())
    with _curves_as_wide_as(widget, scale):
        painter = QPainter(image)
        paint_plot(widget, painter)
        painter.end()
    return image


def paint_plot(widget: QWidget, painter: QPainter) -> None:
    """Paint the widget at the painter's origin, one unit a pixel of the widget; into a PDF or SVG as vectors."""
    widget.render(
        painter, QPoint(), renderFlags=QWidget.RenderFlag.DrawWindowBackground | QWidget.RenderFlag.DrawChildren
    )


@contextmanager
def _curves_as_wide_as(widget: QWidget, scale: float) -> Iterator[None]:
    """Curves are one pixel wide at any scale, for speed; in a picture they keep their proportion."""
    canvases = widget.findChildren(Canvas)
    items = [item for canvas in canvases for item in canvas.plotItem.listDataItems()]
    layers = [item for canvas in canvases for item in canvas.scene().items() if isinstance(item, CurveLayer)]
    pens = [item.opts["pen"] for item in items]
    for item, pen in zip(items, pens, strict=True):
        wide = QPen(pen)
        wide.setWidthF(pen.widthF() * scale)
        item.setPen(wide)
    for layer in layers:
        layer.line_width = scale
    try:
        yield
    finally:
        for item, pen in zip(items, pens, strict=True):
            item.setPen(pen)
        for layer in layers:
            layer.line_width = 1.0


def _write(path: Path, data: QByteArray) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with temporary.open("wb") as file:
            file.write(data.data())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OutputError(f"file {str(path)!r} cannot be written: {error.strerror}") from None
