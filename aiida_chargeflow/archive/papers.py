"""What goes with an archive: README, citation, and the fields that a repository such as Materials Cloud asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from aiida import orm

from .. import __version__
from ..results.tracing import origin
from ..science.writing.table_format import cell, to_markdown

KEYWORDS = ("quantum dots", "density functional theory", "Bader charges", "charge flow", "AiiDA", "CP2K")
_SOFTWARE: dict[str, Any] = {
    "type": "software",
    "title": "aiida-chargeflow",
    "version": __version__,
    "authors": [{"name": "The aiida-chargeflow developers"}],
}


@dataclass(frozen=True)
class Author:
    """An author as the command line gives one: ``Family, Given; affiliation``."""

    family: str
    given: str = ""
    affiliation: str = ""

    @classmethod
    def parse(cls, text: str) -> Author:
        """Return the author of ``Family, Given; affiliation``; given name and affiliation may be missing."""
        name, _, affiliation = text.partition(";")
        family, _, given = name.partition(",")
        return cls(family.strip(), given.strip(), affiliation.strip())

    def names(self) -> dict[str, str]:
        """Return the parts of the name as CITATION.cff wants them."""
        if not self.given:
            return {"name": self.family}
        return {"family-names": self.family, "given-names": self.given}


@dataclass(frozen=True)
class Paper:
    """What the user says of the paper; an empty field stays to be filled in.

    :param reference: citation of the article in the style of a reference list.
    """

    title: str = ""
    authors: tuple[Author, ...] = ()
    doi: str = ""
    description: str = ""
    reference: str = ""
    keywords: tuple[str, ...] = ()
    license: str = "CC-BY-4.0"

    def missing(self) -> list[str]:
        """Return what Materials Cloud asks for and nobody has given yet."""
        wanted = {
            "--title": self.title,
            "--author": self.authors,
            "--description": self.description,
            "--reference": self.reference,
            "affiliations (--author 'Family, Given; affiliation')": self.authors
            and all(author.affiliation for author in self.authors),
        }
        return [name for name, value in wanted.items() if not value]


def citation(paper: Paper, models: Sequence[orm.WorkChainNode]) -> str:
    """Return a CITATION.cff of the data set: the paper first, then the programs that made it."""
    references: list[dict[str, Any]] = []
    authors = [author.names() for author in paper.authors] or [{"name": "TO BE FILLED IN"}]
    title = paper.title or "TO BE FILLED IN"
    if paper.title or paper.doi:
        references.append(
            {"type": "article", "title": title, "authors": authors}
            | ({"doi": paper.doi} if paper.doi else {})
        )
    references.append(_SOFTWARE)
    for program, version in programs(models).items():
        if "chargeflow" not in program:
            entry = {"type": "software", "title": program, "authors": [{"name": f"The {program} developers"}]}
            references.append(entry | {"version": version})
    data = {
        "cff-version": "1.2.0",
        "message": "If you use these data, please cite them and the paper.",
        "type": "dataset",
        "title": f"Data of: {title}",
        "authors": authors,
        "date-released": date.today().isoformat(),
        "license": paper.license,
        "keywords": list(paper.keywords or KEYWORDS),
        "references": references,
    }
    return _dump(data)


def metadata(
    paper: Paper, models: Sequence[orm.WorkChainNode], files: Sequence[Path], n_cubes_left_out: int
) -> str:
    """Return the fields of the upload form of the Materials Cloud Archive; null is what is still missing."""
    about = (
        f"AiiDA archive of {len(models)} models with all calculations, inputs and outputs"
        f"{' but the orbital cubes' if n_cubes_left_out else ''}; import it with `aiida-chargeflow archive import` "
        "or `verdi archive import`"
    )
    kinds = (
        about,
        "what the archive holds and how to redo tables and figures",
        "how to cite the data, machine-readable",
        "the fields of this record, machine-readable",
    )
    data = {
        "title": paper.title or None,
        "authors": [
            {
                **{key.replace("-", "_"): value for key, value in author.names().items()},
                "affiliations": author.affiliation or None,
            }
            for author in paper.authors
        ]
        or None,
        "description": paper.description or None,
        "keywords": list(paper.keywords or KEYWORDS),
        "license": paper.license,
        "references": [
            {
                "type": "journal reference",
                "citation": paper.reference or None,
                "doi": paper.doi or None,
                "url": f"https://doi.org/{paper.doi}" if paper.doi else None,
            }
        ],
        "files": [{"name": path.name, "description": text} for path, text in zip(files, kinds, strict=True)],
    }
    return _dump(data)


def readme(
    paper: Paper,
    models: Sequence[orm.WorkChainNode],
    groups: Sequence[str],
    name: str,
    sizes: Mapping[str, int],
    n_cubes_left_out: int,
) -> str:
    """Return the README of an archive."""
    rows = []
    for node in models:
        summary = node.outputs.summary.get_dict()
        numbers = {key: summary.get(key) for key in ("formula", "n_atoms", "gap_ev", "band_edge_gap_ev")}
        rows.append({"label": node.label, **numbers, "uuid": node.uuid})
    authors = "; ".join(f"{author.given} {author.family}".strip() for author in paper.authors)
    head = [f"# Data of: {paper.title or name}", *([authors] if authors else [])]
    head += [f"DOI of the paper: {paper.doi}"] if paper.doi else []
    head += [paper.description] if paper.description else []
    cubes = f"The orbital cubes of {n_cubes_left_out} runs were left out.\n" if n_cubes_left_out else ""
    made = "".join(f"- {program} {version}\n" for program, version in programs(models).items())
    weights = "".join(f"| {kind} | {size / 1e6:.2f} |\n" for kind, size in sizes.items())
    first = groups[0]
    parts = [
        *head,
        f"`{name}` is an AiiDA archive: {len(models)} models with every calculation, input, output, code and "
        f"version behind them, in {'the group' if len(groups) == 1 else 'the groups'} "
        f"{', '.join(f'`{label}`' for label in groups)}.",
        f"## Models\n\n{to_markdown(rows)}\nGaps in eV: HOMO-LUMO, and between the delocalised band edges.",
        f"## Made with\n\n{made}",
        "## Read it\n\n"
        "With aiida-chargeflow installed:\n\n"
        "    verdi presto\n"
        f"    aiida-chargeflow archive import {name}\n"
        f"    aiida-chargeflow table gaps {first}\n"
        f"    aiida-chargeflow figure orbitals {models[0].uuid} -o orbitals.pdf\n"
        f"    aiida-chargeflow trace {models[0].uuid}\n\n"
        "Every row of a table carries the UUID of its model, every figure file those of its sources; `trace` "
        "leads from them to the inputs.",
        "## What is not in it\n\n"
        f"{cubes}Scratch directories (densities, wavefunctions) were never stored. Accounts, login names and "
        "private directories were replaced in scripts, outputs and attributes; the nodes concerned "
        "carry the extra `chargeflow_edited` with what was changed. No number was changed.",
        f"## Size\n\n| content | MB |\n| --- | --- |\n{weights}",
        f"License: {paper.license}",
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def programs(models: Iterable[orm.WorkChainNode]) -> dict[str, str]:
    """Return program → versions that the models were made with."""
    found: dict[str, set[str]] = {}
    for node in models:
        for process in origin(node)["processes"]:
            versions = process["versions"]
            for key, program in (("core", "AiiDA"), ("plugin", "aiida-chargeflow"), ("cp2k_version", "CP2K")):
                if versions.get(key):
                    found.setdefault(program, set()).add(cell(versions[key]))
        if "bader" in node.outputs:
            engine = node.outputs.bader.output_parameters.get_dict()
            found.setdefault(engine["engine"], set()).add(engine["engine_version"])
    return {program: ", ".join(sorted(versions)) for program, versions in sorted(found.items())}


class _Plain(yaml.SafeDumper):
    """YAML without anchors: repeated values are written out."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _dump(data: Mapping[str, Any]) -> str:
    return yaml.dump(dict(data), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)
