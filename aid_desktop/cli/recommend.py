"""`aid-desktop recommend PATH... --preset NAME --out RUN.toml`: a run.toml with settings that suit the images."""

import argparse
import dataclasses
import os
from pathlib import Path

from aid_desktop.cli.convert import parse_channels
from aid_desktop.cli.output import add_json_option, parse_count, parse_size, write_error, write_json, write_line
from aid_desktop.data.class_table import Role
from aid_desktop.data.drops import resolve_drop
from aid_desktop.errors import DataError
from aid_desktop.models.devices import check_strategy, n_usable_gpus
from aid_desktop.models.nvml import open_nvml, smallest_memory
from aid_desktop.models.strategies import uses_gpu
from aid_desktop.models.zoo import find_zoo, list_architectures, load_zoo
from aid_desktop.paths import speeds_file
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig, data_rows, open_table
from aid_desktop.runs.run_toml import write_run_toml
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training.estimate import Estimate, estimate_run, this_computer
from aid_desktop.training.presets import Preset, Recommendation, recommend
from aid_desktop.training.speed_model import situation_of
from aid_desktop.training.speeds import SpeedBook


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("recommend", help="write a run.toml with settings that suit the images")
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        type=Path,
        help="folders of classes, or files, as dropped on the window",
    )
    parser.add_argument(
        "--preset", choices=[preset.value for preset in Preset], default=Preset.BALANCED, help="default %(default)s"
    )
    parser.add_argument("--out", metavar="RUN.toml", type=Path, required=True, help="the file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it exists")
    parser.add_argument(
        "--size", metavar="WxH", type=parse_size, default=(32, 32), help="of the network's images; default 32x32"
    )
    parser.add_argument(
        "--channels", metavar="WORD", type=parse_channels, default="gray", help="gray, rgb, or names; default: gray"
    )
    parser.add_argument("--epochs", metavar="N", type=parse_count, help="instead of the number that the time allows")
    parser.add_argument("--device", metavar="NAME", default="auto", help="as for train; default %(default)s")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="default %(default)s")
    parser.add_argument("--model-zoo", metavar="FILE", type=Path, help="the model_zoo.py to use")
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    if options.out.exists() and not options.overwrite:
        raise DataError(f"{options.out} exists: give another name, or --overwrite")
    plan = resolve_drop(options.paths)
    for problem in plan.rejected:
        write_error(f"left out: {problem}")
    width, height = options.size
    image = ImageSettings(width=width, height=height, channels=options.channels)
    table = open_table(DataRow(item.path, item.class_name, item.role, part=item.part) for item in plan.items)
    split = None if table.rows_with(Role.VALIDATION) else SplitSettings(validation_fraction=0.1)
    device = DeviceSettings(strategy=options.device)
    check_strategy(device.strategy)
    n_gpus = n_usable_gpus()
    on_gpu = uses_gpu(device.strategy, n_gpus)
    situation = situation_of(table, split, image, os.cpu_count() or 1, on_gpu)
    zoo = find_zoo(options.model_zoo)
    chosen = recommend(Preset(options.preset), situation, list_architectures(zoo), options.epochs)
    rows = tuple(dataclasses.replace(row, digest=None) for row in data_rows(table))
    model = ModelChoice(architecture=chosen.architecture)
    config = RunConfig(image, model, chosen.training, split, device, options.seed, data=rows)
    write_run_toml(config, options.out, [f"Preset {chosen.preset}", *map(str, chosen.reasons)])
    cost = load_zoo(zoo).cost(chosen.architecture, image.input_shape, table.n_classes)
    book = SpeedBook(speeds_file())
    speed, pace = book.find(chosen.architecture, image, device, n_gpus), book.pace(device, n_gpus)
    here = this_computer(n_gpus, smallest_memory(open_nvml()))
    _tell(chosen, estimate_run(table, config, cost, here, speed, pace), options)
    return 0


def _tell(chosen: Recommendation, estimate: Estimate, options: argparse.Namespace) -> None:
    if options.json:
        reasons = [dataclasses.asdict(reason) for reason in chosen.reasons]
        expected = {
            "memory": estimate.memory, "images": estimate.images, "images_on_disk": estimate.on_disk,
            "epoch_seconds": estimate.epoch_seconds, "is_measured": estimate.is_measured, "warning": estimate.warning,
        }  # fmt: skip
        write_json({"preset": chosen.preset, "architecture": chosen.architecture, "seconds": chosen.seconds,
                    "reasons": reasons, "estimate": expected})  # fmt: skip
        return
    for reason in chosen.reasons:
        write_line(str(reason))
    write_line(f"A run will take {estimate.text}.")
    if estimate.warning:
        write_error(estimate.warning)
    write_line(f"Written to {options.out}: train it with aid-desktop train {options.out}")
