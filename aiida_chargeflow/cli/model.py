"""``model``: build, list, show, draw and import quantum-dot models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import NearGroup, json_option, print_json
from .expectation import print_expectation
from .figure_output import Vector

if TYPE_CHECKING:
    from ..science.models.build import QDModel
    from ..science.models.candidates import Candidate

_FILE = click.Path(dir_okay=False, path_type=Path)
_FEW_STRAINED = 0.06  # of the ligands; relaxed published dots of 31 to 477 cations have at most this share
_COLOURINGS = ("element", "region", "coordination", "pattern")


@click.group(cls=NearGroup)
def model() -> None:
    """Build, inspect and draw quantum-dot models."""


@model.command()
@click.argument("file", type=_FILE)
@click.option("-o", "--output", type=_FILE, help="Write the atoms here, as extended XYZ.")
@json_option
def build(file: Path, output: Path | None, as_json: bool) -> None:
    """Build the model of FILE (YAML) and print what it is made of."""
    from ..science.models.describe import count_edits
    from ..science.models.structure_file import write_model

    made = _load(file)
    if output is not None:
        write_model(made, output)
    edits = count_edits(made)
    if as_json:
        print_json(made.summary() | {"edits": edits})
        return
    click.echo(f"{made.formula}  {len(made.atoms)} atoms  formal charge {made.formal_charge:+d}")
    for pattern, counts in edits.items():
        click.echo(f"{pattern}: {', '.join(f'{n} {what}' for what, n in counts.items())}")
    if output is not None:
        click.echo(f"wrote {output}")


@model.command()
@click.option("--material", "name", required=True, help="A zinc-blende compound, such as InAs.")
@click.option("--height", "height_nm", type=float, required=True, help="Height along ⟨111⟩ in nm.")
@click.option("--tolerance", "tolerance_nm", type=float, default=0.15, show_default=True, help="In nm.")
@click.option("--centre", type=click.Choice(["anion", "cation"]), help="Only particles centred on this.")
@click.option("--all", "show_all", is_flag=True, help="Also list those that no pattern fits.")
@json_option
def candidates(
    name: str, height_nm: float, tolerance_nm: float, centre: Any, show_all: bool, as_json: bool
) -> None:
    """List the polyhedra of a height, with their formulas and whether the ligands find room."""
    from ..science.models.candidates import candidates as list_candidates
    from ..science.models.materials import material

    found = list_candidates(material(name), height_nm, centre, tolerance_nm)
    listed = [item for item in found if item.fits or show_all]
    if as_json:
        print_json([_candidate_row(item) for item in listed])
    else:
        _print_candidates(listed, len(found) - len(listed))


@model.command()
@click.argument("file", type=_FILE)
@json_option
def show(file: Path, as_json: bool) -> None:
    """Show what the model of FILE (YAML, or XYZ as written by `model build`) is made of, and what is predicted of it.

    Charges and flows are predictions before DFT, each with its standard error.
    """
    from ..science.models.describe import describe

    made = _load(file)
    data = describe(made) | {"predicted": _predicted(made)}
    said = _said_in_file(file)
    if as_json:
        print_json(data | said)
    else:
        _print_description(data)
        print_expectation(data["predicted"])
        _print_said(said)


@model.command()
@click.argument("file", type=_FILE)
@click.option(
    "-o", "--output", type=_FILE, required=True, help="Picture (.png, .pdf, .svg) or 3D page (.html)."
)
@click.option("--by", type=click.Choice(_COLOURINGS), default="region", show_default=True, help="Colours.")
@click.option("--view", type=Vector(), default="1,-2,0.6", show_default=True, help="Direction to the viewer.")
def draw(file: Path, output: Path, by: Any, view: tuple[float, ...]) -> None:
    """Draw the model of FILE (YAML or XYZ).

    With `--by pattern`, the edited layers of one ⟨111⟩ and one ⟨-1-1-1⟩ facet are drawn, vacancies and exchanges
    ringed.
    """
    from ..figures import model_view
    from ..panels.files import save
    from ..science.errors import InputError
    from ..science.files import write_whole

    made = _load(file)
    if output.suffix == ".html":
        page = model_view.page_of(made, "element" if by == "pattern" else by, view, by == "pattern")
        write_whole(output, page)
        click.echo(f"wrote {output}")
        return
    figure = model_view.pattern_figure_of(made) if by == "pattern" else model_view.figure_of(made, by, view)
    if figure is None:
        raise InputError(
            "no pattern has edited this model", file=file, field="--by", remedy="Colour by region."
        )
    save(figure, output, [])


@model.command("import")
@click.argument("file", type=_FILE)
@click.option("-o", "--output", type=_FILE, required=True, help="Write the model here, as extended XYZ.")
@click.option(
    "--regions",
    type=click.Choice(["auto", "column", "elements", "lattice"]),
    default="auto",
    show_default=True,
    help="Where the regions come from: a column of the file, the elements, or core planes on the lattice.",
)
@click.option("--core", help="Elements of the core, such as In,As, for --regions elements.")
@click.option("--planes", help="Planes A,B,C of the core, such as 9,16,7, for --regions lattice.")
@json_option
def import_(
    file: Path, output: Path, regions: Any, core: str | None, planes: str | None, as_json: bool
) -> None:
    """Turn the XYZ FILE of another program into a model with regions and coordination."""
    from ..science.models.from_atoms import import_model
    from ..science.models.structure_file import write_model

    made = import_model(file, regions, core.split(",") if core else None, _planes(planes))
    said = _said_in_file(file)
    write_model(made, output)
    if as_json:
        print_json(made.summary() | said)
        return
    click.echo(f"{made.formula}  {len(made.atoms)} atoms  formal charge {made.formal_charge:+d}")
    _print_said(said)
    click.echo(f"wrote {output}")


def _said_in_file(file: Path) -> dict[str, Any]:
    """Return what an XYZ file says beside its atoms, ready for JSON: its energy, and its frames if several."""
    from ..science.models.from_atoms import energy_in_file, frames_in_file

    said: dict[str, Any] = {}
    if (n_frames := frames_in_file(file)) > 1:
        said["n_frames"] = n_frames
    if (found := energy_in_file(file)) is not None:
        said["stated_energy"] = {"energy_ev": found.energy_ev, "origin": found.origin}
    return said


def _print_said(said: dict[str, Any]) -> None:
    if "n_frames" in said:
        click.echo(f"the file holds {said['n_frames']} structures: the last one was read")
    if stated := said.get("stated_energy"):
        number = "" if stated["energy_ev"] is None else f"{stated['energy_ev']:.6f} eV; "
        doubt = " (nothing else confirms it)" if number else ""
        click.echo(f"energy in the comment line: {number}{stated['origin']}{doubt}")


def _load(file: Path) -> QDModel:
    """Build the model of a YAML file, or read one from an XYZ file."""
    from ..science.errors import naming_file
    from ..science.models.build import build as build_model
    from ..science.models.from_atoms import import_model
    from ..science.models.spec import ModelSpec

    if file.suffix in (".xyz", ".extxyz"):
        return import_model(file)
    with naming_file(file):
        return build_model(ModelSpec.from_yaml(file))


def _planes(text: str | None) -> tuple[int, int, int] | None:
    from ..science.errors import InputError

    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isdigit() for part in parts):
        raise InputError("expected A,B,C", field="--planes", value=text, remedy="For example 9,16,7.")
    return int(parts[0]), int(parts[1]), int(parts[2])


def _candidate_row(item: Candidate) -> dict[str, Any]:
    return {
        "polyhedron": str(item.polyhedron),
        "centre": item.polyhedron.centre,
        "planes": list(item.polyhedron.planes),
        "formula": item.formula(),
        "n_atoms": item.n_atoms,
        "anions_3c": item.anion_sites[0],
        "ligand_sites": sum(item.ligand_sites),
        "ligands_needed": item.ligands_needed,
        "ligands_needed_after_exchange": item.ligands_needed_exchanged,
        "height_nm": round(item.height_nm(), 3),
        "height_with_ligands_nm": round(item.height_nm(with_ligands=True), 3),
        "width_nm": round(item.width_nm(), 3),
        "fits": list(item.fits),
    }


def _print_candidates(listed: list[Candidate], n_hidden: int) -> None:
    from rich.console import Console
    from rich.table import Table

    heads = (
        "P(centre; A,B,C)",
        "formula",
        "atoms",
        "3c",
        "sites",
        "need",
        "need exch.",
        "nm",
        "nm wide",
        "fits",
    )
    table = Table(*heads, box=None, header_style="bold")
    for item in listed:
        row = _candidate_row(item)
        table.add_row(
            row["polyhedron"],
            row["formula"],
            *(str(row[key]) for key in ("n_atoms", "anions_3c", "ligand_sites", "ligands_needed")),
            str(row["ligands_needed_after_exchange"]),
            f"{row['height_nm']:.2f}",
            f"{row['width_nm']:.2f}",
            ", ".join(row["fits"]) or "none",
        )
    console = Console(width=None if Console().is_terminal else 120)
    console.print(table)
    click.echo(
        "3c: 3-coordinate anions; sites: for ligands; need: ligands for neutrality, also after the exchange of"
    )
    click.echo("two thirds of the 3c anions; nm: height along ⟨111⟩ without ligands. Best first.")
    if n_hidden:
        click.echo(f"{n_hidden} more fit no pattern; --all lists them.")


def _predicted(made: QDModel) -> dict[str, Any] | None:
    """Return what is predicted of a model, None where it has no bonds or an anion of which nothing is known."""
    from ..science.errors import InputError
    from ..science.valences.dot import dot_of_model
    from ..science.valences.expectation import expectation
    from ..science.valences.prediction import predict

    dot = dot_of_model(made)
    if not len(dot.bonds):
        return None
    try:
        return expectation(predict(dot))
    except InputError as error:
        return {"problem": str(error)}


def _print_description(data: dict[str, Any]) -> None:
    click.echo(f"{data['formula']}  {data['n_atoms']} atoms  formal charge {data['formal_charge']:+d}")
    if "label" in data:
        click.echo(f"{data['label']}  {data['digest'][:12]}")
    click.echo("\nregion       charge  stoichiometry")
    for region, counts in data["regions"].items():
        formula = " ".join(f"{symbol}{n}" for symbol, n in counts.items())
        click.echo(f"{region:<12} {data['formal_charge_by_region'].get(region, 0):>+6}  {formula}")
    click.echo("\nelement      coordination: atoms")
    for symbol, census in data["coordination"].items():
        click.echo(f"{symbol:<12} " + "  ".join(f"{n}c: {count}" for n, count in census.items()))
    click.echo("\nbond         number    mean     min     max  Å")
    for pair, count in data["bonds"].items():
        mean, low, high = data["bond_lengths_ang"][pair]
        click.echo(f"{pair:<12} {count:>6}  {mean:>6.3f}  {low:>6.3f}  {high:>6.3f}")
    density = data["ligands_per_nm2"]
    if density is not None:
        click.echo(
            f"\n{data['ligands']} ligands on {data['surface_nm2']:.2f} nm² (convex hull of the framework): "
            f"{density:.2f} per nm²"
        )
    if (strained := data["strained_ligands"]) > _FEW_STRAINED * data["ligands"]:
        click.echo(
            f"warning: {strained} of {data['ligands']} ligands bind only cations that have too much charge already, "
            f"{data['bare_cations']} cations have too little: the gap may be one of ligands, not of the dot. "
            "Fewer excess electrons at the interface, or another surface, need fewer ligands."
        )
