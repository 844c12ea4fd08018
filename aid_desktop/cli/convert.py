"""`aid-desktop convert PATH... --out FILE.rtdc`: images of any size as one file of images of one size."""

import argparse
from pathlib import Path

from aid_desktop.cli.output import add_json_option, parse_size, write_error, write_json, write_line
from aid_desktop.cli.sources import add_part_option, open_paths
from aid_desktop.data.conversion import CHANNELS, DEPTHS, ConvertSettings
from aid_desktop.data.convert import check_target, convert_sources
from aid_desktop.data.geometry import INTERPOLATION
from aid_desktop.errors import DataError


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("convert", help="write images of any size to one .rtdc file")
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="folders or files of images")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="the .rtdc file to write")
    parser.add_argument(
        "--channels",
        metavar="WORD",
        type=parse_channels,
        default="keep",
        help=f"{', '.join(CHANNELS)}, or names with commas between them, for example image,image_bg; default: keep",
    )
    parser.add_argument("--pixel-type", choices=DEPTHS, default="keep", help="depth; default: as it is")
    parser.add_argument(
        "--size", metavar="WxH", type=parse_size, help="width and height in pixels, for example 64x48: crops and pads"
    )
    parser.add_argument("--resize-method", choices=tuple(INTERPOLATION), help="scale to the size instead")
    add_part_option(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it exists")
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    if options.resize_method and options.size is None:
        raise DataError("--resize-method: give the --size to scale to as well")
    settings = ConvertSettings(
        channels=options.channels,
        size=options.size,
        fit="scale" if options.resize_method else "crop_pad",
        resize=options.resize_method or "linear",
        pixel_type=options.pixel_type,
    )
    # Before folders are read, which takes time.
    check_target(options.out, options.paths, options.overwrite)
    sources = [reader.source for reader in open_paths(options.paths, options.part)]
    report = convert_sources(sources, options.out, settings, overwrite=options.overwrite)
    for problem in report.problems:
        write_error(f"left out: {problem}")
    for problem in report.lost:
        write_error(f"not kept: {problem}")
    if options.json:
        write_json({"n": report.n, "shape": report.shape})
    else:
        height, width, channels = report.shape
        write_line(f"{report.n} images of {width} × {height} px, channels: {channels}")
        write_line(str(report.path))
    return 0


def parse_channels(text: str) -> str | tuple[str, ...]:
    """Return one of the words for channels as it is, or the names with commas between them as a tuple."""
    return text if text in CHANNELS else tuple(name.strip() for name in text.split(","))
