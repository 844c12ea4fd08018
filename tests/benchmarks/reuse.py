"""The paper's own way: a network trained elsewhere learns Fashion-MNIST, its layers unfrozen one by one.

Elsewhere are scikit-learn's handwritten digits. The rival is the same network with the same settings from random
weights, all layers learning from the beginning. Both see a hundredth of the training images, since it is for few images
that a network is used again; the test images are all. By the command line; prints JSON lines.
"""

import argparse
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import tomli_w
from _figures import show
from _program import program
from fashion_mnist import FOLDER, SIDE, write_images

from aid_desktop.data.sample import write_digits_sample

UNFREEZING = {"trainable": "last:2", "unfreeze_after": 1}
NETWORK = "LeNet5_bn_do"
ELSEWHERE_EPOCHS = 20


def recommended(data: Path, path: Path, epochs: int, model: dict[str, Any], training: dict[str, Any]) -> Path:
    """Write a run.toml for images, with another network and other settings than those recommended; return its path."""
    program("recommend", data, "--preset", "balanced", "--size", f"{SIDE}x{SIDE}", "--epochs", epochs, "--out", path)
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    document["model"] = model
    document["training"] |= {
        "optimizer": "adam",
        "learning_rate": 0.001,
        "schedule": "constant",
        "weight_decay": 0.0,
    } | training
    path.write_text(tomli_w.dumps(document), encoding="utf-8")
    return path


def main() -> None:
    """Train elsewhere, train again, train from nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="with the four .gz files; default %(default)s")
    parser.add_argument("--share", type=float, default=0.01, help="of the training images; default %(default)s")
    parser.add_argument("--epochs", type=int, default=100)
    chosen = parser.parse_args()
    if not chosen.folder.is_dir():
        # No failure: other benchmarks may follow.
        print(f"Skipped: install Debian's package dataset-fashion-mnist for {chosen.folder}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        digits = write_digits_sample(folder / "digits")
        write_images(chosen.folder, folder / "fashion", chosen.share)
        new = {"architecture": NETWORK}
        elsewhere = recommended(digits, folder / "elsewhere.toml", ELSEWHERE_EPOCHS, new, {})
        program("train", elsewhere, "--out", folder / "elsewhere")
        ways = {
            "reused": ({"start_from": str(folder / "elsewhere"), "mode": "continue"}, UNFREEZING),
            "random": (new, {}),
        }
        accuracies = {}
        for way, (model, training) in ways.items():
            run = recommended(folder / "fashion", folder / f"{way}.toml", chosen.epochs, model, training)
            program("train", run, "--out", folder / way)
            tested = program("assess", folder / way, "--run", run, "--role", "test")
            accuracies[way] = tested.document["accuracy"]
        title = f"reuse/{chosen.share:g} of Fashion-MNIST/test accuracy"
        show(title, accuracies["reused"], "1", "from random weights", accuracies["random"])


if __name__ == "__main__":
    main()
