"""The colours of the classes, the same on the screen and in reports."""

OKABE_ITO = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
"""Okabe and Ito, "Color Universal Design", in their order without black, which is lost on a dark ground."""
