"""What must happen to an image before it goes into an exported network, in words and as values."""

from typing import Any

from aid_desktop.data.normalize import SMALLEST_STD, Normalization
from aid_desktop.export.exporter import ExportFormat
from aid_desktop.export.network import ExportNetwork
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.image import ImageSettings

_FITS = {
    "crop_pad": "crop {size} around its centre (in .rtdc files: around the position of the event); where the image is "
    "smaller, pad it ({padding})",
    "scale": "scale it to {size} ({resize} interpolation), whatever its proportions",
    "scale_keep_aspect": "scale it to fit into {size}, keeping its proportions ({resize} interpolation), and pad it "
    "to that size ({padding})",
}


def input_contract(network: ExportNetwork, target: ExportFormat) -> dict[str, Any]:
    """Return the form of a file's inputs and output, and the steps from an image to them, as values of JSON."""
    card = network.card
    inputs = [
        {
            "name": one.name,
            "shape": [target.n_images, *_in_layout(one.shape[1:], target.layout)],
            "dtype": target.takes or str(one.dtype),
        }
        for one in network.model.inputs
    ]
    return {
        "inputs": inputs,
        "layout": target.layout,
        "channels": _channel_names(card.image),
        "output": {
            "shape": [target.n_images, len(card.class_names)],
            "dtype": "float32",
            "meaning": "probability of each class",
        },
        "preprocessing_included": network.is_raw,
        "preprocessing": steps_of(card, network.is_raw),
        "normalization": card.normalization.to_json(),
        "features": card.features.to_json(),
        "temperature": card.temperature,
    }


def _in_layout(shape: tuple[int, ...], layout: str) -> tuple[int, ...]:
    """Return (height, width, channels) in the order of the layout; the shape of features as it is."""
    names = layout.split(" × ")[1:]
    return tuple(shape[("height", "width", "channels").index(name)] for name in names) if len(shape) == 3 else shape


def steps_of(card: ModelCard, is_raw: bool) -> list[str]:
    """Return the steps from an image as it lies in its file to the network's input, one sentence each."""
    image = card.image
    steps = [_channels(image), f"Use grey levels of the type {card.pixel_type}."]
    if card.zoom != 1.0:
        steps.append(f"Enlarge the image by the factor {card.zoom:g} ({image.resize} interpolation).")
    size = f"{image.width} × {image.height} pixels (width × height)"
    fit = _FITS[image.fit].format(size=size, padding=image.padding, resize=image.resize)
    steps.append(f"Bring the image to size: {fit}.")
    if is_raw:
        steps.append("Nothing more: the network normalizes the grey levels itself.")
    else:
        steps.append(_normalization(card.normalization))
        for name, values in card.features.to_json().items():
            steps.append(f"Feature {name}: subtract {values['mean']!r}, divide by {values['std']!r}.")
    return steps


def _channel_names(image: ImageSettings) -> list[str]:
    """Return the channels in the order of the network's input."""
    return list(image.channel_names or {"gray": ("gray",), "rgb": ("red", "green", "blue")}[str(image.channels)])


def _channels(image: ImageSettings) -> str:
    if image.channels == "gray":
        return "Take the image as gray: of a coloured one (0.21 R + 0.72 G + 0.07 B), rounded down."
    if image.channels == "rgb":
        return "Take red, green and blue, in this order; of a gray image three times the same."
    return f"Take the channels {', '.join(_channel_names(image))}, in this order."


def _normalization(normalization: Normalization) -> str:
    if normalization.method == "divide_by_255":
        return f"Divide the grey levels by {normalization.white:g}."
    if normalization.method == "standardize_training_set":
        return f"Subtract {normalization.mean!r} from the grey levels and divide by {normalization.std!r}."
    if normalization.method == "standardize_each_image":
        return (
            "Subtract from the grey levels of each image their mean, and divide by their standard deviation "
            f"(of all its pixels and channels; at least {SMALLEST_STD:g})."
        )
    return "Nothing more: the grey levels go in as they are."
