"""Set up AID Desktop in `.venv` beside this file, then run it or its checks.

Needs nothing but Python 3.11, 3.12 or 3.13; works on Linux, macOS and Windows. A second call does not
install again: a stamp in `.venv` tells what it was made from.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

USAGE = """usage: python3 bootstrap.py COMMAND [ARGUMENTS]

  demo [ARGUMENTS]         train and assess on the built-in sample, in the window
  test [PYTEST ARGUMENTS]  lint, types, import rules and all tests; with arguments: only pytest with them
  test --exports-old [PYTEST ARGUMENTS]
                           only the tests of exported files in old runtimes, which need Python 3.11
  run [ARGUMENTS]          aid-desktop with these arguments; without any, the window
  benchmark [NAME]         measure against rivals in one run; one JSON line per figure; all without a NAME
  freeze                   build the standalone program, dist/aid-desktop, and run the self test of a copy of it

All install into .venv beside this file first, where that has not been done yet; old runtimes have
.venv-exports-old to themselves, and the standalone program is built from .venv-freeze."""

OLDEST_PYTHON = (3, 11)
NEXT_PYTHON = (3, 14)

# Debian package -> the library that Qt loads from it.
OFFSCREEN_LIBRARIES = {
    "libgl1": "libGL.so.1",
    "libglib2.0-0": "libglib-2.0.so.0",
    "libfontconfig1": "libfontconfig.so.1",
}
XCB_LIBRARIES = {
    "libegl1": "libEGL.so.1",
    "libdbus-1-3": "libdbus-1.so.3",
    "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-image0": "libxcb-image.so.0",
    "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-render-util0": "libxcb-render-util.so.0",
    "libxcb-xinerama0": "libxcb-xinerama.so.0",
    "libxcb-shape0": "libxcb-shape.so.0",
}
# Debian package -> the program that the tests call from it.
TEST_PROGRAMS = {"xvfb": "xvfb-run", "xauth": "xauth"}
FONT_PACKAGE = "fonts-dejavu-core"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
FONT_SUFFIXES = (".ttf", ".otf", ".ttc", ".pfb")

# Sub-commands of aid-desktop that open a window.
WINDOW_COMMANDS = {"gui", "demo", "self-test"}
NO_TESTS_COLLECTED = 5

EXPORTS_OLD = "--exports-old"
# The last NumPy that MXNet runs with has no packages for a later Python.
OLD_RUNTIMES_PYTHON = (3, 11)
# The one that aid_desktop/export/old_runtimes.py reads.
OLD_PYTHON_VARIABLE = "AID_DESKTOP_OLD_PYTHON"

STANDALONE = "aid-desktop"
# Without these Windows starts no program that opens sockets or temporary files.
WINDOWS_VARIABLES = ("SYSTEMROOT", "SYSTEMDRIVE", "TEMP", "TMP", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE")

Runner = Callable[[Sequence[str]], int]


class SetupError(Exception):
    """The set-up cannot go on; the text says why and what to do."""


@dataclass(frozen=True)
class Project:
    """Where things are in a checkout of AID Desktop."""

    root: Path

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.root / ".venv"

    @property
    def stamp(self) -> Path:
        """The file that tells what the virtual environment was made from."""
        return self.venv / "aid-desktop-stamp.txt"

    @property
    def constraints(self) -> Path:
        """The exact versions to install."""
        return self.root / ".ci" / "constraints.txt"

    @property
    def scripts(self) -> Path:
        """The folder of the programs in the virtual environment."""
        return self.venv / ("Scripts" if os.name == "nt" else "bin")

    def program(self, name: str) -> str:
        """Return the path of a program in the virtual environment."""
        return str(self.scripts / (f"{name}.exe" if os.name == "nt" else name))

    @property
    def old_venv(self) -> Path:
        """The virtual environment of runtimes that do not run beside today's packages."""
        return self.root / ".venv-exports-old"

    @property
    def old_constraints(self) -> Path:
        """The exact versions to install there, and all of them."""
        return self.root / ".ci" / "constraints-exports-old.txt"

    @property
    def old_python(self) -> str:
        """The path of its Python."""
        return self.python_in(self.old_venv)

    @property
    def freeze_venv(self) -> Path:
        """The virtual environment that the standalone program is built from: nothing in it but what goes in."""
        return self.root / ".venv-freeze"

    @property
    def standalone(self) -> Path:
        """The folder of the standalone program."""
        return self.root / "dist" / STANDALONE

    def python_in(self, venv: Path) -> str:
        """Return the path of the Python of another virtual environment."""
        return str(venv / self.scripts.relative_to(self.venv) / Path(self.program("python")).name)


