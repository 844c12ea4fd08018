"""Places on linear and logarithmic axes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from aid_desktop.data.density import (
    on_both_axes,
)
from aid_desktop.data.scales import Scale


def test_that_what_has_no_place_is_known() -> None:
    values = np.array([1.0, 10.0, 0.0, -1.0, np.nan, np.inf, -np.inf])
    log, linear = Scale.LOG.place(values), Scale.LINEAR.place(values)
    np.testing.assert_array_equal(log, [0, 1] + [np.nan] * 5)
    np.testing.assert_array_equal(linear, [1, 10, 0, -1] + [np.nan] * 3)
    assert on_both_axes(log, linear).tolist() == [True, True] + [False] * 5
    assert Scale.LINEAR.place(np.array([3], np.uint8)).dtype == np.float64


@given(arrays.arrays(np.float64, 5, elements=st.floats(1e-6, 1e6)), st.sampled_from(Scale))
def test_that_values_come_back_from_their_places(values, scale) -> None:
    np.testing.assert_allclose(scale.number_at(scale.place(values)), values, rtol=1e-12)
