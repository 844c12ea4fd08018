import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.errors import ModelZooError
from aid_desktop.models import zoo as zoo_module
from aid_desktop.models.registry import Architecture, Family
from aid_desktop.models.zoo import (
    check_size,
    describe,
    find_architecture,
    find_zoo,
    list_architectures,
    load_zoo,
)

HEAD = "from aid_desktop.models.registry import architecture\n"  # line 1; a snippet begins in line 2
DELIVERED = Path(__file__).parents[2] / "model_zoo.py"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, head: str = HEAD, name: str = "model_zoo.py") -> Path:
        path = tmp_path / name
        path.write_text(head + text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """An installation of which nothing exists yet: every place that is searched lies in tmp_path."""
    found = SimpleNamespace(root=tmp_path / "root", executable=tmp_path / "bin", user=tmp_path / "user", frozen=False)
    for folder in (found.root, found.executable, found.user):
        folder.mkdir()
    monkeypatch.setattr(zoo_module, "package_dir", lambda: found.root / "aid_desktop")
    monkeypatch.setattr(zoo_module, "shared_dir", lambda: found.root)
    monkeypatch.setattr("aid_desktop.paths.executable_dir", lambda: found.executable)
    monkeypatch.setattr(zoo_module, "user_config_dir", lambda: found.user)
    monkeypatch.setattr(zoo_module, "is_frozen", lambda: found.frozen)
    return found


def put(folder: Path) -> Path:
    path = folder / "model_zoo.py"
    path.write_text(HEAD, encoding="utf-8")
    return path


# --- where the file is ------------------------------------------------------------------------------------


def test_that_a_given_path_comes_before_all_others(places: SimpleNamespace, tmp_path: Path) -> None:
    put(places.user)
    own = tmp_path / "own.py"
    own.touch()
    assert find_zoo(own) == own


def test_that_a_given_path_that_does_not_exist_is_an_error_naming_it(places: SimpleNamespace) -> None:
    put(places.user)
    with pytest.raises(ModelZooError, match=r"no file .*nowhere\.py: give the path"):
        find_zoo(Path("nowhere.py"))


def test_that_a_source_checkout_uses_its_own_file_first(places: SimpleNamespace) -> None:
    (places.root / "bootstrap.py").touch()
    put(places.user)
    own = put(places.root)
    assert find_zoo() == own


def test_that_an_installed_package_uses_the_users_file_before_the_delivered_one(
    places: SimpleNamespace,
) -> None:
    delivered = put(places.root)
    assert find_zoo() == delivered
    own = put(places.user)
    assert find_zoo() == own


def test_that_a_frozen_program_looks_beside_its_executable_first(places: SimpleNamespace) -> None:
    places.frozen = True
    put(places.root)
    own = put(places.user)
    assert find_zoo() == own
    beside = put(places.executable)
    assert find_zoo() == beside


def test_that_on_macos_the_file_lies_beside_the_app(places: SimpleNamespace, tmp_path: Path) -> None:
    places.frozen = True
    places.executable = tmp_path / "Applications" / "AID.app" / "Contents" / "MacOS"
    places.executable.mkdir(parents=True)
    put(places.root)
    own = put(tmp_path / "Applications")
    assert find_zoo() == own


def test_that_every_searched_place_is_named_if_there_is_no_file(places: SimpleNamespace) -> None:
    with pytest.raises(ModelZooError) as caught:
        find_zoo()
    assert str(places.user) in str(caught.value)
    assert str(places.root) in str(caught.value)


# --- listing ----------------------------------------------------------------------------------------------


def test_that_listing_reads_name_family_size_description_and_line_in_the_order_of_the_file(
    write: Callable[..., Path],
) -> None:
    path = write(
        '@architecture("Second", min_size=4, family="mlp")\n'
        "def b(input_shape, n_classes):\n"
        '    """Two\n    lines.\n\n    More.\n    """\n'
        '@architecture(name="First")\n'
        "@staticmethod\n"
        "def a(input_shape, n_classes): ...\n"
        "def helper(): ...\n"
    )
    assert list_architectures(path) == (
        Architecture("Second", Family.MLP, 4, "Two lines.", "b", 3),
        Architecture("First", Family.CNN, 1, "", "a", 11),
    )


def test_that_listing_executes_nothing(write: Callable[..., Path]) -> None:
    path = write('raise SystemExit("executed")\n@architecture("N")\ndef n(s, c): ...\n')
    assert [item.name for item in list_architectures(path)] == ["N"]


def test_that_listing_and_checking_the_size_import_no_keras() -> None:
    program = (
        "import sys; from pathlib import Path; from aid_desktop.models import zoo\n"
        f"items = zoo.list_architectures(zoo.find_zoo(Path({str(DELIVERED)!r})))\n"
        "zoo.check_size(zoo.find_architecture(items, 'LeNet5_do'), (32, 32, 1))\n"
        "print(len(items), [name for name in ('keras', 'tensorflow', 'numpy') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=DELIVERED.parent
    )
    assert result.stdout.split(maxsplit=1)[1].strip() == "[]"


def test_that_a_file_of_windows_notepad_is_read(write: Callable[..., Path]) -> None:
    text = '@architecture("N")\r\ndef n(s, c):\r\n    """µm × µm"""\r\n'
    path = write(text, head="\ufeff" + HEAD)
    assert list_architectures(path)[0].description == "µm × µm"
    assert load_zoo(path).architectures == list_architectures(path)


BROKEN = [
    ("def n(:\n", "line 2: invalid syntax"),
    ("x = 1\nreturn x\n", "line 3: 'return' outside function"),
    ('@architecture("N")\ndef a(s, c): ...\n@architecture("N")\ndef b(s, c): ...\n',
     "line 5: two architectures have the name N, in line 3 and in line 5"),
    ('@architecture("A")\ndef n(s, c): ...\n@architecture("B")\ndef n(s, c): ...\n',
     "line 5: two functions have the name n, in line 3 and in line 5"),
    ('size = 4\n@architecture("N", min_size=size)\ndef n(s, c): ...\n',
     "line 3: min_size of @architecture must be written out, got size"),
    ('@architecture({[]: 1})\ndef n(s, c): ...\n', "line 2: name of @architecture must be written out"),
    ('@architecture("N", **words)\ndef n(s, c): ...\n', r"line 2: @architecture does not take \*\* here"),
    ('@architecture("N", colour=3)\ndef n(s, c): ...\n', "line 2: @architecture does not take colour here"),
    ('@architecture("N", name="M")\ndef n(s, c): ...\n', "line 2: @architecture does not take name here"),
    ('@architecture("N", 16)\ndef n(s, c): ...\n', "line 2: @architecture takes one name in brackets"),
    ("@architecture\ndef n(s, c): ...\n", "line 2: @architecture takes one name in brackets"),
    ("@architecture(min_size=3)\ndef n(s, c): ...\n", "line 2: the name of an architecture must be a text"),
    ('@architecture("N", min_size=0)\ndef n(s, c): ...\n', "line 2: min_size of N"),
    ('@architecture("N_*_b")\ndef n(s, c, k): ...\n', "line 2: .* may have a star at its end only, got 'N_\\*_b'"),
    ('@architecture("N", family="x")\ndef n(s, c): ...\n', "line 2: family of N must be one of mlp, cnn"),
    ('if True:\n    @architecture("N")\n    def n(s, c): ...\n', "line 3: .* begins at the left margin"),
    ('@architecture("N")\nclass N: ...\n', "line 2: @architecture must stand above a function"),
    ("x = '\0'\n", "null bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_that_a_broken_file_is_refused_with_its_line_when_listed_and_when_loaded(
    write: Callable[..., Path], text: str, message: str
) -> None:
    path = write(text)
    for use in (list_architectures, load_zoo):
        with pytest.raises(ModelZooError, match=message) as caught:
            use(path)
        assert str(caught.value).startswith(str(path))


def test_that_a_file_that_cannot_be_read_is_an_error_naming_it(tmp_path: Path) -> None:
    with pytest.raises(ModelZooError, match=r"absent\.py cannot be read: "):
        list_architectures(tmp_path / "absent.py")


# --- loading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nimport no_such_module\n", "line 3: ModuleNotFoundError: No module named 'no_such_module'"),
        ("import sys\nsys.exit()\n", "line 3: SystemExit"),
        ("def f():\n    return 1 / 0\nf()\n", "line 3: ZeroDivisionError: division by zero"),
        ('raise ValueError("a\\n\\x1b[1mb\\x1b[0m" + "c" * 999)\n', "line 2: ValueError: a bccc.*…$"),
    ],
)
def test_that_a_file_that_fails_when_executed_gives_its_line_and_leaves_no_module(
    write: Callable[..., Path], text: str, message: str
) -> None:
    before = set(sys.modules)
    path = write(text)
    with pytest.raises(ModelZooError, match=message) as caught:
        load_zoo(path)
    assert str(caught.value).startswith(str(path))
    assert not [name for name in set(sys.modules) - before if name.startswith("model_zoo")]


