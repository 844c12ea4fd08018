"""Which images of a run a model has learnt from before: they say too much good of it."""

from collections.abc import Iterable

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.runs.held_out import HeldOut


def seen_images(
    trained_on: Iterable[tuple[str, str]], kept_back: HeldOut | None, table: ClassTable, held_out: HeldOut | None
) -> tuple[str, ...]:
    """Return a sentence for each row and for the split whose images a model was trained on.

    Args:
        trained_on: (path, digest) of its training data, as in ModelCard.
        kept_back: the images of those data that its own run held out; None without any.
        table: the rows of the new run.
        held_out: the images that the new run's split holds out; None without a split.
    """
    digests = {digest for _, digest in trained_on}
    sentences = []
    for row in table.rows:
        if row.role is Role.TRAINING or row.source.digest not in digests:
            continue
        n_seen = row.source.n_images - (kept_back.n_images(row.source) if kept_back is not None else 0)
        if n_seen > 0 and row.source.selection is not None:
            # The card tells of files, not of images in them.
            sentences.append(
                f"The model to start from was trained on {row.source.path.name}, of which {row.source.n_images} images "
                f"are for {row.role} now: if it has seen them, results on them look too good."
            )
        elif n_seen > 0:
            sentences.append(
                f"The model to start from was trained on {n_seen} of the {row.source.n_images} images of "
                f"{row.source.path.name}, which are for {row.role} now: results on them look too good."
            )
    if held_out is not None:
        n_seen = sum(
            len(set(names).difference(kept_back.images.get(key, ()) if kept_back is not None else ()))
            for key, names in held_out.images.items()
            if key[0] in digests
        )
        if n_seen:
            n_all = sum(map(len, held_out.images.values()))
            sentences.append(
                f"The model to start from was trained on {n_seen} of the {n_all} images that the split holds out: the "
                f"validation looks too good. {_advice(kept_back)}"
            )
    return tuple(sentences)


def may_have_seen(
    trained_on: Iterable[tuple[str, str]], kept_back: HeldOut | None, table: ClassTable, has_split: bool
) -> tuple[str, ...]:
    """Return the same before a split is drawn: it may hold out images that a model was trained on."""
    trained_on = tuple(trained_on)
    sentences = seen_images(trained_on, kept_back, table, None)
    digests = {digest for _, digest in trained_on}
    if has_split and any(row.role is Role.TRAINING and row.source.digest in digests for row in table.rows):
        text = f"The split may hold out images that the model to start from was trained on. {_advice(kept_back)}"
        return (*sentences, text)
    return sentences


def _advice(kept_back: HeldOut | None) -> str:
    if kept_back is None:
        return "Validate on images that are new to it."
    return f"Validate on images that are new to it, or let the split hold out what {kept_back.path} lists."
