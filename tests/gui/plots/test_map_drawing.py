"""SVG drawings of maps: valid, complete, cut to what is seen."""

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.gui.plots.map_drawing import DrawnGroup, Frame, draw_map

SVG = "{http://www.w3.org/2000/svg}"
FRAME = Frame((0.0, 10.0), (-1.0, 1.0), ("PCA 1 <>", "PCA 2"), (400, 300), "#1d2429", "#ffffff")


def test_that_each_point_in_sight_is_drawn_where_it_is() -> None:
    places = np.array([(0.0, -1.0), (10.0, 1.0), (5.0, 0.0), (11.0, 0.0), (5.0, 2.0)])
    groups = [DrawnGroup("cat & <b>", "#e69f00", 0, places), DrawnGroup("dog", "#56b4e9", 8, places[:1])]
    root = ElementTree.fromstring(draw_map(groups, FRAME))
    drawn = [group for group in root.findall(f"{SVG}g") if group.get("fill")]
    assert [group.get("fill") for group in drawn] == ["#e69f00", "#56b4e9"]
    assert [group.findtext(f"{SVG}title") for group in drawn] == ["cat & <b>", "dog"]
    dots = [(float(dot.get("x", "")), float(dot.get("y", ""))) for dot in drawn[0].findall(f"{SVG}use")]
    assert dots == [(64, 244), (392, 16), (228, 130)]
    assert len(drawn[1].findall(f"{SVG}use")) == 1
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"PCA 1 <>", "PCA 2", "cat & <b>", "dog"} <= set(texts)


@given(
    low=st.floats(-1e6, 1e6),
    span=st.floats(1e-3, 1e6),
)
def test_that_axes_have_a_few_round_numbers(low: float, span: float) -> None:
    frame = Frame((low, low + span), (0.0, 1.0), ("", ""), (400, 300), "#000000", "#ffffff")
    root = ElementTree.fromstring(draw_map([], frame))
    below = [text for text in root.iter(f"{SVG}text") if text.get("y") == "262" and text.text]
    assert 2 <= len(below) <= 8
    assert all(64 - 1 <= float(text.get("x", "")) <= 392 + 1 for text in below)


def test_that_thousands_of_points_are_small() -> None:
    places = np.random.default_rng(0).uniform(0, 1, (5000, 2))
    text = draw_map([DrawnGroup("a", "#000000", 1, places)], FRAME)
    assert len(text) / 5000 < 60
    assert text.count("<use ") == pytest.approx(5001, abs=1)
