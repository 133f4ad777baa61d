"""Finished models → the pages of a report in one directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiida import orm

from ..results.cautions import cautions
from ..science.writing.table_format import to_csv
from . import details, overview
from .cells import Cell
from .compare import comparison
from .directory import check_target, whole_directory, write_manifest
from .pages import render
from .pictures import Album

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Entry:
    """One model: where its page and files are."""

    node: orm.WorkChainNode
    slug: str
    row: dict[str, Cell]

    @property
    def label(self) -> str:
        return self.row["label"].text

    @property
    def page(self) -> str:
        return f"{self.slug}.html"


def write_report(
    models: Sequence[orm.WorkChainNode],
    target: Path,
    *,
    title: str,
    left_out: Sequence[orm.WorkChainNode] = (),
    progress: Progress = lambda _: None,
) -> int:
    """Write a report of finished models to a directory, whole or not at all, and return its size in bytes.

    :param left_out: members of the group without results, which are listed.
    :param progress: called with the label of each model before its page is made.
    :raises InputError: the directory exists and is not an older report.
    """
    check_target(target)
    entries = [_entry(node) for node in models]
    compare = len(entries) > 1
    with whole_directory(target) as directory:
        for k, entry in enumerate(entries):
            progress(entry.label)
            neighbours = entries[k - 1] if k else None, entries[k + 1] if k + 1 < len(entries) else None
            _write(
                directory / "models" / entry.page,
                _model_page(entry, neighbours, directory / "models", compare),
            )
        if compare:
            progress("side by side")
            _write(
                directory / "compare.html",
                comparison(models, [entry.row for entry in entries], directory, title),
            )
        rows = overview.flat([entry.row for entry in entries])
        _write(directory / "index.html", _index(entries, title, left_out, compare))
        _write(directory / "models.csv", to_csv(rows))
        write_manifest(directory, {"title": title, "models": rows})
        size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    return size


def _entry(node: orm.WorkChainNode) -> _Entry:
    name = re.sub(r"[^A-Za-z0-9]+", "-", node.label).strip("-")[:40]
    slug = f"{node.pk}-{name}" if name else str(node.pk)
    return _Entry(node, slug, overview.overview_row(node, f"models/{slug}.html"))


def _index(
    entries: Sequence[_Entry], title: str, left_out: Sequence[orm.WorkChainNode], compare: bool
) -> str:
    rows = [entry.row for entry in entries]
    columns = overview.overview_columns()
    return render(
        "index.html",
        title=title,
        models=rows,
        columns=columns,
        numeric={column.name for column in columns if any(row[column.name].is_number for row in rows)},
        left_out=[
            {"label": node.label or "without label", "pk": node.pk, "uuid": node.uuid, "state": _state(node)}
            for node in left_out
        ],
        compare=compare,
    )


def _state(node: orm.WorkChainNode) -> str:
    state = node.process_state.value if node.process_state else "unknown"
    return f"{state}, exit status {node.exit_status}: {node.exit_message}" if node.exit_status else state


def _model_page(
    entry: _Entry, neighbours: tuple[_Entry | None, _Entry | None], folder: Path, compare: bool
) -> str:
    node, row = entry.node, entry.row
    album = Album(node, folder, entry.slug)
    electronic, flow, scene = album.electronic(), album.flow(), album.scene()
    return render(
        "model.html",
        label=entry.label,
        formula=row["formula"].text,
        uuid=node.uuid,
        summary_uuid=node.outputs.summary.uuid,
        description=_description(row),
        cautions=cautions(node),
        previous=_link(neighbours[0]),
        next=_link(neighbours[1]),
        compare=compare,
        key_numbers=details.key_numbers(node),
        scene=scene,
        electronic=electronic,
        flow=flow,
        notes=album.notes,
        traps=details.traps(node),
        unseen_traps=details.unseen_traps(node),
        stoichiometry=details.stoichiometry(node),
        charges_by_region=details.charges_by_region(node),
        by_kind=details.by_kind(node),
        predicted=details.predicted(node),
        provenance=details.provenance(node),
        costs=details.costs(node),
    )


def _description(row: dict[str, Cell]) -> str:
    parts = [f"{row['n_atoms'].text} atoms"]
    if row["interface"].value is not None:
        layers = row["n_monolayers"]
        plural = "" if layers.value == 1 else "s"
        parts.append(f"{layers.text} monolayer{plural}, {row['interface'].text} interface")
    if row["surface"].value is not None:
        parts.append(f"{row['surface'].text} surface")
    return " · ".join([*parts, f"protocol {row['protocol'].text}"])


def _link(entry: _Entry | None) -> dict[str, Any] | None:
    return None if entry is None else {"page": entry.page, "label": entry.label}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
