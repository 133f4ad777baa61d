"""Damage inputs of every reader at random: each is read, or refused by one clear message, in bounded time and memory.

usage: python tests/fuzz/run.py [--inputs 100000] [--seed 7] [--only READER] [--workers N] [--write NUMBER]
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[depth]) for depth in (1, 2)]
os.environ.setdefault("AIIDA_WARN_v3", "0")

from fuzz.readers import READERS, Reader  # noqa: E402

from aiida_chargeflow.science.errors import InputError  # noqa: E402

LONGEST_S = 10  # of processor time, so that other work on the machine does not count
LONGEST_WAIT_S = 300  # of the clock, for a reader that waits
LONGEST_COMPILATION_S = 120
MOST_MEMORY_MB = 500
_JUNK = (
    *(
        b"NaN",
        b"Infinity",
        b"-0",
        b"1e999",
        b"1E+400",
        b"**********",
        b"0x1F",
        b"-1",
        b"99999999999999999999",
        b"1_0",
    ),
    *(
        "²".encode(),
        b"1.0D+02",
        b"0.33004-101",
        b"true",
        b"null",
        b"~",
        b"1:30",
        b"In",
        b"Qq",
        b"...",
        b"---",
    ),
    *(
        b"",
        b" ",
        b"\t",
        b"\r\n",
        b"\x00",
        b"\xff\xfe",
        b"[",
        b"{",
        b"'",
        b'"',
        b": ",
        b"- ",
        b"|",
        b"%",
        b"#",
    ),
    *(b"&a", b"*a", b"!!python/object:os.system"),
)
_FOREIGN = (
    b"[node12:4711] Read -1, expected 8192, errno = 1\n",
    b"srun: error: task 0: Killed\n",
    b"\n",
    b" \n",
)


def damaged(source: bytes, chance: random.Random) -> bytes:
    """Return the input with one to four random changes."""
    data = source
    for _ in range(chance.randint(1, 4)):
        data = chance.choice(_CHANGES)(data, chance)
    return data


def _at(data: bytes, chance: random.Random) -> int:
    return chance.randrange(len(data) + 1)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: _at(data, chance)]


def _byte(data: bytes, chance: random.Random) -> bytes:
    at = _at(data, chance)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _lines(data: bytes, chance: random.Random) -> bytes:
    """Lose, double, swap, join or insert lines."""
    lines = data.splitlines(keepends=True) or [b""]
    k, m = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(6):
        case 0:
            del lines[k]
        case 1:
            lines.insert(k, lines[k])
        case 2:
            lines[k], lines[m] = lines[m], lines[k]
        case 3:
            lines[k] = lines[k].rstrip(b"\n")
        case 4:
            lines.insert(k, chance.choice(_FOREIGN))
        case _:
            del lines[min(k, m) : max(k, m)]
    return b"".join(lines)


def _word(data: bytes, chance: random.Random) -> bytes:
    """Put something odd in the place of a word."""
    at = _at(data, chance)
    start = max(data.rfind(b" ", 0, at), data.rfind(b"\n", 0, at)) + 1
    end = min(
        (found for found in (data.find(b" ", at), data.find(b"\n", at)) if found >= 0), default=len(data)
    )
    return data[:start] + chance.choice(_JUNK) + data[end:]


def _twice(data: bytes, chance: random.Random) -> bytes:
    return data + data[_at(data, chance) // 2 :]


_CHANGES = (_cut, _byte, _byte, _lines, _lines, _lines, _word, _word, _word, _twice)


class TooLongError(BaseException):
    """A reader that did not come back; no exception that a reader could catch."""


def _alarm(*_: object) -> None:
    raise TooLongError


def trial(reader: Reader, data: bytes, folder: Path, longest_s: int = LONGEST_S) -> str:
    """Read one input; return ``read``, ``refused`` or what went wrong."""
    path = folder / f"input{reader.suffix}"
    path.write_bytes(data)
    signal.setitimer(signal.ITIMER_PROF, longest_s)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_WAIT_S)
    try:
        reader.read(path)
    except InputError as error:
        if "\n" in str(error).strip() or not str(error).strip():
            return f"a message of several lines: {str(error)!r}"
        return "refused"
    except TooLongError:
        return f"no end within {longest_s} s of processor time or {LONGEST_WAIT_S} s of the clock"
    except Exception:
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "read"


def peak_memory_mb() -> float:
    """Return the most memory that this program held; getrusage would count that of the process it was forked from."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@dataclasses.dataclass
