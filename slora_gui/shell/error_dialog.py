"""The dialog for what went wrong: what happened, what to do, the details folded away, and a button that copies all."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from slora_gui import theme
from slora_gui.i18n import Retranslating
from slora_gui.shell.problems import Problem

_ICON_SIZE = 32


class ErrorDialog(Retranslating, QDialog):
    """Shows one problem. Open it with ``open()``: it blocks nothing."""

    def __init__(self, problem: Problem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problem = problem
        self._layout = QVBoxLayout(self)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(480)
        self._what = _text(problem.what, "heading")
        self._remedy = _text(problem.remedy)
        self._remedy.setVisible(bool(problem.remedy))
        self.details = QPlainTextEdit(problem.details)
        self.details.setReadOnly(True)
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setMinimumHeight(200)
        self.details.hide()
        self.details_button = QPushButton()
        self.details_button.setCheckable(True)
        self.details_button.setVisible(bool(problem.details))
        self.details_button.toggled.connect(self._show_details)
        self.copy_button = QPushButton(theme.icon("copy"), "")
        self.copy_button.clicked.connect(self._copy)
        self.close_button = QPushButton()
        self.close_button.setProperty("primary", "true")
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        self._arrange()
        self.retranslate()

    def retranslate(self) -> None:
        self.setWindowTitle(self.tr("Something went wrong"))
        self.details.setAccessibleName(self.tr("Details"))
        self.copy_button.setText(self.tr("Copy"))
        self.copy_button.setToolTip(self.tr("Copy what happened and the details"))
        self.close_button.setText(self.tr("Close"))
        self._show_details(self.details_button.isChecked())

    def _arrange(self) -> None:
        picture = QLabel()
        picture.setPixmap(theme.icon("error", "danger").pixmap(_ICON_SIZE, _ICON_SIZE))
        picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(8)
        texts.addWidget(self._what)
        texts.addWidget(self._remedy)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(picture)
        top.addLayout(texts, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.details_button)
        buttons.addStretch(1)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.close_button)
        layout = self._layout
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        layout.addLayout(top)
        layout.addWidget(self.details, 1)
        layout.addLayout(buttons)

    def _show_details(self, shown: bool) -> None:
        self.details.setVisible(shown)
        self.details_button.setText(self.tr("Hide details") if shown else self.tr("Show details"))
        self._layout.activate()
        self.adjustSize()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.problem.as_text())


def _text(text: str, role: str = "") -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setMinimumWidth(380)
    if role:
        label.setProperty("role", role)
    return label
