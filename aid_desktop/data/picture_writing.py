"""Write one image as a file of its own, in all its grey levels."""

from pathlib import Path

import cv2
import numpy as np

from aid_desktop.data.pixels import Pixels
from aid_desktop.data.source import shape_of
from aid_desktop.errors import DataError
from aid_desktop.paths import write_atomically


def picture_suffix(image: Pixels) -> str:
    """Return ".png" for 8 or 16 bits and 1 or 3 channels, else ".tif"."""
    return ".png" if image.dtype != np.float32 and shape_of(image)[2] in (1, 3) else ".tif"


def write_picture(path: Path, image: Pixels) -> None:
    """Write an image (H, W) or (H, W, C), RGB if C is 3, under a name with the suffix of `picture_suffix`.

    Makes the folder if needed, keeps depth and channels, replaces an old file. Raises DataError if it cannot be
    written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as temporary:
            if path.suffix == ".png":
                temporary.write_bytes(as_png(image))
            else:
                _write_tiff(temporary, image)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error


def as_png(image: Pixels) -> bytes:
    """Return the content of a .png file. Raises OSError if the image cannot be encoded."""
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
