"""CP2K input of isolated dots: kinds, neutrality of electrons, cells, and settings that are refused."""

from importlib import resources

import numpy as np
import pytest
from ase import Atoms

from aiida_chargeflow.science.cp2k.input import (
    MAX_ATOMS_OF_SHARES,
    ScfSettings,
    cell_lengths_ang,
    cp2k_parameters,
)
from aiida_chargeflow.science.errors import InputError

STAGE = {"name": "direct", "final": True}
BASE = {"cutoff_ry": 300, "padding_ang": 3.0, "stages": [STAGE]}


def dot():
    positions = [[0, 0, 0], [2.6, 0, 0], [0, 2.4, 0], [0, 0, 2.4]]
    return Atoms("InCl3", positions=positions, tags=[13, 41, 41, 42])


def make(restart=False, atoms=None, **changes):
    settings = ScfSettings.from_mapping({**BASE, **changes})
    return cp2k_parameters(atoms or dot(), settings, settings.stages[0], restart=restart)


def test_every_kind_has_its_section_with_the_valence_of_the_table():
    kinds = {kind["_"]: kind for kind in make()["FORCE_EVAL"]["SUBSYS"]["KIND"]}
    assert list(kinds) == ["Cl41", "Cl42", "In13"]
    assert kinds["In13"] == {
        "_": "In13",
        "ELEMENT": "In",
        "BASIS_SET": "DZVP-MOLOPT-GGA-GTH-q13",
        "POTENTIAL": "GTH-GGA-q13",
    }


def test_the_minimal_basis_comes_with_its_own_file():
    dft, subsys = (make(basis="SZV")["FORCE_EVAL"][key] for key in ("DFT", "SUBSYS"))
    file = resources.files("aiida_chargeflow") / "data" / dft["BASIS_SET_FILE_NAME"]
    for kind in subsys["KIND"]:
        assert f" {kind['ELEMENT']} " in file.read_text()
        assert f" {kind['BASIS_SET']}\n" in file.read_text()


def test_the_dot_is_isolated_in_a_cell_of_extent_and_padding():
    settings = ScfSettings.from_mapping(BASE)
    np.testing.assert_allclose(cell_lengths_ang(dot(), settings), [8.6, 8.4, 8.4])
    force = make()["FORCE_EVAL"]
    assert force["SUBSYS"]["CELL"]["PERIODIC"] == force["DFT"]["POISSON"]["PERIODIC"] == "NONE"
    cubic = ScfSettings.from_mapping({**BASE, "cubic_cell": True})
    np.testing.assert_allclose(cell_lengths_ang(dot(), cubic), 8.6)


def test_the_wavelet_solver_wants_a_cube():
    """CP2K 2023.1 aborts: Poisson solver for non cubic cells not yet implemented."""
    with pytest.raises(InputError, match="cubic_cell"):
        make(poisson_solver="WAVELET")
    force = make(poisson_solver="WAVELET", cubic_cell=True)["FORCE_EVAL"]
    assert force["DFT"]["POISSON"]["POISSON_SOLVER"] == "WAVELET"


def test_hle17_is_scaled_tpss_or_libxc():
    functional = make()["FORCE_EVAL"]["DFT"]["XC"]["XC_FUNCTIONAL"]
    assert functional == {"TPSS": {"SCALE_X": 1.25, "SCALE_C": 0.5}}
    libxc = make(functional="hle17-libxc")["FORCE_EVAL"]["DFT"]["XC"]["XC_FUNCTIONAL"]
    assert libxc == {"MGGA_XC_HLE17": {}}


def test_a_restart_reads_the_wavefunction_of_its_parent():
    dft = make(restart=True)["FORCE_EVAL"]["DFT"]
    assert (dft["SCF"]["SCF_GUESS"], dft["RESTART_FILE_NAME"]) == (
        "RESTART",
        "./parent_calc/aiida-RESTART.wfn",
    )
    assert "RESTART_FILE_NAME" not in make()["FORCE_EVAL"]["DFT"]


def test_only_final_stages_print_the_density():
    preparation = {"name": "hot", "electronic_temperature_k": 1000}
    settings = ScfSettings.from_mapping({**BASE, "stages": [preparation, STAGE]})
    hot, final = (cp2k_parameters(dot(), settings, stage)["FORCE_EVAL"]["DFT"] for stage in settings.stages)
    assert "PRINT" not in hot
    assert final["PRINT"]["E_DENSITY_CUBE"] == {"STRIDE": "1 1 1"}
    assert "SMEAR" in hot["SCF"]
    assert "SMEAR" not in final["SCF"]


def test_gapw_keeps_the_density_of_kinds_with_hard_exponents_whole():
    atoms = Atoms("ZnCl2", positions=np.eye(3) * 2.2, tags=[32, 41, 41])
    kinds = {kind["_"]: kind for kind in make(atoms=atoms, method="GAPW")["FORCE_EVAL"]["SUBSYS"]["KIND"]}
    assert kinds["Zn32"].get("GPW_TYPE") is True
    assert "GPW_TYPE" not in kinds["Cl41"]


