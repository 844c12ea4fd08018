"""Is a network as accurate in mixed_bfloat16 as in float32?

Trains Nitta_et_al_6layer, the network that gains most by it, on a part of Fashion-MNIST in both number formats with
several seeds, and assesses the best model of each run on all test images. By the command line; prints JSON lines: the
mean accuracy in both formats, and their difference beside the standard deviation over the seeds.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from _figures import show
from _program import program
from fashion_mnist import FOLDER, write_images
from reuse import recommended

NETWORK = "Nitta_et_al_6layer"
FORMATS = ("float32", "mixed_bfloat16")


def main() -> None:
    """Train with each seed in both formats."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="with the four .gz files; default %(default)s")
    parser.add_argument("--share", type=float, default=0.2, help="of the training images; default %(default)s")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    chosen = parser.parse_args()
    if not chosen.folder.is_dir():
        # No failure: other benchmarks may follow.
        print(f"Skipped: install Debian's package dataset-fashion-mnist for {chosen.folder}", file=sys.stderr)
        return
    accuracies: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_images(chosen.folder, folder / "data", chosen.share)
        for precision in FORMATS:
            path = folder / f"{precision}.toml"
            run = recommended(folder / "data", path, chosen.epochs, {"architecture": NETWORK}, {"precision": precision})
            for seed in chosen.seeds:
                out = folder / f"{precision} {seed}"
                program("train", run, "--out", out, "--seed", seed)
                tested = program("assess", out, "--run", run, "--role", "test")
                accuracies.setdefault(precision, []).append(tested.document["accuracy"])
    plain, half = (statistics.mean(accuracies[precision]) for precision in FORMATS)
    show(f"precision/{NETWORK}/test accuracy in mixed_bfloat16", half, "1", "in float32", plain)
    spread = max(statistics.stdev(values) for values in accuracies.values()) if len(chosen.seeds) > 1 else 0.0
    show(f"precision/{NETWORK}/difference", abs(half - plain), "1", "standard deviation over the seeds", spread)


if __name__ == "__main__":
    main()
