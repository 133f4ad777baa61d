"""Build a quantum-dot model as a calcfunction."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from ..science.elements import formula as chemical_formula
from ..science.models.build import build
from ..science.models.spec import ModelSpec
from .failures import exit_on_input_error


@calcfunction
@exit_on_input_error
def build_model(spec: orm.Dict) -> dict[str, orm.Node]:
    """Return the ``structure`` (kinds carry region and coordination) and the ``summary`` of a specification."""
    model = build(ModelSpec.from_stored(spec.get_dict()))
    structure = orm.StructureData(ase=model.atoms)
    structure.label = chemical_formula(model.atoms.symbols)
    return {"structure": structure, "summary": orm.Dict(model.summary())}
