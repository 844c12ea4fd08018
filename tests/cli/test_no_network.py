"""Nothing that the user has not asked for goes over the network."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.keras, pytest.mark.slow]

# Python tells audit hooks of every call of its socket module, whoever makes it. Sockets of the same computer (D-Bus,
# worker processes) are no network.
SCRIPT = """
import sys

TRIED = []

def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        TRIED.append((event, arguments[0]))
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if arguments[0].family.name in ("AF_INET", "AF_INET6"):
            TRIED.append((event, arguments[1]))
    else:
        return
    if TRIED:
        raise ConnectionRefusedError("no network in this test")

sys.addaudithook(watch)
from aid_desktop.cli.main import run
folder, out = sys.argv[1:]
for arguments in (
    ["train", f"{folder}/run.toml", "--out", f"{out}/run"],
    ["assess", f"{out}/run", "--data", f"dark={folder}/test_dark.rtdc", "--data", f"bright={folder}/test_bright.rtdc"],
    ["classify", f"{out}/run", f"{folder}/test_dark.rtdc", "--out", f"{out}/found.csv"],
    ["export", f"{out}/run", "--format", "onnx", "--out", f"{out}/net.onnx"],
):
    code = run(arguments)
    assert code == 0, arguments
assert not TRIED, TRIED
import socket
try:
    socket.create_connection(("localhost", 9))
except ConnectionRefusedError as error:
    assert str(error) == "no network in this test"
assert TRIED
print("nothing went out")
"""


def test_that_training_assessment_classification_and_export_use_no_network(run_toml: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(run_toml.parent), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.rstrip().endswith("nothing went out")
