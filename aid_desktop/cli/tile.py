"""`aid-desktop tile IMAGE... --size N --out DIR`: large images as tiles in folders of their classes."""

import argparse
from pathlib import Path

import numpy as np

from aid_desktop.cli.output import add_json_option, write_error, write_json, write_line
from aid_desktop.cli.sources import add_part_option
from aid_desktop.data.tile_extras import with_extra_tiles
from aid_desktop.data.tile_plan import TileSettings, open_images, plan_tiles
from aid_desktop.data.tile_writing import GROUP_BY, write_tiles
from aid_desktop.errors import DataError


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser(
        "tile",
        help="cut large images into tiles",
        description="Cut large images into tiles: DIR/<class>/<image>/<image>_x00032_y00064.png.",
        epilog=f'To keep the tiles of an image together in a split, give it group_by = "{GROUP_BY}".',
    )
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path, help="files or folders of images")
    parser.add_argument("--size", metavar="N", type=int, required=True, help="side of a tile in pixels")
    parser.add_argument("--stride", metavar="N", type=int, default=0, help="from tile to tile; default: the size")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--cover-edges", action="store_true", help="add tiles flush with the right and lower border")
    parser.add_argument(
        "--mask",
        metavar="PATH",
        type=Path,
        help="a label mask (0 background, k class k; or black and white), or a folder of masks named like the images",
    )
    parser.add_argument(
        "--min-mask-pixels", metavar="M", type=int, default=5, help="labelled pixels that make a class; default: 5"
    )
    parser.add_argument("--class-names", metavar="NAMES", help="background first, for example background,adipocyte")
    extra = parser.add_mutually_exclusive_group()
    extra.add_argument("--extra", metavar="N", type=int, default=0, help="add N random tiles of the rarest class")
    extra.add_argument("--balance", action="store_true", help="add random tiles until all classes have as many")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the random tiles; default: 0")
    parser.add_argument("--overwrite", action="store_true", help="replace earlier tiles of these images")
    add_part_option(parser)
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    if options.seed < 0:
        raise DataError(f"--seed: got {options.seed}, expected a whole number from 0 on")
    names = (options.class_names or "").split(",")
    settings = TileSettings(
        size=options.size,
        stride=options.stride,
        cover_edges=options.cover_edges,
        min_pixels=options.min_mask_pixels,
        class_names=tuple(name.strip() for name in names) if options.class_names else (),
        extra=options.extra,
        balance=options.balance,
    )
    readers, problems = open_images([(path, options.part) for path in options.images])
    plan = with_extra_tiles(plan_tiles(readers, settings, options.mask), np.random.default_rng(options.seed))
    report = write_tiles(plan, options.out, overwrite=options.overwrite)
    for problem in (*problems, *report.problems):
        write_error(f"left out: {problem}")
    counts = dict(report.counts)
    if options.json:
        write_json({"n": report.n, "counts": counts})
    else:
        write_line(f"{report.n} tiles: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
        write_line(str(report.folder))
    return 0
