"""Files of Keras: .keras archives of version 3, and HDF5 files that older programs read too."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.export.exporter import Check, ExportFormat, Package
from aid_desktop.export.network import ExportNetwork
from aid_desktop.models.files import load_network, save_model
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.trust import trust_code

KERAS_PACKAGE = Package("keras", "keras")
CLASSES_ATTRIBUTE = "class_names"
"""Attribute of an HDF5 file that holds the class names as a JSON list."""


def write_keras(network: ExportNetwork, path: Path) -> None:
    """Write a .keras file; with a card, which AID Desktop itself reads, if it takes prepared images."""
    if network.is_raw:
        # A card would have our own programs normalize the images a second time.
        network.model.save(path)
        trust_code(path)
    else:
        save_model(network.model, written_card(network), path)


def write_h5(network: ExportNetwork, path: Path) -> None:
    """Write an HDF5 file with the class names as an attribute."""
    import h5py

    network.model.save(path)
    with h5py.File(path, "a") as file:
        file.attrs[CLASSES_ATTRIBUTE] = json.dumps(network.card.class_names)
    # It has been loaded here, so it is trusted: the written file is loaded again to prove it.
    trust_code(path)


def written_card(network: ExportNetwork) -> ModelCard:
    """Return the card of a network whose weights hold the temperature already."""
    return replace(network.card, temperature=1.0)


def run_keras(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what a newly loaded network computes."""
    model = load_network(path)
    return np.asarray(model(list(inputs) if len(inputs) > 1 else inputs[0], training=False), np.float32)


KERAS = ExportFormat(
    name="keras",
    title="Keras",
    suffix=".keras",
    description="Read by Keras 3 with any of its backends, and by AID Desktop itself.",
    write=write_keras,
    checks=(Check("Keras", KERAS_PACKAGE, run_keras),),
)
H5 = ExportFormat(
    name="h5",
    title="Keras HDF5",
    suffix=".h5",
    description="The older file of Keras, which programs of the time of TensorFlow 2 read too.",
    write=write_h5,
    checks=(Check("Keras", KERAS_PACKAGE, run_keras),),
)
