"""Preferences: theme, language, and where files are kept. Every choice takes effect at once."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from slora_core.records.history import history_folder
from slora_gui.i18n import LANGUAGES, Retranslating
from slora_gui.settings import Settings, settings_path


class PreferencesDialog(Retranslating, QDialog):
    """Shows ``settings``; changes are asked for with ``theme_chosen``, ``language_chosen`` and ``layout_reset``."""

    theme_chosen = Signal(str)
    language_chosen = Signal(str)
    layout_reset = Signal()

    def __init__(self, settings: Settings, language: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._settings = settings
        self.theme = QComboBox()
        self.theme.activated.connect(self._choose_theme)
        self.language = QComboBox()
        for code, name in LANGUAGES.items():
            self.language.addItem(name, code)
        self.language.setCurrentIndex(self.language.findData(language))
        self.language.activated.connect(self._choose_language)
        self.reset = QPushButton()
        self.reset.setAutoDefault(False)
        self.reset.clicked.connect(self.layout_reset)
        self._labels = {name: QLabel() for name in ("theme", "language", "layout", "history", "settings")}
        self._labels["theme"].setBuddy(self.theme)
        self._labels["language"].setBuddy(self.language)
        self._folders = {"history": QPushButton(), "settings": QPushButton()}
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._buttons.rejected.connect(self.reject)
        self._arrange()
        self.retranslate()

    def retranslate(self) -> None:
        self.setWindowTitle(self.tr("Preferences"))
        texts = {
            "theme": self.tr("Theme"),
            "language": self.tr("Language"),
            "layout": self.tr("Panels"),
            "history": self.tr("Recorded runs"),
            "settings": self.tr("Settings file"),
        }
        for name, label in self._labels.items():
            label.setText(texts[name])
        self.reset.setText(self.tr("Reset layout"))
        for name, button in self._folders.items():
            button.setText(self.tr("Open folder"))
            button.setAccessibleName(self.tr("Open the folder of: {what}").format(what=texts[name]))
        with QSignalBlocker(self.theme):
            self.theme.clear()
            self.theme.addItem(self.tr("As the desktop"), "system")
            self.theme.addItem(self.tr("Light"), "light")
            self.theme.addItem(self.tr("Dark"), "dark")
            self.theme.setCurrentIndex(self.theme.findData(self._settings.theme))

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.addRow(self._labels["theme"], self.theme)
        form.addRow(self._labels["language"], self.language)
        form.addRow(self._labels["layout"], self.reset)
        for name, path in (("history", history_folder()), ("settings", settings_path())):
            shown = QLabel(str(path))
            shown.setProperty("role", "muted")
            shown.setWordWrap(True)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._folders[name].setAutoDefault(False)
            self._folders[name].clicked.connect(getattr(self, f"_open_{name}"))
            line = QHBoxLayout()
            line.addWidget(shown, 1)
            line.addWidget(self._folders[name])
            form.addRow(self._labels[name], line)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(24)
        layout.addLayout(form)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        self.setMinimumWidth(560)

    def _choose_theme(self, index: int) -> None:
        self.theme_chosen.emit(self.theme.itemData(index))

    def _choose_language(self, index: int) -> None:
        self.language_chosen.emit(self.language.itemData(index))

    def _open_history(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(history_folder())))

    def _open_settings(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(settings_path().parent)))
