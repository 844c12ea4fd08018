"""bootstrap.py: what it installs, when, and what it says when it cannot."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).resolve().parents[1] / "bootstrap.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up there.
    sys.modules["bootstrap"] = module
    spec.loader.exec_module(module)
    return module


bootstrap = load()


class Commands:
    """A runner that notes the commands; `venv` leaves a Python behind as the real one does."""

    def __init__(self, project, fail: str = "", python: str = "") -> None:
        self.python = Path(python or project.program("python"))
        self.fail = fail
        self.seen: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> int:
        self.seen.append(list(command))
        if self.fail and self.fail in command:
            return 1
        if "venv" in command:
            self.python.parent.mkdir(parents=True, exist_ok=True)
            self.python.touch()
        return 0

    @property
    def kinds(self) -> list[str]:
        return [command[2] for command in self.seen]


@pytest.fixture
def project(tmp_path: Path):
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "constraints.txt").write_text("numpy==2.4.6\n")
    (tmp_path / ".ci" / "constraints-exports-old.txt").write_text("mxnet==1.9.1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return bootstrap.Project(tmp_path)


def linux(
    missing: Sequence[str] = (),
    apt: bool = True,
    fonts: bool = True,
    venv: bool = True,
    root: bool = False,
):
    """Return a Linux system without the libraries and programs in `missing`."""
    return bootstrap.System(
        can_load=lambda library: library not in missing,
        find_program=lambda name: None if name in missing or (name == "apt-get" and not apt) else f"/bin/{name}",
        has_fonts=lambda: fonts,
        has_venv=lambda: venv,
        is_root=root,
    )


ALL = bootstrap.Needs(window=True, display=True, virtual_display=True)


def knows_all(name: str) -> bool:
    return not name.endswith("t64")


def knows_debian_13(name: str) -> bool:
    return name != "libglib2.0-0"


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7), (4, 0)])
def test_that_another_python_is_refused_in_plain_words(version: tuple[int, int]) -> None:
    problem = bootstrap.python_problem(version, "Linux", "x86_64")
    assert problem.startswith(f"This is Python {version[0]}.{version[1]}. AID Desktop needs Python 3.11, 3.12 or 3.13")


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
@pytest.mark.parametrize("machine", [("Linux", "x86_64"), ("Windows", "AMD64"), ("Darwin", "arm64")])
def test_that_a_python_with_tensorflow_is_taken(version: tuple[int, int], machine: tuple[str, str]) -> None:
    assert bootstrap.python_problem(version, *machine) == ""


def test_that_a_machine_without_tensorflow_is_refused() -> None:
    assert "Apple silicon" in bootstrap.python_problem((3, 11), "Darwin", "x86_64")


def test_that_the_stamp_changes_with_what_is_to_be_installed(project) -> None:
    digests = {bootstrap.digest_of(project)}
    project.constraints.write_text("numpy==2.4.7\n")
    digests.add(bootstrap.digest_of(project))
    (project.root / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    digests.add(bootstrap.digest_of(project))
    assert len(digests) == 3


def test_that_a_second_call_installs_nothing(project) -> None:
    first, second = Commands(project), Commands(project)
    assert bootstrap.ensure_environment(project, first)
    assert not bootstrap.ensure_environment(project, second)
    assert (first.kinds, second.seen) == (["venv", "pip"], [])


def test_that_changed_constraints_are_installed_into_the_same_environment(project) -> None:
    bootstrap.ensure_environment(project, Commands(project))
    project.constraints.write_text("numpy==2.4.7\n")
    commands = Commands(project)
    assert bootstrap.ensure_environment(project, commands)
    assert commands.kinds == ["pip"]
    assert bootstrap.is_ready(project)


def test_that_a_half_made_environment_is_made_anew(project) -> None:
    with pytest.raises(bootstrap.SetupError, match="pip could not install"):
        bootstrap.ensure_environment(project, Commands(project, fail="pip"))
    assert not bootstrap.is_ready(project)
    commands = Commands(project)
    assert bootstrap.ensure_environment(project, commands)
    assert commands.kinds == ["venv", "pip"]
    assert "--clear" in commands.seen[0]


def test_that_an_environment_whose_python_is_gone_is_made_anew(project) -> None:
    bootstrap.ensure_environment(project, Commands(project))
    Path(project.program("python")).unlink()
    commands = Commands(project)
    assert bootstrap.ensure_environment(project, commands)
    assert commands.kinds == ["venv", "pip"]


def test_that_pip_installs_the_project_editable_with_exact_versions(project) -> None:
    command = bootstrap.pip_command(project, {"test"})
    assert command[command.index("--constraint") + 1] == str(project.constraints)
    assert command[command.index("--editable") + 1] == f"{project.root}[test]"


def test_that_rivals_and_runtimes_are_installed_where_they_are_used_and_then_kept(project) -> None:
    installed = []
    for command in ("run", "benchmark", "test", "benchmark"):
        commands = Commands(project)
        bootstrap.ensure_environment(project, commands, bootstrap.extras_of(command))
        installed.append([seen[-1].removeprefix(str(project.root)) for seen in commands.seen if "pip" in seen])
    assert installed == [["[test]"], ["[benchmark,test]"], ["[benchmark,export,test]"], []]
    project.constraints.write_text("numpy==2.4.7\n")
    commands = Commands(project)
    bootstrap.ensure_environment(project, commands, bootstrap.extras_of("test"))
    assert commands.seen[-1][-1].endswith("[benchmark,export,test]")


def test_that_a_stamp_without_extras_is_completed(project) -> None:
    bootstrap.ensure_environment(project, Commands(project))
    project.stamp.write_text(bootstrap.digest_of(project) + "\n")
    commands = Commands(project)
    assert bootstrap.ensure_environment(project, commands)
    assert commands.kinds == ["pip"]


def old_commands(project, fail: str = "") -> Commands:
    return Commands(project, fail, project.old_python)


def find_python_311(name: str) -> str | None:
    return "/bin/python3.11" if name == "python3.11" else None


def test_that_old_runtimes_are_installed_beside_ours_and_once(project) -> None:
    first, second, third = old_commands(project), old_commands(project), old_commands(project)
    assert bootstrap.ensure_old_runtimes(project, first, find_python_311)
    assert not bootstrap.ensure_old_runtimes(project, second, find_python_311)
    assert (first.kinds, second.seen) == (["venv", "pip"], [])
    assert first.seen[0][-1] == str(project.root / ".venv-exports-old")
    assert first.seen[1][0] == project.old_python
    assert first.seen[1][-2:] == ["--requirement", str(project.old_constraints)]
    project.old_constraints.write_text("mxnet==1.9.0\n")
    assert bootstrap.ensure_old_runtimes(project, third, find_python_311)
    assert third.kinds == ["venv", "pip"]
    assert not project.venv.exists()


def test_that_old_runtimes_take_python_311_only(project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 13, 1, "final", 0))
    with pytest.raises(bootstrap.SetupError, match=r"need Python 3\.11.*install it as python3\.11"):
        bootstrap.ensure_old_runtimes(project, old_commands(project), lambda name: None)
    commands = old_commands(project)
    assert bootstrap.ensure_old_runtimes(project, commands, find_python_311)
    assert commands.seen[0][0] == "/bin/python3.11"


@pytest.mark.parametrize("fail", ["venv", "pip"])
def test_that_old_runtimes_that_cannot_be_installed_are_told_and_tried_again(project, fail: str) -> None:
    with pytest.raises(bootstrap.SetupError, match="see above"):
        bootstrap.ensure_old_runtimes(project, old_commands(project, fail), find_python_311)
    assert bootstrap.ensure_old_runtimes(project, old_commands(project), find_python_311)


def test_that_the_tests_of_old_runtimes_know_their_python(project) -> None:
    step = bootstrap.pytest_step(project, ["--exports-old", "-k", "mxnet"])
    assert step.command[3:] == ("tests/export", "-m", "exports_old", "-rs", "-k", "mxnet")
    assert dict(step.environment)["AID_DESKTOP_OLD_PYTHON"] == project.old_python
    plain = bootstrap.pytest_step(project, ["-k", "mxnet"])
    assert plain.command[3:] == ("-k", "mxnet")
    assert "AID_DESKTOP_OLD_PYTHON" not in dict(plain.environment)


def declare(project) -> None:
    """Write a pyproject.toml with what a standalone program is made of."""
    (project.root / "pyproject.toml").write_text(
        '[project]\ndependencies = ["tensorflow>=2.18,<2.22", "tensorflow-io", "numpy>=1.26"]\n'
        '[project.optional-dependencies]\nbuild = ["pyinstaller>=6.10"]\ntest = ["pytest"]\n'
    )


def freeze_commands(project, fail: str = "") -> Commands:
    return Commands(project, fail, project.python_in(project.freeze_venv))


def test_that_the_standalone_program_has_the_dependencies_and_no_code_for_gpus(project) -> None:
    declare(project)
    wanted = bootstrap.standalone_requirements(project, "Linux", "x86_64")
    assert wanted == ["tensorflow-cpu>=2.18,<2.22", "tensorflow-io", "numpy>=1.26", "pyinstaller>=6.10"]
    for system in (("Darwin", "arm64"), ("Windows", "AMD64"), ("Linux", "aarch64")):
        assert bootstrap.standalone_requirements(project, *system)[0] == "tensorflow>=2.18,<2.22"


def test_that_what_it_is_built_from_is_installed_once_and_with_exact_versions(project) -> None:
    declare(project)
    first, second, third = freeze_commands(project), freeze_commands(project), freeze_commands(project)
    assert bootstrap.ensure_freeze_environment(project, first, "Linux", "x86_64")
    assert not bootstrap.ensure_freeze_environment(project, second, "Linux", "x86_64")
    assert (first.kinds, second.seen) == (["venv", "pip"], [])
    assert first.seen[1][first.seen[1].index("--constraint") + 1] == str(project.constraints)
    project.constraints.write_text("numpy==2.4.7\n")
    assert bootstrap.ensure_freeze_environment(project, third, "Linux", "x86_64")
    assert not project.venv.exists()


def test_that_a_failed_build_is_told(project) -> None:
    commands = freeze_commands(project, "PyInstaller")
    with pytest.raises(bootstrap.SetupError, match="could not build"):
        bootstrap.build_standalone(project, commands)
    assert commands.seen[0][-1] == str(project.root / "pyinstaller.spec")


def test_that_the_console_program_is_found_inside_of_an_app(project) -> None:
    plain = bootstrap.console_program(project.standalone)
    assert plain.parent == project.standalone
    folder = project.standalone / "AID Desktop.app" / "Contents" / "MacOS"
    folder.mkdir(parents=True)
    (folder / "aid-desktop-cli").touch()
    if os.name != "nt":
        assert bootstrap.console_program(project.standalone) == folder / "aid-desktop-cli"


def test_that_the_self_test_sees_no_python_and_no_user(tmp_path: Path) -> None:
    given = {"PATH": "/python", "PYTHONPATH": "/x", "HOME": "/root", "SYSTEMROOT": "C:\\Windows", "DISPLAY": ":0"}
    assert bootstrap.bare_environment(tmp_path, given, False) == {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    windows = bootstrap.bare_environment(tmp_path, given, True)
    assert windows["SYSTEMROOT"] == given["SYSTEMROOT"]
    assert windows["USERPROFILE"] == str(tmp_path)
    assert "python" not in windows["PATH"]
    assert not {"PYTHONPATH", "HOME", "DISPLAY"} & windows.keys()


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for the program is a shell script")
@pytest.mark.parametrize(("status", "end"), [(0, "self test: passed"), (1, "self test: FAILED (1)")])
def test_that_a_moved_copy_tests_itself(project, capsys: pytest.CaptureFixture[str], status: int, end: str) -> None:
    project.standalone.mkdir(parents=True)
    program = project.standalone / "aid-desktop-cli"
    program.write_text(f'#!/bin/sh\necho "$0 $1"\necho "python: $(command -v python3)"\nexit {status}\n')
    program.chmod(0o755)
    (project.standalone / "data").write_bytes(bytes(2_000_000))
    (project.standalone / "link").symlink_to("data")
    assert bootstrap.try_standalone(project) == status
    size, first, second, last = capsys.readouterr().out.splitlines()
    assert size == f"{project.standalone}: 2 MB"
    assert first.endswith("aid-desktop-cli self-test")
    assert "moved" in first
    assert str(project.standalone) not in first
    assert second.endswith("  python:")
    assert last == end


def test_that_a_complete_system_is_left_alone(project) -> None:
    commands = Commands(project)
    bootstrap.ensure_packages(ALL, linux(), commands, knows_all)
    assert commands.seen == []


def test_that_a_user_is_told_the_exact_command(project) -> None:
    system = linux(missing=["libGL.so.1", "libxcb-shape.so.0", "xauth"], fonts=False)
    with pytest.raises(bootstrap.SetupError) as raised:
        bootstrap.ensure_packages(ALL, system, Commands(project), knows_all)
    assert str(raised.value).endswith(
        "  sudo apt-get update && sudo apt-get install --no-install-recommends -y "
        "libgl1 libxcb-shape0 xauth fonts-dejavu-core"
    )


def test_that_a_missing_venv_module_is_told_too(project) -> None:
    with pytest.raises(bootstrap.SetupError, match=rf"-y python3\.{sys.version_info.minor}-venv$"):
        bootstrap.ensure_packages(bootstrap.Needs(), linux(venv=False), Commands(project), knows_all)


def test_that_newer_systems_get_their_own_package_names(project) -> None:
    system = linux(missing=["libGL.so.1", "libglib-2.0.so.0"])
    with pytest.raises(bootstrap.SetupError, match=r"-y libgl1 libglib2\.0-0t64$"):
        bootstrap.ensure_packages(ALL, system, Commands(project), knows_debian_13)


def test_that_without_apt_the_packages_are_named(project) -> None:
    with pytest.raises(bootstrap.SetupError, match=r"names as in Debian.*: libegl1\n"):
        bootstrap.ensure_packages(ALL, linux(missing=["libEGL.so.1"], apt=False), Commands(project), knows_all)


def test_that_root_gets_the_packages_installed(project) -> None:
    missing = ["libEGL.so.1"]

    def install(command: Sequence[str]) -> int:
        if "install" in command:
            assert command[-2:] == ["libegl1", "-qq"]
            missing.clear()
        return 0

    bootstrap.ensure_packages(ALL, linux(missing, root=True), install, knows_all)
    assert missing == []


def test_that_a_failed_installation_is_told(project) -> None:
    system = linux(missing=["libEGL.so.1"], root=True)
    with pytest.raises(bootstrap.SetupError, match="could not be installed: libegl1"):
        bootstrap.ensure_packages(ALL, system, Commands(project), knows_all)


@pytest.mark.parametrize(
    ("arguments", "display", "needs"),
    [
        (["test"], False, ALL),
        (["test", "-k", "x"], False, bootstrap.Needs(window=True)),
        (["demo"], True, bootstrap.Needs(window=True, display=True)),
        (["demo"], False, bootstrap.Needs(window=True)),
        (["demo", "--offscreen"], True, bootstrap.Needs(window=True)),
        (["freeze"], True, bootstrap.Needs(window=True)),
        (["run"], True, bootstrap.Needs(window=True, display=True)),
        (["run", "gui", "a.rtdc"], True, bootstrap.Needs(window=True, display=True)),
        (["run", "train", "run.toml"], False, bootstrap.Needs()),
    ],
)
def test_that_only_what_a_command_uses_is_asked_for(arguments: list[str], display: bool, needs) -> None:
    environment = {"DISPLAY": ":0"} if display else {}
    assert bootstrap.needs_of(arguments[0], arguments[1:], environment) == needs


def test_that_fonts_are_found_by_their_suffix(tmp_path: Path) -> None:
    assert not bootstrap.has_fonts([str(tmp_path), str(tmp_path / "absent")])
    (tmp_path / "truetype").mkdir()
    (tmp_path / "truetype" / "DejaVuSans.TTF").touch()
    assert bootstrap.has_fonts([str(tmp_path)])


def test_that_all_checks_run_and_pytest_is_last(project, capsys: pytest.CaptureFixture[str]) -> None:
    steps = bootstrap.checks_of(project, "Linux")
    seen = []

    def run(step) -> int:
        seen.append(step)
        return 1 if "format" in step.command else 0

    assert bootstrap.run_steps(steps, run) == 1
    assert seen == steps
    assert "pytest" in steps[-1].command
    assert steps[-1].command[-2:] == ("-m", "not xcb")
    assert capsys.readouterr().out.startswith("Failed so far: ")


def test_that_no_xcb_test_is_no_failure_but_no_test_at_all_is(project) -> None:
    steps = bootstrap.checks_of(project, "Linux")
    assert bootstrap.run_steps(steps, lambda step: 5 if "xvfb-run" in step.command else 0) == 0
    assert bootstrap.run_steps(steps, lambda step: 5 if step is steps[-1] else 0) == 1


@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_that_xcb_is_tested_on_linux_only(project, system: str) -> None:
    assert not any("xvfb-run" in step.command for step in bootstrap.checks_of(project, system))


def test_that_an_unknown_command_shows_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(["fly"]) == 2
    assert bootstrap.main(["--help"]) == 0
    assert capsys.readouterr().out.count("usage: python3 bootstrap.py") == 2


def test_that_benchmarks_are_found_by_their_file(project, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project.root / "tests" / "benchmarks"
    folder.mkdir(parents=True)
    for name in ("disk.py", "augment.py", "__init__.py"):
        (folder / name).touch()
    ran: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "run_quietly", lambda step, _: ran.append(list(step.command[1:])) or 0)
    assert bootstrap.run_benchmarks(project, []) == 0
    assert ran == [[str(folder / "augment.py")], [str(folder / "disk.py")]]
    ran.clear()
    assert bootstrap.run_benchmarks(project, ["disk", "--images", "9"]) == 0
    assert ran == [[str(folder / "disk.py"), "--images", "9"]]


def test_that_an_unknown_benchmark_names_the_known_ones(project, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project.root / "tests" / "benchmarks"
    folder.mkdir(parents=True)
    (folder / "disk.py").touch()
    assert bootstrap.run_benchmarks(project, ["speed"]) == 2
    assert "no benchmark speed; known: disk" in capsys.readouterr().err


def test_that_a_benchmark_needs_no_display() -> None:
    assert bootstrap.needs_of("benchmark", ["disk"], {}) == bootstrap.Needs(window=True)


@pytest.mark.keras
def test_that_the_augment_benchmark_prints_one_line_per_rival() -> None:
    pytest.importorskip("albumentations", reason="a rival that only benchmarks install")
    script = FILE.parent / "tests" / "benchmarks" / "augment.py"
    command = [sys.executable, str(script), "--images", "256", "--repeats", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    assert [figure["rival"] for figure in figures] == 2 * ["cv2.warpAffine alone", "albumentations", "Keras layers"]
    for figure in figures:
        assert set(figure) == {"name", "value", "unit", "rival", "rival_value", "ratio"}
        assert figure["value"] > 0


@pytest.mark.keras
def test_that_the_disk_benchmark_prints_one_line_per_figure() -> None:
    script = FILE.parent / "tests" / "benchmarks" / "disk.py"
    sizes = ("--images", "600", "--decoded", "300", "--events", "2000", "--repeats", "1")
    done = subprocess.run([sys.executable, str(script), *sizes], capture_output=True, text=True, check=True)
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(figures) == (9 if hasattr(os, "posix_fadvise") else 8)
    for figure in figures:
        assert set(figure) == {"name", "value", "unit", "rival", "rival_value", "ratio"}
        assert figure["value"] > 0


@pytest.mark.keras
def test_that_the_inference_benchmark_compares_with_keras_and_with_reading_alone() -> None:
    script = FILE.parent / "tests" / "benchmarks" / "inference.py"
    sizes = ("--images", "300", "--events", "200", "--rounds", "1")
    done = subprocess.run([sys.executable, str(script), *sizes], capture_output=True, text=True, check=True)
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    rivals = {(figure["name"], figure["rival"]) for figure in figures}
    assert {
        ("one image, median", "keras.predict"),
        ("one image, 99th percentile", "compiled Keras function"),
        ("256 images", "keras.predict"),
        ("300 images", "keras.predict"),
        ("from a zstd file", "goal"),
        ("from a gzip file", "reading alone"),
    } <= rivals
    for figure in figures:
        assert set(figure) == {"name", "value", "unit", "rival", "rival_value", "ratio"}
        assert figure["value"] > 0
