"""Entry point of `python -m aid_desktop`, of the script `aid-desktop` and of the standalone program."""

import multiprocessing
import sys


def main() -> int:
    """Prepare the process, run the command line and return the exit code."""
    multiprocessing.freeze_support()
    from aid_desktop.environment import set_defaults

    set_defaults()
    from aid_desktop.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
