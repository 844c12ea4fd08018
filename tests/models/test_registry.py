import pytest

from aid_desktop.errors import ModelZooError
from aid_desktop.models.registry import Architecture, Family, architecture, marked_name


def build(input_shape: tuple[int, int, int], n_classes: int) -> str:
    return f"{input_shape} {n_classes}"


def test_that_the_decorator_returns_the_function_itself_with_its_name_as_a_mark() -> None:
    def function() -> None: ...

    assert architecture("MyNet", min_size=16, family="mlp")(function) is function
    assert marked_name(function) == "MyNet"


@pytest.mark.parametrize("value", [build, 3, None, "MyNet", Architecture])
def test_that_nothing_else_has_a_marked_name(value: object) -> None:
    assert marked_name(value) is None


def test_that_a_declaration_has_family_cnn_and_size_one_by_default() -> None:
    item = Architecture.declared("MyNet")
    assert item == Architecture("MyNet", Family.CNN, 1, "", "", 0)


@pytest.mark.parametrize("family", ["mlp", "cnn", "pretrained", "multi_input"])
def test_that_every_family_is_accepted_by_its_word(family: str) -> None:
    assert Architecture.declared("MyNet", family=family).family == Family(family) == family


def test_that_a_declaration_names_the_weights_it_can_begin_with() -> None:
    assert Architecture.declared("MyNet", weights="VGG16").weights == "VGG16"
    assert Architecture.declared("MyNet").weights == ""


def test_that_the_description_is_the_first_paragraph_in_one_line() -> None:
    item = Architecture.declared("MyNet", docstring="\nA net\n    with two lines.\n\nAnd details.\n")
    assert item.description == "A net with two lines."


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"name": None}, "name of an architecture must be a text in quotes, got None"),
        ({"name": "  "}, "must be a text in quotes"),
        ({"name": build}, "must be a text in quotes, got <function build"),
        ({"name": 5}, "got 5"),
        ({"name": "N", "min_size": 0}, "min_size of N must be a whole number of pixels from 1, got 0"),
        ({"name": "N", "min_size": 1.5}, "got 1.5"),
        ({"name": "N", "min_size": True}, "got True"),
        ({"name": "N", "min_size": "16"}, "got '16'"),
        ({"name": "N", "family": "CNN"}, "must be one of mlp, cnn, pretrained, multi_input, got 'CNN'"),
        ({"name": "N", "family": ["cnn"]}, r"got \['cnn'\]"),
        ({"name": "N", "family": "y" * 500}, "y…$"),
        ({"name": "N", "weights": 3}, "weights of N must be a text in quotes, got 3"),
    ],
)
def test_that_unusable_arguments_are_refused_with_what_was_got(arguments: dict[str, object], text: str) -> None:
    with pytest.raises(ModelZooError, match=text):
        Architecture.declared(**arguments)  # type: ignore[arg-type]


def test_that_the_decorator_refuses_what_a_declaration_refuses() -> None:
    with pytest.raises(ModelZooError, match="min_size of MyNet"):
        architecture("MyNet", min_size=-1)
