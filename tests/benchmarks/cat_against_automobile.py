"""AIDeveloper's tutorial, cat against automobile, where its best validation accuracy in 159 epochs was 0.9325.

Trains the recipe docs/recipes/cat_against_automobile.toml by the command line. Prints JSON lines.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from _figures import show
from _program import ROOT, best_accuracy, program, recipe

DATA = ROOT.parent / "shared" / "data" / "cat_vs_automobile"
AIDEVELOPER, WANTED, ITS_EPOCHS = 0.9325, 0.93, 159


def main() -> None:
    """Train with each seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="with the folders train and validation")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        # No failure: other benchmarks may follow.
        print(f"Skipped: the tutorial's data are not in {chosen.data}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(chosen.data, folder / "cat_vs_automobile")
        run = recipe("cat_against_automobile", folder)
        for seed in chosen.seeds:
            done = program("train", run, "--out", folder / f"run {seed}", "--seed", seed)
            title = f"cat against automobile/seed {seed}"
            accuracy = best_accuracy(done.document)
            show(f"{title}/validation accuracy", accuracy, "1", "wanted", WANTED)
            show(f"{title}/validation accuracy", accuracy, "1", "AIDeveloper's best", AIDEVELOPER)
            show(f"{title}/epochs", len(done.document["history"]), "epochs", "AIDeveloper's", ITS_EPOCHS)
            show(f"{title}/training", done.document["seconds"], "s", "the whole command", round(done.seconds, 1))


if __name__ == "__main__":
    main()
