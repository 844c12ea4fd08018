"""Find, list and load model_zoo.py, the file of architectures that users edit.

Listing reads the text only; loading executes it. Both raise ModelZooError with file, line and message.
"""

import ast
import difflib
import hashlib
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from aid_desktop.errors import ModelZooError
from aid_desktop.models.cost import Cost, cost_of, without_weights
from aid_desktop.models.layers import number_layers_from_start
from aid_desktop.models.registry import Architecture, Family, marked_name
from aid_desktop.models.seeding import making_network
from aid_desktop.models.zoo_check import misfit_of
from aid_desktop.paths import is_frozen, package_dir, program_dir, shared_dir, user_config_dir

if TYPE_CHECKING:
    import keras

FILE_NAME = "model_zoo.py"
_DECORATOR = "architecture"
_USUAL_SIZE = 32
_MAX_MESSAGE = 400
# What Keras puts below its messages tells of its inside.
_KERAS_ARGUMENTS = "\n\nArguments received by "
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

InputShape = tuple[int, int, int]


def find_zoo(explicit: Path | None = None) -> Path:
    """Return the path of the model_zoo.py to use.

    `explicit` if given; else the first that exists of: beside the executable if frozen (macOS: beside the
    .app), beside the package in a source checkout, in the user's configuration folder, the copy that was
    delivered. Raises ModelZooError, which names the places, if there is none.
    """
    places = [explicit.expanduser()] if explicit else list(dict.fromkeys(_places()))
    for place in places:
        if place.is_file():
            return place.absolute()
    raise ModelZooError(
        f"There is no file {' or '.join(str(place) for place in places)}: "
        f"give the path of a {FILE_NAME}, or install the program again"
    )


def list_architectures(path: Path) -> tuple[Architecture, ...]:
    """Return the architectures of the file in its order, without executing it and without Keras.

    Those whose name ends in a star (`is_pattern`) stand for many; `find_architecture` makes one of them from a name.
    Raises ModelZooError with file and line if the file cannot be read or parsed, if an argument of
    @architecture is no plain value or cannot be used, or if two architectures share a name.
    """
    return _list(_parse(_read(path), path), path)


def load_zoo(path: Path) -> "ModelZoo":
    """Execute the file and return its architectures, ready to be built.

    Raises ModelZooError with file, line and message for all that `list_architectures` refuses and for
    everything that the file itself raises.
    """
    source = _read(path)
    tree = _parse(source, path)
    architectures = _list(tree, path)
    digest = _digest(source)
    # Compiled here, not by a loader of importlib: that would write __pycache__ beside the user's file and,
    # after an edit within the same second, run the old bytecode.
    module = _execute(compile(tree, str(path), "exec", dont_inherit=True), f"model_zoo_{digest[:16]}", path)
    functions: dict[str, Callable[..., object]] = {}
    for item in architectures:
        function = vars(module).get(item.function_name)
        if not callable(function) or marked_name(function) != item.name:
            raise _error(
                path,
                item.line,
                f"{item.function_name} is not the architecture {item.name} any more "
                "after the whole file has run: another line gives its name to something else",
            )
        functions[item.function_name] = function
    return ModelZoo(path, digest, architectures, functions)


def find_architecture(architectures: Sequence[Architecture], name: str) -> Architecture:
    """Return the architecture of that name, or the one that a name with a star makes of it.

    Raises ModelZooError, which names similar ones or says which numbers the star stands for, if there is none.
    """
    for item in architectures:
        if item.name == name and not item.is_pattern:
            return item
    for item in architectures:
        numbers = name.removeprefix(item.prefix)
        # What is no number may be a slip in another name, as in MLP_24_16_24_skip.
        if item.is_pattern and name.startswith(item.prefix) and not numbers.strip("0123456789_*"):
            return item.with_numbers(numbers)
    names = [item.name for item in architectures if not item.is_pattern]
    by_lower_case = {item.lower(): item for item in names}
    near = difflib.get_close_matches(name.lower(), by_lower_case, n=3, cutoff=0.6)
    if near:
        hint = f"Did you mean {' or '.join(by_lower_case[item] for item in near)}?"
    else:
        hint = f"There are: {', '.join(names) or 'none'}."
    for item in architectures:
        if item.is_pattern and name.lower().startswith(item.prefix.lower()):
            hint += f" {item.name} stands for names such as {item.prefix}24_16_24."
    raise ModelZooError(f"There is no architecture {name} in {FILE_NAME}. {hint}")


def check_size(architecture: Architecture, input_shape: InputShape) -> None:
    """Raise ModelZooError if images of `input_shape` (height, width, channels) are too small."""
    height, width, _ = input_shape
    smallest = architecture.min_size
    if min(height, width) < smallest:
        raise ModelZooError(
            f"{architecture.name} needs images of at least {smallest} × {smallest} px, got {width} × {height}"
            ": choose a larger size or another architecture"
        )


