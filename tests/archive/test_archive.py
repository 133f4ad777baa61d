"""``archive create`` and ``archive import`` on recorded models: the same answers before and after."""

import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from aiida import orm
from commands import FIXTURE, ok, refused, rewritten

from aiida_chargeflow.archive.edit import edit
from aiida_chargeflow.archive.privacy import Secrets
from aiida_chargeflow.archive.restore import check_file
from aiida_chargeflow.science.errors import InputError


@pytest.fixture(scope="module")
def created(paper, tmp_path_factory):
    folder = tmp_path_factory.mktemp("created")
    said = ok(
        "archive", "create", paper.label, "-o", folder / "mine.aiida", "--title", "A title: with colon",
        "--author", "Doe, Jane; Institute of Examples, Town", "--author", "Mononym", "--doi", "10.1000/182",
    )  # fmt: skip
    return folder, said


def test_importing_again_changes_nothing(paper):
    n_nodes = orm.QueryBuilder().append(orm.Node).count()
    said = json.loads(ok("archive", "import", FIXTURE, "--json"))
    assert said["new"] == 0
    assert len(said["models"]) == len(list(paper.nodes))
    assert said["groups"] == [paper.label]
    assert orm.QueryBuilder().append(orm.Node).count() == n_nodes


def test_papers_beside_the_archive(created, paper):
    folder, said = created
    assert sorted(path.name for path in folder.iterdir()) == [
        "mine.CITATION.cff",
        "mine.README.md",
        "mine.aiida",
        "mine.metadata.yaml",
    ]
    readme = (folder / "mine.README.md").read_text()
    for node in paper.nodes:
        assert node.uuid in readme
    assert "CP2K 2023.1" in readme
    citation = yaml.safe_load((folder / "mine.CITATION.cff").read_text())
    assert citation["authors"] == [{"family-names": "Doe", "given-names": "Jane"}, {"name": "Mononym"}]
    assert citation["references"][0]["doi"] == "10.1000/182"
    metadata = yaml.safe_load((folder / "mine.metadata.yaml").read_text())
    assert metadata["title"] == "A title: with colon"
    assert len(metadata["keywords"]) >= 3
    assert metadata["files"][0]["name"] == "mine.aiida"
    assert "orbital cubes" in said


def test_cubes_can_stay_out_and_nothing_else_does(paper, tmp_path):
    full = json.loads(ok("archive", "create", paper.label, "-o", tmp_path / "full.aiida", "--json"))
    small = json.loads(
        ok("archive", "create", paper.label, "-o", tmp_path / "s.aiida", "--without-cubes", "--json")
    )
    assert "orbital cubes" not in small["bytes"]
    n_cubes = small["left_out"]["orbital_cubes"]
    assert n_cubes == len(list(paper.nodes))
    assert sum(full["nodes"].values()) - sum(small["nodes"].values()) == n_cubes
    assert sum(small["bytes"].values()) == pytest.approx(
        sum(full["bytes"].values()) - full["bytes"]["orbital cubes"], rel=0.02
    )


def test_single_models_come_in_a_group_of_their_own(paper, tmp_path):
    one, *_ = paper.nodes
    said = json.loads(ok("archive", "create", one.pk, "-o", tmp_path / "one.aiida", "--json"))
    assert said["models"] == [one.uuid]
    assert said["groups"] == ["chargeflow/one"]
    with zipfile.ZipFile(tmp_path / "one.aiida") as zipped:
        (tmp_path / "db").write_bytes(zipped.read("db.sqlite3"))
    others = [node.uuid.encode() for node in paper.nodes if node.uuid != one.uuid]
    content = (tmp_path / "db").read_bytes()
    assert one.uuid.encode() in content
    assert not any(uuid in content for uuid in others)


def test_an_email_may_be_one_that_came_with_an_earlier_archive(tmp_path):
    def two_users(entries):
        database = tmp_path / "db.sqlite3"
        database.write_bytes(entries["db.sqlite3"])
        with closing(sqlite3.connect(database)) as connection, connection:
            columns = "first_name, last_name, institution"
            connection.execute(
                f"INSERT INTO db_dbuser (email, {columns}) VALUES ('shared@example.org', '', '', '')"
            )
        return (entries | {"db.sqlite3": database.read_bytes()}).items()

    raw = rewritten(tmp_path / "raw.aiida", two_users)
    edit(raw, tmp_path / "out.aiida", [], secrets=Secrets(), cubes=True, email="shared@example.org")
    with zipfile.ZipFile(tmp_path / "out.aiida") as zipped:
        (tmp_path / "out.db").write_bytes(zipped.read("db.sqlite3"))
    with closing(sqlite3.connect(tmp_path / "out.db")) as connection:
        emails = [email for (email,) in connection.execute("SELECT email FROM db_dbuser ORDER BY id")]
    assert emails == ["shared@example.org", "1.shared@example.org"]


