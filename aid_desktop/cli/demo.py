"""`aid-desktop demo`: the main job with the built-in sample, in the real window."""

import argparse
import os
import sys
from pathlib import Path

from aid_desktop.cli.output import write_line


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("demo", help="train and assess on the built-in sample, in the window")
    parser.add_argument("--offscreen", action="store_true", help="without a display; saves a screenshot per tab")
    parser.add_argument(
        "--screenshots",
        metavar="DIR",
        type=Path,
        default=Path("demo-screenshots"),
        help="where they are saved",
    )
    parser.add_argument("--epochs", metavar="N", type=int, default=15, help="how long to train (default 15)")
    parser.set_defaults(handler=_run)


def needs_offscreen(asked: bool) -> bool:
    """Return whether no window can be shown."""
    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return asked or (sys.platform.startswith("linux") and not has_display)


def _run(options: argparse.Namespace) -> int:
    offscreen = needs_offscreen(options.offscreen)
    if offscreen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from aid_desktop.gui.demo import run_demo

    accuracy = run_demo(options.epochs, options.screenshots if offscreen else None)
    if accuracy is not None:
        write_line(f"validation accuracy: {accuracy:.2f}")
    return 0
