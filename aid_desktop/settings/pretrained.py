"""Words and settings for networks that begin with pretrained weights."""

from types import MappingProxyType

IMAGENET, RANDOM = "imagenet", "none"
"""Words for the weights that a network begins with; anything else is the path of a file."""

FINE_TUNING = MappingProxyType(
    {
        "trainable": "last:1",
        "unfreeze_after": 2,
        "learning_rate": 0.001,
        "schedule": "cosine",
        "schedule_epochs": 1,
        "schedule_low": 0.01,
    }
)
"""Hyper-parameters for pretrained networks: at first only the new last layer learns; the others join it one by one."""

FINE_TUNING_TEXT = (
    "Fine-tuning: only the last layer learns at first; one more layer joins it, from the last to the first, whenever "
    "the validation accuracy has not improved for 2 epochs. The learning rate falls from 0.001 to a hundredth of it, "
    "so that what was learnt before changes little. See the settings under Learning: all of them can be changed"
)
