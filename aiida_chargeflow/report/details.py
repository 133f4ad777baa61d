"""The tables on the page of a model: what it is made of, its charges, traps, cost and provenance."""

from __future__ import annotations

import json
from typing import Any

import yaml
from aiida import orm

from ..results import tables
from ..results.columns import Column, columns
from ..results.costs import cost, total
from ..results.predicted import prediction_beside
from ..results.tracing import origin
from ..science.kinds import REGIONS
from ..science.valences.expectation import by_label
from .cells import Cell, Grid, count, number, words
from .protocol import protocol_of

_KEY_NUMBERS = (
    ("energy_ev", "total energy", "eV", 3),
    ("fermi_level_ev", "Fermi level", "eV", 3),
    ("gap_ev", "HOMO-LUMO gap", "eV", 3),
    ("band_edge_gap_ev", "band-edge gap", "eV", 3),
    ("valence_edge_ev", "valence edge", "eV", 3),
    ("conduction_edge_ev", "conduction edge", "eV", 3),
    ("n_traps", "traps between the edges", "", 0),
    ("n_electrons", "valence electrons", "", 0),
    ("electronic_temperature_k", "electronic temperature", "K", 0),
    ("max_occupation_deviation_e", "largest deviation of an occupation from an integer", "e", 3),
    ("ligands_per_nm2", "ligand density", "nm⁻²", 2),
)


_TRAP_COLUMNS = (
    Column("index", "number that CP2K gives the orbital", heading="orbital"),
    Column("energy_ev", "relative to the energy zero of the figures", "eV", "energy"),
    Column("occupied", heading="occupation"),
    Column(
        "reason",
        "localised: on few atoms; surface: prefers atoms with missing neighbours",
        heading="trap because",
    ),
    Column("participation_number", "participation number", "atoms", "spread over"),
    Column("carriers", "share of the orbital on the atoms of the kind", heading="kinds that carry it"),
    Column(
        "atoms",
        "share on single atoms, numbered from 1; – without shares of atoms",
        heading="atoms that carry it",
    ),
)


_PREDICTED = (
    "Charges and charge flow by kind, as bond valences predict them from the structure alone and as computed"
)
_PREDICTED_COLUMNS = (
    Column("kind", heading="kind"),
    Column("n_atoms", heading="atoms"),
    Column("predicted_charge_e", "mean over the atoms of the kind", "e", "predicted charge"),
    Column("charge_error_e", "of one atom, by dots that were left out of the fit", "e", "its error"),
    Column("charge_e", "mean over the atoms of the kind", "e", "Bader charge"),
    Column("predicted_flow_e", "mean magnitude", "e", "predicted flow"),
    Column("flow_error_e", "of one atom", "e", "its error"),
    Column("flow_e", "mean magnitude", "e", "flow"),
)


def key_numbers(node: orm.WorkChainNode) -> list[tuple[str, str, Cell]]:
    """Return (name, unit, value) of the numbers at the top of the page, those that the run has."""
    summary, uuid = node.outputs.summary.get_dict(), node.outputs.summary.uuid
    return [
        (name, unit, number(summary[key], uuid, digits))
        for key, name, unit, digits in _KEY_NUMBERS
        if summary.get(key) is not None
    ]


def unseen_traps(node: orm.WorkChainNode) -> str | None:
    """Return on which atoms the trap rule is blind, None if on none."""
    kinds = node.outputs.summary.get_dict().get("unresolvable_kinds") or []
    if not kinds:
        return None
    return (
        f"A trap that is spread over all atoms of {' or '.join(kinds)} would look like a band edge here: these kinds "
        "make up nearly all of their element in their region."
    )


