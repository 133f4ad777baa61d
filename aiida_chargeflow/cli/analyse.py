"""``analyse``: charge flow from a structure and a Bader table, without AiiDA."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import json_option, print_json
from .expectation import print_beside
from .map_options import map_options

if TYPE_CHECKING:
    from ..science.charges.analysis import Analysis

_LABELS = ("coordination", "environment", "magnitude")


@click.command()
@click.argument("structure", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("acf", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR"
)
@click.option("--valence", multiple=True, metavar="X=N", help="Valence electrons of an element: As=5.")
@click.option("--charges", "charge_method", default="bader", show_default=True, metavar="METHOD",
              help="What ACF holds: a charge method of an installed package.")  # fmt: skip
@click.option("--scale", default=1.2, show_default=True, help="Factor on the sums of covalent radii.")
@click.option("--radius", multiple=True, metavar="X=Å", help="Covalent radius of an element: In=1.42.")
@click.option("--pair", multiple=True, metavar="X-Y=Å", help="Bond cutoff of a pair: In-Cl=3.1; 0 for none.")
@click.option("--exclude-like-charges", is_flag=True, help="No bonds between ions of the same sign.")
@click.option("--regularisation", default=0.0, show_default=True, help="Tikhonov λ.")
@click.option("--tolerance", type=float, metavar="E", help="Largest imbalance of a part in e.")
@click.option("--label", type=click.Choice(_LABELS), default="coordination", show_default=True,
              help="What the kinds of labelled.xyz tell apart.")  # fmt: skip
@click.option("--bins", default="0.05,0.1,0.2", show_default=True, help="Edges of the magnitude bins in e.")
@click.option("--sensitivity", is_flag=True, help="Repeat with other bond scales and with regularisation.")
@click.option("--select", "selected", multiple=True, metavar="ATOMS",
              help="Report these atoms: As, As@3, In:As3,Se1 or #1-20.")  # fmt: skip
@click.option("--compare", nargs=2, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="XYZ ACF",
              help="A second model: report what it changes on matching atoms.")  # fmt: skip
@click.option("--map", "maps", multiple=True, metavar="h,k,l", help="Draw the map of this plane.")
@map_options
@click.option("--profile", is_flag=True, help="Draw magnitude and resultant against depth.")
@click.option("--regions", "region_diagram", is_flag=True, help="Draw the flow between the regions.")
@click.option("--scene", type=click.Choice(("arrows", "spheres")), help="Write the 3D scene as HTML and PNG.")
@click.option(
    "--format", "suffix", type=click.Choice(("png", "pdf", "svg")), default="png", show_default=True
)
@json_option
def analyse(structure: Path, acf: Path, output: Path, as_json: bool, **options: Any) -> None:
    """Find who hands electrons to whom in STRUCTURE (XYZ) from its Bader populations ACF (ACF.dat).

    DIR receives charge_flow.npz, summary.json, atoms.csv, bonds.csv, labelled.xyz, kinds.inc and the figures
    that are asked for. What bond valences predict of the structure (Bader charges in a full basis) stands beside the
    result.
    """
    from ..science.charges.summary import summarise

    result = _read_and_solve(structure, acf, options)
    summary = {"structure": str(structure), "acf": str(acf)} | summarise(result)
    if options["sensitivity"]:
        from ..science.charges.comparison import sensitivity

        summary["sensitivity"] = sensitivity(result)
    if options["selected"]:
        from ..science.charges.summary import selected

        summary["selected"] = selected(result, options["selected"])
    _predict(result, summary, options)
    compared = _compare(result, summary, options)
    files = _files(result, summary, options) | compared | _figures(result, structure.stem, options)
    _write(output, files)
    if as_json:
        print_json(summary)
    else:
        _report(summary, output, list(files))


def _read_and_solve(structure: Path, acf: Path, options: dict[str, Any]) -> Analysis:
    from ..science.from_files import analyse_files
    from ..science.settings import ChargeFlowSettings

    settings = ChargeFlowSettings.from_mapping(
        {
            "bond_scale": options["scale"],
            "exclude_like_charges": options["exclude_like_charges"],
            "regularisation": options["regularisation"],
            "imbalance_tolerance_e": options["tolerance"],
        }
    )
    return analyse_files(
        structure,
        acf,
        settings,
        n_valence=_numbers(options["valence"], "--valence"),
        radii=_numbers(options["radius"], "--radius"),
        pair_cutoffs=_pairs(options["pair"]),
        charge_method=options["charge_method"],
    )


def _files(result: Analysis, summary: dict[str, Any], options: dict[str, Any]) -> dict[str, bytes | str]:
    from ..science.charges import environment
    from ..science.charges import export as flow_export

    groups: list[Any]
    if options["label"] == "coordination":
        groups = result.coordination.tolist()
    elif options["label"] == "environment":
        groups = environment.environments(result.symbols, result.graph)
    else:
        edges = _floats(options["bins"], "--bins")
        groups = (environment.magnitude_bins(result.flow.flow_magnitude, edges) + 1).tolist()
    names, meaning = flow_export.kind_labels(result.symbols, groups)
    comment = f"kinds by {options['label']}, see kinds.inc"
    return {
        "charge_flow.npz": flow_export.npz_bytes(result),
        "summary.json": flow_export.summary_json(summary),
        "atoms.csv": flow_export.atoms_csv(result),
        "bonds.csv": flow_export.bonds_csv(result),
        "labelled.xyz": flow_export.labelled_xyz(result.atoms.positions, names, comment),
        "kinds.inc": flow_export.kind_blocks(meaning, result.n_valence),
    }


def _compare(result: Analysis, summary: dict[str, Any], options: dict[str, Any]) -> dict[str, bytes | str]:
    if not options["compare"]:
        return {}
    from ..science.charges import comparison as flow_compare

    structure, acf = options["compare"]
    second = _read_and_solve(structure, acf, options)
    change = flow_compare.difference(result, second)
    summary["difference"] = {"structure": str(structure), "acf": str(acf)} | flow_compare.difference_summary(
        change, result
    )
    return {"difference.csv": flow_compare.difference_csv(change, result)}


def _predict(result: Analysis, summary: dict[str, Any], options: dict[str, Any]) -> None:
    """Add what was predicted before DFT, beside the result, where both are charges of the same sort."""
    from ..science.valences.expectation import beside, prediction_of

    if options["charge_method"] == "bader" and (predicted := prediction_of(result)) is not None:
        summary["prediction"] = beside(predicted, result)


def _figures(result: Analysis, title: str, options: dict[str, Any]) -> dict[str, bytes | str]:
    wanted = ("maps", "profile", "region_diagram", "scene")
    if not any(options[name] for name in wanted):
        return {}
    from .analyse_figures import draw

    planes = [_floats(text, "--map", 3) for text in options["maps"]]
    origin = _floats(options["origin"], "--origin", 3) if options["origin"] else None
    return draw(result, title, options, planes, origin)


def _write(output: Path, files: dict[str, bytes | str]) -> None:
    from ..science.files import write_whole

    output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_whole(output / name, content)


def _report(summary: dict[str, Any], output: Path, files: list[str]) -> None:
    from collections import Counter

    from ..science.elements import formula

    quality, regions = summary["quality"], summary["regions"]
    name, bonds = formula(Counter(summary["counts"]).elements()), summary["bonds"]
    click.echo(
        f"{name}: {summary['n_atoms']} atoms, {bonds['n_bonds']} bonds in {quality['n_components']} "
        f"connected part(s), {quality['n_loops']} loops that charges cannot determine"
    )
    click.echo(
        f"imbalance {quality['total_imbalance_e']:+.4f} e, spread: "
        f"at most {quality['largest_correction_e']:.1e} e an atom; residual {quality['residual']:.1e}"
    )
    for name, entry in regions["details"].items():
        click.echo(
            f"{name:>10s}: charge {entry['charge_e']:+8.3f} e, mean flow {entry['mean_magnitude_e']:.3f} e, "
            f"coherence {entry['coherence']:.2f}, outward share {entry['outward_share']:+.2f}"
        )
    for row in summary["by_coordination"]:
        click.echo(
            f"{row['name']:>10s}: {row['n_atoms']:5d} atoms, charge {row['mean_charge_e']:+.3f} e, "
            f"flow {row['mean_e']:.3f} ± {row['std_e']:.3f} e"
        )
    if "prediction" in summary:
        print_beside(summary["prediction"])
    for row in summary.get("selected", []):
        click.echo(
            f"{row['atoms']:>10s}: {row['n_atoms']:5d} atoms, charge {row['mean_charge_e']:+.3f} e, "
            f"flow {row['mean_magnitude_e']:.3f} e, resultant {row['resultant_norm_e']:.3f} e"
        )
    click.echo(f"wrote {', '.join(files)} in {output}")


def _numbers(pairs: tuple[str, ...], option: str) -> dict[str, float]:
    values: dict[str, float] = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            values[name.strip()] = float(text)
        except ValueError:
            raise click.BadParameter(f"{pair!r}: write for example As=5", param_hint=option) from None
    return values


def _pairs(pairs: tuple[str, ...]) -> dict[tuple[str, str], float]:
    cutoffs: dict[tuple[str, str], float] = {}
    for name, cutoff in _numbers(pairs, "--pair").items():
        first, dash, second = name.partition("-")
        if not (first and dash and second):
            raise click.BadParameter(f"{name!r}: write for example In-Cl=3.1", param_hint="--pair")
        cutoffs[first, second] = cutoff
    return cutoffs


def _floats(text: str, option: str, length: int | None = None) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.strip("()").split(","))
    except ValueError:
        numbers = ()
    if not numbers or (length is not None and len(numbers) != length):
        what = f"{length} numbers" if length else "numbers"
        raise click.BadParameter(f"{text!r}: write {what} with commas between them", param_hint=option)
    return numbers
