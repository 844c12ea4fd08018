"""Write one image as a file without any loss: depth and channels stay."""

from pathlib import Path

import cv2
import numpy as np

from aid_desktop.data.pixels import Pixels
from aid_desktop.data.source import shape_of


def image_suffix(image: Pixels) -> str:
    """Return ".png" for images of 8 or 16 bits with 1 or 3 channels, ".tif" for others."""
    return ".png" if image.dtype != np.float32 and shape_of(image)[2] in (1, 3) else ".tif"


def write_image(path: Path, image: Pixels) -> None:
    """Write an image (H, W) or (H, W, C) as the suffix of `path` says, see `image_suffix`. Raises OSError."""
    if path.suffix == ".png":
        path.write_bytes(_as_png(image))
    else:
        _write_tiff(path, image)


def _as_png(image: Pixels) -> bytes:
    # OpenCV's order is blue, green, red.
    ordered = image[:, :, ::-1] if image.ndim == 3 and image.shape[2] == 3 else image
    # Not into the file itself: OpenCV knows no path with letters that the system's code page lacks.
    is_encoded, content = cv2.imencode(".png", np.ascontiguousarray(ordered))
    if not is_encoded:
        raise OSError("the image cannot be encoded")
    return content.tobytes()


def _write_tiff(path: Path, image: Pixels) -> None:
    import tifffile

    is_rgb = image.ndim == 3 and image.shape[2] == 3
    tifffile.imwrite(
        path,
        image,
        photometric="rgb" if is_rgb else "minisblack",
        planarconfig="contig" if image.ndim == 3 else None,
        metadata=None,
    )