def stoichiometry(node: orm.WorkChainNode) -> Grid:
    """Return atoms of every element in every region."""
    (row,) = tables.stoichiometry(node)
    uuid = node.outputs.structure.uuid
    found: dict[str, dict[str, int]] = {}
    for name, n_atoms in row.items():
        region, _, symbol = name.partition("_")
        if region in REGIONS.values():
            found.setdefault(region, {})[symbol] = n_atoms
    symbols = list(dict.fromkeys(symbol for own in found.values() for symbol in own))
    rows = [
        [
            words(region, uuid),
            *(count(own.get(symbol, 0), uuid) for symbol in symbols),
            count(sum(own.values()), uuid),
        ]
        for region, own in found.items()
    ]
    sums = [sum(own.get(symbol, 0) for own in found.values()) for symbol in symbols]
    rows.append([words("all", uuid), *(count(n, uuid) for n in sums), count(sum(sums), uuid)])
    heads = [
        Column("region", heading="region"),
        *(Column(s, heading=s) for s in symbols),
        columns()["n_atoms"],
    ]
    return Grid("Atoms by region and element", heads, rows)


def charges_by_region(node: orm.WorkChainNode) -> Grid | None:
    """Return the Bader charge of every region, None without charges."""
    uuid = node.outputs.summary.uuid
    charges = node.outputs.summary.get_dict().get("region_charge_e", {})
    rows = [[words(region, uuid), number(charge, uuid)] for region, charge in charges.items()]
    heads = [
        Column("region", heading="region"),
        Column("charge_e", "sum over the atoms of the region", "e", "Bader charge"),
    ]
    return Grid("Bader charge of the regions; positive: electrons lost", heads, rows) if rows else None


def by_kind(node: orm.WorkChainNode) -> Grid | None:
    """Return Bader charge and flow magnitude of every kind of atom: mean, smallest, largest; None without a
    charge flow.
    """
    if "charge_flow" not in node.outputs:
        return None
    uuid = node.outputs.charge_flow.uuid
    pairs = zip(tables.charges(node), tables.charge_flow(node), strict=True)
    rows = [
        [
            *(words(str(charge[key]), uuid) for key in ("kind", "element", "region")),
            *(count(charge[key], uuid) for key in ("coordination", "n_atoms")),
            *(number(charge[f"{part}bader_charge_e"], uuid) for part in ("", "min_", "max_")),
            *(number(flow[f"{part}flow_magnitude_e"], uuid) for part in ("", "min_", "max_")),
        ]
        for charge, flow in pairs
    ]
    heads = [Column(name, heading=name) for name in ("kind", "element", "region")]
    heads += [columns()["coordination"], columns()["charges.n_atoms"]]
    heads += [
        columns()[f"{part}{quantity}"]
        for quantity in ("bader_charge_e", "flow_magnitude_e")
        for part in ("", "min_", "max_")
    ]
    return Grid("Charges and charge flow by kind of atom", heads, rows)


def predicted(node: orm.WorkChainNode) -> Grid | None:
    """Return prediction and result side by side by kind; None where one of the two is missing."""
    if "charge_flow" not in node.outputs or (found := prediction_beside(node)) is None:
        return None
    prediction, result = found
    kinds = [site.kind_name for site in node.outputs.structure.sites]
    before, after = node.outputs.structure.uuid, node.outputs.charge_flow.uuid
    rows = [
        [
            words(row["name"], before),
            count(row["n_atoms"], before),
            number(row["predicted_charge_e"], before),
            number(row["charge_error_e"], before),
            number(row["charge_e"], after),
            number(row["predicted_flow_e"], before),
            number(row["flow_error_e"], before),
            number(row["flow_e"], after),
        ]
        for row in by_label(prediction, kinds, result.flow)
    ]
    return Grid(_PREDICTED, _PREDICTED_COLUMNS, rows)


def traps(node: orm.WorkChainNode) -> Grid | None:
    """Return the traps with what carries them, None if there are none."""
    uuid = node.outputs.summary.uuid
    found = node.outputs.summary.get_dict().get("traps") or []
    kinds = [site.kind_name for site in node.outputs.structure.sites]
    rows = [
        [
            count(trap["index"], uuid),
            number(trap["energy_ev"], uuid),
            words("occupied" if trap["occupied"] else "empty", uuid),
            words(trap["reason"], uuid),
            number(trap["participation_number"], uuid, 1),
            words(_shares(trap["carriers"]), uuid),
            words(_atoms(trap, kinds), uuid),
        ]
        for trap in found
    ]
    return Grid("Traps between the delocalised band edges", _TRAP_COLUMNS, rows) if rows else None


