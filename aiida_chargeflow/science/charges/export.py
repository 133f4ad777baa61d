"""Write a charge flow as NPZ, CSV, labelled XYZ and CP2K KIND blocks; every file appears complete or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .analysis import Analysis
from .environment import environments

ARRAYS = (
    "bonds",
    "bond_flow",
    "flow_vector",
    "flow_magnitude",
    "bader_charge",
    "bader_charge_measured",
    "component",
)


def npz_bytes(result: Analysis) -> bytes:
    """Return ``charge_flow.npz``: the arrays of ``ChargeFlow`` with positions, symbols and regions."""
    arrays: dict[str, Any] = {name: getattr(result.flow, name) for name in ARRAYS}
    arrays |= {
        "positions_ang": result.atoms.positions,
        "symbols": np.array(result.symbols),
        "region": result.regions,
        "coordination": result.coordination,
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def atoms_csv(result: Analysis) -> str:
    """Return one row an atom: place, names, charge and flow vector."""
    flow = result.flow
    header = "atom symbol region coordination environment x_ang y_ang z_ang bader_charge_e"
    rows = zip(
        range(1, flow.n_atoms + 1),
        result.symbols,
        result.regions.tolist(),
        result.coordination.tolist(),
        environments(result.symbols, result.graph),
        *np.round(result.atoms.positions, 6).T.tolist(),
        *np.round([flow.bader_charge, *flow.flow_vector.T, flow.flow_magnitude], 9).tolist(),
        strict=True,
    )
    return _csv([*header.split(), "flow_x_e", "flow_y_e", "flow_z_e", "flow_magnitude_e"], rows)


def bonds_csv(result: Analysis) -> str:
    """Return one row a bond: its atoms, length and the electrons handed from the first to the second."""
    symbols, bonds = result.symbols, result.flow.bonds
    rows = zip(
        (bonds[:, 0] + 1).tolist(),
        (bonds[:, 1] + 1).tolist(),
        [symbols[i] for i in bonds[:, 0].tolist()],
        [symbols[j] for j in bonds[:, 1].tolist()],
        np.round(result.graph.lengths_ang, 6).tolist(),
        np.round(result.flow.bond_flow, 12).tolist(),
        strict=True,
    )
    return _csv(["atom_i", "atom_j", "symbol_i", "symbol_j", "length_ang", "bond_flow_e"], rows)


def _csv(header: Sequence[str], rows: Any) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def kind_labels(symbols: Sequence[str], groups: Sequence[str | int]) -> tuple[list[str], dict[str, str]]:
    """Return a kind name for each atom, symbol and number, and what each name stands for.

    :param groups: what tells atoms of one element apart: coordination, environment or magnitude bin. Whole
        numbers are used as they are (``As3``), others are numbered from 1 in alphabetic order for each
        element (``As1``, ``As2``).
    """
    numbers: dict[tuple[str, str | int], int] = {}
    for symbol in sorted(set(symbols)):
        own = sorted({g for s, g in zip(symbols, groups, strict=True) if s == symbol}, key=str)
        for index, group in enumerate(own, start=1):
            numbers[symbol, group] = group if isinstance(group, int) else index
    names = [f"{s}{numbers[s, g]}" for s, g in zip(symbols, groups, strict=True)]
    return names, {f"{symbol}{number}": str(group) for (symbol, group), number in numbers.items()}


def labelled_xyz(positions_ang: Any, names: Sequence[str], comment: str) -> str:
    """Return an XYZ file whose first column is the kind name, as CP2K reads it."""
    rows = [
        f"{name:<8s} {x:16.9f} {y:16.9f} {z:16.9f}"
        for name, (x, y, z) in zip(names, np.asarray(positions_ang).tolist(), strict=True)
    ]
    return "\n".join([str(len(rows)), comment, *rows, ""])


def kind_blocks(meaning: Mapping[str, str], n_valence: Mapping[str, float]) -> str:
    """Return the CP2K ``&KIND`` sections of ``kind_labels``.

    :param meaning: kind name → what it stands for, written as a comment.
    :param n_valence: valence electrons of each element, which name the basis set and the potential that the
        protocols use by default.
    """
    blocks = []
    for name, group in meaning.items():
        symbol = name.rstrip("0123456789")
        valence = f"{n_valence[symbol]:g}"
        blocks.append(
            f"# {name}: {group}\n&KIND {name}\n  ELEMENT {symbol}\n  BASIS_SET DZVP-MOLOPT-GGA-GTH-q{valence}\n"
            f"  POTENTIAL GTH-GGA-q{valence}\n&END KIND\n"
        )
    return "".join(blocks)


def summary_json(summary: Mapping[str, Any]) -> str:
    """Return ``summary.json``."""
    return json.dumps(summary, indent=2, allow_nan=False) + "\n"
