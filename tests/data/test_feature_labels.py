"""What features are called."""

from aid_desktop.data.feature_labels import _FLUORESCENCE, _LABELS, feature_label


def test_that_features_have_words_and_units() -> None:
    import dclab

    assert feature_label("area_um") == "Area [µm²]"
    assert feature_label("fl2_max") == "FL-2 maximum [a.u.]"
    assert feature_label("ml_score_rbc") == "Probability of class rbc"
    assert feature_label("userdef3") == "User-defined 3"
    assert feature_label("fl1_odd") == "fl1_odd"
    known = [*_LABELS, *(f"fl{channel}_{kind}" for channel in (1, 2, 3) for kind in _FLUORESCENCE)]
    assert [name for name in known if not dclab.dfn.scalar_feature_exists(name)] == []
    labels = [feature_label(name) for name in known]
    assert len(set(labels)) == len(labels)
