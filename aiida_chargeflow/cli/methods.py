"""``methods``: a draft of the methods section from what was really run."""

from __future__ import annotations

from pathlib import Path

import click

from ..science.errors import InputError
from ..science.files import write_whole
from ..science.writing.methods_format import to_latex, to_markdown
from ..science.writing.methods_text import paragraphs


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="PK|GROUP|SWEEP...")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File instead of the terminal."
)
@click.option(
    "--bibtex", type=click.Path(dir_okay=False, path_type=Path), help="Also write the cited entries here."
)
@click.option(
    "--format", "form", type=click.Choice(["markdown", "latex"]), default="markdown", show_default=True
)
def methods(models: tuple[str, ...], output: Path | None, bibtex: Path | None, form: str) -> None:
    """Draft the methods section of finished models: PKs, UUIDs, labels, groups or sweeps.

    Every sentence is made from the provenance of these models; where they differ, the draft says which.
    """
    from ..results import tables
    from ..results.method_facts import facts
    from ..runs import submit as launcher
    from ..science.writing.citations import keys_of, to_bibtex

    launcher.load_profile()
    nodes = tables.models_of(models)
    imported = [node for node in nodes if "files" in node.inputs]
    known = [facts(node) for node in nodes if node not in imported]
    if not known:
        raise InputError("nothing is known of how these models were computed", field="MODELS")
    for node in imported:
        click.echo(
            f"left out: {node.label or node.pk} was imported, not run here; describe it yourself", err=True
        )
    text = paragraphs(known)
    keys = keys_of(" ".join(text.values()))
    draft = (
        to_markdown(text, known) if form == "markdown" else to_latex(text, known, bibtex or Path("refs.bib"))
    )
    if bibtex is not None:
        write_whole(bibtex, to_bibtex(keys))
    if output is None:
        click.echo(draft, nl=False)
    else:
        write_whole(output, draft)
