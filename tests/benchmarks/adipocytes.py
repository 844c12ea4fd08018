"""Tiles of large stained images: from images and masks to the accuracy on other images, by the command line.

The images are drawn here: fat as bright cells with thin walls, other tissue as pink fibres with purple nuclei, and
masks that say where fat is. Cuts, trains and assesses as docs/recipes/adipocytes.md says. Prints JSON lines.
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
from _figures import show
from _program import program, recipe
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

SIDE = 768
CELL = 34
"""Mean distance of fat cells in pixels."""
NAMES = "background,adipocyte"
WANTED = 0.95
Picture = NDArray[np.uint8]


def distances(rng: np.random.Generator, spacing: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distance of each pixel to the nearest and to the next of some random points."""
    points = rng.uniform(0, SIDE, (int((SIDE / spacing) ** 2), 2))
    pixels = np.mgrid[:SIDE, :SIDE].reshape(2, -1).T
    near, _ = cKDTree(points).query(pixels, k=2)
    first, second = near.T.reshape(2, SIDE, SIDE)
    return first, second


def smooth_noise(rng: np.random.Generator, sigma: float) -> NDArray[np.float64]:
    """Return noise of mean 0 and deviation 1 without details smaller than `sigma` pixels."""
    noise: NDArray[np.float64] = gaussian_filter(rng.normal(size=(SIDE, SIDE)), sigma)
    return (noise - noise.mean()) / noise.std()


def draw(seed: int) -> tuple[Picture, Picture]:
    """Return a stained image (SIDE, SIDE, 3), RGB, and its mask, 255 where fat is."""
    rng = np.random.default_rng(seed)
    is_fat = smooth_noise(rng, 60) > 0.2
    first, second = distances(rng, CELL)
    wall = np.exp(-(((second - first) / 3.0) ** 2))[..., None]
    fat = (1 - wall) * (238, 230, 236) + wall * (196, 120, 170)
    fibres = smooth_noise(rng, 3)[..., None] * (8, 16, 10) + (214, 150, 190)
    nucleus_at, _ = distances(rng, 22)
    nucleus = np.exp(-((nucleus_at / 5.0) ** 4))[..., None]
    tissue = (1 - nucleus) * fibres + nucleus * (96, 60, 140)
    shade = 1 + 0.05 * smooth_noise(rng, 90)[..., None]
    image = np.where(is_fat[..., None], fat, tissue) * shade + rng.normal(0, 6, (SIDE, SIDE, 3))
    return np.clip(gaussian_filter(image, (0.8, 0.8, 0)), 0, 255).astype(np.uint8), is_fat.astype(np.uint8) * 255


def write_slides(folder: Path, part: str, seeds: range) -> None:
    """Write images and masks of one part."""
    for kind in ("slides", "masks"):
        (folder / kind / part).mkdir(parents=True)
    for seed in seeds:
        image, mask = draw(seed)
        cv2.imwrite(str(folder / "slides" / part / f"slide_{seed}.png"), image[:, :, ::-1])
        cv2.imwrite(str(folder / "masks" / part / f"slide_{seed}.png"), mask)


def main() -> None:
    """Follow the recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slides", type=int, default=5, help="to learn from; as many for the test")
    parser.add_argument("--epochs", type=int, default=12, help="instead of the recipe's")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, part in enumerate(("train", "test")):
            write_slides(folder, part, range(100 * number, 100 * number + chosen.slides))
        common = ("--size", 32, "--cover-edges", "--class-names", NAMES)
        ways = {"train": ("--stride", 16, "--balance"), "test": ()}
        for part, more in ways.items():
            masks = folder / "masks" / part
            cut = program(
                "tile", folder / "slides" / part, "--mask", masks, *common, *more, "--out", folder / "tiles" / part
            )
        run = recipe("adipocytes", folder)
        trained = program("train", run, "--out", folder / "run", "--epochs", chosen.epochs)
        tested = program("assess", folder / "run", "--run", run, "--role", "test").document
        show("adipocytes/accuracy on tiles of other images", tested["accuracy"], "1", "wanted", WANTED)
        largest = max(cut.document["counts"].values()) / cut.document["n"]
        show("adipocytes/accuracy on tiles of other images", tested["accuracy"], "1", "always the same class", largest)
        show("adipocytes/training", trained.document["seconds"], "s", "the whole command", round(trained.seconds, 1))


if __name__ == "__main__":
    main()
