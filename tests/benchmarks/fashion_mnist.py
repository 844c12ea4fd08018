"""A preset on Fashion-MNIST: accuracy on the test images, and how long the training takes.

Reads the files of Debian's package dataset-fashion-mnist. The last 5000 training images validate; the model that is
best on them is assessed on the 10 000 test images once, at the end. All of it is done by the command line, and the
start of the program counts. Prints JSON lines. `--epochs` and `--share` (of the images) make a shorter trial of the
same schedule.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from _figures import show
from _program import program
from numpy.typing import NDArray

from aid_desktop.data.fashion_mnist import read_idx

FOLDER = Path("/usr/share/datasets/fashion-mnist")
SIDE = 28
N_TRAINING = 55_000
CLASSES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
WANTED = {"quick": (0.91, 300), "balanced": (0.93, 1200), "best": (0.945, 3600)}
"""Test accuracy, and seconds of training on 2 cores, by preset."""
PAPER = 0.938


def read_part(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images (N, 28, 28) and labels (N,) of `train` or `t10k`."""
    return read_idx(folder / f"{part}-images-idx3-ubyte.gz"), read_idx(folder / f"{part}-labels-idx1-ubyte.gz")


def write_images(source: Path, target: Path, share: float) -> None:
    """Write a folder for each role with a stack for each class."""
    images, labels = read_part(source, "train")
    parts = {
        "train": (images[: int(N_TRAINING * share)], labels[: int(N_TRAINING * share)]),
        "validation": (images[N_TRAINING:], labels[N_TRAINING:]),
        "test": read_part(source, "t10k"),
    }
    for role, (stack, classes) in parts.items():
        (target / role).mkdir(parents=True)
        for number, name in enumerate(CLASSES):
            np.save(target / role / f"{name}.npy", stack[classes == number])


def measure(chosen: argparse.Namespace, folder: Path) -> None:
    """Recommend, train, assess, and print the figures; the run stays in the folder."""
    write_images(chosen.folder, folder / "data", chosen.share)
    run = folder / "run.toml"
    epochs = () if chosen.epochs is None else ("--epochs", chosen.epochs)
    advice = ("recommend", folder / "data", "--preset", chosen.preset, "--size", f"{SIDE}x{SIDE}")
    program(*advice, "--seed", chosen.seed, *epochs, "--device", "cpu", "--out", run)
    trained = program("train", run, "--out", folder / "run")
    accuracy = program("assess", folder / "run", "--run", run, "--role", "test").document["accuracy"]
    wanted_accuracy, wanted_seconds = WANTED[chosen.preset]
    name = f"fashion_mnist/{chosen.preset}/seed {chosen.seed}"
    show(f"{name}/test accuracy", accuracy, "1", "wanted", wanted_accuracy)
    show(f"{name}/test accuracy", accuracy, "1", "the paper's", PAPER)
    show(f"{name}/training", trained.seconds, "s", "wanted", wanted_seconds)
    show(f"{name}/training, of all cores", trained.of_all_cores, "s", "wanted", wanted_seconds)


def main() -> None:
    """Measure one preset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=list(WANTED), default="quick")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="with the four .gz files; default %(default)s")
    parser.add_argument("--out", type=Path, help="new folder to keep data and run in; default: a temporary one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, help="instead of the preset's number")
    parser.add_argument("--share", type=float, default=1.0, help="of the training images; default %(default)s")
    chosen = parser.parse_args()
    if not chosen.folder.is_dir():
        # No failure: other benchmarks may follow.
        print(f"Skipped: install Debian's package dataset-fashion-mnist for {chosen.folder}", file=sys.stderr)
        return
    if chosen.out is not None:
        measure(chosen, chosen.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(chosen, Path(folder))


if __name__ == "__main__":
    main()
