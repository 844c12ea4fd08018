"""The rules of the house that a machine can check."""

import ast
import dataclasses
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import aid_desktop.settings
from aid_desktop.settings.field import Cost, FieldInfo, Kind, field_infos

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "aid_desktop"
HEAVY = ("tensorflow", "keras", "sklearn", "pandas", "scipy")
LIMITS = {ast.FunctionDef: 50, ast.AsyncFunctionDef: 50, ast.ClassDef: 300}
FILE_LIMIT = 400
WITH_LIMITS = {Kind.INTEGER, Kind.NUMBER, Kind.INTEGER_RANGE, Kind.NUMBER_RANGE, Kind.NUMBERS}
PICKLES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle"}
# Split, so that this file does not find itself.
LEFT_UNDONE = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def sources() -> Iterator[tuple[Path, str]]:
    for path in sorted([*PACKAGE.rglob("*.py"), *ROOT.glob("*.py"), *(ROOT / "tests").rglob("*.py")]):
        yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def declared_settings() -> list[tuple[str, FieldInfo]]:
    declared = {}
    for module in pkgutil.iter_modules(aid_desktop.settings.__path__, "aid_desktop.settings."):
        for item in vars(importlib.import_module(module.name)).values():
            if isinstance(item, type) and dataclasses.is_dataclass(item) and hasattr(item, "SECTION"):
                declared.update({f"{item.__name__}.{name}": info for name, info in field_infos(item).items()})
    return sorted(declared.items())


def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_that_modules_import_only_what_their_layer_may() -> None:
    checked = run_python("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_that_the_architecture_page_has_the_layers_and_the_modules_with_keras() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    contracts = {one["name"]: one for one in pyproject()["tool"]["importlinter"]["contracts"]}
    layers = re.search(r"__main__( > \w+|\n +> \w+)+", page)
    assert layers is not None
    assert re.findall(r"\w+", layers[0]) == contracts["Layers"]["layers"]
    marked = re.findall(r"(\w+)\.py \[K\]", page)
    named = contracts["Keras only in named modules"]["allowed_importers"]
    assert sorted(marked) == sorted(name.rpartition(".")[2] for name in named)


def test_that_the_window_starts_without_the_heavy_packages() -> None:
    code = f"import sys, aid_desktop.gui.app; print([name for name in {HEAVY} if name in sys.modules])"
    started = run_python("-c", code)
    assert (started.returncode, started.stdout.strip()) == (0, "[]"), started.stderr


def test_that_the_modules_of_all_tabs_but_the_first_are_loaded_behind_it() -> None:
    later = [f"aid_desktop.gui.{name}" for name in ("training.training_tab", "history", "assess", "plotting")]
    code = f"import sys, aid_desktop.gui.app; print([name for name in {later} if name in sys.modules])"
    started = run_python("-c", code)
    assert (started.returncode, started.stdout.strip()) == (0, "[]"), started.stderr


def test_that_the_command_line_never_imports_qt() -> None:
    helped = run_python("-X", "importtime", "-m", "aid_desktop", "train", "--help")
    imported = {line.rpartition("|")[2].strip() for line in helped.stderr.splitlines()}
    assert helped.returncode == 0, helped.stderr.splitlines()[-5:]
    assert "aid_desktop.cli.main" in imported
    assert not imported & {"PyQt5", "PyQt5.QtCore", "pyqtgraph", "tensorflow", "keras"}


def test_that_files_classes_and_functions_are_short() -> None:
    too_long = []
    for path, text in sources():
        if path.parts[0] != PACKAGE.name:
            continue
        if len(text.splitlines()) > FILE_LIMIT:
            too_long.append(f"{path}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            limit = LIMITS.get(type(node))
            if limit and node.end_lineno - node.lineno >= limit:
                too_long.append(
                    f"{path}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines of {limit}"
                )
    assert not too_long, "\n".join(too_long)


def test_that_no_file_can_make_the_program_run_code() -> None:
    """But model_zoo.py, which is the user's own program, and what models/trust.py lets through."""
    found = []
    for path, text in sources():
        if path.parts[0] == PACKAGE.name:
            found += [f"{path}: {what}" for node in ast.walk(ast.parse(text)) for what in _ways_to_run_code(node)]
    zoo, files = (str(Path(PACKAGE.name, "models", name)) for name in ("zoo.py", "files.py"))
    assert sorted(found) == [f"{files}: safe_mode", f"{zoo}: exec"]


def _ways_to_run_code(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [item.name for item in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        yield from (name for name in names if name.split(".")[0] in PICKLES)
    if not isinstance(node, ast.Call):
        return
    called, options = ast.unparse(node.func), {keyword.arg: keyword.value for keyword in node.keywords}
    if called in ("eval", "exec", "__import__"):
        yield called
    if called in ("np.load", "numpy.load") and ast.unparse(options.get("allow_pickle", node)) != "False":
        yield called
    if called == "torch.load" and ast.unparse(options.get("weights_only", node)) != "True":
        yield called
    if "safe_mode" in options or "unsafe" in called:
        yield "safe_mode"
    if ast.unparse(options.get("shell", ast.Constant(value=False))) != "False":
        yield "shell"


def test_that_nothing_is_left_undone() -> None:
    found = [
        f"{path}:{number}"
        for path, text in sources()
        for number, line in enumerate(text.splitlines(), 1)
        if LEFT_UNDONE.search(line)
    ]
    assert not found


@pytest.mark.parametrize(("name", "info"), [pytest.param(*item, id=item[0]) for item in declared_settings()])
def test_that_every_setting_tells_what_it_is(name: str, info: FieldInfo) -> None:
    assert info.label
    assert info.help.endswith(".")
    assert isinstance(info.cost, Cost)
    if info.kind in WITH_LIMITS:
        assert info.low is not None
        assert info.high is not None


def test_that_settings_are_declared() -> None:
    assert len(declared_settings()) > 30


def test_that_opencv_is_the_one_without_its_own_qt() -> None:
    import cv2

    installed = {(distribution.metadata["Name"] or "").lower() for distribution in metadata.distributions()}
    assert "opencv-python-headless" in installed
    assert not installed & {"opencv-python", "opencv-contrib-python", "tensorflow-cpu"}
    assert int(cv2.__version__.split(".")[0]) < 5


def test_that_compressed_rtdc_files_can_be_read_without_any_extra() -> None:
    names = {Requirement(text).name for text in pyproject()["project"]["dependencies"]}
    assert {"h5py", "hdf5plugin", "opencv-python-headless"} <= names


def test_that_the_gpu_packages_are_asked_for_on_linux_only() -> None:
    project = pyproject()["project"]
    assert project["requires-python"] == ">=3.11,<3.14"
    for text in project["optional-dependencies"]["gpu"]:
        marker = Requirement(text).marker
        assert marker is not None
        assert marker.evaluate({"sys_platform": "linux"})
        assert not marker.evaluate({"sys_platform": "win32"})
        assert not marker.evaluate({"sys_platform": "darwin"})


def test_that_all_direct_dependencies_are_pinned_but_qt_itself() -> None:
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    names = {pin.name.lower() for pin in pins}
    project = pyproject()["project"]
    wanted = [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["test"]]
    assert all(str(pin.specifier).startswith("==") for pin in pins)
    assert not {one.name.lower() for one in wanted} - names
    assert "pyqt5-qt5" not in names
