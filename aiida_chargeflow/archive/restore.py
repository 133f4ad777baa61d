"""Read an archive back: first everything about the file is checked, then AiiDA imports it in one transaction."""

from __future__ import annotations

import json
import logging
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy.exc
from aiida import orm
from aiida.common.exceptions import AiidaException
from aiida.manage import get_manager
from aiida.storage.sqlite_zip.migrator import get_schema_version_head, list_versions, migrate
from aiida.storage.sqlite_zip.utils import DB_FILENAME, META_FILENAME, REPO_FOLDER
from aiida.tools.archive import import_archive
from aiida.tools.archive.implementations.sqlite_zip.main import ArchiveFormatSqlZip

from ..names import MODEL_LABELS
from ..science.errors import InputError

_AGAIN = "Fetch it again, and compare its size or checksum with those of the source."
_NODES_OF_AIIDA_1 = "data.json"
_OBJECT = re.compile(rf"{REPO_FOLDER}/(?:[0-9a-f]{{64}})?")


@dataclass(frozen=True)
class Restored:
    """What an import has brought.

    :param models: finished models of the archive, as they now are in the profile.
    :param n_new: how many of them the profile did not hold before.
    :param groups: labels in this profile; AiiDA adds a suffix where a label is taken.
    """

    models: tuple[orm.ProcessNode, ...]
    n_new: int
    groups: tuple[str, ...]


def restore(path: Path) -> Restored:
    """Import an archive into the loaded profile: all of it or nothing.

    :raises InputError: the file is damaged, no AiiDA archive, of a newer AiiDA, or holds no model.
    """
    check_file(path)
    logging.getLogger("aiida.export").setLevel(logging.WARNING)
    logging.getLogger("aiida.storage").setLevel(logging.WARNING)
    with _current(path) as archive:
        try:
            uuids, groups = _content(archive)
            held = set(_found(orm.Node, uuids))
            import_archive(archive, create_group=False)
        except InputError:
            raise
        except (AiidaException, sqlalchemy.exc.SQLAlchemyError, ValueError, KeyError) as error:
            raise InputError(
                f"AiiDA refuses the archive: {_first_line(error)}",
                file=path,
                remedy=f"Nothing was imported. {_AGAIN}",
            ) from error
    if not uuids:
        raise AssertionError("checked by _content")
    for uuid, members in groups.items():  # AiiDA leaves a group that exists already as it is
        orm.load_group(uuid).add_nodes([orm.load_node(member) for member in members])
    models = tuple(sorted((orm.load_node(uuid) for uuid in uuids), key=lambda node: node.pk))
    labels = tuple(sorted(orm.load_group(uuid).label for uuid in groups))
    return Restored(models, len(set(uuids) - held), labels)


def check_file(path: Path) -> None:
    """Check that a file is a whole AiiDA archive that this AiiDA can read, and holds no other entries.

    :raises InputError: it is not.
    """
    if not path.is_file():
        raise InputError("no such file", file=path)
    try:
        with zipfile.ZipFile(path) as zipped:
            _check_entries(zipped, path)
            damaged = zipped.testzip()
            if damaged is not None:
                raise InputError(f"damaged at {damaged}", file=path, remedy=_AGAIN)
            version = json.loads(zipped.read(META_FILENAME))["export_version"]
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise InputError("damaged, cut short, or no AiiDA archive", file=path, remedy=_AGAIN) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            "this zip file is no AiiDA archive: its metadata cannot be read", file=path
        ) from error
    if version not in list_versions():
        older = re.fullmatch(r"0\.[0-9]+|main_0000.*", str(version)) is not None
        raise InputError(
            f"written by {'an older' if older else 'a newer'} AiiDA than this one reads",
            file=path,
            field="export_version",
            value=version,
            remedy="Bring it up to date with the `verdi archive migrate` of an AiiDA of its time, step by step."
            if older
            else f"Update aiida-core; this one reads up to {get_schema_version_head()}.",
        )


def _check_entries(zipped: zipfile.ZipFile, path: Path) -> None:
    """Refuse names that no archive has, such as ``../../.bashrc``, and content that cannot fit on the disk."""
    names = [entry.filename for entry in zipped.infolist()]
    if DB_FILENAME not in names and {META_FILENAME, _NODES_OF_AIIDA_1} <= set(names):
        raise InputError(
            "an archive of AiiDA 1, in a format that this one does not read as it is",
            file=path,
            remedy=f"Bring it up to date: verdi archive migrate {path.name} NEW.aiida. Import NEW.aiida.",
        )
    if META_FILENAME not in names or DB_FILENAME not in names:
        raise InputError(
            "this zip file is no AiiDA archive",
            file=path,
            remedy="An archive is written by `aiida-chargeflow archive create` or `verdi archive create`.",
        )
    foreign = [
        name for name in names if name not in (META_FILENAME, DB_FILENAME) and not _OBJECT.fullmatch(name)
    ]
    if foreign or len(set(names)) != len(names):
        raise InputError(
            "holds entries that no AiiDA archive has",
            file=path,
            value=(foreign or names)[0],
            remedy="Do not trust it.",
        )
    size = sum(entry.file_size for entry in zipped.infolist())
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if size > free:
        raise InputError(
            f"unpacks to {size / 1e9:.1f} GB, {free / 1e9:.1f} GB are free",
            file=path,
            remedy="Make room first.",
        )


@contextmanager
def _current(path: Path) -> Iterator[Path]:
    """Yield the archive itself, or a migrated copy of an older one."""
    head = get_schema_version_head()
    if ArchiveFormatSqlZip().read_version(path) == head:
        yield path
        return
    logging.getLogger("aiida.migrate").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        migrated = Path(folder) / "migrated.aiida"
        try:
            migrate(path, migrated, head)
        except Exception as error:  # whatever an old or crafted database makes of the migration
            raise InputError(
                f"cannot be brought up to date: {_first_line(error)}",
                file=path,
                remedy="Try `verdi archive migrate`.",
            ) from error
        yield migrated


def _content(archive: Path) -> tuple[list[str], dict[str, list[str]]]:
    """Return the UUIDs of the finished models, and group → members, of the archive.

    :raises InputError: it holds no model.
    """
    with ArchiveFormatSqlZip().open(archive, "r") as reader:
        backend = reader.get_backend()
        query = orm.QueryBuilder(backend=backend).append(
            orm.ProcessNode,
            filters={"attributes.process_label": {"in": MODEL_LABELS}, "attributes.exit_status": 0},
            project="uuid",
        )
        uuids = query.all(flat=True)
        members = orm.QueryBuilder(backend=backend).append(orm.Group, project="uuid", tag="group")
        members.append(orm.Node, with_group="group", project="uuid")
        groups: dict[str, list[str]] = {}
        for group, node in members.all():
            groups.setdefault(group, []).append(node)
    if not uuids:
        raise InputError(
            "an AiiDA archive, but without models of this package",
            file=archive,
            remedy="Nothing was imported; `verdi archive import` takes it as it is.",
        )
    return uuids, groups


def _found(kind: type[orm.Node], uuids: list[str]) -> list[str]:
    query = orm.QueryBuilder(backend=get_manager().get_profile_storage())
    found: list[str] = query.append(kind, filters={"uuid": {"in": uuids}}, project="uuid").all(flat=True)
    return found


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
