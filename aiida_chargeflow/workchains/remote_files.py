"""What lies on the cluster beside the database: keep it, look for it, remove it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from aiida import orm

from ..clusters.profile import is_directory
from ..science.cp2k.input import WAVEFUNCTION
from ..science.errors import InputError


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return options as a job takes them, and whether the folders are to be removed after success.

    ``stash``, a directory, becomes the instruction to copy the wavefunction and all cubes of a converged
    ground state below it.

    :raises InputError: ``stash`` is no absolute path, or ``clean_workdir`` neither true nor false.
    """
    kept = dict(options)
    clean = kept.pop("clean_workdir", False)
    if not isinstance(clean, bool):
        raise InputError("must be true or false", field="options.clean_workdir", value=clean)
    stash = kept.get("stash")
    if isinstance(stash, str):
        if not is_directory(stash):
            raise InputError(
                "must be an absolute path of letters, digits and _ . + @ - /",
                field="options.stash",
                value=stash,
                remedy="For example /leonardo_work/PROJECT/kept; variables are not filled in.",
            )
        kept["stash"] = {
            "target_base": stash,
            "source_list": [WAVEFUNCTION, "*.cube"],
            "stash_mode": "copy",
        }
    return kept, clean


def lacks_file(folder: orm.RemoteData, name: str) -> bool:
    """Return whether a file is certainly not in a remote folder; False if nobody can tell."""
    try:
        with folder.get_authinfo().get_transport() as transport:
            return not transport.isfile(str(PurePosixPath(folder.get_remote_path()) / name))
    except Exception:  # each transport has its own errors; a dead connection proves nothing
        return False


def forget_jobs(run: orm.WorkChainNode) -> None:
    """Take the jobs of a run, and those they were copied from, out of the cache."""
    for job in _jobs(run):
        forget_job(job)


def forget_job(job: orm.CalcJobNode) -> None:
    """Take a job, and what would serve for it, out of the cache."""
    for same in [job, *job.base.caching.get_all_same_nodes()]:
        same.base.caching.is_valid_cache = False


def remove_folders(run: orm.WorkChainNode) -> int:
    """Remove the folders of a run's own jobs from the cluster; return how many could be removed.

    A folder that came with a job from the cache belongs to another run and stays.
    """
    n_removed = 0
    for job in _jobs(run):
        if job.base.caching.is_created_from_cache or "remote_folder" not in job.outputs:
            continue
        try:
            job.outputs.remote_folder._clean()
        except Exception:  # a cluster that cannot be reached must not fail a finished model
            continue
        n_removed += 1
    return n_removed


def _jobs(run: orm.WorkChainNode) -> Iterator[orm.CalcJobNode]:
    return (node for node in run.called_descendants if isinstance(node, orm.CalcJobNode))
