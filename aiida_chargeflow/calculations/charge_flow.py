"""The charge flow along every bond as a calcfunction."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from ..science.charges.bonds import bond_graph
from ..science.charges.charge_flow import solve
from ..science.kinds import tag_regions
from ..science.settings import ChargeFlowSettings
from .failures import exit_on_input_error
from .structures import to_atoms

_ARRAYS = ("bonds", "bond_flow", "flow_vector", "flow_magnitude", "bader_charge")


@calcfunction
@exit_on_input_error
def charge_flow(
    structure: orm.StructureData, bader: orm.ArrayData, settings: orm.Dict
) -> dict[str, orm.Node]:
    """Return the ``charge_flow`` arrays and the ``quality`` of the solution.

    :param bader: array ``bader_charge``, shape (n_atoms,), e.
    :param settings: fields of ``ChargeFlowSettings``; all optional.
    """
    options = ChargeFlowSettings.from_mapping(settings.get_dict())
    atoms = to_atoms(structure)
    graph = bond_graph(
        atoms,
        scale=options.bond_scale,
        exclude_like_charges=options.exclude_like_charges,
    )
    flow = solve(
        atoms.positions,
        graph.bonds,
        bader.get_array("bader_charge"),
        regularisation=options.regularisation,
        imbalance_tolerance_e=options.imbalance_tolerance_e,
    )
    arrays = orm.ArrayData()
    for name in _ARRAYS:
        arrays.set_array(name, getattr(flow, name))
    arrays.set_array("region", tag_regions(atoms.get_tags()))
    quality = {
        "n_atoms": flow.n_atoms,
        "n_bonds": flow.n_bonds,
        "n_components": flow.n_components,
        "n_loops": flow.n_loops,
        "imbalance_e": flow.imbalance.tolist(),
        "regularisation": flow.regularisation,
        "residual": flow.residual,
        "charge_dipole_e_ang": flow.charge_dipole_e_ang.tolist(),
        "bond_dipole_e_ang": flow.bond_dipole_e_ang.tolist(),
    }
    return {"charge_flow": arrays, "quality": orm.Dict(quality)}