def test_that_a_failing_reload_of_the_same_text_keeps_the_module_loaded_before(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    text = f"from pathlib import Path\nassert not Path({str(tmp_path / 'bad')!r}).exists()\n"
    path = write(text)
    before = set(sys.modules)
    load_zoo(path)
    (name,) = {name for name in set(sys.modules) - before if name.startswith("model_zoo")}
    module = sys.modules[name]
    (tmp_path / "bad").touch()
    with pytest.raises(ModelZooError, match=r"line 3: AssertionError$"):
        load_zoo(path)
    assert sys.modules[name] is module


def test_that_loading_writes_nothing_and_a_change_of_the_same_length_is_seen_at_once(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write('@architecture("A")\ndef n(s, c): ...\n')
    first = load_zoo(path)
    stat = path.stat()
    write('@architecture("B")\ndef n(s, c): ...\n')
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    second = load_zoo(path)
    assert [first.architectures[0].name, second.architectures[0].name] == ["A", "B"]
    assert first.digest != second.digest
    assert first.path == path
    assert [item.name for item in tmp_path.iterdir()] == ["model_zoo.py"]


def test_that_the_suffix_of_the_file_does_not_matter(write: Callable[..., Path]) -> None:
    assert load_zoo(write("", name="my nets.txt")).architectures == ()


def test_that_dataclasses_work_in_the_file(write: Callable[..., Path]) -> None:
    head = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    load_zoo(write("@dataclass\nclass Block:\n    filters: int = 3\n", head=head))


@pytest.mark.parametrize("line", ["n = None", "def n(s, c): ..."])
def test_that_an_architecture_whose_name_is_reused_further_down_is_refused(
    write: Callable[..., Path], line: str
) -> None:
    path = write(f'@architecture("N")\ndef n(s, c): ...\n{line}\n')
    with pytest.raises(ModelZooError, match="line 3: n is not the architecture N any more"):
        load_zoo(path)


# --- choosing ---------------------------------------------------------------------------------------------

ITEMS = tuple(Architecture.declared(name, min_size=16) for name in ("MLP_8_8_8", "LeNet5", "LeNet5_do"))


def test_that_an_architecture_is_found_by_its_exact_name() -> None:
    assert find_architecture(ITEMS, "LeNet5") is ITEMS[1]


def test_that_an_unknown_name_is_answered_with_similar_ones_whatever_the_case() -> None:
    with pytest.raises(ModelZooError, match=r"no architecture lenet5_DO .* mean LeNet5_do or LeNet5\?"):
        find_architecture(ITEMS, "lenet5_DO")


def test_that_a_name_like_no_other_is_answered_with_all() -> None:
    with pytest.raises(ModelZooError, match="There are: MLP_8_8_8, LeNet5, LeNet5_do"):
        find_architecture(ITEMS, "VGG")
    with pytest.raises(ModelZooError, match="There are: none"):
        find_architecture((), "VGG")


PATTERN = Architecture.declared("MLP_*", family="mlp", function_name="mlp")
WITH_PATTERN = (ITEMS[0], PATTERN, *ITEMS[1:])


def test_that_numbers_in_place_of_a_star_make_an_architecture() -> None:
    item = find_architecture(WITH_PATTERN, "MLP_96_80")
    assert (item.name, item.numbers, item.family, item.is_pattern) == ("MLP_96_80", (96, 80), Family.MLP, False)
    assert find_architecture(WITH_PATTERN, "MLP_4096_1_1_1_1_1_1_1").numbers == (4096, *[1] * 7)


def test_that_a_written_out_architecture_comes_before_the_one_that_a_star_would_make() -> None:
    assert find_architecture(WITH_PATTERN, "MLP_8_8_8") is ITEMS[0]


@pytest.mark.parametrize(
    "numbers", ["", "*", "0", "4_0", "4097", "1_1_1_1_1_1_1_1_1", "08_8", "8__8", "_8", "8_", "8" * 5000]
)
def test_that_other_numbers_in_place_of_a_star_are_refused_with_what_is_possible(numbers: str) -> None:
    with pytest.raises(ModelZooError, match="one to 8 whole numbers from 1 to 4096, joined by _, as in MLP_24_16_24"):
        find_architecture(WITH_PATTERN, f"MLP_{numbers}")


@pytest.mark.parametrize("name", ["MLP_8_8_x", "96_80", "mlp_8_8"])
def test_that_a_name_that_is_none_is_answered_with_similar_ones_though_there_is_a_star(name: str) -> None:
    with pytest.raises(ModelZooError, match=f"no architecture {name} in .*MLP_8_8_8") as caught:
        find_architecture(WITH_PATTERN, name)
    assert ("MLP_* stands for names such as MLP_24_16_24" in str(caught.value)) == name.lower().startswith("mlp_")


@given(st.lists(st.integers(1, 4096), min_size=1, max_size=8))
def test_that_every_list_of_up_to_eight_numbers_makes_a_name_and_comes_back_from_it(numbers: list[int]) -> None:
    name = "MLP_" + "_".join(map(str, numbers))
    assert find_architecture((PATTERN,), name).numbers == tuple(numbers)


def test_that_too_small_images_are_refused_in_either_direction() -> None:
    item = ITEMS[2]
    check_size(item, (16, 16, 1))
    with pytest.raises(ModelZooError) as caught:
        check_size(item, (12, 12, 1))
    assert str(caught.value) == (
        "LeNet5_do needs images of at least 16 × 16 px, got 12 × 12: choose a larger size or another architecture"
    )
    for shape in ((15, 40, 3), (40, 15, 3)):
        with pytest.raises(ModelZooError, match=f"got {shape[1]} × {shape[0]}"):
            check_size(item, shape)


# --- building, without Keras: any object with the shapes of a model will do ---------------------------------

FAKE = (
    "class Fake:\n"
    "    def __init__(self, taken, given):\n"
    "        self.input_shape, self.output_shape = taken, given\n"
    "    def count_params(self): return 7\n"
)  # 4 lines: what follows begins in line 6


def test_that_build_hands_shape_and_classes_to_the_function(write: Callable[..., Path]) -> None:
    text = '@architecture("N")\ndef n(shape, classes): return Fake((None, *shape), (None, classes))\n'
    model = load_zoo(write(FAKE + text)).build("N", (8, 9, 3), 5)
    assert model.input_shape == (None, 8, 9, 3)
    assert model.output_shape == (None, 5)


def test_that_build_hands_the_numbers_of_a_name_to_the_function_with_the_star(write: Callable[..., Path]) -> None:
    text = (
        '@architecture("N_*")\ndef n(shape, classes, numbers):\n'
        "    assert numbers == (3, 20)\n    return Fake((None, *shape), (None, classes))\n"
    )
    path = write(FAKE + text)
    zoo = load_zoo(path)
    assert zoo.build("N_3_20", (8, 9, 3), 5).output_shape == (None, 5)
    assert [row["name"] for row in describe(zoo, zoo.architectures)] == []
    with pytest.raises(ModelZooError, match=r"model_zoo\.py, line 8: N_3 for images .*AssertionError"):
        zoo.build("N_3", (8, 9, 3), 5)
    with pytest.raises(ModelZooError, match=r"N_\* is no architecture"):
        zoo.build("N_*", (8, 9, 3), 5)


def test_that_build_refuses_small_images_and_unknown_names_before_the_function_is_called(
    write: Callable[..., Path],
) -> None:
    zoo = load_zoo(write('@architecture("N", min_size=4)\ndef n(s, c): raise AssertionError\n'))
    with pytest.raises(ModelZooError, match="N needs images of at least 4 × 4 px, got 3 × 4"):
        zoo.build("N", (4, 3, 1), 2)
    with pytest.raises(ModelZooError, match="Did you mean N"):
        zoo.build("n", (4, 4, 1), 2)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return helper()", r"line 3: N for images \(8, 9, 1\) and 2 classes: KeyError: 'x'"),
        ("raise SystemExit(3)", "line 6: N for images .*: SystemExit: 3"),
        ("return __import__('json').loads('{')", "line 6: .*JSONDecodeError"),
        ("return None", "line 5: N returns NoneType, not a model"),
        ("return Fake((None, *s), (None, 3))", r"line 5: N gives an output of shape \(None, 3\), expected"),
        (
            "return Fake((None, *s), (None, 1, 1, c))",
            r"output of shape \(None, 1, 1, 2\), expected \(None, 2\)",
        ),
        ("return Fake((None, 8, 8, 1), (None, c))", r"takes images of shape \(None, 8, 8, 1\), expected"),
        ("return Fake((None, 72), (None, c))", r"takes images of shape \(None, 72\), expected"),
    ],
)
def test_that_a_function_that_fails_or_returns_something_else_gives_its_line(
    write: Callable[..., Path], body: str, message: str
) -> None:
    text = f"def helper():\n    return {{}}['x']\n@architecture('N')\ndef n(s, c):\n    {body}\n"
    path = write(text + FAKE)
    with pytest.raises(ModelZooError, match=message) as caught:
        load_zoo(path).build("N", (8, 9, 1), 2)
    assert str(caught.value).startswith(f"{path}, line ")


