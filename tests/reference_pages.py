"""The pages of the manual that are made from the program itself; `python tests/reference_pages.py` writes them.

tests/test_docs.py compares them with those in docs/.
"""

import argparse
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from aid_desktop.cli.main import make_parser
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.field import Cost, FieldInfo, Kind, SettingsSection, field_infos
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.split import SplitSettings

DOCS = Path(__file__).resolve().parents[1] / "docs"
NOTE = "\nThis page is made from the program itself, by `python tests/reference_pages.py`.\n"

SECTIONS: dict[type[SettingsSection], str] = {
    ImageSettings: "What an image looks like to the network. In the window: tab *Data* below the table, and tab *Training*, page "
    "*Model*.",
    HyperParameters: "How the network learns. In the window: tab *Training*, page *Learning*.",
    AugmentationSettings: "How training images are changed at random; amounts of 0, `false` and ranges from 1 to 1 are off. "
    "In the window: tab *Training*, page *Augmentation*. The order of the steps: [Augmentation](augmentation.md).",
    SavingSettings: "Which models are saved, and how many stay. In the window: tab *Training*, page *Learning*, *Saving of "
    "models*.",
    SplitSettings: "Which images of the training rows are held out for validation. Without this table none are. In the window: "
    "tab *Data*, *Hold out images for validation*.",
    DeviceSettings: "What computes. In the window: foot of the tab *Training*, and its page *Model*. More: "
    "[Devices](devices.md).",
}

WHEN = {
    Cost.FREE: "next epoch",
    Cost.RETRACE: "next epoch, prepared anew",
    Cost.RECOMPILE: "next epoch, prepared anew",
    Cost.NEW_RUN: "new run",
}

SETTINGS_HEAD = """# Settings

Every setting by its name in `run.toml` and its label in the window. The headings are the tables of `run.toml`; what is not
written there has its default.

Behind the meaning stand the values that are allowed, the default, and when a change acts while a network trains. *Next epoch*:
at no cost. *Next epoch, prepared anew*: the training step is prepared anew, which takes seconds. *New run*: it is fixed while a
run goes on.

"""

SETTINGS_FOOT = """## Data and model

`[[data]]`, one table for each row of the class table:

| name | meaning |
|---|---|
| `path` | folder of images, or file; relative to `run.toml` |
| `class` | name of the class |
| `role` | `training`, `validation` or `test` |
| `index` | place of the class among the outputs of the network, from 0; by order of appearance if not given |
| `images_per_epoch` | how many images are drawn for each epoch; all if not given |
| `shuffle` | whether they are drawn anew for each epoch (`true`, the default), or the first ones are taken |
| `zoom` | factor by which the images are enlarged before they are cut to size; 1 if not given |
| `digest` | of the content when the file was written; data that have changed since are an error |
| `part` | which array of a file, or which class of a table of images |
| `images` | which images of it, as ranges of numbers from 0: `"0-12,15"`; all if not given |

`[model]`, either an architecture or a model to start from:

| name | meaning |
|---|---|
| `architecture` | name in `model_zoo.py`, see [Architectures](architectures.md) |
| `weights` | what a pretrained architecture begins with: `"imagenet"`, `"none"` or a file, see [Pretrained networks](pretrained.md) |
| `start_from` | a model file, or the folder of a run: its best model, see [Starting from a model](transfer.md) |
| `mode` | `"continue"` (the default) keeps its weights, `"restart"` its architecture only |
| `renew_layers` | `true`: layers whose weights belong to another image size begin anew; `false` (the default): they keep the run from starting |

Outside of any table: `version` (1), and `seed`, a whole number from 0 that everything random follows from (1 if not given).
"""

COMMANDS_HEAD = """# Command line

`aid-desktop` without a command opens the window. In a source checkout `python3 bootstrap.py run COMMAND …` does the same as
`aid-desktop COMMAND …`; beside the standalone program it is `aid-desktop-cli COMMAND …`.

Exit status: 0 when all went well, 1 for an error that is told in one line, 2 for arguments that cannot be understood, 130 after
Ctrl-C. `--json` prints one JSON document on standard output and nothing else.

"""


def settings_page() -> str:
    """Return docs/settings.md: a table for each settings dataclass, made from its field metadata."""
    parts = [SETTINGS_HEAD]
    for section, about in SECTIONS.items():
        parts.append(f"## [{section.SECTION}]\n\n{about}\n\n")
        parts.append(
            _table(
                ("setting", "meaning"),
                [_setting_row(section, name, info) for name, info in field_infos(section).items()],
            )
        )
        parts.append("\n")
    return "".join(parts) + SETTINGS_FOOT + NOTE


