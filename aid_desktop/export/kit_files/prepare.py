"""Turn an image into what the network takes, as contract.json says. Needs NumPy and OpenCV."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
INTERPOLATION = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "area": cv2.INTER_AREA,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}
BORDERS = {
    "constant": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "symmetric": cv2.BORDER_REFLECT,
    "wrap": cv2.BORDER_WRAP,
}


def read_contract() -> Any:
    """Return what contract.json beside this file says."""
    return json.loads((HERE / "contract.json").read_text(encoding="utf-8"))


def read_image(path: Path) -> Any:
    """Return an image as an array (height, width) or (height, width, channels); colours as red, green, blue.

    Reads what OpenCV reads, and arrays in .npy files.
    """
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise SystemExit(f"{path} is no image that OpenCV can read")
    return image if image.ndim == 2 else image[:, :, 2::-1]


def prepare(image: Any, contract: Any) -> Any:
    """Return the image as the network takes it, (1, height, width, channels)."""
    settings = contract["image"]
    if str(image.dtype) != contract["pixel_type"]:
        raise SystemExit(f"the image has grey levels of the type {image.dtype}, the network {contract['pixel_type']}")
    image = with_channels(image, settings)
    x, y = image.shape[1] / 2, image.shape[0] / 2
    if contract["zoom"] != 1.0:
        image = resized(image, None, contract["zoom"], settings)
        x, y = x * contract["zoom"], y * contract["zoom"]
    if settings["fit"] != "crop_pad":
        height, width = image.shape[:2]
        size = settings["width"], settings["height"]
        if settings["fit"] == "scale_keep_aspect":
            factor = min(size[0] / width, size[1] / height)
            size = min(size[0], max(1, round(width * factor))), min(size[1], max(1, round(height * factor)))
        image = resized(image, size, 0.0, settings)
        x, y = image.shape[1] / 2, image.shape[0] / 2
    image = cut_window(image, x, y, settings)[np.newaxis]
    return image if contract["preprocessing_included"] else normalized(image, contract["normalization"])


def with_channels(image: Any, settings: Any) -> Any:
    """Return the image (height, width, channels) with the channels of the network."""
    image = image.reshape(*image.shape[:2], -1)
    n_channels = image.shape[2]
    if settings["channels"] == "gray" and n_channels == 3:
        gray = 0.21 * image[:, :, 0] + 0.72 * image[:, :, 1] + 0.07 * image[:, :, 2]
        return gray.astype(image.dtype)[:, :, np.newaxis]
    if settings["channels"] == "rgb" and n_channels == 1:
        return np.repeat(image, 3, axis=2)
    wanted = {"gray": 1, "rgb": 3}.get(str(settings["channels"])) or len(settings["channels"])
    if n_channels != wanted:
        raise SystemExit(f"the image has {n_channels} channels, the network takes {wanted}")
    return image


def resized(image: Any, size: tuple[int, int] | None, factor: float, settings: Any) -> Any:
    """Return the image scaled to (width, height), or by a factor; OpenCV scales up to four channels at once."""
    method = INTERPOLATION[settings["resize"]]
    parts = [
        cv2.resize(image[:, :, first : first + 4], size, fx=factor, fy=factor, interpolation=method)
        for first in range(0, image.shape[2], 4)
    ]
    return np.concatenate([part.reshape(*part.shape[:2], -1) for part in parts], axis=2)


def cut_window(image: Any, x: float, y: float, settings: Any) -> Any:
    """Return the part of the image around its centre (x, y), padded where it is smaller than the network's."""
    height, width = settings["height"], settings["width"]
    top, left = round(y - height / 2), round(x - width / 2)
    above, before = max(-top, 0), max(-left, 0)
    below, behind = max(top + height - image.shape[0], 0), max(left + width - image.shape[1], 0)
    border = BORDERS[settings["padding"]]
    parts = [
        cv2.copyMakeBorder(image[:, :, number], above, below, before, behind, border)
        for number in range(image.shape[2])
    ]
    padded = np.stack(parts, axis=2)
    top, left = top + above, left + before
    return padded[top : top + height, left : left + width]


def normalized(images: Any, normalization: Any) -> Any:
    """Return grey levels as the network takes them."""
    values = images.astype(np.float32)
    method = normalization["method"]
    if method == "divide_by_255":
        values /= np.float32(normalization["white"])
    elif method == "standardize_training_set":
        values = (values - np.float32(normalization["mean"])) / np.float32(normalization["std"])
    elif method == "standardize_each_image":
        mean, std = images.mean(dtype=np.float64), images.std(dtype=np.float64)
        values = (values - np.float32(mean)) / np.float32(max(std, 0.0001))
    return values


def show(path: Path, probabilities: Any, contract: Any) -> None:
    """Print the class of an image, and the probability of each class."""
    names = contract["class_names"]
    numbers = "  ".join(f"{name} {value:.6f}" for name, value in zip(names, probabilities.tolist(), strict=True))
    print(f"{path.name}: {names[int(probabilities.argmax())]}  ({numbers})")