def test_that_inputs_of_open_size_are_accepted(write: Callable[..., Path]) -> None:
    text = '@architecture("N")\ndef n(s, c): return Fake((None, None, None, 1), (None, c))\n'
    assert load_zoo(write(FAKE + text)).build("N", (8, 9, 1), 2) is not None


@pytest.mark.parametrize("image", ["(None, *s)", "(None, None, None, 1)"])
def test_that_a_network_of_image_and_features_is_told_how_many_there_are(
    write: Callable[..., Path], image: str
) -> None:
    text = f'@architecture("N", family="multi_input")\ndef n(s, c, f): return Fake([{image}, (None, f)], (None, c))\n'
    assert load_zoo(write(FAKE + text)).build("N", (8, 9, 1), 2, 4) is not None


@pytest.mark.parametrize(
    "taken",
    ["(None, *s)", "[(None, *s)]", "[(None, f), (None, *s)]", "[(None, *s), (None, 3)]", "{'a': (None, *s), 'b': 1}"],
)
def test_that_other_inputs_than_image_and_features_are_refused(write: Callable[..., Path], taken: str) -> None:
    text = f'@architecture("N", family="multi_input")\ndef n(s, c, f): return Fake({taken}, (None, c))\n'
    with pytest.raises(ModelZooError, match=r"expected \[\(None, 8, 9, 1\), \(None, 4\)\]: return keras.Model"):
        load_zoo(write(FAKE + text)).build("N", (8, 9, 1), 2, 4)


