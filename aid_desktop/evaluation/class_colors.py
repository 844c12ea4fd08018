"""The colours of the classes, the same on the screen and in reports."""

import math

OKABE_ITO = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
"""Okabe and Ito, "Color Universal Design", in their order without black, which is lost on a dark ground."""

_GOLDEN_ANGLE = 137.508


def class_hex(index: int) -> str:
    """Return the colour of a class by its index (from 0) as #rrggbb.

    Okabe and Ito's seven colours, then hues at the golden angle of CIE LCh in three lightnesses.
    """
    if index < len(OKABE_ITO):
        return OKABE_ITO[index]
    step = index - len(OKABE_ITO)
    return _from_lch((62.0, 46.0, 76.0)[step % 3], 58.0, 20 + step * _GOLDEN_ANGLE)


def _from_lch(lightness: float, chroma: float, hue: float) -> str:
    """Return the sRGB colour of CIE LCh (D65, hue in degrees); chroma is lowered until sRGB has it."""
    while True:
        a = chroma * math.cos(math.radians(hue))
        b = chroma * math.sin(math.radians(hue))
        y = (lightness + 16) / 116
        x, y, z = (
            white * (t**3 if t > 6 / 29 else 3 * (6 / 29) ** 2 * (t - 4 / 29))
            for white, t in ((0.95047, y + a / 500), (1.0, y), (1.08883, y - b / 200))
        )
        linear = (
            3.2406 * x - 1.5372 * y - 0.4986 * z,
            -0.9689 * x + 1.8758 * y + 0.0415 * z,
            0.0557 * x - 0.2040 * y + 1.0570 * z,
        )
        if chroma <= 0 or all(-0.0005 <= part <= 1.0005 for part in linear):
            parts = (_gamma(min(max(part, 0.0), 1.0)) for part in linear)
            return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
        chroma -= 2


def _gamma(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
