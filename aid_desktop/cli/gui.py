"""`aid-desktop gui [PATH ...]`: open the window."""

import argparse
from pathlib import Path


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("gui", help="open the window (the default)")
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="dropped on the window at its start")
    parser.add_argument("--model-zoo", metavar="FILE", type=Path, help="the model_zoo.py to use")
    parser.add_argument("--new-window", action="store_true", help="do not ask where a window is open already")
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    from aid_desktop.gui.app import run_window

    return run_window(options.paths, options.model_zoo, options.new_window)
