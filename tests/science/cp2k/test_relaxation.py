"""Input of an optimisation, and the geometry that its trajectory ends with."""

import numpy as np
import pytest
from ase import Atoms

from aiida_chargeflow.science.cp2k.hessian import MOST_ATOMS
from aiida_chargeflow.science.cp2k.relaxation import (
    RelaxLevel,
    held_atoms,
    movable,
    reads_start_hessian,
    relax_parameters,
)
from aiida_chargeflow.science.errors import InputError

SCF = {"cutoff_ry": 200, "padding_ang": 2.5, "stages": [{"name": "direct", "final": True}]}


def test_an_optimisation_prints_no_density_and_scales_all_criteria():
    level = RelaxLevel.from_mapping({"name": "wanted", "scf": SCF, "max_force_ev_ang": 0.0231})
    atoms = Atoms("InCl3", positions=np.eye(4)[:, :3] * 2.4, tags=[33, 41, 41, 41])
    parameters = relax_parameters(atoms, level)
    assert parameters["GLOBAL"]["RUN_TYPE"] == "GEO_OPT"
    assert "PRINT" not in parameters["FORCE_EVAL"]["DFT"]
    optimisation = parameters["MOTION"]["GEO_OPT"]
    assert optimisation["MAX_FORCE"] == pytest.approx(4.5e-4, rel=2e-3)  # CP2K's default in its own units
    assert optimisation["MAX_DR"] == pytest.approx(3e-3, rel=2e-3)


def test_an_unconverged_geometry_on_the_way_is_a_warning_in_every_version():
    """CP2K 2024.1 and later abort without the keyword, which 2023.1 refuses."""
    level = RelaxLevel.from_mapping({"name": "wanted", "scf": SCF})
    keyword = "IGNORE_CONVERGENCE_FAILURE"

    def scf(version):
        return relax_parameters(chain(), level, version=version)["FORCE_EVAL"]["DFT"]["SCF"]

    assert keyword not in scf("2023.1")
    assert scf("2024.1")[keyword] is True
    assert scf("2025.1")[keyword] is True


def chain():
    """Cl-In-As-In-Cl along a line, and an In inside of four As; tags: core 1x, ligand 41."""
    bond = 2.5
    line = Atoms("ClInAsInCl", positions=[[k * bond, 0, 0] for k in range(5)], tags=[41, 12, 12, 12, 41])
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * bond / np.sqrt(3)
    inside = Atoms("InAs4", positions=np.vstack([[0, 0, 0], corners]) + [0, 20, 0], tags=[14, 11, 11, 11, 11])
    return line + inside


def test_what_moves_are_ligands_what_they_sit_on_and_what_misses_neighbours():
    atoms = chain()
    assert np.flatnonzero(movable(atoms, "ligands")).tolist() == [0, 4]
    assert np.flatnonzero(~movable(atoms, "surface")).tolist() == [
        5
    ]  # the only atom with four bonds and no ligand
    assert movable(atoms, "all").all()


def test_a_four_bonded_atom_with_a_ligand_moves():
    atoms = Atoms("In", positions=[[0, 0, 0]], tags=[14])
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * 2.5 / np.sqrt(3)
    atoms += Atoms("As3Cl", positions=corners, tags=[11, 11, 11, 41])
    assert movable(atoms, "surface")[0]


def test_the_others_are_held_by_their_numbers():
    level = RelaxLevel.from_mapping({"name": "surface", "scf": SCF, "moves": "ligands"})
    held = relax_parameters(chain(), level)["MOTION"]["CONSTRAINT"]["FIXED_ATOMS"]["LIST"]
    assert held == ["2..4 6..10"]
    everything = level.model_copy(update={"moves": "all"})
    assert "CONSTRAINT" not in relax_parameters(chain(), everything)["MOTION"]


@pytest.mark.parametrize("moves", ["ligands", "surface", "all"])
def test_an_input_tells_which_atoms_it_holds(moves):
    level = RelaxLevel.from_mapping({"name": "some", "scf": SCF, "moves": moves})
    held = held_atoms(relax_parameters(chain(), level), len(chain()))
    np.testing.assert_array_equal(held, ~movable(chain(), moves))


def test_the_dense_hessian_is_for_dots_it_fits():
    def relaxation(n_atoms, **level):
        atoms = Atoms(f"In{n_atoms}", positions=np.arange(3 * n_atoms).reshape(-1, 3), tags=[14] * n_atoms)
        settings = RelaxLevel.from_mapping({"name": "wanted", "scf": SCF, **level})
        return relax_parameters(atoms, settings)

    small = relaxation(4)["MOTION"]["GEO_OPT"]
    assert small["OPTIMIZER"] == "BFGS"
    assert small["BFGS"]["RESTART_HESSIAN"] is True
    assert reads_start_hessian(relaxation(4))
    for other in (relaxation(MOST_ATOMS + 2), relaxation(4, optimizer="LBFGS")):
        assert other["MOTION"]["GEO_OPT"]["OPTIMIZER"] == "LBFGS"
        assert not reads_start_hessian(other)
    assert not reads_start_hessian({"GLOBAL": {}})


def test_a_structure_without_a_bond_graph_is_refused_before_its_job():
    level = RelaxLevel.from_mapping({"name": "wanted", "scf": SCF})
    twice = Atoms("In2", positions=[[0, 0, 0], [0, 0, 0.1]], tags=[14, 14])
    with pytest.raises(InputError, match="Two atoms share one place"):
        relax_parameters(twice, level)


def test_no_ligand_no_relaxation_of_ligands():
    level = RelaxLevel.from_mapping({"name": "surface", "scf": SCF, "moves": "surface"})
    bare = Atoms("InAs", positions=[[0, 0, 0], [2.6, 0, 0]])
    with pytest.raises(InputError, match="no atom of the region ligand") as caught:
        relax_parameters(bare, level)
    assert caught.value.field == "relax.levels.moves"
