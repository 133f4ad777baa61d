"""Cluster profiles and run options: read, checked against each other, and turned into AiiDA's options."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator

from ..science.errors import InputError, one_of
from ..science.validation import Validated, input_error
from ..science.yaml_file import parse_yaml

# What a scheduler directive may hold: a user's YAML never becomes a shell command.
_WORD = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}\Z")  # not $, which lets a line feed follow
_DIRECTORY = re.compile(r"^/[A-Za-z0-9_./+@-]+\Z")


class _Frozen(Validated):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Qos(_Frozen):
    """Limits of one quality of service in one partition."""

    min_nodes: int = Field(1, ge=1)
    max_nodes: int = Field(ge=1)
    max_hours: float = Field(gt=0)


class Partition(_Frozen):
    """Nodes of one kind."""

    cores_per_node: int = Field(ge=0)
    memory_gb_per_node: float = Field(ge=0)
    gpus_per_node: int = Field(0, ge=0)
    qos: dict[str, Qos]

    @property
    def cores(self) -> int:
        """Cores of a node; a profile of this machine says 0 and means all of them."""
        return self.cores_per_node or len(os.sched_getaffinity(0))

    @property
    def memory_gb(self) -> float:
        """Memory of a node in GB; a profile of this machine says 0 and means all of it."""
        return self.memory_gb_per_node or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


class ClusterProfile(_Frozen):
    """What a cluster offers.

    :param price_per_core_hour: in the budget units of the machine.
    """

    name: str
    description: str = ""
    scheduler: Literal["slurm", "direct"] = "slurm"
    account_required: bool = True
    default_partition: str = ""
    price_per_core_hour: float = Field(1.0, ge=0)
    partitions: dict[str, Partition] = Field(min_length=1)


class RunOptions(_Frozen):
    """Resources and budget of every job of a run or a campaign: none of it is science.

    :param computer: label of the AiiDA computer.
    :param cluster: name or path of a cluster profile; by default the computer's label tells it.
    :param walltime_hours: limit of one job; ``hh:mm:ss`` is read too.
    :param stash: directory on the cluster that keeps the wavefunction and the cubes of each ground state.
    :param clean_workdir: remove the jobs' folders from the cluster once a model is done.
    """

    computer: str = "localhost"
    cluster: str | None = None
    account: str | None = None
    partition: str | None = None
    qos: str | None = None
    nodes: int = Field(1, ge=1)
    tasks_per_node: int | None = Field(None, ge=1)
    walltime_hours: float = Field(1.0, ge=1 / 3600, allow_inf_nan=False)
    memory_gb: float | None = Field(None, ge=0.01, allow_inf_nan=False)  # Slurm reads 0 MB as all
    max_concurrent: int = Field(2, ge=1)
    stash: str | None = None
    clean_workdir: bool = False

    @field_validator("computer", "account", "partition", "qos")
    @classmethod
    def _is_a_word(cls, value: str | None) -> str | None:
        if value is not None and not _WORD.match(value):
            raise ValueError("may hold letters, digits and _ . + - only")
        if value in ("FILL_IN", "FILL-IN"):
            raise ValueError("is a placeholder: write your own here")
        return value

    @field_validator("stash")
    @classmethod
    def _is_a_directory(cls, value: str | None) -> str | None:
        if value is not None and not is_directory(value):
            raise ValueError("must be an absolute path of letters, digits and _ . + @ - /")
        return value

    @field_validator("walltime_hours", mode="before")
    @classmethod
    def _read_clock(cls, value: object) -> object:
        if isinstance(value, str) and re.fullmatch(r"\d+:[0-5]\d(:[0-5]\d)?", value):
            hours, minutes, *seconds = map(int, value.split(":"))
            return hours + minutes / 60 + (seconds[0] if seconds else 0) / 3600
        return value

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> RunOptions:
        """Validate ``data``, the `options` of a campaign.

        :raises InputError: an unknown key or a value out of range.
        """
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            raise input_error(
                error, cls, "options", f"Known options: {', '.join(cls.model_fields)}."
            ) from error


def is_directory(text: str) -> bool:
    """Return whether a text is an absolute path, does not go up, and holds nothing that a shell would read."""
    return bool(_DIRECTORY.match(text)) and ".." not in text.split("/")


def profile_names() -> list[str]:
    """Return the names of the shipped profiles, sorted."""
    files = resources.files(__package__).iterdir()
    return sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read ({error})", file=path, field="options.cluster") from error


def load_profile(name: str) -> ClusterProfile:
    """Read a shipped profile by name or a profile of the user's by path (it ends in .yaml).

    :raises InputError: there is no such profile, or it is malformed.
    """
    if name.endswith((".yaml", ".yml")):
        text, label = _read(Path(name)), Path(name).stem
    elif name in profile_names():
        text, label = resources.files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8"), name
    else:
        raise InputError(
            "no such cluster profile",
            field="options.cluster",
            value=name,
            remedy=f"{one_of(name, profile_names(), 'Shipped')} Or give the path of a YAML file of your own.",
        )
    remedy = "Compare with aiida_chargeflow/clusters/leonardo.yaml."
    try:
        return ClusterProfile.model_validate({"name": label, **(parse_yaml(text) or {})})
    except ValidationError as error:
        raise input_error(error, ClusterProfile, remedy=remedy).in_file(name) from error
    except (InputError, TypeError) as error:
        raise InputError("is not a YAML mapping", file=name, remedy=remedy) from error


def profile_for(options: RunOptions) -> ClusterProfile | None:
    """Return the profile of the options' cluster: named, or told by the computer's label; None if unknown."""
    if options.cluster is not None:
        return load_profile(options.cluster)
    for name in profile_names():
        if options.computer == name or options.computer.startswith(f"{name}-"):
            return load_profile(name)
    return None
