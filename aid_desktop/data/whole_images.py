"""Whether the network sees images whole, and image settings with which it does."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from aid_desktop.data.class_table import ClassRow
from aid_desktop.data.source import SourceKind
from aid_desktop.settings.image import MIN_SIDE, ImageSettings

LARGEST_SIDE = 128
"""Longer sides in px are scaled down to this: larger networks learn slowly, and small ones see enough."""


@dataclass(frozen=True, slots=True)
class CutImages:
    """The largest height and width in px of images that are cut, and settings with which they are seen whole."""

    height: int
    width: int
    whole: ImageSettings


def find_cut_images(rows: Sequence[ClassRow], settings: ImageSettings) -> CutImages | None:
    """Return what is to be known if these settings cut off parts of images; None if they do not.

    Images of .rtdc files do not count: what is cut out there is chosen around the object.
    """
    # Thousands of rows are of few kinds.
    kinds = {(row.source.shapes, row.zoom) for row in rows if row.source.kind is not SourceKind.RTDC}
    sizes = [(round(height * zoom), round(width * zoom)) for shapes, zoom in kinds for height, width, _ in shapes]
    if settings.fit != "crop_pad" or not sizes:
        return None
    height, width = (max(sides) for sides in zip(*sizes, strict=True))
    if height <= settings.height and width <= settings.width:
        return None
    longest = max(height, width)
    shorter = min(longest, LARGEST_SIDE)
    # Rounded up, so that the longest side alone decides how much smaller the images become.
    new_height, new_width = (max(MIN_SIDE, -(-side * shorter // longest)) for side in (height, width))
    whole = dataclasses.replace(settings, height=new_height, width=new_width)
    if shorter < longest:
        whole = dataclasses.replace(whole, fit="scale_keep_aspect", resize="area")
    return CutImages(height, width, whole)
