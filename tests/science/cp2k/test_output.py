"""Outputs recorded from CP2K 2023.1 (see tests/fixtures/README.md), whole, cut short and garbled."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from aiida_chargeflow.science.cp2k.output import Cp2kOutputError, Failure, read_output, scf_progress
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.units import HARTREE_EV

FIXTURES = Path(__file__).parents[2] / "fixtures" / "cp2k"


def text_of(name: str) -> str:
    return (FIXTURES / f"{name}.out").read_text()


def test_diagonalised_molecule() -> None:
    out = read_output(FIXTURES / "incl3_diagonalisation.out")
    assert (out.cp2k_version, out.source_revision, out.finished) == ("2023.1", "git:b888bd8", True)
    assert out.scf_converged
    assert (out.n_unconverged_scf, out.n_warnings) == (0, 0)
    assert (out.n_atoms, out.n_electrons, out.n_basis_functions) == (4, 34, 64)
    assert out.kinds == {"In31": 1, "Cl41": 3}
    assert out.n_valence.tolist() == [13, 7, 7, 7]
    assert out.n_valence.sum() == out.n_electrons
    assert out.electrons_on_grid == pytest.approx(34, abs=1e-6)
    assert out.energy_ev == pytest.approx(out.energy_hartree * HARTREE_EV)
    assert out.energy_hartree == pytest.approx(out.scf_steps[-1].energy_hartree, abs=1e-8)
    assert (out.homo_ev, out.lumo_ev) == (-9.662134, -4.948929)
    # CP2K prints its own band gap in the same block.
    assert out.gap_ev == pytest.approx(4.713205, abs=2e-6)
    assert out.frontier.homo_index == 17
    assert out.frontier.has_integer_occupations
    assert out.unoccupied_solver == "diagonalisation (ELPA)"
    assert out.electronic_temperature_k is None
    assert np.linalg.norm(out.dipole_debye) == pytest.approx(0.03704135)
    assert (out.n_mpi_ranks, out.n_threads) == (1, 1)
    assert 0 < out.walltime_s < 60
    assert out.peak_memory_mib > 100


def test_levels_are_complete_ascending_and_hold_the_electrons() -> None:
    out = read_output(FIXTURES / "incl3_diagonalisation.out")
    (levels,) = out.levels
    assert levels.spin == "both"
    assert levels.eigenvalues_ev.size == 27
    assert (np.diff(levels.eigenvalues_ev) >= 0).all()
    assert levels.occupations.sum() == out.n_electrons


def test_ot_gives_the_same_gap_as_diagonalisation() -> None:
    ot, diagonalised = (
        read_output(FIXTURES / f"incl3_{name}.out") for name in ("ot_diis", "diagonalisation")
    )
    assert ot.scf_steps[-1].method == "OT DIIS"
    assert len(ot.scf_steps) == 25
    assert ot.unoccupied_solver == "OT eigensolver"
    assert ot.gap_ev == pytest.approx(diagonalised.gap_ev, abs=1e-4)
    assert ot.energy_hartree == pytest.approx(diagonalised.energy_hartree, abs=1e-5)


def test_outer_scf_that_fails_is_not_converged_although_cp2k_ends_well() -> None:
    out = read_output(FIXTURES / "incl3_ot_cg_unconverged.out")
    assert out.finished
    assert out.scf_converged is False
    assert out.n_unconverged_scf == 1
    assert "SCF run NOT converged" in out.warnings
    assert {step.method for step in out.scf_steps} == {"OT CG", "OT LS"}
    assert all((step.convergence is None) == (step.method == "OT LS") for step in out.scf_steps)
    assert out.gap_ev is None, "OT without virtual states has no LUMO"


def test_smearing_is_reported_and_not_passed_off_as_a_gap() -> None:
    out = read_output(FIXTURES / "inas_smeared.out")
    assert out.scf_converged
    assert out.electronic_temperature_k == 2500
    assert out.frontier.max_occupation_deviation_e == pytest.approx(0.80122)
    assert not out.frontier.has_integer_occupations
    assert out.frontier.homo_index == out.n_electrons // 2
    assert out.fermi_level_ev == pytest.approx(-7.002196)
    assert out.homo_ev < out.fermi_level_ev
    # the table of the SCF tells the same, in hartree
    unlisted = re.sub(r"^ MO\| E\(Fermi\):.*\n", "", text_of("inas_smeared"), flags=re.MULTILINE)
    assert read_output(unlisted).fermi_level_ev == pytest.approx(out.fermi_level_ev, abs=2e-5)


def test_restart_skips_the_levels_of_step_zero_and_sees_the_missing_convergence() -> None:
    out = read_output(FIXTURES / "inas_unconverged.out")
    assert out.scf_converged is False
    assert len(out.scf_steps) == 25
    assert out.scf_steps[-1].convergence == pytest.approx(0.00636003)
    assert out.fermi_level_ev == pytest.approx(-7.009575)
    assert out.levels[0].occupations[199] == pytest.approx(1.221090)


def test_summary_is_json_and_agrees_with_the_fields() -> None:
    out = read_output(FIXTURES / "incl3_diagonalisation.out")
    summary = json.loads(json.dumps(out.summary()))
    assert summary["gap_ev"] == out.gap_ev
    assert summary["n_scf_steps"] == len(out.scf_steps)


def test_text_and_path_give_the_same() -> None:
    path = FIXTURES / "incl3_ot_diis.out"
    assert read_output(path).summary() == read_output(path.read_text()).summary()
    assert read_output(path).summary() == read_output(str(path)).summary()


def test_progress_of_a_growing_output() -> None:
    text = text_of("inas_smeared")
    assert scf_progress(text[:1000]) is None
    row = text.index("    11 Broy./Diag.")
    last = scf_progress(text[: row + 40])
    assert last is not None
    assert (last.step, last.method) == (10, "Broy./Diag.")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_truncated_output_is_refused_but_can_be_read_on_request(share: float) -> None:
    text = text_of("inas_smeared")
    cut = text[: int(share * text.index("PROGRAM ENDED AT"))]
    with pytest.raises(Cp2kOutputError, match="stops before PROGRAM ENDED") as caught:
        read_output(cut + "\n")
    assert caught.value.failure is Failure.TRUNCATED
    partial = read_output(cut + "\n", require_finished=False)
    assert not partial.finished
    assert partial.walltime_s is None


def test_output_cut_inside_the_first_scf_is_not_converged() -> None:
    text = text_of("inas_smeared")
    partial = read_output(text[: text.index("    11 Broy./Diag.")], require_finished=False)
    assert partial.scf_converged is False
    assert partial.energy_hartree == partial.scf_steps[-1].energy_hartree


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("\n", Failure.EMPTY),
        ("Hello\nworld\n", Failure.NOT_CP2K),
        ("CP2K| version\nslurmstepd: error: Detected 1 oom_kill event in StepId=1\n", Failure.OUT_OF_MEMORY),
        (
            "CP2K| v\nslurmstepd: error: *** JOB 7 CANCELLED AT now DUE TO TIME LIMIT ***\n",
            Failure.TIME_LIMIT,
        ),
        ("CP2K| v\nProgram received signal SIGSEGV: Segmentation fault\n", Failure.CRASH),
    ],
)
def test_reason_of_death(text: str, failure: Failure) -> None:
    with pytest.raises(Cp2kOutputError) as caught:
        read_output(text)
    assert caught.value.failure is failure
    assert caught.value.remedy


def test_missing_file_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(Cp2kOutputError, match=r"aiida\.out"):
        read_output(tmp_path / "aiida.out")


@pytest.mark.parametrize(
    ("name", "quoted", "hint"),
    [
        ("basis", "QZVP-MOLOPT-PBE-GTH-q13", "basis set that the file holds"),
        ("kind", "<CL41>", "own &KIND section"),
        ("keyword", "unknown keyword NONSENSE", "does not know that word"),
        ("odd_electrons", "odd number of electrons", "charge-balanced"),
        ("tpss_open_shell", "not implemented with LSD", "libxc"),
    ],
)
def test_abort_box_is_quoted_with_a_remedy(name: str, quoted: str, hint: str) -> None:
    with pytest.raises(Cp2kOutputError) as caught:
        read_output(FIXTURES / f"abort_{name}.out")
    assert caught.value.failure is Failure.INPUT
    assert quoted in caught.value.cp2k_message
    assert "___" not in caught.value.cp2k_message
    assert ".F:" not in caught.value.cp2k_message
    assert hint in caught.value.remedy


def test_unconverged_diagonalisation_with_status_zero() -> None:
    out = read_output(FIXTURES / "incl3_unconverged.out")
    assert (out.finished, out.scf_converged) == (True, False)


def test_clean_stop_at_walltime_can_be_restarted() -> None:
    out = read_output(FIXTURES / "incl3_walltime.out")
    assert (out.finished, out.time_limit_reached, out.scf_converged) == (True, True, False)
    assert (out.levels, out.gap_ev) == ((), None)


@pytest.mark.parametrize("name", ["incl3_p_mixing", "incl3_print_low"])
def test_other_solvers_and_print_levels_give_the_same_numbers(name: str) -> None:
    out, reference = (read_output(FIXTURES / f"{stem}.out") for stem in (name, "incl3_diagonalisation"))
    assert out.scf_converged
    assert out.n_electrons == 34
    assert out.n_atoms == 4
    assert out.energy_hartree == pytest.approx(reference.energy_hartree, abs=1e-5)
    assert out.gap_ev == pytest.approx(reference.gap_ev, abs=1e-5)


def test_mixed_method_names() -> None:
    out = read_output(FIXTURES / "incl3_p_mixing.out")
    assert {step.method for step in out.scf_steps} == {"P_Mix/Diag.", "DIIS/Diag."}
    assert [step.step for step in out.scf_steps] == list(range(1, 16))


@pytest.mark.parametrize("name", ["incl3_geo_opt", "incl3_geo_opt_ot_low"])
def test_geometry_optimisation_gives_the_last_energy(name: str) -> None:
    out = read_output(FIXTURES / f"{name}.out")
    assert len(out.energies_hartree) == 4
    assert out.energy_hartree == out.energies_hartree[-1] == min(out.energies_hartree)
    assert out.geometry_converged is False
    assert out.last_scf_steps[0].step == 1
    assert out.last_scf_steps[-1].run == 4


def test_open_shell_has_two_channels() -> None:
    out = read_output(FIXTURES / "incl2_open_shell.out")
    assert out.n_electrons == 27
    assert [(levels.spin, levels.occupations.sum()) for levels in out.levels] == [("alpha", 14), ("beta", 13)]
    assert out.homo_ev == out.fermi_level_ev == -5.782394
    alpha, beta = (levels.eigenvalues_ev for levels in out.levels)
    assert out.gap_ev == pytest.approx(min(alpha[14], beta[13]) - max(alpha[13], beta[12]))


def test_abort_of_an_unconverged_scf_as_later_versions_word_it() -> None:
    """The abort box is that of 2023.1 with the message of CP2K 2024.1 and later put in."""
    message = (
        "SCF run NOT converged. To continue the calculation regardless, please set the keyword"
        " IGNORE_CONVERGENCE_FAILURE."
    )
    text = text_of("abort_odd_electrons").replace(
        "Use the LSD option for an odd number of electrons", message
    )
    with pytest.raises(Cp2kOutputError, match="SCF run NOT converged") as caught:
        read_output(text)
    assert caught.value.failure is Failure.NOT_CONVERGED


def test_energy_line_of_later_versions() -> None:
    text = text_of("incl3_diagonalisation")
    later = text.replace("energy [a.u.]:    ", "energy [hartree]  ")
    assert later != text
    assert read_output(later).energy_hartree == read_output(text).energy_hartree


def test_standard_error_tells_why_the_output_stops() -> None:
    text = text_of("inas_smeared")
    cut = text[: text.index("    11 Broy./Diag.")]
    with pytest.raises(Cp2kOutputError) as caught:
        read_output(cut, standard_error="slurmstepd: error: Detected 1 oom_kill event in StepId=7.0\n")
    assert caught.value.failure is Failure.OUT_OF_MEMORY


@pytest.mark.parametrize("name", ["inas_smeared", "incl2_open_shell", "incl3_geo_opt", "abort_kind"])
def test_no_damage_ends_in_a_traceback(name: str) -> None:
    random = np.random.default_rng(7)
    original = text_of(name)
    for _ in range(40):
        lines = original.split("\n")
        row = int(random.integers(len(lines)))
        lines[row] = lines[row][: int(random.integers(len(lines[row]) + 1))]
        cut = int(random.integers(1, len(lines) + 1))
        with contextlib.suppress(InputError):
            read_output("\n".join(lines[:cut]) + "\n", require_finished=False).summary()
