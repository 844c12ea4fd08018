"""The words for what happens to an image are those of the settings, and their values the ones that are used."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.data.scalar_features import FeatureScaling
from aid_desktop.export.chain import input_contract, steps_of
from aid_desktop.export.onnx_file import ONNX
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.image import ImageSettings

CARD = ModelCard(("a", "b"), ImageSettings(width=24, height=40), Normalization("divide_by_255"), "MLP", 1, 0)


def text_of(card: ModelCard, is_raw: bool = False) -> str:
    return " ".join(steps_of(card, is_raw))


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ("gray", "of a coloured one (0.21 R + 0.72 G + 0.07 B), rounded down"),
        ("rgb", "red, green and blue, in this order; of a gray image three times the same"),
        (("image", "mask"), "Take the channels image, mask, in this order."),
    ],
)
def test_that_channels_are_named(channels: str | tuple[str, ...], expected: str) -> None:
    assert expected in text_of(replace(CARD, image=replace(CARD.image, channels=channels)))


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        ("crop_pad", "crop 24 × 40 pixels (width × height) around its centre"),
        ("scale", "scale it to 24 × 40 pixels (width × height) (area interpolation), whatever its proportions"),
        ("scale_keep_aspect", "keeping its proportions (area interpolation), and pad it to that size (reflect)"),
    ],
)
def test_that_the_way_to_the_size_is_told(fit: str, expected: str) -> None:
    image = replace(CARD.image, fit=fit, resize="area", padding="reflect")
    assert expected in text_of(replace(CARD, image=image))


def test_that_zoom_is_told_where_there_is_one() -> None:
    assert "Enlarge" not in text_of(CARD)
    assert "Enlarge the image by the factor 1.5 (linear interpolation)." in text_of(replace(CARD, zoom=1.5))


@pytest.mark.parametrize(
    ("normalization", "expected"),
    [
        (Normalization("divide_by_255", white=4095), "Divide the grey levels by 4095."),
        (
            Normalization("standardize_training_set", 12.5, 3.25),
            "Subtract 12.5 from the grey levels and divide by 3.25.",
        ),
        (Normalization("standardize_each_image"), "of all its pixels and channels; at least 0.0001"),
        (Normalization("none"), "Nothing more: the grey levels go in as they are."),
    ],
)
def test_that_normalization_is_told_unless_the_network_does_it(normalization: Normalization, expected: str) -> None:
    card = replace(CARD, normalization=normalization)
    assert expected in text_of(card)
    assert expected not in text_of(card, is_raw=True)
    assert text_of(card, is_raw=True).endswith("Nothing more: the network normalizes the grey levels itself.")


def test_that_features_are_told_with_all_digits() -> None:
    card = replace(CARD, features=FeatureScaling(("area_um",), (1 / 3,), (2 / 3,)))
    assert f"Feature area_um: subtract {1 / 3!r}, divide by {2 / 3!r}." in text_of(card)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("layout", "takes", "shape", "dtype"),
    [
        ("images × height × width × channels", "", [None, 40, 24, 3], "uint8"),
        ("images × channels × height × width", "float32", [None, 3, 40, 24], "float32"),
    ],
)
def test_that_the_form_of_the_input_is_that_of_the_file(
    make_loaded: Any, make_written: Any, layout: str, takes: str, shape: list[int | None], dtype: str
) -> None:
    network = make_written(make_loaded("MLP_24_16_24", "rgb", size=(24, 40), temperature=2.0), is_raw=True)
    contract = input_contract(network, replace(ONNX, layout=layout, takes=takes))
    assert contract["inputs"] == [{"name": network.model.inputs[0].name, "shape": shape, "dtype": dtype}]
    assert contract["output"]["shape"] == [None, 3]
    assert contract["channels"] == ["red", "green", "blue"]
    assert (contract["temperature"], contract["preprocessing_included"]) == (2.0, True)
    assert np.isclose(contract["normalization"]["white"], 255)
