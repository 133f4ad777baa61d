"""``import DIR``: results that were computed outside AiiDA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from . import json_option, print_json


@click.command("import")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--label", help="Name of the model; by default that of the folder.")
@click.option("--group", default="chargeflow/imported", show_default=True, help="Group that it joins.")
@click.option("--structure", metavar="NAME", help="The XYZ file, if the folder holds several.")
@click.option("--output", metavar="NAME", help="The CP2K output, if the folder holds several.")
@click.option(
    "--run", type=int, metavar="N", help="Which run of an output that holds several; else the last."
)
@click.option(
    "--regions",
    type=click.Choice(["auto", "column", "elements", "lattice"]),
    default="auto",
    show_default=True,
    help="How regions are found if the XYZ has no kind names such as As13.",
)
@click.option("--core", metavar="SYMBOLS", help="Elements of the core, for example In,As.")
@click.option(
    "--planes",
    metavar="A,B,C",
    help="Planes of the core, for example 9,16,7, for a core of the shell's elements.",
)
@click.option(
    "--valence", multiple=True, metavar="SYMBOL=N", help="Valence electrons, if the output lists none."
)
@click.option(
    "--model",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The model file that it was built from, for figures that sort by interface and thickness.",
)
@click.option("--dry-run", is_flag=True, help="Read and check the files; store nothing.")
@json_option
def import_(
    folder: Path,
    label: str | None,
    group: str,
    model: Path | None,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Store the files of one finished calculation in DIR as a model beside those that AiiDA ran.

    DIR holds the XYZ of the run and the main output of CP2K; .pdos files, ACF.dat, WFN cubes and the input are
    taken along where they are there. All are checked against each other before anything is stored.
    """
    from ..runs import submit as launcher
    from ..science.cp2k.run_files import ImportSettings
    from .analyse import _numbers

    settings = ImportSettings.from_mapping(
        {
            **{key: given[key] for key in ("structure", "output", "run", "regions")},
            "core_elements": given["core"].split(",") if given["core"] else None,
            "core_planes": given["planes"].split(",") if given["planes"] else None,
            "n_valence": _numbers(given["valence"], "--valence"),
        }
    )
    if not dry_run:
        launcher.load_profile()
    from ..runs import importing

    checked = importing.check(folder, settings, model)
    told: dict[str, Any] = {
        "files": [path.name for path in checked.files.all],
        "regions_from": checked.regions_from,
        "absent": checked.absent,
        "notes": checked.notes,
    }
    if not dry_run:
        node, is_new = importing.store(checked, label or folder.resolve().name, group)
        told |= {"pk": node.pk, "uuid": node.uuid, "label": node.label, "group": group, "new": is_new}
    if as_json:
        print_json(told)
        return
    click.echo(f"read {', '.join(told['files'])}; regions from {checked.regions_from}")
    for note in checked.notes:
        click.echo(f"note: {note}")
    for part in checked.absent:
        click.echo(f"absent: {part}")
    if not dry_run:
        state = "imported as" if told["new"] else "was imported before:"
        click.echo(f"{state} {told['label']}, PK {told['pk']} ({told['uuid']}), group {group}")
        click.echo(f"next: aiida-chargeflow table gaps {group}")
