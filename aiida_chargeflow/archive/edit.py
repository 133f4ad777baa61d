"""Turn AiiDA's own export into what is published: no secrets, no cubes if so asked, groups of its models only."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import sqlalchemy
from aiida.storage.sqlite_zip import models
from aiida.storage.sqlite_zip.utils import DB_FILENAME, META_FILENAME, REPO_FOLDER, create_sqla_engine
from archive_path import ZipPath
from sqlalchemy.orm import Session

from .contents import files_of, kind_of, with_keys
from .privacy import Hider, Secrets, secrets_of

#: Extra of a node that is not what the profile holds: names of files, or "attributes".
EDITED = "chargeflow_edited"
CUBES = "orbital_cubes"
_BINARY = (".npy", ".gz", ".npz", ".png", ".dcd")


@dataclass(frozen=True)
class GroupEntry:
    """A group as it stands in the archive.

    :param members: UUIDs of its models.
    """

    uuid: str
    label: str
    members: tuple[str, ...]
    type_string: str = "core"
    extras: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Edited:
    """What the edit has done.

    :param kinds: key of a file → kind of content.
    :param nodes: node type → number.
    :param leaks: where a secret still stands.
    :param n_cubes: folders of cubes left out.
    """

    kinds: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, int] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    n_cubes: int = 0


def edit(
    raw: Path,
    target: Path,
    groups: Sequence[GroupEntry],
    *,
    secrets: Secrets,
    cubes: bool,
    email: str | None,
) -> Edited:
    """Write the archive ``raw`` to ``target`` with private things hidden and the groups added.

    :param secrets: beyond those that the nodes themselves tell.
    :param email: replaces the e-mail of AiiDA's users.
    """
    database = target.with_name(f"{target.name}.db")
    result = Edited()
    with zipfile.ZipFile(raw) as source:
        database.write_bytes(source.read(DB_FILENAME))
        engine = create_sqla_engine(database)
        with Session(engine) as session:
            if not cubes:
                result.n_cubes = _drop_cubes(session)
            hider = Hider(secrets.merged(_secrets_of_nodes(session)))
            contents = _hide_in_nodes(session, hider, source, result)
            _hide_elsewhere(session, hider, email)
            _add_groups(session, groups, hider)
            session.commit()
        with engine.connect() as connection:  # what was deleted is still in free pages of the file
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(sqlalchemy.text("VACUUM"))
        engine.dispose()
        metadata = json.loads(source.read(META_FILENAME))
        metadata.pop("creation_parameters", None)
        _write(target, source, database, metadata, contents, result.kinds)
    database.unlink()
    return result


def _write(
    target: Path,
    source: zipfile.ZipFile,
    database: Path,
    metadata: dict[str, Any],
    contents: Mapping[str, bytes],
    keys: Mapping[str, str],
) -> None:
    with ZipPath(target, mode="w", compresslevel=6, info_order=(META_FILENAME, DB_FILENAME)) as zipped:
        for key in sorted(keys):
            content = contents[key] if key in contents else source.read(f"{REPO_FOLDER}/{key}")
            (zipped / REPO_FOLDER / key).write_bytes(content)
        (zipped / DB_FILENAME).putfile(database)
        (zipped / META_FILENAME).write_text(json.dumps({**metadata, "compression": 6}))


def _secrets_of_nodes(session: Session) -> Secrets:
    found = Secrets()
    for attributes in session.scalars(
        sqlalchemy.select(models.DbNode.attributes).where(models.DbNode.node_type.startswith("process."))
    ):
        found = found.merged(secrets_of(attributes))
    for extras in session.scalars(sqlalchemy.select(models.DbGroup.extras)):
        found = found.merged(secrets_of(extras or {}))
    return found


def _drop_cubes(session: Session) -> int:
    """Delete the folders of orbital cubes with their links; everything else of the runs stays."""
    links = sqlalchemy.select(models.DbLink.output_id).where(
        models.DbLink.label == CUBES, models.DbLink.type == "create"
    )
    pks = list(session.scalars(links))
    session.execute(sqlalchemy.delete(models.DbLink).where(models.DbLink.output_id.in_(pks)))
    session.execute(sqlalchemy.delete(models.DbNode).where(models.DbNode.id.in_(pks)))
    return len(pks)


def _hide_in_nodes(
    session: Session, hider: Hider, source: zipfile.ZipFile, result: Edited
) -> dict[str, bytes]:
    """Hide secrets in attributes, extras and files; return key → content of the files that changed."""
    new_keys: dict[str, str] = {}
    contents: dict[str, bytes] = {}
    for node in session.scalars(sqlalchemy.select(models.DbNode).order_by(models.DbNode.id)):
        edited = []
        attributes, extras = hider.value(node.attributes), hider.value(node.extras)
        if attributes != node.attributes:
            edited.append("attributes")
        for path, key in files_of(node.repository_metadata):
            if key not in new_keys:
                old = source.read(f"{REPO_FOLDER}/{key}")
                new = old if path.endswith(_BINARY) else hider.content(old)
                new_keys[key] = hashlib.sha256(new).hexdigest() if new != old else key
                if new_keys[key] != key:
                    contents[new_keys[key]] = new
                if not path.endswith(_BINARY) and hider.is_left_in(new.decode("utf-8", "replace")):
                    result.leaks.append(f"{path} of {node.uuid}")
            if new_keys[key] != key:
                edited.append(path)
            result.kinds.setdefault(new_keys[key], kind_of(path, node.node_type))
        if hider.is_left_in(json.dumps([attributes, extras])):
            result.leaks.append(f"attributes of {node.uuid}")
        node.attributes = attributes
        node.extras = extras | ({EDITED: edited} if edited else {})
        node.repository_metadata = (
            with_keys(node.repository_metadata or {}, new_keys) if edited else node.repository_metadata
        )
        node.label, node.description = hider.text(node.label), hider.text(node.description)
        result.nodes[node.node_type] = result.nodes.get(node.node_type, 0) + 1
    return contents


def _hide_elsewhere(session: Session, hider: Hider, email: str | None) -> None:
    for computer in session.scalars(sqlalchemy.select(models.DbComputer)):
        computer._metadata = hider.value(computer._metadata)
        computer.description = hider.text(computer.description)
    for log in session.scalars(sqlalchemy.select(models.DbLog)):
        log.message, log._metadata = hider.text(log.message), hider.value(log._metadata)
    users = session.scalars(sqlalchemy.select(models.DbUser).order_by(models.DbUser.id)).all()
    for user in users:
        user.first_name = user.last_name = user.institution = ""
    if email is not None:
        for number, user in enumerate(users):
            user.email = f"user {number}"
        session.flush()  # e-mails are unique, and one of them may be what another becomes
        for number, user in enumerate(users):
            user.email = email if number == 0 else f"{number}.{email}"


def _add_groups(session: Session, groups: Sequence[GroupEntry], hider: Hider) -> None:
    user = session.scalars(sqlalchemy.select(models.DbUser.id)).first()
    pks: dict[str, int] = dict(session.execute(sqlalchemy.select(models.DbNode.uuid, models.DbNode.id)).all())
    for entry in groups:
        group = models.DbGroup(
            uuid=entry.uuid,
            label=entry.label,
            type_string=entry.type_string,
            time=datetime.now(timezone.utc),
            description="",
            extras=hider.value(dict(entry.extras)),
            user_id=user,
        )
        session.add(group)
        session.flush()
        for member in entry.members:
            session.add(models.DbGroupNodes(dbgroup_id=group.id, dbnode_id=pks[member]))