def check_features(architecture: Architecture, n_features: int) -> None:
    """Raise ModelZooError if a network of image and features has none chosen, or one of images alone has some."""
    takes_features = architecture.family is Family.MULTI_INPUT
    if takes_features and not n_features:
        raise ModelZooError(
            f"{architecture.name} takes features besides the image, none are chosen: choose some (image.features), or "
            "another architecture"
        )
    if n_features and not takes_features:
        chosen = "1 feature is" if n_features == 1 else f"{n_features} features are"
        raise ModelZooError(
            f"{architecture.name} takes images alone, {chosen} chosen: remove them (image.features), or choose an "
            "architecture of the family multi_input"
        )


@dataclass(frozen=True, slots=True, eq=False)
class ModelZoo:
    """A model_zoo.py that has been executed.

    `digest` is the BLAKE2b checksum of the file, in hexadecimal, as it was executed.
    """

    path: Path
    digest: str
    architectures: tuple[Architecture, ...]
    _functions: Mapping[str, Callable[..., object]] = field(repr=False)

    def build(self, name: str, input_shape: InputShape, n_classes: int, n_features: int = 0) -> "keras.Model":
        """Return a new model, not compiled: (N, *input_shape) in, probabilities (N, n_classes) out.

        With features it takes [images, features], the latter (N, n_features). Its layers have the same names every
        time.

        Raises ModelZooError if there is no such architecture, if the images are too small, if it takes no features or
        needs some, if the function fails (with its line in the file), or if it returns something else than such a
        model.
        """
        item = find_architecture(self.architectures, name)
        check_size(item, input_shape)
        check_features(item, n_features)
        if "keras" in sys.modules:
            number_layers_from_start()
        try:
            features = (n_features,) if n_features else ()
            numbers = (item.numbers,) if item.numbers else ()
            with making_network():
                model = self._functions[item.function_name](input_shape, n_classes, *features, *numbers)
        # The function is the user's: whatever it raises, and sys.exit(), is to be shown with its line.
        except (Exception, SystemExit) as error:
            what = f"{name} for images {input_shape} and {n_classes} classes: {_message(error)}"
            raise _error(self.path, _line(error, self.path) or item.line, what) from error
        problem = misfit_of(model, input_shape, n_classes, n_features)
        if problem:
            raise _error(self.path, item.line, f"{name} {problem}")
        return model

    def cost(self, name: str, input_shape: InputShape, n_classes: int, n_features: int = 0) -> Cost:
        """Return what the network of `build` costs. Raises ModelZooError as `build` does."""

        def count() -> Cost:
            with without_weights():
                return cost_of(self.build(name, input_shape, n_classes, n_features))

        check_size(find_architecture(self.architectures, name), input_shape)
        with ThreadPoolExecutor(1, thread_name_prefix="cost") as pool:
            try:
                return pool.submit(count).result()
            except ModelZooError:
                # A function may need the numbers in its weights: only what fails with them is at fault.
                return cost_of(self.build(name, input_shape, n_classes, n_features))


def read_digest(path: Path) -> str:
    """Return the checksum that `load_zoo` would give the file now. Raises ModelZooError if it cannot be read."""
    return _digest(_read(path))


def describe(
    zoo: ModelZoo,
    architectures: Sequence[Architecture],
    channels: int = 1,
    n_classes: int = 2,
    size: int | None = None,
    n_features: int = 2,
) -> list[dict[str, object]]:
    """Return name, family, min_size, parameters, multiply_adds and description of each architecture in that order.

    Both counts are for images of `size` × `size` pixels, see `cost.Cost`, and as many features if the network takes
    such; without a size for 32 × 32 pixels, or for min_size where that is larger. If the network cannot be built, they
    are None and a further key `error` says why. Names with a star are left out: they stand for networks without end.
    """
    rows: list[dict[str, object]] = []
    for item in architectures:
        if item.is_pattern:
            continue
        row: dict[str, object] = {
            "name": item.name,
            "family": str(item.family),
            "min_size": item.min_size,
            "parameters": None,
            "multiply_adds": None,
            "description": item.description,
        }
        side = max(_USUAL_SIZE, item.min_size) if size is None else size
        features = n_features if item.family is Family.MULTI_INPUT else 0
        try:
            cost = zoo.cost(item.name, (side, side, channels), n_classes, features)
            row |= {"parameters": cost.parameters, "multiply_adds": cost.multiply_adds}
        except ModelZooError as error:
            row["error"] = str(error)
        rows.append(row)
    return rows


