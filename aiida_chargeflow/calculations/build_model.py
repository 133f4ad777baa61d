"""Build a quantum-dot model as a calcfunction."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from ..science.models.build import build
from ..science.models.spec import ModelSpec
from .failures import exit_on_input_error


@calcfunction
@exit_on_input_error
def build_model(spec: orm.Dict) -> dict[str, orm.Node]:
    """Return the ``structure`` (kinds carry region and coordination) and the ``summary`` of a specification."""
    model = build(ModelSpec.from_stored(spec.get_dict()))
    structure = orm.StructureData(ase=model.atoms)
    structure.label = model.atoms.get_chemical_formula("metal")
    return {"structure": structure, "summary": orm.Dict(model.summary())}