@dataclass(frozen=True)
class Needs:
    """What a command needs of a Linux system besides Python."""

    window: bool = False
    display: bool = False
    virtual_display: bool = False


@dataclass(frozen=True)
class Step:
    """One check of `bootstrap.py test`; `fine` holds the exit statuses that count as passed."""

    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    fine: tuple[int, ...] = (0,)

    @property
    def title(self) -> str:
        """The command as a person would write it."""
        return " ".join(Path(word).name if Path(word).is_absolute() else word for word in self.command)


def python_problem(version: tuple[int, int], system: str, machine: str) -> str:
    """Return why this Python cannot be used, or an empty text when it can."""
    if not OLDEST_PYTHON <= version < NEXT_PYTHON:
        return (
            f"This is Python {version[0]}.{version[1]}. AID Desktop needs Python 3.11, 3.12 or 3.13: "
            "install one of them and call bootstrap.py with it, for example: python3.11 bootstrap.py run"
        )
    if (system, machine.lower()) in {("Darwin", "x86_64"), ("Windows", "arm64")}:
        return (
            f"This is Python for {system} on {machine}, for which there is no TensorFlow. "
            "AID Desktop needs macOS on Apple silicon, Windows on x86-64, or Linux."
        )
    return ""


def needs_of(command: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Needs:
    """Return what `bootstrap.py COMMAND ARGUMENTS` needs of a Linux system.

    Sub-commands that open no window, such as `train`, need nothing: they run on a bare server.
    """
    if command == "test":
        everything = not arguments
        return Needs(window=True, display=everything, virtual_display=everything)
    if command in {"benchmark", "freeze"}:
        return Needs(window=True)
    has_display = bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
    if command == "demo" or "demo" in arguments:
        return Needs(window=True, display=has_display and "--offscreen" not in arguments)
    window = not arguments or not WINDOW_COMMANDS.isdisjoint(arguments)
    return Needs(window=window, display=window)


def can_load(library: str) -> bool:
    """Return whether the system's loader finds a shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_fonts(folders: Iterable[str] = FONT_FOLDERS) -> bool:
    """Return whether any of the folders holds a font file."""
    for folder in folders:
        for _, _, names in os.walk(Path(folder).expanduser()):
            if any(name.lower().endswith(FONT_SUFFIXES) for name in names):
                return True
    return False


def has_venv() -> bool:
    """Return whether this Python can make a complete virtual environment."""
    return all(importlib.util.find_spec(name) is not None for name in ("venv", "ensurepip"))


@dataclass(frozen=True)
class System:
    """Questions to a Linux system; tests put other answers in their place."""

    can_load: Callable[[str], bool] = can_load
    find_program: Callable[[str], str | None] = shutil.which
    has_fonts: Callable[[], bool] = has_fonts
    has_venv: Callable[[], bool] = has_venv
    is_root: bool = hasattr(os, "geteuid") and os.geteuid() == 0

    @property
    def has_apt(self) -> bool:
        """Whether packages come from apt, as on Debian and Ubuntu."""
        return self.find_program("apt-get") is not None


def missing_packages(needs: Needs, system: System) -> list[str]:
    """Return the Debian packages whose content is not there, each by its name in Debian 12."""
    libraries = {**(OFFSCREEN_LIBRARIES if needs.window else {}), **(XCB_LIBRARIES if needs.display else {})}
    missing = [package for package, library in libraries.items() if not system.can_load(library)]
    if needs.virtual_display:
        missing += [package for package, name in TEST_PROGRAMS.items() if not system.find_program(name)]
    # Elsewhere fonts may lie in other folders, and nobody could be told which package to install.
    if needs.window and system.has_apt and not system.has_fonts():
        missing.append(FONT_PACKAGE)
    if not system.has_venv():
        missing.append(f"python3.{sys.version_info.minor}-venv")
    return missing


def apt_knows(package: str) -> bool:
    """Return whether apt's lists hold a package of this name."""
    answer = subprocess.run(["apt-cache", "show", package], capture_output=True, text=True, check=False)
    return answer.stdout.startswith("Package:")


def present_names(packages: Iterable[str], knows: Callable[[str], bool]) -> list[str]:
    """Return the packages' names on this system: since Debian 13 and Ubuntu 24.04 some end in `t64`."""
    return [f"{name}t64" if not knows(name) and knows(f"{name}t64") else name for name in packages]


def install_command(packages: Sequence[str]) -> str:
    """Return the command line that installs Debian packages."""
    return "apt-get install --no-install-recommends -y " + " ".join(packages)


def ensure_packages(needs: Needs, system: System, run: Runner, knows: Callable[[str], bool] = apt_knows) -> None:
    """Install what is missing of a Linux system, or raise SetupError with the command that does."""
    missing = missing_packages(needs, system)
    if not missing:
        return
    if not system.has_apt:
        raise SetupError(
            "These system packages are missing (names as in Debian): " + " ".join(missing) + "\n"
            "Install what your system calls them, then call bootstrap.py again."
        )
    if not system.is_root:
        command = install_command(present_names(missing, knows))
        raise SetupError(
            "Some system packages are missing. Install them, then call bootstrap.py again:\n"
            f"  sudo apt-get update && sudo {command}"
        )
    say("Installing system packages: " + " ".join(missing))
    run(["apt-get", "update", "-qq"])
    command = install_command(present_names(missing, knows))
    run(["env", "DEBIAN_FRONTEND=noninteractive", *command.split(), "-qq"])
    still = missing_packages(needs, system)
    if still:
        raise SetupError(f"These system packages could not be installed: {' '.join(still)}\n  {command}")


def digest_of(project: Project) -> str:
    """Return a digest of all that decides what is in the virtual environment."""
    digest = hashlib.sha256(str(project.root).encode())
    for path in (project.root / "pyproject.toml", project.constraints):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def extras_of(command: str) -> frozenset[str]:
    """Return the optional dependencies of pyproject.toml that a command uses."""
    return frozenset({"test", {"benchmark": "benchmark", "test": "export"}.get(command, "test")})


def stamped(project: Project) -> tuple[str, frozenset[str]]:
    """Return the digest and the optional dependencies that the virtual environment was made from."""
    words = project.stamp.read_text(encoding="utf-8").split() if project.stamp.is_file() else []
    return (words[0], frozenset(words[1:])) if words else ("", frozenset())


def is_ready(project: Project, extras: frozenset[str] = frozenset()) -> bool:
    """Return whether the virtual environment is complete, made from the present files, and has these extras."""
    digest, installed = stamped(project)
    return Path(project.program("python")).exists() and digest == digest_of(project) and extras <= installed


def ensure_environment(project: Project, run: Runner, extras: frozenset[str] = frozenset({"test"})) -> bool:
    """Make or complete the virtual environment; return whether anything was installed.

    One without a stamp was interrupted while being made, so it is made anew. Raises SetupError.
    """
    if is_ready(project, extras):
        return False
    complete = project.stamp.is_file() and Path(project.program("python")).exists()
    extras |= stamped(project)[1] if complete else frozenset()
    project.stamp.unlink(missing_ok=True)
    if not complete:
        say(f"Making {project.venv}")
        if run([sys.executable, "-m", "venv", "--clear", str(project.venv)]) != 0:
            raise SetupError(f"The virtual environment {project.venv} could not be made; see above.")
    say("Installing AID Desktop and what it needs; the first time this downloads about 1 GB.")
    if run(pip_command(project, extras)) != 0:
        raise SetupError("pip could not install everything; see above. Call bootstrap.py again to retry.")
    project.stamp.write_text(" ".join([digest_of(project), *sorted(extras)]) + "\n", encoding="utf-8")
    return True


def ensure_old_runtimes(
    project: Project, run: Runner, find_program: Callable[[str], str | None] = shutil.which
) -> bool:
    """Make the virtual environment of old runtimes; return whether anything was installed. Raises SetupError."""
    digest = hashlib.sha256(str(project.root).encode() + project.old_constraints.read_bytes()).hexdigest()
    if is_made(project, project.old_venv, digest):
        return False
    here = sys.executable if sys.version_info[:2] == OLD_RUNTIMES_PYTHON else None
    python = here or find_program("python{}.{}".format(*OLD_RUNTIMES_PYTHON))
    if python is None:
        raise SetupError("The old runtimes need Python 3.11, which was not found: install it as python3.11.")
    wanted = ["--requirement", str(project.old_constraints)]
    make_venv(project, project.old_venv, digest, python, wanted, run)
    return True


def ensure_freeze_environment(project: Project, run: Runner, system: str, machine: str) -> bool:
    """Make the virtual environment of the standalone program; return whether anything was installed.

    Raises SetupError.
    """
    wanted = standalone_requirements(project, system, machine)
    digest = hashlib.sha256(" ".join([digest_of(project), *wanted]).encode()).hexdigest()
    if is_made(project, project.freeze_venv, digest):
        return False
    arguments = ["--constraint", str(project.constraints), *wanted]
    make_venv(project, project.freeze_venv, digest, sys.executable, arguments, run)
    return True


def standalone_requirements(project: Project, system: str, machine: str) -> list[str]:
    """Return what the standalone program consists of and is built with.

    Its TensorFlow is the one without GPU where there is one: CUDA's libraries, 3 GB, are not in it, and without them
    the code for GPUs is of no use.
    """
    import tomllib

    declared = tomllib.loads((project.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*declared["dependencies"], *declared["optional-dependencies"]["build"]]
    if (system, machine) == ("Linux", "x86_64"):
        wanted = [re.sub(r"^tensorflow(?![\w-])", "tensorflow-cpu", one) for one in wanted]
    return wanted


def is_made(project: Project, venv: Path, digest: str) -> bool:
    """Return whether a further virtual environment is complete and was made from what the digest tells of."""
    stamp = venv / project.stamp.name
    return Path(project.python_in(venv)).exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == digest


def make_venv(project: Project, venv: Path, digest: str, python: str, arguments: Sequence[str], run: Runner) -> None:
    """Make a further virtual environment and install into it what pip's arguments say. Raises SetupError."""
    stamp = venv / project.stamp.name
    stamp.unlink(missing_ok=True)
    say(f"Making {venv}")
    if run([python, "-m", "venv", "--clear", str(venv)]) != 0:
        raise SetupError(f"The virtual environment {venv} could not be made; see above.")
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    pip = [project.python_in(venv), "-m", "pip", "--disable-pip-version-check", "install", *quiet]
    if run([*pip, *arguments]) != 0:
        raise SetupError("pip could not install all of it; see above. There are not packages for every system.")
    stamp.write_text(digest, encoding="utf-8")


def pip_command(project: Project, extras: Iterable[str]) -> list[str]:
    """Return the command that installs the project, editable and with optional dependencies."""
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    pip = [project.program("python"), "-m", "pip", "--disable-pip-version-check", "install", *quiet]
    return [*pip, "--constraint", str(project.constraints), "--editable", f"{project.root}[{','.join(sorted(extras))}]"]


def checks_of(project: Project, system: str) -> list[Step]:
    """Return the checks in order; the run of most tests is last, so that its closing line is."""
    pytest = (project.program("python"), "-m", "pytest")
    steps = [
        Step((project.program("ruff"), "check", ".")),
        Step((project.program("ruff"), "format", "--check", ".")),
        Step((project.program("mypy"),)),
        Step((project.program("lint-imports"),)),
    ]
    if system == "Linux":
        xvfb = ("xvfb-run", "-a", "-s", "-screen 0 1366x768x24")
        xcb = (("QT_QPA_PLATFORM", "xcb"),)
        steps.append(Step((*xvfb, *pytest, "-m", "xcb"), xcb, (0, NO_TESTS_COLLECTED)))
    parallel = ("-n", "auto", "--maxprocesses", "4")
    steps.append(Step((*pytest, *parallel, "-m", "not xcb"), (("QT_QPA_PLATFORM", "offscreen"),)))
    return steps


def run_step(step: Step, project: Project) -> int:
    """Say and run one check in the project's folder and return its exit status."""
    say(f">>> {step.title}")
    return run_quietly(step, project)


def run_quietly(step: Step, project: Project) -> int:
    """Run a step in the project's folder, where only its own output is seen, and return its exit status."""
    environment = {**os.environ, **dict(step.environment)}
    return subprocess.run(step.command, cwd=project.root, env=environment, check=False).returncode


def run_steps(steps: Sequence[Step], run: Callable[[Step], int]) -> int:
    """Run all steps, even after one has failed; return 0 when all passed, else 1.

    What failed is said before the last step, whose own output comes last.
    """
    failed: list[Step] = []
    for step in steps:
        if step is steps[-1] and failed:
            say("Failed so far: " + "; ".join(one.title for one in failed))
        if run(step) not in step.fine:
            failed.append(step)
    return 1 if failed else 0


def run_tests(project: Project, arguments: Sequence[str]) -> int:
    """Run all checks, or only pytest when it is given arguments."""
    if not arguments:
        return run_steps(checks_of(project, platform.system()), lambda step: run_step(step, project))
    return run_step(pytest_step(project, arguments), project)


def pytest_step(project: Project, arguments: Sequence[str]) -> Step:
    """Return pytest with arguments of the user's; among them EXPORTS_OLD stands for the tests of old runtimes."""
    pytest = (project.program("python"), "-m", "pytest")
    offscreen = ("QT_QPA_PLATFORM", "offscreen")
    if EXPORTS_OLD not in arguments:
        return Step((*pytest, *arguments), (offscreen,))
    others = [one for one in arguments if one != EXPORTS_OLD]
    only = ("tests/export", "-m", "exports_old", "-rs")
    return Step((*pytest, *only, *others), (offscreen, (OLD_PYTHON_VARIABLE, project.old_python)))


def benchmarks_of(project: Project) -> dict[str, Path]:
    """Return the scripts of all benchmarks by name."""
    return {path.stem: path for path in sorted((project.root / "tests" / "benchmarks").glob("[a-z]*.py"))}


def run_benchmarks(project: Project, arguments: Sequence[str]) -> int:
    """Run one benchmark, with further arguments for it, or all of them; return the exit status."""
    known = benchmarks_of(project)
    names = list(arguments[:1]) or list(known)
    if names[0] not in known:
        print(f"There is no benchmark {names[0]}; known: {', '.join(known)}", file=sys.stderr)
        return 2
    environment = (("QT_QPA_PLATFORM", "offscreen"),)
    steps = [Step((project.program("python"), str(known[name]), *arguments[1:]), environment) for name in names]
    return run_steps(steps, lambda step: run_quietly(step, project))


def build_standalone(project: Project, run: Runner) -> None:
    """Build the standalone program with pyinstaller.spec. Raises SetupError."""
    folders = ["--distpath", str(project.standalone.parent), "--workpath", str(project.root / "build")]
    command = [project.python_in(project.freeze_venv), "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    say("Building the standalone program; this takes some minutes.")
    if run([*command, *folders, str(project.root / "pyinstaller.spec")]) != 0:
        raise SetupError("PyInstaller could not build the standalone program; see above.")


def console_program(standalone: Path) -> Path:
    """Return the console program in a folder of the standalone program; on macOS it is inside of the .app."""
    if os.name == "nt":
        return standalone / f"{STANDALONE}-cli.exe"
    in_app = sorted(standalone.glob(f"*.app/Contents/MacOS/{STANDALONE}-cli"))
    return in_app[0] if in_app else standalone / f"{STANDALONE}-cli"


def bare_environment(home: Path, environment: Mapping[str, str], is_windows: bool) -> dict[str, str]:
    """Return an environment without Python, in which only `home`, an empty folder, belongs to the user."""
    if not is_windows:
        return {"HOME": str(home), "PATH": str(home)}
    kept = {name: environment[name] for name in WINDOWS_VARIABLES if name in environment}
    folders = dict.fromkeys(("USERPROFILE", "APPDATA", "LOCALAPPDATA"), str(home))
    return {**kept, **folders, "PATH": str(Path(environment.get("SYSTEMROOT", r"C:\Windows")) / "System32")}


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder; links count nothing."""
    files = (Path(root) / name for root, _, names in os.walk(folder) for name in names)
    return sum(path.lstat().st_size for path in files if not path.is_symlink())


def try_standalone(project: Project) -> int:
    """Run the self test of a copy in another place, with no Python in sight, and return its exit status.

    Each line is shown with the seconds since the start of the program; the first is that of the painted window.
    """
    with tempfile.TemporaryDirectory(prefix="aid desktop moved ") as name:
        folder, home = Path(name), Path(name) / "home"
        home.mkdir()
        copy = folder / STANDALONE
        shutil.copytree(project.standalone, copy, symlinks=True)
        say(f"{project.standalone}: {size_of(copy) / 1e6:.0f} MB")
        command = [str(console_program(copy)), "self-test"]
        environment = bare_environment(home, os.environ, os.name == "nt")
        start = time.monotonic()
        with subprocess.Popen(
            command, cwd=home, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="replace"
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                say(f"{time.monotonic() - start:6.1f} s  {line.rstrip()}")
        say(f"self test: {'passed' if process.returncode == 0 else f'FAILED ({process.returncode})'}")
        return 1 if process.returncode else 0


def freeze(project: Project) -> int:
    """Build the standalone program and test it. Raises SetupError."""
    ensure_freeze_environment(project, call, platform.system(), platform.machine())
    build_standalone(project, call)
    return try_standalone(project)


def run_program(project: Project, arguments: Sequence[str]) -> int:
    """Run aid-desktop in place of this process where the system can, and return its exit status."""
    command = [project.program("python"), "-m", "aid_desktop", *arguments]
    if os.name != "nt":
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode


def call(command: Sequence[str]) -> int:
    """Run a command of the set-up and return its exit status."""
    return subprocess.run(command, check=False).returncode


def say(text: str) -> None:
    """Print a line at once, before what the next command prints."""
    print(text, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for and return the exit status."""
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if command not in {"demo", "test", "run", "benchmark", "freeze"}:
        say(USAGE)
        return 0 if command in {"-h", "--help", "help"} else 2
    project = Project(Path(__file__).resolve().parent)
    try:
        problem = python_problem(sys.version_info[:2], platform.system(), platform.machine())
        if problem:
            raise SetupError(problem)
        if platform.system() == "Linux":
            ensure_packages(needs_of(command, rest, os.environ), System(), call)
        if command == "freeze":
            return freeze(project)
        ensure_environment(project, call, extras_of(command))
        if command == "test" and EXPORTS_OLD in rest:
            ensure_old_runtimes(project, call)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    if command == "test":
        return run_tests(project, rest)
    if command == "benchmark":
        return run_benchmarks(project, rest)
    return run_program(project, ["demo", *rest] if command == "demo" else rest)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