def _setting_row(section: type[SettingsSection], name: str, info: FieldInfo) -> tuple[str, str]:
    default = next(field.default for field in dataclasses.fields(section) if field.name == name)  # type: ignore[arg-type]
    return f"`{name}` {info.label}", f"{info.help} *{_values(info)}; default {_literal(default)}; {WHEN[info.cost]}*"


def _values(info: FieldInfo) -> str:
    words = [f"`{word}`" for word in info.choices]
    if info.kind is Kind.SWITCH:
        return "`true` or `false`"
    if info.low is not None and info.high is not None:
        limits = f"{_number(info.low)} to {_number(info.high)}{f' {info.unit}' if info.unit else ''}"
        whole = "whole number, " if info.kind is Kind.INTEGER else ""
        words.append({
            Kind.INTEGER_RANGE: f"two whole numbers, {limits}",
            Kind.NUMBER_RANGE: f"two numbers, {limits}",
            Kind.NUMBERS: f"numbers in brackets, {limits}",
            Kind.CLASS_WEIGHTS: f"a table of class names with numbers, {limits}",
        }.get(info.kind, f"{whole}{limits}"))  # fmt: skip
    elif info.kind is Kind.WORDS:
        words = [f"some of {', '.join(words)}"]
    elif info.kind is Kind.CHANNELS:
        words.append("names of channels in brackets")
    elif info.kind is Kind.FEATURES:
        words.append("names of features in brackets")
    elif info.kind is Kind.LAYERS:
        words += ["`last:N`", "a table of layers with `true`, `false` or a share of units"]
    elif info.kind is Kind.TEXT:
        words.append("a text")
    elif info.kind is Kind.FILE:
        words.append("path of a file")
    return ", ".join(words)


def _number(value: float) -> str:
    whole = int(value) if float(value).is_integer() else None
    return f"{value:g}" if whole is None else f"{whole:,}"


def _literal(value: object) -> str:
    """Return a default as run.toml has it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, tuple):
        inside = ", ".join(_literal(item).strip("`") for item in value)
        return f"`[{inside}]`"
    return f"`{value}`"


def command_line_page() -> str:
    """Return docs/command_line.md: a chapter for each sub-command, made from its parser."""
    commands = next(a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    about = {action.dest: action.help or "" for action in commands._choices_actions}
    parts = [COMMANDS_HEAD, "| command | what it does |\n|---|---|\n"]
    parts += [f"| [{name}](#{name}) | {about[name]} |\n" for name in commands.choices]
    for name, parser in commands.choices.items():
        parts.append(f"\n## {name}\n\n{_sentence(parser.description or about[name])}")
        parts.append(f" {parser.epilog}\n\n" if parser.epilog else "\n\n")
        parts.append(f"```\naid-desktop {_usage(name, parser)}\n```\n")
        plain = [group for group in parser._action_groups if group.title in ("positional arguments", "options")]
        rows = [row for group in plain for row in _argument_rows(group)]
        parts.append("\n" + _table(("argument", "meaning"), rows) if rows else "")
        for group in parser._action_groups:
            if group not in plain:
                parts.append(f"\n{_sentence(_title(group), ':')}\n\n")
                parts.append(_table(("argument", "meaning"), _argument_rows(group)))
    return "".join(parts) + NOTE


def _usage(name: str, parser: argparse.ArgumentParser) -> str:
    words = [name]
    for action in parser._actions:
        if not action.option_strings:
            dots = " …" if action.nargs in ("*", "+") else ""
            words.append(f"[{action.metavar}{dots}]" if action.nargs == "*" else f"{action.metavar}{dots}")
        elif action.required:
            words.append(f"{action.option_strings[0]} {action.metavar}")
    return " ".join([*words, "[OPTIONS]"])


def _title(group: Any) -> str:
    return f"{group.title}: {group.description}" if group.description else str(group.title)


def _argument_rows(group: Any) -> list[tuple[str, str]]:
    return [_argument_row(action) for action in group._group_actions if action.dest != "help"]


def _argument_row(action: argparse.Action) -> tuple[str, str]:
    names = ", ".join(action.option_strings) or str(action.metavar)
    value = ""
    if action.option_strings and action.nargs != 0:
        value = f" {action.metavar or str(action.dest).upper()}"
    choices = f"; one of {', '.join(f'`{choice}`' for choice in action.choices)}" if action.choices else ""
    text = (action.help or "") % {"default": _plain(action.default)}
    return f"`{names}{value}`", text + choices


def _plain(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _sentence(text: str, end: str = ".") -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", ":")) else end)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    # A line of a Markdown table ends at the next bar, and <name> would be a tag of HTML.
    escaped = ([cell.replace("|", r"\|").replace("<", "&lt;") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


PAGES = {"settings.md": settings_page, "command_line.md": command_line_page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8", newline="\n")
