"""Names under which dclab and DCscope know the probability of a class: ml_score_xxx, xxx three of a-z and 0-9.

dclab computes ml_class, the number of the most probable class, from the scores in the alphabetical order of their
names. The names given here are in the order of the classes, so that class k of the model is class k of ml_class.
"""

import unicodedata
from collections.abc import Sequence
from string import ascii_lowercase, digits

from aid_desktop.errors import ExportError

PREFIX = "ml_score_"

SIGNS = digits + ascii_lowercase
"""In alphabetical order."""

LENGTH = 3
MOST_CLASSES = len(SIGNS) ** LENGTH


def ml_score_codes(class_names: Sequence[str]) -> tuple[str, ...]:
    """Return three lowercase letters or digits for each class, in increasing order.

    These are the beginnings of the names where they differ and happen to be in order, for example cat, dog; else the
    number of the class in as many signs as are needed, and then letters of the name: rbc, lym, mon become 0rb, 1ly,
    2mo. Raises ExportError for more than 46 656 classes.
    """
    if len(class_names) > MOST_CLASSES:
        raise ExportError(
            f"an .rtdc file can hold the scores of {MOST_CLASSES} classes and {len(class_names)} are here"
        )
    plain = [_plain(name) for name in class_names]
    starts = tuple(name[:LENGTH] for name in plain)
    if all(len(start) == LENGTH for start in starts) and list(starts) == sorted(set(starts)):
        return starts
    n_signs = next(n for n in range(1, LENGTH + 1) if len(class_names) <= len(SIGNS) ** n)
    return tuple((_number(k, n_signs) + name + "0" * LENGTH)[:LENGTH] for k, name in enumerate(plain))


def _plain(name: str) -> str:
    normal = unicodedata.normalize("NFKD", name).lower()
    return "".join(sign for sign in normal if sign in SIGNS)


def _number(number: int, n_signs: int) -> str:
    signs = ""
    for _ in range(n_signs):
        number, last = divmod(number, len(SIGNS))
        signs = SIGNS[last] + signs
    return signs
