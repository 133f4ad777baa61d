"""Profile, codes, daemon and submission, for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiida import manage, orm
from aiida.common.exceptions import (
    AiidaException,
    InvalidOperation,
    MultipleObjectsError,
    NotExistent,
    ValidationError,
)
from aiida.engine import submit as engine_submit
from aiida.engine.daemon.client import get_daemon_client

from ..science.errors import InputError

if TYPE_CHECKING:
    from ..science.models.spec import ModelSpec


def load_profile() -> None:
    """Load the default profile.

    :raises InputError: there is none, or its storage cannot be reached.
    """
    try:
        manage.load_profile(allow_switch=True)
        manage.get_manager().get_profile_storage()
    except AiidaException as error:
        raise InputError(
            f"no usable AiiDA profile: {error}", remedy="Make one with `verdi presto --use-zeromq`."
        ) from error


def load_codes(**labels: str) -> dict[str, orm.AbstractCode]:
    """Return the codes of the given labels.

    :raises InputError: a code that does not exist, whose program does not, or on a computer out of reach;
        codes on different computers.
    """
    codes = {}
    for role, label in labels.items():
        try:
            codes[role] = _load_code(label)
            if isinstance(codes[role], orm.InstalledCode):
                codes[role].validate_filepath_executable()
        except NotExistent as error:
            raise InputError(
                "no such code",
                field=f"--{role}",
                value=label,
                remedy="See `verdi code list`; setup/codes has files for `verdi code create`.",
            ) from error
        except MultipleObjectsError as error:
            raise InputError(
                "several codes have this label",
                field=f"--{role}",
                value=label,
                remedy="Add the computer, as in cp2k@localhost, or give the PK; see `verdi code list`.",
            ) from error
        except ValidationError as error:
            if error.__cause__ is not None:  # AiiDA could not look, so nothing is known of the program
                raise InputError(
                    "the computer of this code cannot be reached",
                    field=f"--{role}",
                    value=label,
                    remedy="Renew your key or certificate; `aiida-chargeflow setup check` tells more.",
                ) from error
            raise InputError(
                "the program of this code does not exist on its computer, or may not be run",
                field=f"--{role} {label}",
                value=str(codes[role].filepath_executable),
                remedy="Install it there, or make a code with the right path; `aiida-chargeflow setup check` helps.",
            ) from error
    computers = {code.computer.label for code in codes.values() if code.computer is not None}
    if len(computers) > 1:
        raise InputError(
            "the codes are on different computers",
            field=" and ".join(f"--{role}" for role in codes),
            value=", ".join(sorted(computers)),
            remedy="The density is partitioned where it lies: give codes of one computer, as bader@COMPUTER.",
        )
    return codes


def _load_code(label: str) -> orm.AbstractCode:
    """Return a code; of several with one label that on a configured computer, which no imported archive brings."""
    try:
        return orm.load_code(label)
    except MultipleObjectsError:
        found = orm.QueryBuilder().append(orm.AbstractCode, filters={"label": label}).all(flat=True)
        usable = [code for code in found if code.computer is not None and code.computer.is_configured]
        if len(usable) != 1:
            raise
        return usable[0]


def require_daemon() -> None:
    """Refuse to wait for a daemon that does not run.

    :raises InputError: it is not running.
    """
    if not get_daemon_client().is_daemon_running:
        raise InputError("the daemon is not running", remedy="Start it with `verdi daemon start`.")


def submit(
    spec: ModelSpec,
    codes: Mapping[str, orm.AbstractCode],
    protocol: str,
    overrides: Mapping[str, Any],
    options: Mapping[str, Any],
    group: str,
    *,
    label: str,
    again: bool = False,
) -> orm.WorkChainNode:
    """Return the run of a model: the one that exists, unless ``again`` or it failed; else a new one.

    :raises InputError: settings or options that the work chain refuses, a dot that does not fit the memory of
        this computer, or no daemon to take the run.
    """
    from ..workchains.model import ModelWorkChain  # heavy, and only `launch` needs them
    from ..workchains.point_runs import find_run, submission_lock

    builder = ModelWorkChain.get_builder_from_protocol(codes, spec, protocol, overrides, options)
    fitted = _fitted(spec, codes["cp2k"].computer, builder.scf.settings.get_dict(), options)
    if fitted != dict(options):
        builder = ModelWorkChain.get_builder_from_protocol(codes, spec, protocol, overrides, fitted)
    builder.metadata.label = label
    with submission_lock():
        node = None if again else find_run(builder.digest.value)
        if node is None:
            try:
                node = engine_submit(builder)
            except ValueError as error:  # what a validator says
                raise InputError(
                    f"the run is refused: {error}", remedy="Mend the options or the codes it names."
                ) from error
            except InvalidOperation as error:  # the broker that is part of the daemon
                require_daemon()
                raise InputError(f"AiiDA refuses: {error}") from error
    orm.Group.collection.get_or_create(group)[0].add_nodes(node)
    return node


def _fitted(
    spec: ModelSpec, computer: orm.Computer | None, scf: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return options that fit the memory of this computer; a model that cannot be built is left to its run."""
    from ..science.cp2k.input import ScfSettings
    from ..science.models.build import build
    from .layout import fit_to_computer

    if computer is None:
        return dict(options)
    try:
        atoms = build(spec).atoms
    except InputError:
        return dict(options)
    return fit_to_computer(computer, atoms, ScfSettings.from_mapping(scf), options)
