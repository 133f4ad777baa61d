"""The same jobs by several versions of CP2K, recorded by ``tests/fixtures/record_versions.py``: one reader for all."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from recorded import CP2K

from aiida_chargeflow.science.cp2k.failures import Cp2kOutputError, Failure
from aiida_chargeflow.science.cp2k.output import Cp2kOutput, read_output
from aiida_chargeflow.science.electrons.pdos import Pdos, read_pdos

OLDEST = "2023.1"
NEWER = ("2025.1", "2025.2")
SAME_HARTREE = 1e-6


def text_of(version: str, name: str) -> str:
    with zipfile.ZipFile(CP2K / "versions" / f"{version}.zip") as archive:
        return archive.read(name).decode()


def output(version: str, job: str) -> Cp2kOutput:
    return read_output(text_of(version, f"{job}.out"))


def shares(version: str) -> Pdos:
    with zipfile.ZipFile(CP2K / "versions" / f"{version}.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".pdos")]
        texts = {name.rpartition("/")[2]: archive.read(name).decode() for name in names}
    return read_pdos(texts, atom_kinds=["In31", "Cl41", "Cl41", "Cl41"])


@pytest.mark.parametrize("job", ["energy", "restart", "smeared", "ot", "open_shell", "geo_opt"])
@pytest.mark.parametrize("version", NEWER)
def test_a_ground_state_is_that_of_the_oldest_version(version: str, job: str) -> None:
    old, new = output(OLDEST, job), output(version, job)
    assert new.cp2k_version == version
    assert old.scf_converged
    assert new.scf_converged
    assert new.energies_hartree == pytest.approx(old.energies_hartree, abs=SAME_HARTREE)
    assert new.gap_ev == (None if old.gap_ev is None else pytest.approx(old.gap_ev, abs=1e-5))
    assert new.n_electrons == old.n_electrons
    assert new.geometry_converged == old.geometry_converged
    np.testing.assert_allclose(new.places.positions_ang, old.places.positions_ang, atol=1e-5)


@pytest.mark.parametrize("version", NEWER)
def test_shares_are_those_of_the_oldest_version(version: str) -> None:
    old, new = shares(OLDEST), shares(version)
    np.testing.assert_allclose(new.eigenvalues_ev, old.eigenvalues_ev, atol=1e-4)
    np.testing.assert_allclose(new.atom_weights, old.atom_weights, atol=1e-4)


@pytest.mark.parametrize("version", [OLDEST, *NEWER])
def test_a_run_at_its_wall_time_is_no_result(version: str) -> None:
    assert output(version, "walltime").time_limit_reached


def test_the_oldest_version_warns_of_an_unconverged_scf() -> None:
    assert output(OLDEST, "unconverged").scf_converged is False


@pytest.mark.parametrize("version", NEWER)
def test_an_optimisation_goes_on_where_an_scf_does_not_converge(version: str) -> None:
    """Newer versions by the keyword that the input has for them, 2023.1 by itself; the last SCF is what counts."""
    old, new = output(OLDEST, "geo_opt_unconverged"), output(version, "geo_opt_unconverged")
    assert (
        (old.n_unconverged_scf, old.scf_converged) == (new.n_unconverged_scf, new.scf_converged) == (3, False)
    )
    assert new.energies_hartree == pytest.approx(old.energies_hartree, abs=SAME_HARTREE)


@pytest.mark.parametrize("version", NEWER)
def test_newer_versions_abort_and_that_is_no_crash(version: str) -> None:
    with pytest.raises(Cp2kOutputError) as caught:
        output(version, "unconverged")
    assert caught.value.failure is Failure.NOT_CONVERGED
