from aid_desktop.numbers import grouped, megabytes


def test_that_thousands_are_apart_and_stay_on_one_line() -> None:
    assert [grouped(number) for number in (0, 999, -1234)] == ["0", "999", "-1\N{NO-BREAK SPACE}234"]
    # Windows' consoles and files that lines are sent to know no other space of this kind.
    assert grouped(12345678).encode("cp1252") == b"12\xa0345\xa0678"


def test_that_sizes_are_told_in_megabytes() -> None:
    assert megabytes(1_234_567) == "1.2 MB"
    assert megabytes(2_345_000_000) == "2\N{NO-BREAK SPACE}345 MB"
