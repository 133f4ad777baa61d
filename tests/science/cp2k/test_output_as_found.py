"""Outputs as users have them: several runs in a file, other units, lines lost or written into."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aiida_chargeflow.science.cp2k.output import Cp2kOutputError, Failure, read_output, scf_progress
from aiida_chargeflow.science.units import HARTREE_EV

FIXTURES = Path(__file__).parents[2] / "fixtures" / "cp2k"


def text_of(name: str) -> str:
    return (FIXTURES / f"{name}.out").read_text()


def appended(*names: str) -> str:
    """Several runs one after the other in one file."""
    return "\n".join(text_of(name) for name in names)


def test_of_several_runs_in_a_file_one_is_read() -> None:
    text = appended("incl3_diagonalisation", "incl2_open_shell")
    first, last = read_output(text, run=1), read_output(text)
    assert first.gap_ev == pytest.approx(4.713205)
    assert last.gap_ev == read_output(FIXTURES / "incl2_open_shell.out").gap_ev
    assert [first.n_atoms, last.n_atoms] == [4, 3]
    assert (last.run, last.n_runs) == (3, 3)  # the recorded open shell is a second try itself
    with pytest.raises(Cp2kOutputError, match="holds 3"):
        read_output(text, run=4)


def test_a_good_restart_is_not_judged_by_the_run_before() -> None:
    out = read_output(appended("incl3_walltime", "incl3_diagonalisation"))
    assert out.scf_converged
    assert not out.time_limit_reached


def test_a_run_that_died_after_a_good_one_is_no_result() -> None:
    dead = text_of("incl3_diagonalisation").partition(" PROGRAM ENDED AT")[0]
    with pytest.raises(Cp2kOutputError, match="stops before"):
        read_output(appended("incl3_diagonalisation") + dead)


ENERGY = "ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]:             -104.358335864022834"


@pytest.mark.parametrize(
    ("line", "factor"),
    [
        ("[eV]                 {:.9f}", HARTREE_EV),
        ("[Ry]:                {:.9f}", 2.0),
        ("[hartree]            {:.9f}", 1.0),
        ("[kcalmol]            {:.9f}", 627.5094740631),
        ("[a.u.]:              {:.9f}", 1.0),
    ],
)
def test_energies_are_in_the_unit_that_the_line_names(line: str, factor: float) -> None:
    text = text_of("incl3_diagonalisation")
    assert ENERGY in text
    told = "ENERGY| Total FORCE_EVAL ( QS ) energy " + line.format(-104.358335864 * factor)
    assert read_output(text.replace(ENERGY, told)).energy_hartree == pytest.approx(-104.358335864, rel=1e-9)


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ("energy [a.u.]:                 NaN", "not a number"),
        ("energy [a.u.]:  ******************", "not a number"),
        ("energy [a.u.]:", "not a number"),
        ("energy [furlong]:  -104.358335864022834", "unknown unit"),
        ("energy [a.u.]:  -2839.735812345", "the SCF above ended at"),
        ("energy [eV]:  -104.358335864022834", "the SCF above ended at"),
    ],
)
def test_an_energy_that_cannot_be_is_refused(told: str, problem: str) -> None:
    text = text_of("incl3_diagonalisation").replace(ENERGY, f"ENERGY| Total FORCE_EVAL ( QS ) {told}")
    with pytest.raises(Cp2kOutputError, match=problem) as caught:
        read_output(text)
    line = 1 + text.count("\n", 0, text.index("ENERGY|"))
    assert caught.value.field == f"line {line}"


def test_a_fortran_exponent_is_read() -> None:
    text = text_of("incl3_diagonalisation").replace("-104.358335864022834", "-1.04358335864D+02")
    assert read_output(text).energy_hartree == pytest.approx(-104.358335864)


def test_lines_of_other_programs_between_the_levels_change_nothing() -> None:
    text = text_of("incl2_open_shell")
    row = text.index(" MO|      9              -0.336884")
    noisy = text[:row] + "[node12:4711] Read -1, expected 8192, errno = 1\n" + text[row:]
    assert read_output(noisy).gap_ev == read_output(text).gap_ev


@pytest.mark.parametrize("name", ["incl3_diagonalisation", "incl2_open_shell", "inas_smeared"])
def test_no_level_can_be_lost_joined_or_changed(name: str) -> None:
    text = text_of(name)
    start = text.rindex("EIGENVALUES AND OCCUPATION NUMBERS")
    rows = [
        line for line in text[start:].splitlines() if line.startswith(" MO| ") and line.split()[1].isdigit()
    ]
    row, following = rows[5], rows[6]
    at = text.rindex(row)
    damages = {
        "lost": text[:at] + text[at + len(row) + 1 :],
        "joined": text[:at] + text[at:].replace(f"{row}\n{following}", row + following, 1),
        "doubled": text[:at] + f"{row}\n" + text[at:],
        "overwritten": text[:at] + f"[node12] error {row}" + text[at + len(row) :],
        "occupation": text[:at] + text[at:].replace(row, row[:-8] + "0.500000", 1),
        "energy": text[:at] + text[at:].replace(row, row.replace(row.split()[3], "-9.123456"), 1),
    }
    for damage, damaged in damages.items():
        assert damaged != text, damage
        with pytest.raises(Cp2kOutputError) as caught:
            read_output(damaged)
        assert caught.value.failure is Failure.DAMAGED, damage
        assert caught.value.field.startswith("line "), damage


def test_unoccupied_levels_after_ot_must_give_the_printed_gap() -> None:
    text = text_of("incl3_ot_diis")
    row = "      -0.18186899     -0.12323660"
    assert row in text
    with pytest.raises(Cp2kOutputError, match="gap of"):
        read_output(text.replace(row, "      -0.12323660     -0.12323660"))


def test_an_impossible_time_is_refused() -> None:
    text = text_of("incl3_diagonalisation")
    end = text.index("PROGRAM ENDED AT") + len("PROGRAM ENDED AT")
    with pytest.raises(Cp2kOutputError, match="no time"):
        read_output(text[:end] + "                 2026-13-45 99:99:99.999\n" + text[end:].split("\n", 1)[1])


def test_scf_lines_whose_numbers_outgrow_their_fields() -> None:
    head = "SCF WAVEFUNCTION OPTIMIZATION\n"
    rows = [
        "     9 Broy./Diag. 0.20E+00    6.9     1.2345E-09     -2431.6070404353 -2.43E+03",
        "    10 Broy./Diag. 0.20E+00    6.9     1.2345E+06     -2431.6070404353 -2.43E+03",
        "    11 Broy./Diag. 0.20E+00  ******     0.02752438     -2416.7019714401  1.49E+01",
    ]
    steps = [scf_progress(head + row) for row in rows]
    assert [step.step for step in steps if step] == [9, 10, 11]
    assert steps[0].convergence == pytest.approx(1.2345e-9)
    assert steps[1].convergence == pytest.approx(1.2345e6)
    assert steps[2].convergence == pytest.approx(0.02752438)


@pytest.mark.parametrize(
    ("title", "run_type"),
    [
        (" ***                     STARTING   CELL   OPTIMIZATION                      ***", "CELL_OPT"),
        (" MD| Molecular Dynamics Protocol", "MD"),
        (" VIB| Vibrational Analysis Info", "VIBRATIONAL_ANALYSIS"),
    ],
)
def test_the_run_type_is_what_the_text_shows(title: str, run_type: str) -> None:
    text = text_of("incl3_diagonalisation")
    assert read_output(text).run_type == "ENERGY"
    at = text.index(" SCF WAVEFUNCTION")
    assert read_output(text[:at] + title + "\n" + text[at:]).run_type == run_type
    assert read_output(FIXTURES / "incl3_geo_opt.out").run_type == "GEO_OPT"


def test_places_are_read_in_the_unit_of_their_title() -> None:
    text = text_of("incl3_diagonalisation")
    places = read_output(text).places
    assert places.symbols == ("In", "Cl", "Cl", "Cl")
    bohr = text.replace("ATOMIC COORDINATES IN ANGSTROM", "ATOMIC COORDINATES IN BOHR")
    ratio = read_output(bohr).places.positions_ang / places.positions_ang
    np.testing.assert_allclose(ratio, 0.529177, rtol=1e-6)
    with pytest.raises(Cp2kOutputError, match="unit of length"):
        read_output(text.replace("COORDINATES IN ANGSTROM", "COORDINATES IN FEET"))


def test_more_than_99_kinds() -> None:
    text = text_of("incl3_diagonalisation")
    starred = text.replace("  2. Atomic kind: Cl41", " **. Atomic kind: Cl41")
    assert starred != text
    assert read_output(starred).kinds == read_output(text).kinds


def test_the_energy_of_an_scf_that_did_not_converge_may_lie_anywhere() -> None:
    """CP2K computes it from a density that the last step had not reached; the run is no result anyway."""
    text = text_of("incl3_unconverged")
    line = next(line for line in text.splitlines() if line.startswith(" ENERGY|"))
    out = read_output(text.replace(line, line.rsplit(maxsplit=1)[0] + "   -36.425159682673787"))
    assert out.energy_hartree == pytest.approx(-36.425159682673787)
    assert out.scf_converged is False


def test_an_exponent_that_no_number_has_is_no_traceback() -> None:
    text = text_of("incl2_open_shell").replace("-86.2975518318", "-86.2978d32835")
    with pytest.raises(Cp2kOutputError, match="not a number"):
        read_output(text)
    steps_alone = text_of("incl2_open_shell").replace("-86.2975518318 ", "-86.2978d32835 ")
    assert read_output(steps_alone).energy_hartree == pytest.approx(-86.297551831804398, abs=1e-9)


@pytest.mark.parametrize("spin", ["ALPHA", "BETA"])
def test_levels_of_one_spin_are_not_the_levels(spin: str) -> None:
    """HOMO and LUMO may be the other's: alpha alone would give 3.107 eV for 0.855."""
    text = text_of("incl2_open_shell")
    while (start := text.find(f" MO| {spin} EIGENVALUES")) >= 0:
        end = text.index("\n", text.index(" MO| Sum", start))
        text = text[:start] + text[end + 1 :]
    with pytest.raises(Cp2kOutputError, match=f"those of {spin.lower()} are missing"):
        read_output(text)
