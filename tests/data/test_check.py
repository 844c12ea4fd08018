import cv2
import numpy as np
import pytest

from aid_desktop.data.check import ImageRef, Severity, check_table
from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.fingerprint import fingerprint
from aid_desktop.data.formats import open_source
from aid_desktop.data.health import class_health
from aid_desktop.errors import StoppedError


def pictures(n, seed=0):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (n, 6, 6)).astype(np.uint8)
    return np.stack([cv2.resize(image, (32, 32), interpolation=cv2.INTER_CUBIC) for image in coarse])


@pytest.fixture
def make_table(tmp_path):
    """Return a function that makes a table of stacks: (images, class, role) each."""

    def make(*rows):
        items = []
        for number, (images, name, role) in enumerate(rows):
            np.save(tmp_path / f"{number}.npy", images)
            items.append((open_source(tmp_path / f"{number}.npy").source, name, role))
        return ClassTable().add_sources(items)

    return make


def clean_rows():
    return [
        (pictures(12, seed), name, role)
        for seed, (name, role) in enumerate(
            (name, role) for role in (Role.TRAINING, Role.VALIDATION) for name in ("cat", "dog")
        )
    ]


def messages(report):
    return [(finding.severity, finding.message) for finding in report.findings]


def test_that_nothing_is_found_in_clean_data(make_table):
    report = check_table(make_table(*clean_rows()))
    assert messages(report) == []
    assert report.n_images == 48


def test_that_identical_images_of_two_roles_are_a_leak(make_table):
    rows = clean_rows()
    rows[2][0][3] = rows[0][0][7]
    [finding] = check_table(make_table(*rows)).findings
    assert (finding.severity, finding.message) == (Severity.LEAK, "1 image is both for training and for validation.")
    assert finding.pairs == ((ImageRef(0, 7), ImageRef(2, 3)),)
    assert finding.rows == (0, 2)


def test_that_nearly_identical_images_of_two_roles_are_a_leak(make_table):
    rows = clean_rows()
    rows[3][0][:2] = cv2.add(rows[1][0][4:6], np.full((2, 32, 32), 6, np.uint8))
    [finding] = check_table(make_table(*rows)).findings
    assert finding.message.startswith("2 images for training nearly equal one for validation")
    assert finding.pairs == ((ImageRef(1, 4), ImageRef(3, 0)), (ImageRef(1, 5), ImageRef(3, 1)))


def test_that_one_image_of_two_classes_is_doubtful(make_table):
    rows = clean_rows()
    rows[1][0][0] = rows[0][0][0]
    [finding] = check_table(make_table(*rows)).findings
    assert (finding.severity, finding.message) == (Severity.DOUBT, "1 image has two different classes.")


@pytest.mark.parametrize("classes", ["cat dog cat", "cat cat dog", "dog cat cat"])
def test_that_an_image_of_two_classes_is_one_whatever_the_order_of_its_rows(make_table, classes):
    image, *others = pictures(4)
    rows = [
        (np.stack([image, other]), name, Role.TRAINING) for other, name in zip(others, classes.split(), strict=True)
    ]
    findings = [one for one in check_table(make_table(*rows)).findings if one.pairs]
    assert [one.message for one in findings] == ["1 image has two different classes."]
    [pair] = findings[0].pairs
    assert {classes.split()[ref.row] for ref in pair} == {"cat", "dog"}


def test_that_copies_among_training_images_matter_when_single_images_are_held_out(make_table):
    rows = clean_rows()
    rows[0][0][1] = rows[0][0][0]
    table = make_table(*rows)
    [leak, doubt] = check_table(table, "image").findings
    assert "holding out single images may put them on both sides" in leak.message
    assert doubt.message == '"cat": 1 images of one role are there more than once.'
    assert [finding.severity for finding in check_table(table, "file").findings] == [Severity.DOUBT]


def test_that_a_group_in_two_roles_is_a_leak(tmp_path, write_image):
    items = []
    for role, name in ((Role.TRAINING, "a"), (Role.VALIDATION, "b")):
        for number, image in enumerate(pictures(3, seed=len(items))):
            write_image(tmp_path / name / f"donor{number + (role is Role.VALIDATION)}_{name}.png", image)
        items.append((open_source(tmp_path / name).source, name, role))
    [finding] = [
        one
        for one in check_table(ClassTable().add_sources(items), r"donor(\d+)").findings
        if one.severity is Severity.LEAK
    ]
    assert finding.message == "2 groups have images for training and for validation."
    assert len(finding.pairs) == 2


def test_that_blank_images_are_no_copies_of_each_other(make_table):
    rows = clean_rows()
    rows[0][0][0] = rows[2][0][0] = rows[3][0][0] = 128
    report = check_table(make_table(*rows))
    assert messages(report) == [
        (Severity.DOUBT, '"cat": 2 of 24 images are blank.'),
        (Severity.DOUBT, '"dog": 1 of 24 images are blank.'),
    ]


def test_that_saturation_drift_and_rarity_are_told(make_table):
    rows = clean_rows()
    rows[0][0][0][:20] = 255
    rows[2] = (np.clip(rows[2][0].astype(int) + 60, 0, 255).astype(np.uint8), "cat", Role.VALIDATION)
    rows[1] = (rows[1][0][:1], "dog", Role.TRAINING)
    table = make_table(*rows)
    texts = [finding.message for finding in check_table(table).findings]
    assert any(text.startswith('"cat": 1 of 24 images are black or white') for text in texts)
    assert any(text.startswith('"cat": images for validation are brighter than those for') for text in texts)
    assert any("12 times as many training images" in text for text in texts)
    cat, dog = class_health(table, [fingerprint(open_source(row.source.path)) for row in table.rows])
    assert (cat.name, cat.images, dog.images) == ("cat", (12, 12, 0), (1, 12, 0))
    assert cat.shapes == ((32, 32, 1),)


def test_that_a_source_in_two_rows_is_read_once(make_table, monkeypatch):
    table = make_table(*clean_rows())
    again = table.added([table.rows[0]])
    n_read = []
    monkeypatch.setattr(
        "aid_desktop.data.fingerprint.fingerprint", lambda reader, *rest: n_read.append(1) or fingerprint(reader, *rest)
    )
    check_table(again)
    assert len(n_read) == 4


def test_that_a_check_tells_its_progress_and_can_be_stopped(make_table):
    table = make_table(*clean_rows())
    told = []
    check_table(table, progress=lambda done, total: told.append((done, total)))
    assert told == [(12, 48), (24, 48), (36, 48), (48, 48)]
    with pytest.raises(StoppedError):
        check_table(table, should_stop=lambda: True)
