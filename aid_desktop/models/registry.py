"""The mark that makes a function of model_zoo.py an architecture, and what is known of one without Keras."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from aid_desktop.errors import ModelZooError

STAR = "*"
"""At the end of a name: numbers in its place make the names of many architectures."""

MOST_NUMBERS = 8
LARGEST_NUMBER = 4096

_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_MARK = "aid_desktop_architecture"
_MAX_QUOTED = 60

Builder = TypeVar("Builder", bound=Callable[..., object])


class Family(StrEnum):
    """Kind of network."""

    MLP = "mlp"
    CNN = "cnn"
    PRETRAINED = "pretrained"
    MULTI_INPUT = "multi_input"


@dataclass(frozen=True, slots=True)
class Architecture:
    """One architecture, as far as the text of model_zoo.py tells.

    `min_size` is the smallest height and width in pixels, at least 1. `description` is the first paragraph of
    the docstring in one line, "" without docstring. `line` is the line of `def function_name`, from 1. `weights`
    is the network of keras.applications whose ImageNet weights it can begin with, "" for none. `numbers`
    are those of a name that was made from one with a star.
    """

    name: str
    family: Family
    min_size: int
    description: str
    function_name: str
    line: int
    weights: str = ""
    numbers: tuple[int, ...] = ()

    @property
    def is_pattern(self) -> bool:
        """Whether this stands for many architectures and cannot be built itself."""
        return self.name.endswith(STAR)

    @property
    def prefix(self) -> str:
        """The name up to the star."""
        return self.name.removesuffix(STAR)

    def with_numbers(self, text: str) -> "Architecture":
        """Return the architecture with these numbers in place of the star, for example "24_16_24".

        Raises ModelZooError if `text` is not one to eight whole numbers from 1 to 4096, joined by _.
        """
        parts = text.split("_")
        are_numbers = all(_NUMBER.fullmatch(part) for part in parts)
        numbers = tuple(map(int, parts)) if are_numbers else ()
        if not 1 <= len(numbers) <= MOST_NUMBERS or max(numbers) > LARGEST_NUMBER:
            raise ModelZooError(
                f"{self.prefix}{_short_text(text)} is no architecture: in place of the star of {self.name} come one to "
                f"{MOST_NUMBERS} whole numbers from 1 to {LARGEST_NUMBER}, joined by _, as in {self.prefix}24_16_24"
            )
        return replace(self, name=f"{self.prefix}{text}", numbers=numbers)

    @classmethod
    def declared(
        cls,
        name: object,
        *,
        min_size: object = 1,
        family: object = "cnn",
        weights: object = "",
        docstring: str = "",
        function_name: str = "",
        line: int = 0,
    ) -> "Architecture":
        """Return the architecture that `@architecture(name, min_size=..., family=..., weights=...)` declares.

        Raises ModelZooError if one of them cannot be used.
        """
        if not isinstance(name, str) or not name.strip():
            raise ModelZooError(
                f"the name of an architecture must be a text in quotes, got {_short(name)}: "
                'write for example @architecture("MyNet", min_size=16)'
            )
        if STAR in name[:-1]:
            raise ModelZooError(f"the name of an architecture may have a star at its end only, got {_short(name)}")
        # bool is a kind of int; min_size=True is a slip all the same.
        if not isinstance(min_size, int) or isinstance(min_size, bool) or min_size < 1:
            raise ModelZooError(f"min_size of {name} must be a whole number of pixels from 1, got {_short(min_size)}")
        if not isinstance(family, str) or family not in tuple(Family):
            raise ModelZooError(f"family of {name} must be one of {', '.join(Family)}, got {_short(family)}")
        if not isinstance(weights, str):
            raise ModelZooError(f"weights of {name} must be a text in quotes, got {_short(weights)}")
        description = " ".join(docstring.strip().split("\n\n")[0].split())
        return cls(name, Family(family), min_size, description, function_name, line, weights)


def architecture(
    name: str, *, min_size: int = 1, family: str = "cnn", weights: str = ""
) -> Callable[[Builder], Builder]:
    """Mark a function `(input_shape, n_classes) -> keras.Model` of model_zoo.py as the architecture `name`.

    `input_shape` is (height, width, channels). `min_size` is the smallest height and width in pixels that
    the network takes; `family` is "mlp", "cnn", "pretrained" or "multi_input"; `weights` names the network of
    keras.applications whose ImageNet weights the layers before the one named `features` can begin with.

    One of the family "multi_input" is `(input_shape, n_classes, n_features) -> keras.Model` and has a second input
    (n_features,). A name that ends in a star, such as "MLP_*", stands for all names with one to eight numbers in its
    place: the function gets them as a last argument, a tuple. The function is returned unchanged. Raises ModelZooError
    if an argument cannot be used.
    """
    Architecture.declared(name, min_size=min_size, family=family, weights=weights)

    def mark(function: Builder) -> Builder:
        setattr(function, _MARK, name)
        return function

    return mark


def marked_name(value: object) -> str | None:
    """Return the name that `architecture` gave to a function, None for anything else."""
    name = getattr(value, _MARK, None)
    return name if callable(value) and isinstance(name, str) else None


def _short(value: object) -> str:
    return _short_text(repr(value))


def _short_text(text: str) -> str:
    return text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…"
