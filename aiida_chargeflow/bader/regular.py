"""Read a body whose rows all have the same length, as CP2K writes it, in parts that need not wait for others.

Where every row of the last axis takes the same number of bytes, a part of the file is known to belong to a
part of the grid before anything was read, so that threads read and convert their own parts in place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .jit import Report
from .parse import POWERS_OF_TEN, parse_numbers

FloatArray = npt.NDArray[np.float64]

# Small enough for the text to stay in a core's own cache between being read and being parsed.
_PART_BYTES = 512 * 1024
_PARTS_A_REPORT = 32


@dataclass(frozen=True)
class _Layout:
    """Where the rows lie: ``n_rows`` of ``row_bytes`` from ``offset``, of which a part takes ``part_rows``."""

    offset: int
    n_rows: int
    row_bytes: int
    row_values: int

    @property
    def part_rows(self) -> int:
        return max(1, _PART_BYTES // self.row_bytes)

    @property
    def n_parts(self) -> int:
        return -(-self.n_rows // self.part_rows)


def read_regular(
    file: Path, offset: int, shape: tuple[int, int, int], threads: int, report: Report | None
) -> FloatArray | None:
    """Return the (n,) values after ``offset``, or None where rows differ in length or anything is wrong.

    What is wrong, and on which line, a reader that goes through the file in order has to find out.
    """
    with file.open("rb", buffering=0) as stream:
        n_rows = shape[0] * shape[1]
        n_bytes = os.fstat(stream.fileno()).st_size - offset
        if n_bytes < 2 * n_rows * shape[2] or n_bytes % n_rows:
            return None
        layout = _Layout(offset, n_rows, n_bytes // n_rows, shape[2])
        values = np.empty(n_rows * shape[2])
        parts = iter(range(layout.n_parts))
        with ThreadPoolExecutor(threads) as pool:
            workers = [
                pool.submit(_read_parts, stream.fileno(), layout, parts, values, report)
                for _ in range(threads)
            ]
        if not all(worker.result() for worker in workers):
            return None
    if report is not None:
        report(1.0)
    return values


def _read_parts(
    descriptor: int, layout: _Layout, parts: Iterator[int], values: FloatArray, report: Report | None
) -> bool:
    """Take parts from the common list until it is empty; return whether all was as it should be."""
    buffer = memoryview(bytearray(layout.part_rows * layout.row_bytes))
    for number in parts:
        first = number * layout.part_rows
        last = min(first + layout.part_rows, layout.n_rows)
        text = buffer[: (last - first) * layout.row_bytes]
        n_read = os.preadv(descriptor, [text], layout.offset + first * layout.row_bytes)
        out = values[first * layout.row_values : last * layout.row_values]
        if n_read < len(text) or not bytes(text[-1:]).isspace():
            break
        count, wrong = parse_numbers(np.frombuffer(text, dtype=np.uint8), out, POWERS_OF_TEN)
        if count < out.size or wrong >= 0:
            break
        if report is not None and number % _PARTS_A_REPORT == 0:
            report(number / layout.n_parts)
    else:
        return True
    for _ in parts:
        pass
    return False
