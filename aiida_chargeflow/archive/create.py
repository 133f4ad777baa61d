"""Select the models of a paper and write them with all their provenance into one AiiDA archive."""

from __future__ import annotations

import errno
import getpass
import logging
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy.exc
from aiida import orm
from aiida.common.exceptions import AiidaException
from aiida.tools.archive import create_archive

from ..names import SWEEP_GROUP
from ..results.tables import models_of
from ..science.errors import InputError
from .contents import sizes
from .edit import GroupEntry, edit
from .papers import Paper, citation, metadata, readme
from .privacy import Secrets

_GROUP_NAMESPACE = uuid.UUID("5f0c1c1e-7a53-4c7f-8a0f-6a1d3bb0a8f1")


@dataclass(frozen=True)
class Created:
    """What ``create`` has written.

    :param files: the archive first, then what goes with it.
    :param sizes: kind of content → bytes in the archive.
    :param nodes: node type → number.
    :param leaks: where an account or a user name still stands.
    :param n_cubes_left_out: folders of orbital cubes that are not in the archive.
    """

    files: tuple[Path, ...]
    models: tuple[orm.WorkChainNode, ...]
    groups: tuple[str, ...]
    sizes: Mapping[str, int]
    nodes: Mapping[str, int]
    leaks: tuple[str, ...]
    n_cubes_left_out: int


def create(
    names: Sequence[str],
    output: Path,
    paper: Paper,
    *,
    cubes: bool = True,
    hide: Sequence[str] = (),
    email: str | None = None,
    force: bool = False,
) -> Created:
    """Write ``output`` and, beside it, its README, citation and metadata; all of them or none.

    :param names: groups, sweeps, PKs, UUIDs or labels of finished models.
    :param cubes: whether the orbital cubes go in.
    :param hide: words and paths to hide beyond what is hidden anyway.
    :param email: stands in the archive instead of that of the profile.
    :raises InputError: no finished model, a wrong name of the file, or a file that exists without ``force``.
    """
    files = _targets(output, force)
    models = models_of(names)
    groups = _groups(names, models, output.stem)
    logging.getLogger("aiida.export").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as folder:
        raw, target = Path(folder) / "raw.aiida", Path(folder) / output.name
        try:
            create_archive(
                models,
                raw,
                include_comments=False,
                include_authinfos=False,
                call_calc_backward=False,
                call_work_backward=False,
                compression=1,
            )
            edited = edit(raw, target, groups, secrets=_secrets(models, hide), cubes=cubes, email=email)
        except AiidaException as error:
            raise InputError(f"AiiDA cannot export these models: {error}") from error
        except sqlalchemy.exc.OperationalError as error:
            if "full" not in str(error):
                raise
            raise OSError(errno.ENOSPC, "No space left on device", str(output)) from error
        labels = [group.label for group in groups]
        found = sizes(target, edited.kinds)
        texts = {
            files[1]: readme(paper, models, labels, output.name, found, edited.n_cubes),
            files[2]: citation(paper, models),
            files[3]: metadata(paper, models, files, edited.n_cubes),
        }
        for path, text in texts.items():
            (Path(folder) / path.name).write_text(text, encoding="utf-8")
        for path in reversed(files):
            (Path(folder) / path.name).replace(path)
    return Created(
        files, tuple(models), tuple(labels), found, edited.nodes, tuple(edited.leaks), edited.n_cubes
    )


def _targets(output: Path, force: bool) -> tuple[Path, ...]:
    if output.suffix != ".aiida":
        raise InputError(
            "unknown format", field="--output", value=str(output), remedy="End the name in .aiida."
        )
    if not output.parent.is_dir():
        raise InputError("no such directory", field="--output", value=str(output.parent))
    stem = output.stem
    files = (
        output,
        *(output.with_name(f"{stem}.{name}") for name in ("README.md", "CITATION.cff", "metadata.yaml")),
    )
    existing = [str(path) for path in files if path.exists()]
    if existing and not force:
        raise InputError(
            "would be overwritten",
            field="--output",
            value=", ".join(existing),
            remedy="Choose another name, or add --force.",
        )
    return files


def _groups(names: Sequence[str], models: Sequence[orm.WorkChainNode], stem: str) -> list[GroupEntry]:
    """Return the groups among the names with their exported models; one new group for models given singly."""
    exported = {node.uuid for node in models}
    entries: list[GroupEntry] = []
    grouped: set[str] = set()
    for name in dict.fromkeys(names):
        group = (
            orm.QueryBuilder()
            .append(orm.Group, filters={"label": {"in": [name, SWEEP_GROUP + name]}})
            .first(flat=True)
        )
        if group is None:
            continue
        members = tuple(node.uuid for node in group.nodes if node.uuid in exported)
        entries.append(GroupEntry(group.uuid, group.label, members, group.type_string, group.base.extras.all))
        grouped.update(members)
    single = tuple(node.uuid for node in models if node.uuid not in grouped)
    if single:
        label = f"chargeflow/{stem}"
        identity = str(uuid.uuid5(_GROUP_NAMESPACE, " ".join([label, *sorted(single)])))
        entries.append(GroupEntry(identity, label, single))
    return entries


def _secrets(models: Sequence[orm.WorkChainNode], words: Sequence[str]) -> Secrets:
    """Return the login names of this machine and of the computers that the models ran on."""
    users = {getpass.getuser()}
    computers = {
        job.computer.pk: job.computer
        for node in models
        for job in node.called_descendants
        if isinstance(job, orm.CalcJobNode)
    }
    for computer in computers.values():
        for entry in orm.AuthInfo.collection.find(filters={"dbcomputer_id": computer.pk}):
            users.add(entry.get_auth_params().get("username") or "")
    home = str(Path.home())
    homes = {home} if home not in ("/", "/root") else set()
    return Secrets(users=frozenset(users - {""}), words=(*words, *sorted(homes)))
