"""A text is read in its own encoding; a file appears whole, or what was there stays."""

from pathlib import Path

import pytest

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.files import text_of, whole_file, write_whole


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_mark_tells_the_encoding_and_line_ends_are_alike(encoding: str) -> None:
    assert text_of("3\r\nAs 4.5 Å\n".encode(encoding)) == "3\nAs 4.5 Å\n"


def test_what_is_no_text_is_an_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        text_of(b"3\n\xff\xfe\n")
    with pytest.raises(UnicodeDecodeError):
        text_of("Cl".encode("utf-16")[:-1])


def test_what_was_there_stays_if_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    write_whole(path, "old")

    def fail() -> None:
        with whole_file(path) as temporary:
            assert temporary.suffix == ".svg"
            temporary.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path], "nothing half-written is left"


def test_a_full_disk_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"

    def fill() -> None:
        with whole_file(path), Path("/dev/full").open("w") as stream:
            stream.write("x" * 10**6)

    with pytest.raises(InputError, match=r"a\.csv: cannot be written: No space left"):
        fill()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["nowhere/a.csv", "file/a.csv"])
def test_no_folder_is_one_message(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"a\.csv: cannot be written"):
        write_whole(tmp_path / name, "x")


def test_others_may_read_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"x")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
