"""How well a fit of the charge transfer predicts dots that it has not seen: tables in Markdown, and a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiida import orm
from ase.data import chemical_symbols

from ..figures.prediction import prediction_figure
from ..science.files import write_whole
from ..science.valences.assessment import DESCRIPTORS, GAPS, TRAP_SCORES, foreseen
from ..science.writing.table_format import to_markdown
from .files import save

Row = Mapping[str, Any]

TABLES, FIGURE = "prediction-tables.md", "prediction.png"


def write_assessment(node: orm.CalcFunctionNode, folder: Path) -> list[Path]:
    """Write tables and figure of a finished fit into a folder and return them.

    :raises OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / TABLES, tables_text(node.outputs.errors.get_dict()))
    atoms = node.outputs.atoms
    symbols = [chemical_symbols[number] for number in atoms.get_array("atomic_number")]
    charge, flow = (
        (atoms.get_array(f"predicted_{kind}"), atoms.get_array(f"computed_{kind}"))
        for kind in ("charge", "flow")
    )
    save(prediction_figure(symbols, charge, flow), folder / FIGURE, [node.uuid])
    return [folder / TABLES, folder / FIGURE]


def tables_text(content: Mapping[str, Any]) -> str:
    """Return the tables of ``learn_transfer``'s ``errors`` as Markdown."""
    dots, share = content["dots"], content["coverage"]
    n_formulas = len({row["formula"] for row in dots})
    n_interfaces = len({row["formula"] for row in dots if row["has_interface"]})
    parts = [
        f"{n_formulas} dots of different formula in {len(dots)} runs, {sum(r['n_atoms'] for r in dots)} atoms; "
        f"{n_interfaces} of the dots have an interface. Each is predicted by parameters fitted to all other formulas.",
        f"Within one claimed error lie {share['charge_within_1']:.0%} of the charges and {share['flow_within_1']:.0%} "
        f"of the flow magnitudes, within two {share['charge_within_2']:.0%} and {share['flow_within_2']:.0%} "
        "(of normal deviates 68 and 95 %).",
        _titled("By dot", [_dot(row) for row in dots]),
        _titled("By environment", [_environment(row) for row in content["environments"]]),
        _titled("Charge of the regions", [_region(row) for row in content["regions"]]),
        _titled("Rank correlation with the gaps", _ranks(content["ranks"])),
        _titled("Traps", [*map(_trap, content["traps"]), *map(_foreseen, foreseen(content["traps"]))]),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _titled(title: str, rows: Sequence[Row]) -> str:
    return f"**{title}**\n\n{to_markdown(rows)}" if rows else ""


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _dot(row: Row) -> Row:
    return {
        "dot": f"`{row['label']}`",
        "formula": row["formula"],
        "atoms": row["n_atoms"],
        "charge RMS (e)": _number(row["charge_rms_e"]),
        "flow RMS (e)": _number(row["flow_rms_e"]),
        "r of flow": _number(row["flow_r"], 2),
        "mean flow (e)": _number(row["mean_flow_e"]),
        "predicted (e)": _number(row["predicted_mean_flow_e"]),
        "excess (e)": row["abs_excess_e"],
        "formal charge inside (e)": "–" if (inside := row["inner_formal_charge_e"]) is None else inside,
        "gap (eV)": _number(row["gap_ev"], 2),
        "edge gap (eV)": _number(row["band_edge_gap_ev"], 2),
    }


def _environment(row: Row) -> Row:
    return {
        "atoms of": row["environment"],
        "number": row["n_atoms"],
        "formulas": row["n_formulas"],
        "charge (e)": _number(row["mean_charge_e"]),
        "RMS (e)": _number(row["charge_rms_e"]),
        "RMS of the element's mean (e)": _number(row["baseline_charge_rms_e"]),
        "r": _number(row["charge_r"], 2),
        "flow (e)": _number(row["mean_flow_e"]),
        "RMS (e) ": _number(row["flow_rms_e"]),
        "RMS of the element's mean (e) ": _number(row["baseline_flow_rms_e"]),
        "r ": _number(row["flow_r"], 2),
    }


def _region(row: Row) -> Row:
    return {
        "dot": f"`{row['label']}`",
        "region": row["region"],
        "predicted (e)": f"{row['predicted_charge_e']:+.2f} ± {row['error_e']:.2f}",
        "computed (e)": f"{row['charge_e']:+.2f}",
    }


def _ranks(rows: Sequence[Row]) -> list[Row]:
    """Return one line for each descriptor and set of dots, both gaps side by side."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        line = lines.setdefault(
            (row["dots"], row["descriptor"]),
            {"dots": row["dots"], "n": row["n"], "descriptor": DESCRIPTORS[row["descriptor"]]},
        )
        line[f"ρ, {GAPS[row['gap']]}"] = _number(row["rho"], 2)
        line[f"p, {GAPS[row['gap']]}"] = _number(row["p"], 2)
    return list(lines.values())


def _trap(row: Row) -> Row:
    return {
        "dot": f"`{row['label']}`",
        "traps": row["traps"],
        "mostly on": row["carriers"],
        **{name: _number(row[name], 2) for name in TRAP_SCORES},
    }


def _foreseen(row: Row) -> Row:
    return {
        "dot": f"mean of {row['n_formulas']} formulas",
        "traps": row["traps"],
        "mostly on": "",
        **{name: _number(row[name], 2) for name in TRAP_SCORES},
    }
