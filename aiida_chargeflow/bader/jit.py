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
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
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
    if _CACHE is None:
        return cast(Function, numba.njit(nogil=True, cache=False)(function))
    config: Any = numba.core.config
    previous = config.CACHE_DIR
    config.CACHE_DIR = str(_CACHE)
    try:
        return cast(Function, numba.njit(nogil=True, cache=True)(function))
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


def over_slabs(
    task: Callable[[int, int], Any], n_planes: int, threads: int, report: Report | None = None
) -> list[Any]:
    """Run ``task(start, stop)`` over slabs of planes in threads and return the results in order of the slabs.

    The number of slabs does not depend on the number of threads, so neither do sums over slabs.
    """
    n_slabs = min(n_planes, 64)
    edges = [n_planes * i // n_slabs for i in range(n_slabs + 1)]
    done = 0

    def run(start: int, stop: int) -> Any:
        nonlocal done
        result = task(start, stop)
        done += 1
        if report is not None:
            report(done / n_slabs)
        return result

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        futures = [pool.submit(run, edges[i], edges[i + 1]) for i in range(n_slabs)]
        wait(futures, return_when=FIRST_EXCEPTION)
        return [future.result() for future in futures]
