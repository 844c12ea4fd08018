"""Share a number of images out over rows in proportion to what they have."""

from collections.abc import Sequence


def divided(number: int, sizes: Sequence[int]) -> list[int]:
    """Return parts of `number`, each at least 1, as near to the proportions of `sizes` as whole numbers can be.

    The parts sum to `number`; each size is at least 1. Raises ValueError for more sizes than `number`.
    """
    if number < len(sizes):
        raise ValueError(f"{number} cannot be divided into {len(sizes)} parts of at least 1")
    parts = [1] * len(sizes)
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    n_small, left, total = 0, number, sum(sizes)
    # What is too small for an image of its own has one; the others divide the rest.
    while n_small < len(order) and left * sizes[order[n_small]] < total:
        total -= sizes[order[n_small]]
        left -= 1
        n_small += 1
    large = sorted(order[n_small:])
    for i in large:
        parts[i] = left * sizes[i] // total
    missing = number - sum(parts)
    for i in sorted(large, key=lambda i: left * sizes[i] % total, reverse=True)[:missing]:
        parts[i] += 1
    return parts