def test_that_features_and_the_family_go_together(write: Callable[..., Path]) -> None:
    text = (
        '@architecture("Both", family="multi_input")\n'
        "def both(s, c, f):\n    return Fake([(None, *s), (None, f)], (None, c))\n"
        '@architecture("Image")\ndef image(s, c):\n    return Fake((None, *s), (None, c))\n'
    )
    zoo = load_zoo(write(FAKE + text))
    with pytest.raises(ModelZooError, match=r"Both takes features besides the image, none are chosen: choose some"):
        zoo.build("Both", (8, 9, 1), 2)
    with pytest.raises(ModelZooError, match=r"Image takes images alone, 1 feature is chosen: remove them"):
        zoo.build("Image", (8, 9, 1), 2, 1)
    with pytest.raises(ModelZooError, match=r"Image takes images alone, 3 features are chosen"):
        zoo.build("Image", (8, 9, 1), 2, 3)
    assert [row["parameters"] for row in describe(zoo, zoo.architectures)] == [7, 7]


@pytest.mark.parametrize("taken", ["[(None, *s), (None, 4)]", "dict.fromkeys('abcd', (None, *s))"])
def test_that_several_inputs_are_refused_where_one_is_expected(write: Callable[..., Path], taken: str) -> None:
    text = f'@architecture("N")\ndef n(s, c): return Fake({taken}, (None, c))\n'
    with pytest.raises(ModelZooError, match="takes images of shape"):
        load_zoo(write(FAKE + text)).build("N", (8, 9, 1), 2)


