import re
import subprocess
import sys
from pathlib import Path

CODE = """
import pathlib, sys
from aid_desktop.gui.self_test import paint_window
print(paint_window(pathlib.Path(sys.argv[1])))
"""


# In a process of its own: this one has its QApplication already.
def test_that_the_window_is_painted_and_the_users_settings_are_left_alone(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CODE, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\(\d{3,4}, \d{3,4}\)\n", done.stdout)
    assert "window_geometry" in (tmp_path / "settings.ini").read_text(encoding="utf-8")
