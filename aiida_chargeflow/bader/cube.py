"""Read a density in the Gaussian cube format: strict header, parallel streaming body, gzip and zstandard."""

from __future__ import annotations

import gzip
import io
import math
import re
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

import numpy as np
import numpy.typing as npt
import zstandard

from ..science.errors import InputError
from ..science.fortran import parse_number
from .jit import Report, available_threads
from .parse import POWERS_OF_TEN, parse_numbers
from .regular import read_regular

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_BLOCK = 4 * 1024 * 1024
_LONGEST_TOKEN = 64
_LONGEST_QUOTE = 60
_MOST_POINTS = sys.maxsize // 8
_EMPTY = np.empty(0)
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_REDO = "The file is damaged or was cut short; write it again."


@dataclass(frozen=True)
class CubeHeader:
    """The header of a cube file.

    :param comments: the two comment lines.
    :param origin_bohr: (3,) position of the first grid point.
    :param shape: points along the three axes.
    :param voxel_bohr: (3, 3) step along each axis, one a row.
    :param numbers: (n_atoms,) atomic numbers.
    :param nuclear_charges: (n_atoms,) as written; CP2K writes 0 in some versions.
    :param positions_bohr: (n_atoms, 3) as written, origin not subtracted.
    """

    comments: tuple[str, str]
    origin_bohr: FloatArray
    shape: tuple[int, int, int]
    voxel_bohr: FloatArray
    numbers: IntArray
    nuclear_charges: FloatArray
    positions_bohr: FloatArray

    @property
    def n_points(self) -> int:
        """Return the number of grid points."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def voxel_volume_bohr3(self) -> float:
        """Return the volume of one grid point."""
        return abs(float(np.linalg.det(self.voxel_bohr)))


@dataclass(frozen=True)
class Cube:
    """A density on a grid: header and (nx, ny, nz) values in e/bohr³."""

    header: CubeHeader
    density: FloatArray


class _HeaderReader:
    """Hand out the lines of a header, checked and counted."""

    def __init__(self, stream: IO[bytes], file: Path) -> None:
        self.stream, self.file, self.line, self.n_bytes = stream, file, 0, 0

    def text(self) -> str:
        raw = self.stream.readline(10_000)
        self.line += 1
        self.n_bytes += len(raw)
        if not raw.endswith(b"\n"):
            self.fail(
                "the header ends too early" if len(raw) < 10_000 else "the line is too long for a cube header"
            )
        return raw.decode("latin-1").rstrip("\r\n")

    def fields(self, minimum: int, maximum: int, what: str) -> list[float]:
        text = self.text()
        parts = text.split()
        if not minimum <= len(parts) <= maximum:
            self.fail(f"{what}: expected {minimum} fields, found {len(parts)}", text[:_LONGEST_QUOTE])
        try:
            values = [parse_number(part) for part in parts]
        except ValueError:
            self.fail(f"{what}: not a finite number", text[:_LONGEST_QUOTE])
        return values

    def integer(self, value: float, what: str) -> int:
        if value != int(value):
            self.fail(f"{what} must be an integer", value)
        return int(value)

    def fail(self, problem: str, value: object = None) -> NoReturn:
        raise InputError(
            problem,
            file=self.file,
            field=f"line {self.line}",
            value=value,
            remedy="It is no valid cube file. Of a CHGCAR of VASP make a cube in bohr and e/bohr³ first.",
        )


def _read_header(stream: IO[bytes], file: Path) -> tuple[CubeHeader, int]:
    """Return the header and its number of bytes."""
    reader = _HeaderReader(stream, file)
    comments = (reader.text(), reader.text())
    first = reader.fields(4, 5, "number of atoms and origin")
    n_atoms = reader.integer(first[0], "the number of atoms")
    if n_atoms < 0:
        reader.fail("a negative number of atoms: this cube holds orbitals, not a density", n_atoms)
    if len(first) == 5 and first[4] != 1:
        reader.fail("this cube holds several values for each point, not one density", first[4])
    if n_atoms == 0:
        reader.fail("the cube has no atoms", n_atoms)
    rows = []
    shape = []
    for axis in range(3):
        row = reader.fields(4, 4, f"axis {axis + 1}")
        shape.append(reader.integer(row[0], "the number of points"))
        if shape[-1] < 1:
            reader.fail(
                "the number of points along an axis must be positive; programs use a minus to mark the unit, not "
                "all for the same one: write lengths in bohr, without it",
                shape[-1],
            )
        rows.append(row[1:])
    if math.prod(shape) > _MOST_POINTS:
        reader.fail("more points than any memory holds", " × ".join(map(str, shape)))
    voxel = np.array(rows)
    lengths = np.linalg.norm(voxel, axis=1)
    if not abs(np.linalg.det(voxel)) > 1e-6 * float(np.prod(lengths)):
        reader.fail("the three grid vectors do not span a volume")
    atoms = []
    for index in range(n_atoms):
        row = reader.fields(5, 5, f"atom {index + 1}")
        if not 1 <= reader.integer(row[0], "the atomic number") <= 118:
            reader.fail("the atomic number must lie between 1 and 118", row[0])
        atoms.append(row)
    table = np.array(atoms)
    header = CubeHeader(
        comments=comments,
        origin_bohr=np.array(first[1:4]),
        shape=(shape[0], shape[1], shape[2]),
        voxel_bohr=voxel,
        numbers=table[:, 0].astype(np.int64),
        nuclear_charges=table[:, 1],
        positions_bohr=np.ascontiguousarray(table[:, 2:5]),
    )
    return header, reader.n_bytes


def _open(file: Path) -> IO[bytes]:
    """Open a file, unpacked; what it is packed with is read from its first bytes, whatever its name."""
    try:
        with file.open("rb") as stream:
            start = stream.read(len(_ZSTD))
        if start.startswith(_GZIP):
            return gzip.open(file, "rb")  # type: ignore[return-value]
        if start == _ZSTD:
            return io.BufferedReader(zstandard.open(file, "rb"), _BLOCK)
        return file.open("rb")
    except OSError as error:
        raise InputError(
            error.strerror or str(error), file=file, remedy="Give the name of a readable cube file."
        ) from error


def _blocks(stream: IO[bytes]) -> Iterator[memoryview]:
    """Yield blocks that end at white space, so that no number is cut in two; the last one may not."""
    rest = b""
    while True:
        block = bytearray(len(rest) + _BLOCK)
        block[: len(rest)] = rest
        view = memoryview(block)
        size = stream.readinto(view[len(rest) :])  # type: ignore[attr-defined]
        end = len(rest) + size
        if size == 0:
            if rest:
                yield view[:end]
            return
        cut = max(block.rfind(b"\n", 0, end), block.rfind(b" ", 0, end)) + 1
        if cut == 0 and end > _BLOCK + _LONGEST_TOKEN:
            cut = end
        rest = bytes(view[cut:end])
        if cut > 0:
            yield view[:cut]


_scratch = threading.local()


def _parse(text: memoryview) -> tuple[FloatArray, int]:
    """Return the numbers of a block and the offset of the first thing that is none, or -1."""
    out = getattr(_scratch, "out", _EMPTY)
    if out.size < len(text) // 2 + 1:
        # Kept for the thread's next block: fresh memory for each would cost as much as the parsing.
        out = _scratch.out = np.empty(len(text) // 2 + 1)
    count, wrong = parse_numbers(np.frombuffer(text, dtype=np.uint8), out, POWERS_OF_TEN)
    return out[:count].copy(), int(wrong)


class _Body:
    """Collect parsed blocks, in order, in the grid."""

    def __init__(self, file: Path, header: CubeHeader, offset: int) -> None:
        self.file, self.n_points = file, header.n_points
        self.values = np.empty(header.n_points)
        self.count = 0
        self.offset = offset

    def add(self, text: memoryview, numbers: FloatArray, wrong: int) -> None:
        if wrong >= 0:
            token = bytes(text[wrong : wrong + _LONGEST_TOKEN]).split()[0].decode("latin-1")
            self.fail("not a finite number", wrong, token)
        surplus = self.count + numbers.size - self.n_points
        if surplus > 0:
            tokens = list(re.finditer(rb"\S+", bytes(text)))
            problem = f"more than the {self.n_points} values that the header announces"
            self.fail(problem, tokens[-surplus].start())
        self.values[self.count : self.count + numbers.size] = numbers
        self.count += numbers.size
        self.offset += len(text)

    def finish(self, ended: bool) -> None:
        if self.count < self.n_points:
            self.fail(f"the file ends after {self.count} of {self.n_points} values", 0)
        if not ended:
            self.fail("no line end after the last value: it may have been cut", -1)

    def fail(self, problem: str, ahead: int, value: object = None) -> NoReturn:
        """Raise with the line that lies ``ahead`` bytes after what was taken in."""
        line = 1 + _count_lines(self.file, self.offset + ahead)
        raise InputError(problem, file=self.file, field=f"line {line}", value=value, remedy=_REDO)


def _count_lines(file: Path, n_bytes: int) -> int:
    """Return the number of line ends among the first ``n_bytes`` of the unpacked file."""
    lines = 0
    with _open(file) as stream:
        while n_bytes > 0 and (block := stream.read(min(n_bytes, _BLOCK))):
            lines += block.count(b"\n")
            n_bytes -= len(block)
    return lines


def read_cube(file: Path | str, *, threads: int | None = None, report: Report | None = None) -> Cube:
    """Read a density from a cube file, plain, ``.gz`` or ``.zst``, with any number of columns.

    :param threads: number of parsing threads; by default all that the process may use.
    :param report: called with the fraction of the values that have been read.
    :raises InputError: the file cannot be read, or is no complete cube of finite numbers; names the line.
    """
    file = Path(file)
    threads = threads or available_threads()
    with _open(file) as stream:
        try:
            header, n_bytes = _read_header(stream, file)
            values = None
            if isinstance(getattr(stream, "raw", None), io.FileIO):
                values = read_regular(file, n_bytes, header.shape, threads, report)
            if values is None:
                body = _Body(file, header, n_bytes)
                _read_body(stream, body, threads, report)
                values = body.values
        except (EOFError, OSError, zstandard.ZstdError, gzip.zlib.error) as error:  # type: ignore[attr-defined]
            raise InputError(f"cannot be read: {error}", file=file, remedy=_REDO) from error
        except MemoryError as error:
            raise InputError(
                "the grid does not fit into memory", file=file, remedy="Check the header."
            ) from error
    return Cube(header, values.reshape(header.shape))


def _read_body(stream: IO[bytes], body: _Body, threads: int, report: Report | None) -> None:
    pending: deque[tuple[memoryview, Future[tuple[FloatArray, int]]]] = deque()
    end = b""

    def collect() -> None:
        text, future = pending.popleft()
        body.add(text, *future.result())
        if report is not None:
            report(body.count / body.n_points)

    with ThreadPoolExecutor(threads) as pool:
        for text in _blocks(stream):
            end = (end + bytes(text[-2 * _LONGEST_TOKEN :]))[-2 * _LONGEST_TOKEN :]
            pending.append((text, pool.submit(_parse, text)))
            if len(pending) > 2 * threads:
                collect()
        while pending:
            collect()
    body.finish(_ends_whole(end))


def _ends_whole(end: bytes) -> bool:
    """Return whether the last number was not cut: a line end follows, or it has the form of the one before.

    ASE writes no line end after the last value.
    """
    if not end.strip() or end[-1:].isspace():
        return True
    words = end.split()
    return len(words) > 1 and b"e" in _form(words[-1]) and _form(words[-1]) == _form(words[-2])


def _form(word: bytes) -> bytes:
    """Return a number with all digits the same, and without signs."""
    return re.sub(rb"[-+]", b"", re.sub(rb"\d", b"0", word.lower()))
