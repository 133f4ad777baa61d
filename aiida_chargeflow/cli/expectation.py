"""What is predicted of a dot before DFT, as lines on a terminal."""

from __future__ import annotations

from typing import Any

import click

_SHOWN = 4  # strained bonds


def print_expectation(data: dict[str, Any] | None) -> None:
    """Print excess, charges and flows with their errors, and what to be wary of; nothing for None.

    :param data: of ``science.valences.expectation``, or ``problem``: why there is none.
    """
    if data is None:
        return
    if "problem" in data:
        click.echo(f"\nnot predicted: {data['problem']}")
        return
    click.echo(f"\npredicted before DFT (fitted to {data['n_dots_fitted']} dots)")
    click.echo("region       excess e  charge e")
    for region, (charge, error) in data["region_charge_e"].items():
        click.echo(
            f"{region:<12} {data['excess_by_region_e'].get(region, 0.0):>+8.2f}  {charge:>+8.2f} ± {error:.2f}"
        )
    depth, most = max(data["excess_below_e"], key=lambda pair: abs(pair[1]))
    where = f"; most below any depth: {most:+.1f} e deeper than {depth:.1f} Å" if depth > 0 else ""
    click.echo(f"excess N(III) - N(V) = {data['excess_e']:+d} e{where}")
    click.echo("\natoms          charge e        flow e")
    for row in data["by_coordination"]:
        click.echo(
            f"{row['name']:<8} {row['predicted_charge_e']:>+10.3f} ± {row['charge_error_e']:.3f} "
            f"{row['predicted_flow_e']:>7.3f} ± {row['flow_error_e']:.3f}"
        )
    _print_cautions(data)
    _print_strained(data)


def print_beside(data: dict[str, Any]) -> None:
    """Print prediction and result side by side.

    :param data: of ``science.valences.expectation.beside``.
    """
    click.echo(
        f"prediction from bond valences beside the result: charges off by {data['charge_rms_e']:.3f} e, "
        f"flows by {data['flow_rms_e']:.3f} e (root mean square)"
    )
    for name, row in data["regions"].items():
        click.echo(
            f"{name:>10s}: charge {row['predicted_charge_e']:+8.3f} ± {row['error_e']:.3f} e, "
            f"is {row['charge_e']:+8.3f}; mean flow {row['predicted_flow_e']:.3f} e, is {row['flow_e']:.3f}"
        )
    for row in data["by_coordination"]:
        click.echo(
            f"{row['name']:>10s}: charge {row['predicted_charge_e']:+.3f} e, is {row['charge_e']:+.3f}; "
            f"flow {row['predicted_flow_e']:.3f} e, is {row['flow_e']:.3f}"
        )
    _print_cautions(data)


def _print_cautions(data: dict[str, Any]) -> None:
    if data["estimated_anions"]:
        from ..science.elements import element

        names = " and ".join(
            f"{name} ({element(name).oxidation_state:+d})" for name in data["estimated_anions"]
        )
        click.echo(f"warning: the transfer to {names} is estimated from its electronegativity, not fitted.")
    if data["formal_charge_e"]:
        click.echo(
            f"warning: the formal charge of {data['formal_charge_e']:+d} e was spread over all atoms; "
            "predictions are for neutral dots."
        )


def _print_strained(data: dict[str, Any]) -> None:
    if not data["n_strained_bonds"]:
        return
    bonds = "; ".join(
        f"{bond['pair']} {bond['atoms'][0]}-{bond['atoms'][1]} {bond['valence_e']:+.2f} "
        f"(ends share {bond['strength_e']:.2f})"
        for bond in data["strained_bonds"][:_SHOWN]
    )
    more = "; …" if data["n_strained_bonds"] > _SHOWN else ""
    number = data["n_strained_bonds"]
    what = "1 bond has" if number == 1 else f"{number} bonds have"
    click.echo(f"warning: {what} a negative valence or one far from what the ends share: {bonds}{more}")
