"""`aid-desktop devices`: what can train here."""

import argparse

from aid_desktop.cli.output import add_json_option, write_json, write_line
from aid_desktop.models.devices import list_devices


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("devices", help="list CPU, GPUs and strategies")
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    devices = list_devices()
    if options.json:
        write_json(devices)
        return 0
    write_line(f"cpu: {devices['cpu']['description']}, {devices['cpu']['cores']} cores")
    for choice in devices["choices"]:
        if choice["reason"]:
            write_line(f"{choice['name']} (not here): {choice['reason']}")
        elif choice["name"] != "cpu":
            write_line(f"{choice['name']}: {choice['description']}")
    return 0
