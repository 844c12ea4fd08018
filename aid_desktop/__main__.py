"""Entry point of `python -m aid_desktop`, of the script `aid-desktop` and of the standalone program."""

import multiprocessing
import os
import sys


def main() -> int:
    """Prepare the process, run the command line and return the exit code."""
    multiprocessing.freeze_support()
    # Mesa's OpenGL and TensorFlow 2.21 both carry LLVM; in one process they end it. Qt loads Mesa with its
    # first window unless told not to, so this must come before anything imports Qt (Linux, xcb).
    os.environ.setdefault("QT_XCB_GL_INTEGRATION", "none")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from aid_desktop.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
