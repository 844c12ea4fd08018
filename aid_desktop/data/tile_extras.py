"""Further random tiles of a rare class, drawn around its labelled pixels in all images together."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.source import Problem
from aid_desktop.data.tile_masks import read_mask
from aid_desktop.data.tile_plan import TiledImage, TilePlan
from aid_desktop.data.tiles import Labels, extra_positions
from aid_desktop.errors import DataError


def with_extra_tiles(plan: TilePlan, rng: np.random.Generator) -> TilePlan:
    """Return the plan with the extra tiles that its settings ask for; the same plan if they ask for none.

    Each image gets a share by its number of labelled pixels; what it cannot give is asked of the others. A class that
    runs out of different tiles is reported among the problems. Raises DataError if there are no masks.
    """
    settings = plan.settings
    if not settings.extra and not settings.balance:
        return plan
    if any(image.mask is None for image in plan.images):
        raise DataError("Extra tiles of a class need masks that tell where the class is.")
    n_classes = len(plan.class_names)
    pixels = np.array([np.bincount(_mask(i, n_classes).reshape(-1), minlength=n_classes) for i in plan.images])
    images, problems = list(plan.images), list(plan.problems)
    for label, wanted in _wanted(plan, pixels.sum(axis=0)).items():
        missing = _add(images, label, wanted, pixels[:, label].astype(np.float64), plan, rng)
        if missing:
            reason = f"only {wanted - missing} of {wanted} extra tiles were found, as no more of them are different"
            problems.append(Problem(plan.class_names[label], reason))
    return replace(plan, images=tuple(images), problems=tuple(problems))


def _wanted(plan: TilePlan, pixels: NDArray[np.intp]) -> dict[int, int]:
    """Return how many more tiles each class gets; classes without a single pixel get none."""
    counts = list(plan.counts.values())
    present = [label for label, n in enumerate(pixels.tolist()) if n]
    if not plan.settings.balance:
        return {min(present, key=counts.__getitem__): plan.settings.extra}
    return {label: max(counts) - counts[label] for label in present if counts[label] < max(counts)}


def _add(
    images: list[TiledImage],
    label: int,
    wanted: int,
    weights: NDArray[np.float64],
    plan: TilePlan,
    rng: np.random.Generator,
) -> int:
    """Add tiles of one class to the images; return how many could not be found."""
    settings, missing = plan.settings, wanted
    while missing and weights.any():
        for place, share in enumerate(rng.multinomial(missing, weights / weights.sum()).tolist()):
            if not share:
                continue
            image = images[place]
            mask = _mask(image, len(plan.class_names))
            found = extra_positions(mask, label, share, settings.size, settings.min_pixels, image.positions, rng)
            images[place] = image.with_extra(found, label)
            missing -= len(found)
            if len(found) < share:
                weights[place] = 0
    return missing


def _mask(image: TiledImage, n_classes: int) -> Labels:
    if image.mask is None:
        return np.zeros(image.size, np.uint8)
    return read_mask(image.mask, n_classes, image.size)
