"""Compile kernels with a private, version-keyed cache, and share slabs of a grid among threads.

Kernels release the GIL and run in plain Python threads: no OpenMP, no threading layer to be configured
in a batch job. Numba's default cache lies next to the source, which fails for read-only installations;
ours lies in the user's cache directory and is left out where that cannot be written.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba.core.config

from .. import __version__

Function = TypeVar("Function", bound=Callable[..., Any])
Report = Callable[[float], None]


def cache_directory() -> Path | None:
    """Return a private writable directory for compiled kernels, or None where there is none.

    The name holds the versions of the package and of numba and a hash of the CPU and of the sources, so that
    nodes of different make can share a home directory, and a kernel never calls a stale one of another file.
    """
    digest = hashlib.sha256(llvmlite.binding.get_host_cpu_name().encode())
    digest.update(llvmlite.binding.get_host_cpu_features().flatten().encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    key = f"kernels-{__version__}-numba{numba.__version__}-{digest.hexdigest()[:12]}"
    base = os.environ.get("CHARGEFLOW_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    try:
        path = (Path(base) if base else Path.home() / ".cache") / "aiida-chargeflow" / key
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.stat().st_uid != os.getuid():
            return None
        with tempfile.TemporaryFile(dir=path):
            return path
    except (OSError, RuntimeError):
        return None


_CACHE = cache_directory()


def compiled(function: Function) -> Function:
    """Compile ``function`` with numba: no GIL, strict floating point, cached where that is safe."""
    return _compile(function)


def reassociated(function: Function) -> Function:
    """Compile ``function`` like :func:`compiled`, its sums in the order that suits the CPU's vectors."""
    return _compile(function, fastmath={"reassoc", "nsz"})


def _compile(function: Function, **options: Any) -> Function:
    options.update(nogil=True, error_model="numpy", cache=_CACHE is not None)
    if _CACHE is None:
        return cast(Function, numba.njit(**options)(function))
    config: Any = numba.core.config
    previous = config.CACHE_DIR
    config.CACHE_DIR = str(_CACHE)
    try:
        return cast(Function, numba.njit(**options)(function))
    finally:
        config.CACHE_DIR = previous


def available_threads() -> int:
    """Return the number of threads this process may use: OMP_NUM_THREADS if set, else its CPU affinity."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def slab_edges(n_planes: int, n_slabs: int = 64) -> list[int]:
    """Return the edges of the slabs of planes; their number does not depend on the number of threads."""
    n_slabs = min(n_planes, n_slabs)
    return [n_planes * i // n_slabs for i in range(n_slabs + 1)]


def over_slabs(task: Callable[[int, int], Any], n_planes: int, threads: int) -> list[Any]:
    """Run ``task(start, stop)`` over slabs of planes in threads; return the results in order of the slabs."""
    edges = slab_edges(n_planes)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(task, edges[:-1], edges[1:]))