def _places() -> Iterator[Path]:
    """Yield where model_zoo.py may be, in order of preference."""
    root = package_dir().parent
    if is_frozen():
        yield program_dir() / FILE_NAME
    elif (root / "bootstrap.py").is_file():
        yield root / FILE_NAME
    yield user_config_dir() / FILE_NAME
    yield root / FILE_NAME
    yield shared_dir() / FILE_NAME


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelZooError(f"{path} cannot be read: {error.strerror or error}") from error


def _digest(source: bytes) -> str:
    return hashlib.blake2b(source).hexdigest()


def _parse(source: bytes, path: Path) -> ast.Module:
    try:
        tree = ast.parse(source, str(path))
        # Some errors, such as `return` outside of a function, are only found by compiling.
        compile(tree, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise _error(path, error.lineno, error.msg) from error
    except ValueError as error:
        raise _error(path, None, f"this is no Python text ({error})") from error
    # What Python 3.11 raises for brackets in brackets in brackets.
    except (MemoryError, RecursionError) as error:
        raise _error(path, None, "this is nested too deep for Python") from error
    return tree


def _list(tree: ast.Module, path: Path) -> tuple[Architecture, ...]:
    """Return the architectures declared in a parsed file."""
    found: list[Architecture] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            if not _is_architecture(decorator):
                continue
            if not isinstance(node, ast.FunctionDef) or node not in tree.body:
                message = f"@{_DECORATOR} must stand above a function that begins at the left margin"
                raise _error(path, decorator.lineno, message)
            found.append(_declaration(decorator, node, path))
    found.sort(key=lambda item: item.line)
    _refuse_duplicates(found, path)
    return tuple(found)


def _is_architecture(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name == _DECORATOR


def _declaration(decorator: ast.expr, function: ast.FunctionDef, path: Path) -> Architecture:
    """Read name, min_size, family and weights from the text of a decorator."""
    line = decorator.lineno
    example = f'write for example @{_DECORATOR}("MyNet", min_size=16)'
    if not isinstance(decorator, ast.Call) or len(decorator.args) > 1:
        raise _error(path, line, f"@{_DECORATOR} takes one name in brackets: {example}")
    given = [("name", value) for value in decorator.args]
    given += [(keyword.arg or "**", keyword.value) for keyword in decorator.keywords]
    arguments: dict[str, object] = {}
    for key, value in given:
        if key not in ("name", "min_size", "family", "weights") or key in arguments:
            raise _error(path, value.lineno, f"@{_DECORATOR} does not take {key} here: {example}")
        try:
            arguments[key] = ast.literal_eval(value)
        except (ValueError, TypeError) as error:
            text = f"{key} of @{_DECORATOR} must be written out, got {ast.unparse(value)}: {example}"
            raise _error(path, value.lineno, text) from error
    try:
        return Architecture.declared(
            arguments.pop("name", None),
            docstring=ast.get_docstring(function) or "",
            function_name=function.name,
            line=function.lineno,
            **arguments,
        )
    except ModelZooError as error:
        raise _error(path, line, str(error)) from error


def _refuse_duplicates(found: Sequence[Architecture], path: Path) -> None:
    first_line: dict[tuple[str, str], int] = {}
    for item in found:
        for kind, name in (("architectures", item.name), ("functions", item.function_name)):
            earlier = first_line.setdefault((kind, name), item.line)
            if earlier != item.line:
                message = f"two {kind} have the name {name}, in line {earlier} and in line {item.line}: rename one"
                raise _error(path, item.line, message)


def _execute(code: CodeType, module_name: str, path: Path) -> ModuleType:
    """Run the file as a module of that name and keep the module in sys.modules, unless it fails."""
    module = ModuleType(module_name)
    module.__file__ = str(path)
    # Dataclasses and Keras look a class's module up in sys.modules.
    earlier = sys.modules.get(module_name)
    sys.modules[module_name] = module
    done = False
    try:
        exec(code, vars(module))
        done = True
    # The file is the user's: whatever it raises, and sys.exit(), is to be shown with its line.
    except (Exception, SystemExit) as error:
        raise _error(path, _line(error, path), _message(error)) from error
    finally:
        if not done:
            del sys.modules[module_name]
        if not done and earlier is not None:
            sys.modules[module_name] = earlier
    return module


def _error(path: Path, line: int | None, message: str) -> ModelZooError:
    return ModelZooError(f"{path}, line {line}: {message}" if line else f"{path}: {message}")


def _line(error: BaseException, path: Path) -> int | None:
    """Return the last line of the file `path` on the way to the error, None if there is none."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == str(path)]
    return lines[-1] if lines else None


def _message(error: BaseException) -> str:
    """Return type and text of an error in one line."""
    text = _TERMINAL_COLOURS.sub("", str(error)).partition(_KERAS_ARGUMENTS)[0]
    text = " ".join(text.split())
    text = text if len(text) <= _MAX_MESSAGE else text[:_MAX_MESSAGE] + "…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
