"""Words that people use for the roles of images, in names of folders and in tables."""

from aid_desktop.data.class_table import Role

SPLIT_NAMES = {
    "train": Role.TRAINING,
    "training": Role.TRAINING,
    "val": Role.VALIDATION,
    "valid": Role.VALIDATION,
    "validation": Role.VALIDATION,
    "test": Role.TEST,
    "testing": Role.TEST,
    "hold-out": Role.TEST,
}
"""Lower-case words for each role; a folder of such a name stands for a role instead of a class."""
