"""Plots on pyqtgraph."""
