"""Results of calculations that were run outside AiiDA: checked as files, then stored as a model."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiida import engine, orm

from ..names import IMPORTED_FROM
from ..science.cp2k import finished_run as imported
from ..science.cp2k.run_files import ImportSettings, RunFiles, find_files
from ..science.electrons.orbital_cube import crop, read_cube, write_cube
from ..science.errors import InputError, naming_file
from ..science.models.build import build
from ..science.models.spec import ModelSpec
from ..science.settings import ChargeFlowSettings
from ..workchains.imported import ImportedModelWorkChain
from ..workchains.point_runs import find_run


@dataclass(frozen=True)
class Checked:
    """A folder whose files belong together.

    :param absent: what the files do not give, each with the reason.
    :param notes: what a reader of the results should know about the files.
    """

    files: RunFiles
    settings: ImportSettings
    regions_from: str
    absent: tuple[str, ...]
    notes: tuple[str, ...] = ()
    spec: ModelSpec | None = None


def check(folder: Path, settings: ImportSettings, model: Path | None = None) -> Checked:
    """Read all files of a folder without storing anything.

    :param model: the model file that the structure was built from, if there is one.
    :raises InputError: a file is missing, damaged, of another calculation, or of one that did not converge.
    """
    files = find_files(folder, settings)
    structure = imported.read_structure(files, settings)
    spec = None if model is None else _spec(model, structure.atoms.get_chemical_symbols())
    output = imported.read_ground_state(files, structure, settings)
    absent = []
    if files.pdos:
        pdos = imported.read_orbitals(files.pdos, structure, output)
        if not imported.has_regions(pdos):
            absent.append("traps, band edges and regional shares: the run's kinds are bare elements")
    else:
        gap = "; the gap is that of the eigenvalues in the output" if output.gap_ev is not None else ""
        absent.append(f"orbitals, traps and band edges: no .pdos files{gap}")
    if files.acf is None:
        absent.append("Bader charges and charge flow: no ACF.dat")
    else:
        imported.read_partition(files.acf, structure, output, imported.valences(output, structure, settings))
    cubes = imported.usable_cubes(files, output)
    for cube in cubes:
        imported.read_orbital_cube(cube, structure)
    if len(cubes) < len(files.cubes):
        absent.append("orbital cubes: those of an open shell do not tell the spins apart by their numbers")
    notes = []
    if output.n_runs > 1:
        notes.append(f"the output holds {output.n_runs} runs: number {output.run} was read")
    if files.packed:
        notes.append(f"packed and so not read: {', '.join(path.name for path in files.packed)}")
    if not len(output.places) and files.trajectory is None:
        notes.append(
            "the output lists no atoms (PRINT_LEVEL MEDIUM does): that it is of this geometry was not checked"
        )
    return Checked(files, settings, structure.regions_from, tuple(absent), tuple(notes), spec)


def _spec(model: Path, symbols: list[str]) -> ModelSpec:
    """Return the specification of a model file that builds as many atoms of each element.

    :raises InputError: it does not.
    """
    spec = ModelSpec.from_yaml(model)
    with naming_file(model):
        built = build(spec.model_copy(update={"start_geometry": "lattice"}))
    if sorted(built.symbols) != sorted(symbols):
        raise InputError(f"builds {built.formula}, not this structure", file=model)
    return spec


def store(checked: Checked, label: str, group: str) -> tuple[orm.WorkChainNode, bool]:
    """Return the model of checked files and whether it is new; the same files are stored once.

    :raises InputError: the charge flow cannot be solved.
    """
    rules = checked.settings.model_dump(mode="json")
    if rules["run"] is None:
        del rules["run"]  # unknown to imports of an earlier version, which are found by their digest
    flow = ChargeFlowSettings().model_dump()
    spec = {} if checked.spec is None else {"spec": checked.spec.to_mapping()}
    digest = _digest(checked.files, {"settings": rules, "charge_flow": flow, **spec})
    node = find_run(digest)
    is_new = node is None
    if node is None:
        source = str(checked.files.structure.parent.resolve().name)
        inputs = {
            "files": _folder_node(checked.files, source),
            "settings": orm.Dict(rules),
            "charge_flow": orm.Dict(flow),
            "digest": orm.Str(digest),
            **{name: orm.Dict(content) for name, content in spec.items()},
        }
        description = "Imported from files; no job was run by AiiDA."
        metadata = {"label": label, "description": description}
        _, node = engine.run_get_node(ImportedModelWorkChain, metadata=metadata, **inputs)
        node.base.extras.set(IMPORTED_FROM, source)
        if not node.is_finished_ok:
            raise InputError(
                node.exit_message or "the import did not finish",
                remedy=f"See `verdi process report {node.pk}`.",
            )
    orm.Group.collection.get_or_create(group)[0].add_nodes(node)
    return node, is_new


def _folder_node(files: RunFiles, source: str) -> orm.FolderData:
    node = orm.FolderData(description=f"Files of a calculation that was run outside AiiDA, from {source}.")
    with tempfile.TemporaryDirectory() as scratch:
        for path in files.all:
            kept = path
            if path in files.cubes and path.suffix != ".gz":
                kept = Path(scratch) / f"{path.name}.gz"
                write_cube(crop(read_cube(path)), kept)
            node.base.repository.put_object_from_filelike(io.BytesIO(kept.read_bytes()), kept.name)
    node.base.extras.set(IMPORTED_FROM, source)
    return node


def _digest(files: RunFiles, settings: Mapping[str, Any]) -> str:
    total = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for path in files.all:
        total.update(path.name.encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
