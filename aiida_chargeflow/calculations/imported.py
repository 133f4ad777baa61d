"""Files of a calculation that was run outside AiiDA, as calcfunctions: what they hold becomes nodes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiida import orm
from aiida.engine import calcfunction

from ..science.charges.bader_output import engine_of
from ..science.cp2k import finished_run as imported
from ..science.cp2k.run_files import ImportSettings, RunFiles, find_files
from ..science.elements import formula as chemical_formula
from .bader import BaderCalculation
from .charges import charges_node
from .failures import exit_on_input_error
from .orbitals import orbitals_node


@calcfunction
@exit_on_input_error
def imported_structure(files: orm.FolderData, settings: orm.Dict) -> orm.StructureData:
    """Return the structure of the XYZ file, its kinds carrying region and coordination."""
    with _folder(files) as folder:
        found, rules = _found(folder, settings)
        atoms = imported.read_structure(found, rules).atoms
    structure = orm.StructureData(ase=atoms)
    structure.label = chemical_formula(atoms.symbols)
    return structure


@calcfunction
@exit_on_input_error
def imported_ground_state(files: orm.FolderData, settings: orm.Dict) -> dict[str, orm.Node]:
    """Return the ``output_parameters`` of the CP2K output and, if printed, its ``orbitals`` and their cubes."""
    with _folder(files) as folder:
        found, rules = _found(folder, settings)
        structure = imported.read_structure(found, rules)
        output = imported.read_ground_state(found, structure, rules)
        parameters = output.summary() | {"n_valence": imported.valences(output, structure, rules)}
        nodes: dict[str, orm.Node] = {"output_parameters": orm.Dict(parameters)}
        if found.pdos:
            nodes["orbitals"] = orbitals_node(imported.read_orbitals(found.pdos, structure, output))
        if usable := imported.usable_cubes(found, output):
            nodes["orbital_cubes"] = cubes = orm.FolderData()
            for path in usable:
                cubes.base.repository.put_object_from_file(str(path), path.name)
    return nodes


@calcfunction
@exit_on_input_error
def imported_bader(
    files: orm.FolderData, scf_parameters: orm.Dict, settings: orm.Dict
) -> dict[str, orm.Node]:
    """Return the populations and charges of the ACF.dat, and the totals of the partition."""
    with _folder(files) as folder:
        found, rules = _found(folder, settings)
        structure = imported.read_structure(found, rules)
        output = imported.read_ground_state(found, structure, rules)
        assert found.acf is not None
        charges = imported.read_partition(found.acf, structure, output, scf_parameters["n_valence"])
        log = folder / BaderCalculation.OUTPUT
        program = engine_of(log.read_text(encoding="utf-8", errors="replace") if log.is_file() else "")
    return {"bader": charges_node(charges), "output_parameters": orm.Dict(program | charges.totals())}


def _found(folder: Path, settings: orm.Dict) -> tuple[RunFiles, ImportSettings]:
    rules = ImportSettings.from_mapping(settings.get_dict())
    return find_files(folder, rules), rules


@contextmanager
def _folder(files: orm.FolderData) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        files.base.repository.copy_tree(name)
        yield Path(name)
