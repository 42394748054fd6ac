# make run   starts the window, or without a display the comparison of the demo; make test runs everything that continuous integration runs.
# Both set up what they need on a fresh machine: a virtual environment, the packages at tested versions and, where the
# machine allows it, the system libraries that Qt needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
QT_LIBRARIES := libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0

.PHONY: run test translations clean

run: $(STAMP)
	@if { [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; } \
	&& $(BIN)/python -c "import PySide6.QtWidgets" 2>/dev/null; \
	then exec $(BIN)/slora-gui; else exec $(BIN)/slora compare --demo; fi

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -q -n 2 --dist loadfile --reruns 2 --reruns-delay 1

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[gui,vit,dev]'
	@$(BIN)/python -c "import PySide6.QtWidgets" 2>/dev/null \
	|| { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] \
	     && apt-get update -qq && apt-get install -qq -y --no-install-recommends $(QT_LIBRARIES); } \
	|| echo "note: Qt cannot load its system libraries ($(QT_LIBRARIES)); the engine works without them"
	@touch $(STAMP)

# After texts of the window have changed: lists what is not translated yet and compiles the rest.
translations: $(STAMP)
	$(BIN)/python tools/update_translations.py

clean:
	rm -rf $(VENV)
