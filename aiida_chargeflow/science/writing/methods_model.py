"""Statements of the methods section on how the models were built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .methods_words import join, number, parameters, spread

Facts = Mapping[str, Any]

_SOURCES = {
    "Vurgaftman": "[[vurgaftman2001]]",
    "Adachi": "[[adachi2005]]",
    "HLE17 study of InAs@CdSe": "[[adachi2005]]",  # which the study cites for its lattice constants
}


def origin(facts: Facts) -> str | None:
    """Say that a structure was given instead of built, or that results come from files."""
    told = facts.get("imported")
    if told:
        bader = ""
        if told["engine"] not in (None, "unknown"):
            bader = f" and {told['engine']} {told['engine_version']}"
        return (
            f"the structure and the results of CP2K {told['cp2k_version']} (revision {told['source_revision']}) "
            f"[[kuhne2020]]{bader} were imported from files of calculations outside of AiiDA, whose settings must be "
            "described from their inputs"
        )
    return (
        None
        if facts["spec"]
        else "the structure was given as coordinates instead of being built from a pattern"
    )


def core(facts: Facts) -> str | None:
    """Say which polyhedron the core is."""
    if not facts["spec"]:
        return None
    entry = facts["spec"]["core"]
    a, b, c = entry["planes"]
    return f"the {entry['material']} core is the polyhedron P({entry['centre']}; {a}, {b}, {c})"


def polyhedra(facts: Facts) -> str | None:
    """Say what the polyhedra are."""
    if not facts["spec"]:
        return None
    return (
        "P(centre; A, B, C) holds the cations of the zinc-blende lattice with t·r ≤ A and −t·r ≤ B − 1 for the four "
        "cation-terminated ⟨111⟩ directions t and |x|, |y|, |z| ≤ C, in units of a/4 from the central atom, and the "
        "anions that have at least three of them as neighbours"
    )


def shells(facts: Facts) -> str | None:
    """Say which shells were grown."""
    if not facts["spec"] or not facts["spec"]["shells"]:
        return None
    grown = [
        f"{shell['n_monolayers']} monolayer{'s' if shell['n_monolayers'] > 1 else ''} of {shell['material']}"
        for shell in facts["spec"]["shells"]
    ]
    return f"the shell consists of {join(grown)}"


def interface(facts: Facts) -> str | None:
    """Say how core and shell meet."""
    if not facts["spec"] or not facts["spec"]["shells"]:
        return None
    pattern = dict(facts["spec"]["interface"])
    return f"the interface is {pattern.pop('pattern')}{parameters(pattern)}"


def surface(facts: Facts) -> str | None:
    """Say how the surface was edited."""
    if not facts["spec"]:
        return None
    given = facts["spec"]["surface"]
    patterns = [dict(item) for item in (given if isinstance(given, list) else [given])]
    names = [f"{pattern.pop('pattern')}{parameters(pattern)}" for pattern in patterns]
    if names == ["pure"]:
        return "the surface is left as the planes cut it"
    return f"the surface was edited by the pattern{'s' if len(names) > 1 else ''} {join(names)}"


def passivation(facts: Facts) -> str | None:
    """Say how the dot was made neutral."""
    if not facts["spec"]:
        return None
    entry = facts["spec"]["passivation"]
    if entry["rule"] == "balance":
        return (
            f"as many {entry['ligand']} ligands as make the sum of the formal charges zero were placed on surface "
            "sites"
        )
    return (
        f"every surface site was filled with {entry['ligand']}, and 3-coordinate surface anions were exchanged for "
        "ligands until the sum of the formal charges was zero"
    )


def geometry(facts: Facts) -> str | None:
    """Say what the geometry of the electronic-structure calculation is."""
    if facts.get("imported"):
        return None
    spec = facts["spec"] or {}
    relaxed = "the built atoms were relaxed in a valence force field"
    if "start" in spec:  # from v2 on, see ModelSpec.to_mapping
        relaxed = (
            "ligands bridge cations where that lowers the errors of the cations' bond-strength sums, and "
            f"{relaxed} towards bond lengths that follow from bond valences"
        )
    prepared = {
        "force-field": relaxed,
        "lattice": "the atoms of the crystal were kept on lattice sites",
    }.get(spec.get("start_geometry", ""))
    if "relaxation" not in facts or facts["relaxation"]:
        return prepared
    started = prepared or "the coordinates were used as given"
    return f"{started}; the geometry was not relaxed with density functional theory"


def lattice_constants(models: Sequence[Facts]) -> str | None:
    """Name the lattice constants of all models."""
    used: dict[str, list[Any]] = {}
    for facts in models:
        used |= facts.get("lattice") or {}
    if not used:
        return None
    words = [f"{number(a)} Å for {name}{_source(source)}" for name, (a, source) in used.items()]
    return f"the lattice constants are {'; '.join(words)}" + (
        "; a core@shell model uses their mean, weighted by the cation sites of each material"
        if len(used) > 1
        else ""
    )


def _source(source: str) -> str:
    mark = next((mark for name, mark in _SOURCES.items() if name in source), None)
    if mark:
        return f" {mark}"
    return f", {source}" if source else ""


def sizes(models: Sequence[Facts]) -> str:
    """Name numbers of atoms and electrons."""
    n_atoms = [facts["n_atoms"] for facts in models]
    electrons = [facts["n_electrons"] for facts in models if facts["n_electrons"]]
    text = "the model has" if len(models) == 1 else f"the {len(models)} models have"
    text += f" {spread(n_atoms)} atoms"
    return text + (f" and {spread(electrons)} valence electrons" if electrons else "")