def test_every_atom_of_a_small_dot_has_its_list():
    printed = make()["FORCE_EVAL"]["DFT"]["PRINT"]
    assert printed["PDOS"]["LDOS"] == [{"LIST": 1}, {"LIST": 2}, {"LIST": 3}, {"LIST": 4}]
    assert "LDOS" not in make(atom_shares="never")["FORCE_EVAL"]["DFT"]["PRINT"]["PDOS"]


def test_a_large_dot_has_shares_of_atoms_only_if_asked():
    n_atoms = MAX_ATOMS_OF_SHARES + 2
    atoms = Atoms(f"Cl{n_atoms}", positions=np.eye(3)[np.zeros(n_atoms, int)], tags=[41] * n_atoms)
    assert "LDOS" not in make(atoms=atoms)["FORCE_EVAL"]["DFT"]["PRINT"]["PDOS"]
    asked = make(atoms=atoms, atom_shares="always")["FORCE_EVAL"]["DFT"]["PRINT"]["PDOS"]
    assert len(asked["LDOS"]) == n_atoms


@pytest.mark.parametrize(
    ("setting", "has_elpa", "library"),
    [
        ("auto", True, "ELPA"),
        ("auto", False, "SCALAPACK"),
        ("elpa", False, "ELPA"),
        ("scalapack", True, "SCALAPACK"),
    ],
)
def test_the_diagonalisation_library_is_the_best_that_this_cp2k_has(setting, has_elpa, library):
    settings = ScfSettings.from_mapping({**BASE, "diagonalisation_library": setting})
    run = cp2k_parameters(dot(), settings, settings.stages[0], has_elpa=has_elpa)["GLOBAL"]
    assert run["PREFERRED_DIAG_LIBRARY"] == library


def test_orbital_cubes_are_chosen_by_number():
    """InCl3 has 17 occupied orbitals; what CP2K calls HOMO moves up with smearing."""
    cubes = {"n_occupied": 2, "n_virtual": 50, "stride": 2}
    stage = {**STAGE, "n_virtual": 6, "electronic_temperature_k": 1000}
    printed = make(orbital_cubes=cubes, stages=[stage])["FORCE_EVAL"]["DFT"]["PRINT"]
    expected = {"WRITE_CUBE": True, "STRIDE": "2 2 2", "HOMO_LIST": "16..23", "NLUMO": 0}
    assert printed["MO_CUBES"] == expected
    assert printed["PDOS"]["NLUMO"] == 0, "all 23 orbitals are there: no more are made"
    after_ot = make(orbital_cubes=cubes, stages=[{**STAGE, "solver": "ot"}])["FORCE_EVAL"]["DFT"]["PRINT"]
    assert (after_ot["MO_CUBES"]["NHOMO"], after_ot["MO_CUBES"]["NLUMO"]) == (2, 50)
    assert after_ot["PDOS"]["NLUMO"] == 30


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cutof_ry": 200}, "cutof_ry"),
        ({"cutoff_ry": -1}, "cutoff_ry"),
        ({"functional": "b3lyp"}, "functional"),
        ({"stages": [{**STAGE, "mixing": {"alpha": 2}}]}, "stages.0.mixing.alpha"),
        ({"stages": [{**STAGE, "final": False}]}, None),
        ({"stages": [STAGE, {**STAGE, "final": False}]}, None),
        ({"padding_ang": "wide"}, "padding_ang"),
    ],
)
def test_a_wrong_setting_names_its_field(changes, field):
    with pytest.raises(InputError) as caught:
        make(**changes)
    assert caught.value.field == field


def test_odd_electrons_and_unknown_elements_are_refused():
    with pytest.raises(InputError, match="odd number of valence electrons"):
        make(atoms=Atoms("InCl2", positions=np.eye(3) * 3, tags=[13, 41, 41]))
    with pytest.raises(InputError, match="unknown element"):
        make(atoms=Atoms("U2", positions=np.eye(3)[:2] * 3))


def test_the_pdos_section_is_where_the_version_looks_for_it():
    settings = ScfSettings.from_mapping(BASE)

    def printed(version):
        return cp2k_parameters(dot(), settings, settings.stages[0], version=version)["FORCE_EVAL"]["DFT"][
            "PRINT"
        ]

    for old in ("2023.1", "2026.1"):
        assert "PDOS" in printed(old)
        assert "DOS" not in printed(old)
    new = printed("2026.2")
    old = printed("2023.1")["PDOS"]
    assert (new["DOS"]["LDOS"], new["DOS"]["NLUMO"]) == (old["LDOS"], old["NLUMO"])
    assert "PDOS" in new["DOS"]
    assert "PDOS" not in new
    with pytest.raises(InputError, match="not a CP2K version"):
        printed("latest")