def test_that_a_broken_function_does_not_hide_the_others_in_the_description(
    write: Callable[..., Path],
) -> None:
    text = (
        '@architecture("Broken", family="mlp")\ndef broken(s, c):\n    """Oh."""\n    return 1 / 0\n'
        '@architecture("Whole", min_size=48)\n'
        "def whole(s, c):\n    assert s == (48, 48, 3) and c == 5\n    return Fake((None, *s), (None, c))\n"
    )
    zoo = load_zoo(write(FAKE + text))
    broken, whole = describe(zoo, zoo.architectures, channels=3, n_classes=5)
    assert "line 9: Broken for images (32, 32, 3) and 5 classes: ZeroDivisionError" in str(broken.pop("error"))
    assert broken == {
        "name": "Broken", "family": "mlp", "min_size": 1, "parameters": None, "multiply_adds": None,
        "description": "Oh.",
    }  # fmt: skip
    assert whole == {
        "name": "Whole", "family": "cnn", "min_size": 48, "parameters": 7, "multiply_adds": None,
        "description": "",
    }  # fmt: skip


# --- building, with Keras ---------------------------------------------------------------------------------


@pytest.mark.keras
def test_that_the_example_in_the_delivered_file_added_to_a_copy_of_it_is_listed_and_built(
    tmp_path: Path,
) -> None:
    path = tmp_path / "model_zoo.py"
    delivered = DELIVERED.read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse(delivered)) or ""
    example = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    path.write_text(f"{delivered}\n{example}\n", encoding="utf-8")
    assert list_architectures(path)[:-1] == list_architectures(DELIVERED)
    zoo = load_zoo(path)
    (row,) = describe(zoo, zoo.architectures[-1:], size=16)
    (too_small,) = describe(zoo, zoo.architectures[-1:], size=7)
    assert "needs images of at least 16 × 16 px, got 7 × 7" in str(too_small["error"])
    assert (row["name"], row["description"]) == ("MyNet", "One line about it, shown in the program.")
    assert row["parameters"] == (9 + 1) * 32 + (14 * 14 * 32 + 1) * 2
    assert row["multiply_adds"] == 14 * 14 * 9 * 32 + 14 * 14 * 32 * 2