def _shares(carriers: Any) -> str:
    pairs = carriers.items() if isinstance(carriers, dict) else carriers
    return ", ".join(
        f"{kind} {100 * share:.0f} %" for kind, share in sorted(pairs, key=lambda pair: -pair[1])
    )


def _atoms(trap: dict[str, Any], kinds: list[str]) -> str:
    pairs = trap.get("atoms") or []
    pairs = [(int(k), share) for k, share in (pairs.items() if isinstance(pairs, dict) else pairs)]
    shown = ", ".join(f"{kinds[atom]} #{atom + 1} {100 * share:.0f} %" for atom, share in pairs[:8])
    return shown + (f", and {len(pairs) - 8} more" if len(pairs) > 8 else "")


def costs(node: orm.WorkChainNode) -> Grid:
    """Return what every job took, and the sum."""
    rows = list(cost(node))
    uuids = {called.pk: called.uuid for called in node.called_descendants}
    cells = [_cost_row(row, uuids[row["job_pk"]]) for row in rows] + [_cost_row(total(rows), node.uuid)]
    names = ("exit_status", "n_cores", "walltime_s", "cost.core_hours", "n_scf_steps", "peak_memory_mib")
    heads = [Column("job", heading="job"), *(columns()[name] for name in names)]
    return Grid("Cost of the jobs", heads, cells)


def _cost_row(row: dict[str, Any], uuid: str) -> list[Cell]:
    stage = f"{row['job']} {row['stage']}" if row.get("stage") else row["job"]
    return [
        words(stage, uuid),
        count(row.get("exit_status"), uuid),
        count(row.get("n_cores"), uuid),
        number(row.get("walltime_s"), uuid, 0),
        number(row.get("core_hours"), uuid, 3),
        count(row.get("n_scf_steps"), uuid),
        count(row.get("peak_memory_mib"), uuid),
    ]


def provenance(node: orm.WorkChainNode) -> dict[str, Any]:
    """Return where the numbers come from: nodes, processes with codes and versions, specification, settings."""
    made = origin(node)
    (run,) = made["models"]
    imported = run.get("imported")
    name, changes = ("import", {}) if imported else protocol_of(run)
    return {
        "held": _holders(node),
        "processes": made["processes"],
        "spec": _yaml(run["spec"]) if run["spec"] is not None else "",
        "settings": _yaml(run["protocol_settings"]),
        "protocol": name,
        "changes": [(key, *map(_setting, pair)) for key, pair in changes.items()],
        "imported": imported,
        "digest": run["digest"],
    }


def _holders(node: orm.WorkChainNode) -> list[tuple[str, str, int, str]]:
    """Return (quantities, type, PK, UUID) of the nodes that hold the numbers of a page."""
    texts = {
        "summary": "energy, gaps, traps, alignment, ligand density, means by kind",
        "charge_flow": "Bader charges and charge flow of every atom and bond",
        "orbitals": "energies and shares of the orbitals",
        "output_parameters": "what CP2K printed",
        "structure": "atoms",
    }
    outputs = {
        name: node.outputs[name] for name in ("summary", "charge_flow", "structure") if name in node.outputs
    }
    scf = {
        name: node.outputs.scf[name] for name in ("orbitals", "output_parameters") if name in node.outputs.scf
    }
    found = outputs | scf
    return [
        (text, type(found[name]).__name__, found[name].pk, found[name].uuid)
        for name, text in texts.items()
        if name in found
    ]


def _setting(value: Any) -> str:
    return "not set" if value is None else json.dumps(value, ensure_ascii=False).strip('"')


def _yaml(content: Any) -> str:
    return yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True)
