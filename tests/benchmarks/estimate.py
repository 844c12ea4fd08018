"""Time of a training image beside what is guessed of it before a run, for the networks of model_zoo.py.

Prints one JSON line per network; a ratio between 0.5 and 2 is what training/estimate.py promises on the computer that
it was fitted to. Images of noise, which are neither loaded nor augmented. Other work of the machine disturbs.
"""

import argparse
import os

from _figures import show

from aid_desktop.data.normalize import Normalization
from aid_desktop.models.build import compile_model
from aid_desktop.models.devices import warm_up
from aid_desktop.models.zoo import find_zoo, list_architectures, load_zoo
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.training.auto_precision import noise_block, training_speed
from aid_desktop.training.estimate import guess_epoch
from aid_desktop.training.replicas import make_fitter

N_CLASSES = 5
N_FEATURES = 5
N_BATCHES = 4
MANY = 10**6


def measure(name: str, side: int, channels: int, batch_size: int, seconds: float) -> None:
    """Train one network on noise, and guess."""
    (item,) = (one for one in list_architectures(find_zoo()) if one.name == name)
    side = max(side, item.min_size)
    shape = (side, side, channels)
    n_features = N_FEATURES if item.family == "multi_input" else 0
    zoo = load_zoo(find_zoo())
    cost = zoo.cost(name, shape, N_CLASSES, n_features)
    model = zoo.build(name, shape, N_CLASSES, n_features)
    compile_model(model, HyperParameters())
    block = noise_block(N_BATCHES * batch_size, shape, N_CLASSES, n_features=n_features)
    fitter = make_fitter(model, shape, Normalization("divide_by_255"), "uint8", n_features)
    measured = 1 / training_speed(fitter, block, batch_size, seconds)
    guess = (guess_epoch(cost, batch_size, os.cpu_count() or 1, MANY, 0) or 0) / MANY
    show(f"{name}, {side} px, batches of {batch_size}", 1e6 * measured, "µs per image", "guess", 1e6 * guess)


def main() -> None:
    """Measure the networks asked for, by default all."""
    known = [item.name for item in list_architectures(find_zoo()) if "*" not in item.name]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", default=known)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    warm_up()
    for name in options.names:
        measure(name, options.side, options.channels, options.batch, options.seconds)


if __name__ == "__main__":
    main()