def test_an_existing_file_is_kept_unless_forced(paper, tmp_path):
    target = tmp_path / "mine.aiida"
    (tmp_path / "mine.README.md").write_text("precious")
    assert "--force" in refused("archive", "create", paper.label, "-o", target)
    assert not target.exists()
    assert (tmp_path / "mine.README.md").read_text() == "precious"
    ok("archive", "create", paper.label, "-o", target, "--force")
    assert "precious" not in (tmp_path / "mine.README.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("no-such-group", "-o", "{}/a.aiida"), "no such node"),
        (("{group}", "-o", "{}/a.zip"), ".aiida"),
        (("{group}", "-o", "{}/missing/a.aiida"), "no such directory"),
    ],
)
def test_create_refuses(paper, tmp_path, arguments, word):
    given = [text.replace("{group}", paper.label).replace("{}", str(tmp_path)) for text in arguments]
    assert word in refused("archive", "create", *given)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_message_and_leaves_nothing(paper, tmp_path, monkeypatch):
    from aiida_chargeflow.archive import edit

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(edit, "_write", full)
    assert "No space left" in refused("archive", "create", paper.label, "-o", tmp_path / "a.aiida")
    assert list(tmp_path.iterdir()) == []


def future(entries):
    metadata = json.loads(entries["metadata.json"])
    return (entries | {"metadata.json": json.dumps(metadata | {"export_version": "main_9999"})}).items()


def prehistoric(entries):
    metadata = json.loads(entries["metadata.json"])
    return (entries | {"metadata.json": json.dumps(metadata | {"export_version": "0.3"})}).items()


def older(entries):
    metadata = json.loads(entries["metadata.json"])
    return (entries | {"metadata.json": json.dumps(metadata | {"export_version": "main_0000b"})}).items()


def ancient(entries):
    metadata = json.loads(entries["metadata.json"])
    return (entries | {"metadata.json": json.dumps(metadata | {"export_version": "0.9"})}).items()


def of_aiida_1(entries):
    return {"metadata.json": entries["metadata.json"], "data.json": b"{}"}.items()


def traversal(entries):
    return [*entries.items(), ("../../../../../tmp/chargeflow-was-here", b"evil")]


def traversal_as_object(entries):
    return [*entries.items(), ("repo/../../chargeflow-was-here", b"evil")]


def garbled_database(entries):
    return (entries | {"db.sqlite3": b"SQLite format 3\0" + bytes(5000)}).items()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (future, "a newer AiiDA"),
        (prehistoric, "an older AiiDA"),
        (ancient, "cannot be brought up to date"),
        (of_aiida_1, "an archive of AiiDA 1"),
        (traversal, "no AiiDA archive has"),
        (traversal_as_object, "no AiiDA archive has"),
        (lambda entries: {k: v for k, v in entries.items() if k != "db.sqlite3"}.items(), "no AiiDA archive"),
        (lambda entries: (entries | {"metadata.json": b"[1]"}).items(), "metadata cannot be read"),
        (lambda entries: (entries | {"metadata.json": b"{"}).items(), "metadata cannot be read"),
        (garbled_database, "refuses the archive"),
    ],
)
def test_import_refuses_what_is_no_sound_archive(paper, tmp_path, change, word):  # noqa: ARG001
    n_nodes = orm.QueryBuilder().append(orm.Node).count()
    path = rewritten(tmp_path / "crafted.aiida", change)
    assert word in refused("archive", "import", path)
    assert orm.QueryBuilder().append(orm.Node).count() == n_nodes
    assert not Path("/tmp/chargeflow-was-here").exists()
    assert sorted(tmp_path.iterdir()) == [path]


def test_an_older_archive_is_brought_up_to_date_and_left_as_it_is(paper, tmp_path):
    path = rewritten(tmp_path / "older.aiida", older)
    content = path.read_bytes()
    assert json.loads(ok("archive", "import", path, "--json"))["groups"] == [paper.label]
    assert path.read_bytes() == content


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_import_refuses_a_truncated_file(tmp_path, part):
    content = FIXTURE.read_bytes()
    path = tmp_path / "cut.aiida"
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(InputError, match="damaged"):
        check_file(path)


def test_import_refuses_flipped_bits(tmp_path):
    content = bytearray(FIXTURE.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path = tmp_path / "flipped.aiida"
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        check_file(path)


@pytest.mark.parametrize("name", ["README.md", "bader/ash3.cube.gz", "cp2k/cdse_pdos.zip", "missing.aiida"])
def test_import_refuses_other_files(paper, name):  # noqa: ARG001
    assert "cp2k" not in refused("archive", "import", FIXTURE.parent / name) or name.startswith("cp2k")


def test_an_archive_of_something_else_is_left_to_aiida(paper, tmp_path):  # noqa: ARG001
    from aiida.tools.archive import create_archive

    path = tmp_path / "other.aiida"
    create_archive([orm.Int(3).store()], path)
    assert "without models" in refused("archive", "import", path)


def test_the_fixture_tells_nothing_of_its_maker(tmp_path):
    shutil.unpack_archive(FIXTURE, tmp_path, "zip")
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"/tmp/" not in path.read_bytes(), path
