"""The look of the window: themes, palette, style sheet, icons and the bundled font."""

from slora_gui.theme.applying import apply, chosen_theme
from slora_gui.theme.current import current
from slora_gui.theme.icons import app_icon, icon
from slora_gui.theme.theme import Theme, load_theme

__all__ = ["Theme", "app_icon", "apply", "chosen_theme", "current", "icon", "load_theme"]
