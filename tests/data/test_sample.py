import pytest

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.digest import digest_of
from aid_desktop.data.drops import resolve_drop
from aid_desktop.data.formats import open_source
from aid_desktop.data.sample import write_digits_sample
from aid_desktop.errors import DataError


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    pytest.importorskip("sklearn")
    return write_digits_sample(tmp_path_factory.mktemp("sample") / "new" / "digits")


def test_that_the_sample_is_a_table_that_can_be_trained(digits):
    plan = resolve_drop([digits])
    assert plan.rejected == ()
    table = ClassTable().add_sources(
        [(open_source(item.path).source, item.class_name, item.role) for item in plan.items]
    )
    assert table.problems(True) == table.warnings == ()
    assert table.class_names == tuple("0123456789")
    numbers = [table.images(role) for role in Role]
    assert sum(numbers) == 1797
    assert [round(100 * n / 1797) for n in numbers] == [60, 20, 20]
    assert {row.source.shapes for row in table.rows} == {((16, 16, 1),)}


def test_that_the_sample_is_written_once_and_always_the_same(digits, tmp_path):
    assert digest_of(write_digits_sample(tmp_path / "again")) == digest_of(digits)
    file = next(digits.rglob("*.png"))
    before = file.stat().st_mtime_ns
    assert write_digits_sample(digits) == digits
    assert file.stat().st_mtime_ns == before
    assert [path.name for path in digits.parent.iterdir()] == ["digits"]


def test_that_another_folder_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(DataError, match="not the sample"):
        write_digits_sample(tmp_path)


def test_that_an_empty_folder_becomes_the_sample(tmp_path):
    pytest.importorskip("sklearn")
    (tmp_path / "d").mkdir()
    assert (write_digits_sample(tmp_path / "d") / "train" / "0").is_dir()


def test_that_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot be written"):
        write_digits_sample(tmp_path / "file" / "digits")
