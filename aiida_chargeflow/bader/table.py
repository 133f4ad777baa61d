"""Write ACF.dat in the format of the reference program (Henkelman group), atomically."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ..science.files import write_whole
from .result import Partition

_RULE = " " + "-" * 80
_HEADER = "    #         X           Y           Z       CHARGE      MIN DIST   ATOMIC VOL"


def format_acf(partition: Partition) -> str:
    """Return the text of ACF.dat: lengths in bohr, charges in electrons, volumes in bohr³.

    Charge and volume of maxima that belong to no atom follow the vacuum on lines of their own; these lines,
    which the reference program does not know, are absent where there are no such maxima.
    """
    lines = [_HEADER, _RULE]
    rows = zip(
        partition.positions_bohr,
        partition.populations,
        partition.min_distances_bohr,
        partition.volumes_bohr3,
        strict=True,
    )
    for number, (xyz, population, distance, volume) in enumerate(rows, start=1):
        position = "".join(f"{value:12.6f}" for value in xyz)
        lines.append(f"{number:5d}{position}{population:12.6f}{distance:13.6f}{volume:14.6f}")
    lines.append(_RULE)
    totals = [
        ("VACUUM CHARGE", partition.vacuum_charge),
        ("VACUUM VOLUME", partition.vacuum_volume_bohr3),
    ]
    if partition.non_nuclear:
        totals.append(("NON-NUCLEAR CHARGE", sum(maximum.population for maximum in partition.non_nuclear)))
        totals.append(("NON-NUCLEAR VOLUME", sum(maximum.volume_bohr3 for maximum in partition.non_nuclear)))
    totals.append(("NUMBER OF ELECTRONS", partition.n_electrons))
    lines.extend(f"    {name + ':':<21}{value:20.6f}" for name, value in totals)
    return "\n".join(lines) + "\n"


def write_acf(partition: Partition, directory: Path) -> Path:
    """Write ACF.dat to ``directory`` and return its path.

    :raises InputError: the directory cannot be written.
    """
    target = directory / "ACF.dat"
    with contextlib.suppress(OSError):  # writing to it will tell
        directory.mkdir(parents=True, exist_ok=True)
    write_whole(target, format_acf(partition))
    return target
