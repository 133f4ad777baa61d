"""``examples``: the model and campaign files that come with the package, to copy and edit."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click
import yaml

from ..science.errors import InputError, one_of
from ..science.files import write_whole
from . import json_option, print_json

# in a checkout a link to the folder `workflows`; in an installed package its files
_FOLDER = "examples"


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Copy into this folder."
)
@json_option
def examples(names: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Copy the examples NAMES, or all, into a folder; without both, list them.

    A file that is there already and differs is kept, and nothing is copied.
    """
    texts = _texts()
    unknown = [name for name in names if name.removesuffix(".yaml") not in texts]
    if unknown:
        raise InputError("no such example", value=unknown[0], remedy=one_of(unknown[0], texts, "There are"))
    if not names and output is None:
        _list(texts, as_json)
        return
    wanted = {name.removesuffix(".yaml"): None for name in names} or texts
    folder = output or Path()
    targets = {folder / f"{name}.yaml": texts[name] for name in wanted}
    for path, text in targets.items():
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise InputError(
                "is there already, and differs", file=path, remedy="Choose another folder with -o."
            )
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in targets.items():
        write_whole(path, text)
    if as_json:
        print_json({"written": [str(path) for path in targets]})
        return
    for path in targets:
        click.echo(f"wrote {path}")


def _texts() -> dict[str, str]:
    folder = resources.files("aiida_chargeflow") / _FOLDER
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return {f.name.removesuffix(".yaml"): f.read_text(encoding="utf-8") for f in files}


def _list(texts: dict[str, str], as_json: bool) -> None:
    rows = [
        {"name": name, "is_campaign": _is_campaign(text), "about": _about(text)}
        for name, text in texts.items()
    ]
    if as_json:
        print_json(rows)
        return
    width = max(len(name) for name in texts)
    for row in rows:
        click.echo(f"{row['name']:{width}}  {row['about']}")
    click.echo("Copy: aiida-chargeflow examples NAME … or -o FOLDER for all.")


def _is_campaign(text: str) -> bool:
    return "axes" in yaml.safe_load(text)


def _about(text: str) -> str:
    """Return the first sentence of the comment that a file begins with."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return " ".join(lines).split(". ")[0].removesuffix(".")