@pytest.mark.keras
@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("x", "line 4: N returns KerasTensor, not a model"),
        ("keras.layers.Dense(c)", "N returns Dense, not a model"),
        ("keras.Sequential([keras.layers.Dense(c)])", "N returns Sequential, not a model with input"),
        ("keras.Model(x, x)", r"N gives an output of shape \(None, 4, 4, 1\), expected \(None, 2\)"),
        (
            "keras.Model(x, keras.layers.MaxPooling2D(5)(x))",
            "line 6: N for images .*size would be zero or neg",
        ),
        ("keras.Model(x, keras.layers.Reshape((3,))(x))", r"target_shape=\(3,\)$"),
    ],
)
def test_that_what_keras_makes_of_a_slip_is_told_in_one_line(
    write: Callable[..., Path], returned: str, message: str
) -> None:
    text = f'import keras\n@architecture("N")\ndef n(s, c):\n    x = keras.Input(s)\n    return {returned}\n'
    with pytest.raises(ModelZooError, match=message) as caught:
        load_zoo(write(text)).build("N", (4, 4, 1), 2)
    assert not set("\n\x1b") & set(str(caught.value))


@pytest.mark.keras
def test_that_the_layers_have_the_same_names_whenever_a_network_is_built() -> None:
    zoo = load_zoo(DELIVERED)
    first, _, again = (zoo.build(name, (16, 16, 1), 2) for name in ("LeNet5_do", "MLP_8_8_8", "LeNet5_do"))
    assert [layer.name for layer in first.layers] == [layer.name for layer in again.layers]
    assert {"conv2d", "conv2d_1", "dense", "dense_1", "dense_2"} <= {layer.name for layer in first.layers}


@pytest.mark.keras
def test_that_the_cost_is_that_of_the_network_but_no_weight_gets_a_number(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; import tensorflow as tf; from aid_desktop.models.zoo import load_zoo\n"
        f"zoo = load_zoo(Path({str(DELIVERED)!r}))\n"
        "print([zoo.cost(name, (32, 32, 1), 2).parameters for name in ('LeNet5_bn_do', 'CompactMobileNet')])\n"
        # TensorFlow refuses that once it has computed anything.
        "tf.config.threading.set_intra_op_parallelism_threads(3)\n"
        "print(zoo.build('LeNet5_bn_do', (32, 32, 1), 2).count_params())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=DELIVERED.parent
    )
    assert result.stdout.split("\n")[:2] == ["[61930, 178962]", "61930"]


@pytest.mark.keras
def test_that_a_network_that_needs_its_weights_while_it_is_made_is_counted_all_the_same(
    write: Callable[..., Path],
) -> None:
    text = (
        'import keras\n@architecture("N")\ndef n(s, c):\n    x = keras.Input(s)\n    layer = keras.layers.Dense(c)\n'
        "    model = keras.Model(x, layer(keras.layers.Flatten()(x)))\n"
        "    assert layer.kernel.numpy().size == 32\n    return model\n"
    )
    cost = load_zoo(write(text)).cost("N", (4, 4, 1), 2)
    assert (cost.parameters, cost.multiply_adds) == (34, 32)