class Share:
    """What came of the inputs of one process."""

    counts: collections.Counter[tuple[str, str]]
    failures: list[tuple[str, str, str]]
    time_s: float
    memory_mb: float


def made(readers: list[Reader], seed: int, number: int) -> tuple[Reader, bytes]:
    """Return the reader and the damaged input of a number, whatever others are made."""
    reader, chance = readers[number % len(readers)], random.Random(f"{seed}/{number}")
    return reader, damaged(chance.choice(reader.sources), chance)


def try_share(readers: list[Reader], seed: int, numbers: range) -> Share:
    """Try the undamaged inputs of all readers, then the damaged ones of the numbers."""
    for alarm in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(alarm, _alarm)
    share = Share(collections.Counter(), [], 0.0, 0.0)
    with tempfile.TemporaryDirectory() as name:
        for reader in readers:
            for source in reader.sources:
                outcome = trial(reader, source, Path(name), LONGEST_COMPILATION_S)
                if outcome != "read" and reader.name not in ("folder", "model"):
                    share.failures.append((reader.name, "undamaged", outcome))
        begin = time.process_time()
        for number in numbers:
            reader, data = made(readers, seed, number)
            outcome = trial(reader, data, Path(name))
            share.counts[reader.name, outcome if outcome in ("read", "refused") else "FAILED"] += 1
            if outcome not in ("read", "refused"):
                share.failures.append((reader.name, f"input {number}", outcome))
                print(
                    f"{reader.name}, input {number}: {outcome.splitlines()[-1]}", file=sys.stderr, flush=True
                )
        share.time_s = time.process_time() - begin
    share.memory_mb = peak_memory_mb()
    return share


def try_all(readers: list[Reader], seed: int, numbers: range, n_workers: int) -> list[Share]:
    """Deal the numbers out to processes."""
    if n_workers == 1:
        return [try_share(readers, seed, numbers)]
    with ProcessPoolExecutor(n_workers, mp_context=multiprocessing.get_context("fork")) as pool:
        dealt = [
            pool.submit(_by_name, [r.name for r in readers], seed, numbers[k::n_workers])
            for k in range(n_workers)
        ]
        return [share.result() for share in dealt]


def _by_name(names: list[str], seed: int, numbers: range) -> Share:
    return try_share([reader for reader in READERS if reader.name in names], seed, numbers)


def main() -> None:
    """Run the trials and print what came of them; exit with 1 if anything else than a result or a refusal did."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--inputs", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--only", choices=[reader.name for reader in READERS])
    arguments.add_argument("--workers", type=int, default=1, help="processes")
    arguments.add_argument("--write", type=int, metavar="NUMBER", help="only write this input to a file")
    options = arguments.parse_args()
    readers = [reader for reader in READERS if options.only in (None, reader.name)]
    if options.write is not None:
        reader, data = made(readers, options.seed, options.write)
        Path(f"input-{options.write}{reader.suffix}").write_bytes(data)
        print(f"{reader.name}: input-{options.write}{reader.suffix}")
        return
    shares = try_all(readers, options.seed, range(options.inputs), options.workers)
    counts = sum((share.counts for share in shares), collections.Counter())
    failures = [failure for share in shares for failure in share.failures]
    memory_mb = max(share.memory_mb for share in shares)
    for (name, outcome), n in sorted(counts.items()):
        print(f"{name:12s} {outcome:8s} {n:7d}")
    time_s = sum(share.time_s for share in shares)
    print(f"{options.inputs} inputs, {time_s:.0f} s of processor time, {memory_mb:.0f} MB at most")
    for name, which, outcome in failures[:20]:
        print(f"\n{name}, {which}:\n{outcome}")
    if memory_mb > MOST_MEMORY_MB:
        sys.exit(f"more than {MOST_MEMORY_MB} MB")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
