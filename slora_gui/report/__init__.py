"""The comparison report as a PDF: pages of text, tables and vector charts. Needs QtGui, no window and no display."""

from __future__ import annotations

from slora_gui.report.writing import render_pdf as render_pdf
from slora_gui.report.writing import write_pdf as write_pdf
