"""A report's directory appears whole, and nothing but an older report makes room for it."""

import json

import pytest

from aiida_chargeflow.report.directory import MANIFEST, whole_directory, write_manifest
from aiida_chargeflow.science.errors import InputError


def write(target, text):
    """Write a report of one page; without a text, be interrupted half-way."""
    with whole_directory(target) as directory:
        (directory / "models").mkdir()
        if text is None:
            raise KeyboardInterrupt
        (directory / "models" / "page.html").write_text(text)
        write_manifest(directory, {"models": []})


def test_a_report_replaces_an_older_one(tmp_path):
    target = tmp_path / "site"
    write(target, "old")
    (target / "models" / "page.html").rename(target / "models" / "gone.html")
    manifest = target / MANIFEST
    manifest.write_text(manifest.read_text().replace("page.html", "gone.html"))
    write(target, "new")
    assert (target / "models" / "page.html").read_text() == "new"
    assert not (target / "models" / "gone.html").exists()
    assert json.loads(manifest.read_text())["files"] == ["models/page.html", MANIFEST]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_after_an_error_everything_is_as_it_was(tmp_path):
    target = tmp_path / "site"
    write(target, "old")
    with pytest.raises(KeyboardInterrupt):
        write(target, None)
    assert (target / "models" / "page.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("foreign", ["thesis.tex", "models/notes.txt"])
def test_foreign_files_are_never_lost(tmp_path, foreign):
    target = tmp_path / "site"
    write(target, "old")
    (target / foreign).write_text("years of work")
    with pytest.raises(InputError, match=foreign):
        write(target, "new")
    assert (target / foreign).read_text() == "years of work"
    assert (target / "models" / "page.html").read_text() == "old"


def test_a_directory_that_is_no_report_is_refused(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "home")
    for name, problem in (("home", "no report"), ("file", "no directory"), ("link", "no directory")):
        with pytest.raises(InputError, match=problem):
            write(tmp_path / name, "new")
    with pytest.raises(InputError, match="no such directory"):
        write(tmp_path / "missing" / "site", "new")


def test_an_empty_directory_is_taken(tmp_path):
    (tmp_path / "site").mkdir()
    write(tmp_path / "site", "new")
    assert (tmp_path / "site" / MANIFEST).is_file()
