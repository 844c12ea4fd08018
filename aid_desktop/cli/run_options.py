"""What the commands that begin with a run.toml have in common."""

import argparse
from pathlib import Path

from aid_desktop.runs.folder import RunFolder


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the file, and the options that take the place of its values."""
    parser.add_argument("run_toml", metavar="RUN.toml", type=Path, help="the run's settings, or a run folder")
    parser.add_argument("--seed", metavar="N", type=int, help="instead of the file's seed")
    parser.add_argument(
        "--device", metavar="NAME", help="auto, cpu, gpu:0, mirrored, mirrored:gpu:0,gpu:1, multi_worker"
    )
    parser.add_argument("--model-zoo", metavar="FILE", type=Path, help="the model_zoo.py to use")


def run_toml_of(path: Path) -> Path:
    """Return the run.toml that a path, of the file or of a run folder, means."""
    return RunFolder(path).run_toml if path.is_dir() else path
