"""Everything that is drawn with pyqtgraph, and its export."""
