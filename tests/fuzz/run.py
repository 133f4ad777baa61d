"""Damage inputs of every reader at random: each is read, or refused by one clear message, in bounded time and memory.

usage: python tests/fuzz/run.py [--inputs 100000] [--seed 7] [--only READER]
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[depth]) for depth in (1, 2)]
os.environ.setdefault("AIIDA_WARN_v3", "0")

from fuzz.readers import READERS, Reader  # noqa: E402

from aiida_chargeflow.science.errors import InputError  # noqa: E402

LONGEST_S = 10
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


class TooLongError(Exception):
    """A reader that did not come back."""


def _alarm(*_: object) -> None:
    raise TooLongError


def trial(reader: Reader, data: bytes, folder: Path) -> str:
    """Read one input; return ``read``, ``refused`` or what went wrong."""
    path = folder / f"input{reader.suffix}"
    path.write_bytes(data)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        reader.read(path)
    except InputError as error:
        if "\n" in str(error).strip() or not str(error).strip():
            return f"a message of several lines: {str(error)!r}"
        return "refused"
    except TooLongError:
        return f"no end within {LONGEST_S} s"
    except Exception:
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "read"


def peak_memory_mb() -> float:
    """Return the most memory that this program held; getrusage would count that of the process it was forked from."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run the trials and print what came of them; exit with 1 if anything else than a result or a refusal did."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--inputs", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--only", choices=[reader.name for reader in READERS])
    options = arguments.parse_args()
    signal.signal(signal.SIGALRM, _alarm)
    readers = [reader for reader in READERS if options.only in (None, reader.name)]
    chance, counts, failures = random.Random(options.seed), collections.Counter(), []
    with tempfile.TemporaryDirectory() as name:
        for reader in readers:
            for source in reader.sources:
                outcome = trial(reader, source, Path(name))
                if outcome != "read" and reader.name not in ("folder", "model"):
                    failures.append((reader.name, "undamaged", outcome))
        begin = time.process_time()
        for number in range(options.inputs):
            reader = readers[number % len(readers)]
            data = damaged(chance.choice(reader.sources), chance)
            outcome = trial(reader, data, Path(name))
            counts[reader.name, outcome if outcome in ("read", "refused") else "FAILED"] += 1
            if outcome not in ("read", "refused"):
                failures.append((reader.name, f"input {number}", outcome))
    memory_mb = peak_memory_mb()
    for (name, outcome), n in sorted(counts.items()):
        print(f"{name:12s} {outcome:8s} {n:7d}")
    print(
        f"{options.inputs} inputs, {time.process_time() - begin:.0f} s of processor time, {memory_mb:.0f} MB at most"
    )
    for name, which, outcome in failures[:20]:
        print(f"\n{name}, {which}:\n{outcome}")
    if memory_mb > MOST_MEMORY_MB:
        sys.exit(f"more than {MOST_MEMORY_MB} MB")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
