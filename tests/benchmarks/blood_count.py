"""1.2 million events of two kinds of blood cells: trained on in equal parts, then all classified, in bounded memory.

The .rtdc files are made here, of 250 × 80 pixels with Zstandard: erythrocytes, 28 for each lymphocyte. Training and
test follow docs/recipes/blood_count.toml with fewer epochs, by the command line. Prints JSON lines. The files of 1.2
million events need some 10 GB.
"""

import argparse
import tempfile
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
from _figures import show
from _program import Outcome, program, recipe
from numpy.typing import NDArray

HEIGHT, WIDTH = 80, 250
CHUNK = 32
N_PATTERNS = 100
"""Chunks of different images in a file; they follow one another again and again."""
KINDS = {"erythrocytes": (7.0, 5.0, -22.0), "lymphocytes": (6.0, 6.0, -12.0)}
"""Half axes in pixels, and grey levels of the inside against the background."""
SHARES = {
    ("erythrocytes", 1): 0.46, ("erythrocytes", 2): 0.46, ("erythrocytes", 3): 0.03, ("erythrocytes", 4): 0.016,
    ("lymphocytes", 1): 0.015, ("lymphocytes", 2): 0.015, ("lymphocytes", 3): 0.002, ("lymphocytes", 4): 0.002,
}  # fmt: skip
WANTED_SPEED, WANTED_ACCURACY = 15_000, 0.973
EPOCHS = 3


def draw(kind: str, n: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return images (n, H, W) of cells at places (n, 2), in pixels, x first."""
    wide, high, level = KINDS[kind]
    place = rng.normal((WIDTH / 2, HEIGHT / 2), (12, 2), (n, 2))
    axes = np.array((wide, high)) * rng.normal(1, 0.12, (n, 1))
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    right = (x - place[:, 0, None, None]) / axes[:, 0, None, None]
    down = (y - place[:, 1, None, None]) / axes[:, 1, None, None]
    inside = 1 / (1 + np.exp(np.minimum(8 * (right**2 + down**2 - 1), 80)))
    dark = rng.normal(level, 5, (n, 1, 1))
    grain = rng.normal(0, 6, (n, HEIGHT, WIDTH)) if kind == "lymphocytes" else 0.0
    images = 140 + inside * (dark + grain) + rng.normal(0, 1.2, (n, HEIGHT, WIDTH))
    return np.clip(images, 0, 255).astype(np.uint8), place.astype(np.float32)


def write_events(path: Path, kind: str, n_events: int, seed: int) -> None:
    """Write a measurement; its compressed chunks are made once and repeated."""
    n_chunks = max(1, n_events // CHUNK)
    n_patterns = min(n_chunks, N_PATTERNS)
    rng = np.random.default_rng(seed)
    shape = (n_chunks * CHUNK, HEIGHT, WIDTH)
    places = np.empty((n_patterns * CHUNK, 2), np.float32)
    with h5py.File(path, "w") as file:
        stack = file.create_dataset(
            "events/image", shape, np.uint8, chunks=(CHUNK, HEIGHT, WIDTH), **hdf5plugin.Zstd(clevel=5)
        )
        for number in range(n_chunks):
            start = number * CHUNK
            if number < n_patterns:
                stack[start : start + CHUNK], places[start : start + CHUNK] = draw(kind, CHUNK, rng)
                continue
            mask, content = stack.id.read_direct_chunk((number % n_patterns * CHUNK, 0, 0))
            stack.id.write_direct_chunk((start, 0, 0), content, mask)
        for column, name in enumerate(("pos_x", "pos_y")):
            file[f"events/{name}"] = np.resize(places[:, column], len(stack)).astype(np.float32)
        file.attrs["imaging:pixel size"] = 1.0


def show_resources(name: str, done: Outcome, n_events: int) -> None:
    """Print the memory of a command beside what its images take, and its events in a second, its start included."""
    show(f"blood count/{name}/memory", done.peak_mb, "MB", "its images as recorded", n_events * HEIGHT * WIDTH / 1e6)
    show(f"blood count/{name}/events", n_events / done.seconds, "1/s", "wanted", WANTED_SPEED)


def main() -> None:
    """Make the files, train, assess, classify."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_200_000)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--folder", type=Path, help="with room for the files; default: the system's temporary folder")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        (folder / "blood").mkdir()
        files = []
        for seed, ((kind, donor), share) in enumerate(SHARES.items()):
            files.append(folder / "blood" / f"donor_{donor}_{kind}.rtdc")
            write_events(files[-1], kind, int(share * chosen.events), seed)
        run = recipe("blood_count", folder)
        trained = program("train", run, "--out", folder / "run", "--epochs", chosen.epochs)
        n_training = sum(share for (_, donor), share in SHARES.items() if donor < 3) * chosen.events
        show_resources(f"{chosen.epochs} epochs of training", trained, int(n_training))
        tested = program("assess", folder / "run", "--run", run, "--role", "test").document
        show("blood count/balanced accuracy of another donor", balanced(tested), "1", "wanted", WANTED_ACCURACY)
        done = program("classify", folder / "run", *files, "--out", folder / "all.csv")
        show_resources("classification", done, done.document["n"])
        rare = {kind: sum(share for (one, _), share in SHARES.items() if one == kind) for kind in KINDS}
        found = done.document["counts"]["lymphocyte"] / done.document["n"]
        show("blood count/share of lymphocytes", found, "1", "true", round(rare["lymphocytes"], 4))


def balanced(document: dict[str, object]) -> float:
    """Return the mean of the classes' recalls."""
    matrix = np.array(document["confusion_matrix"], float)
    return float((matrix.diagonal() / matrix.sum(axis=1)).mean())


if __name__ == "__main__":
    main()
