import itertools

import numpy as np

from aid_desktop.training.seeds import Stage, generator


def test_that_the_numbers_of_the_stages_never_change() -> None:
    assert {stage.name: stage.value for stage in Stage} == {
        "DRAW": 0, "AFFINE": 1, "PHOTOMETRIC": 2, "MIX": 3, "SPLIT": 4, "DROPOUT": 5,
        "ORDER": 6,
    }  # fmt: skip


def test_that_the_same_place_draws_the_same_numbers_for_ever() -> None:
    drawn = generator(7, Stage.AFFINE, 3, 2).integers(0, 1000, 4)
    assert np.array_equal(drawn, generator(7, Stage.AFFINE, 3, 2).integers(0, 1000, 4))
    assert drawn.tolist() == np.random.default_rng([7, 1, 3, 2]).integers(0, 1000, 4).tolist()


def test_that_every_seed_stage_epoch_and_block_has_its_own_numbers() -> None:
    places = list(itertools.product((0, 1), Stage, (0, 1), (0, 1)))
    drawn = {tuple(generator(*place).integers(0, 2**32, 4)) for place in places}
    assert len(drawn) == len(places)
