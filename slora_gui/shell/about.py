"""About: version, what it is built on, licences."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import QCoreApplication, Qt, qVersion
from PySide6.QtWidgets import QMessageBox, QWidget

from slora_gui import theme


def about_box(parent: QWidget | None = None) -> QMessageBox:
    """A message box to ``open()``."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(QCoreApplication.translate("About", "About SLoRA"))
    box.setIconPixmap(theme.app_icon().pixmap(64, 64))
    box.setText(f"<b>SLoRA {_version('slora')}</b>")
    text = QCoreApplication.translate(
        "About",
        "Distribution compensation inside a memory budget: plan, run, measure, compare.\n\n"
        "Python {python}, Qt {qt}, PySide {pyside}, pyqtgraph {pyqtgraph}\n\n"
        "Licence: MIT. The font is a cut of Noto Sans CJK (SIL Open Font License 1.1).",
    )
    box.setInformativeText(
        text.format(
            python=platform.python_version(),
            qt=qVersion(),
            pyside=_version("PySide6_Essentials"),
            pyqtgraph=_version("pyqtgraph"),
        )
    )
    return box


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "?"
