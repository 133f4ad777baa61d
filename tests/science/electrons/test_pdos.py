"""Projected densities of states recorded from CP2K 2023.1, whole and damaged."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from recorded import CP2K, archive, kind_names, recorded_pdos

from aiida_chargeflow.science.cp2k.output import read_output
from aiida_chargeflow.science.electrons.pdos import merge_spins, read_pdos
from aiida_chargeflow.science.electrons.pdos_file import read_pdos_file
from aiida_chargeflow.science.errors import InputError

INCL3 = sorted((CP2K / "incl3_pdos").glob("*.pdos"))
INCL3_KINDS = ["In31", "Cl41", "Cl41", "Cl41"]


def test_one_file_as_cp2k_wrote_it() -> None:
    path = CP2K / "incl3_pdos" / "aiida-k1-1.pdos"
    file = read_pdos_file(path.read_text(), file=path)
    assert (file.name, file.is_list, file.spin, file.iteration) == ("In31", False, "both", 0)
    assert file.components[:4] == ("s", "py", "pz", "px")
    assert file.weights.shape == (64, 16)
    shells = file.by_angular_momentum()
    assert list(shells) == ["s", "p", "d", "f"]
    # The atom list of the same single In atom was printed without components.
    listed = read_pdos_file((CP2K / "incl3_pdos" / "aiida-list1-1.pdos").read_text())
    assert np.allclose(np.array(list(shells.values())).T, listed.weights, atol=1e-7)


def test_shares_sum_to_one_and_electrons_are_all_there() -> None:
    pdos = read_pdos(INCL3, atom_kinds=INCL3_KINDS)
    assert pdos.kind_names == ("Cl41", "In31")
    assert pdos.kind_counts.tolist() == [3, 1]
    assert np.allclose(pdos.kind_weights.sum(axis=0), 1)
    assert np.allclose(pdos.atom_weights.sum(axis=0), 1)
    assert pdos.occupations.sum() == 34
    assert pdos.n_occupied == 17


def test_pdos_and_output_of_the_same_run_agree() -> None:
    out = read_output(CP2K / "inas_pure.out")
    pdos = recorded_pdos("inas_pure")
    homo = pdos.n_occupied - 1
    assert pdos.index[homo] == out.frontier.homo_index == 168
    assert pdos.eigenvalues_ev[homo] == pytest.approx(out.homo_ev, abs=2e-5)
    assert pdos.eigenvalues_ev[homo + 1] == pytest.approx(out.lumo_ev, abs=2e-5)
    assert pdos.fermi_level_ev == pytest.approx(out.fermi_level_ev, abs=2e-5)


def test_groups_are_sums_of_atoms() -> None:
    pdos = recorded_pdos("cdse")
    _, atoms = archive("cdse")
    for symbol, share in pdos.by_element().items():
        assert np.allclose(share, pdos.atom_weights[atoms.symbols == symbol].sum(axis=0), atol=1e-6)
    regions = pdos.by_region()
    assert set(regions) == {"core", "interlayer", "shell", "ligand"}
    assert np.allclose(sum(regions.values()), 1)
    assert np.allclose(regions["core"], pdos.atom_weights[atoms.get_tags() // 10 == 1].sum(axis=0), atol=1e-6)
    assert set(pdos.by_coordination()) == {"Cd", "Cl", "4c Se", "3c Se"}


def test_valence_band_is_arsenic_and_conduction_band_indium() -> None:
    pdos = recorded_pdos("inas_pure")
    element = pdos.by_element()
    homo = pdos.n_occupied - 1
    assert element["As"][homo] > 2 * element["In"][homo]
    assert element["In"][homo + 1] > element["As"][homo + 1]


def test_open_shell_needs_a_choice_of_spin() -> None:
    files = sorted((CP2K / "incl2_pdos").glob("*.pdos"))
    with pytest.raises(InputError, match="choose alpha or beta"):
        read_pdos(files)
    alpha, beta = (read_pdos(files, spin=spin) for spin in ("alpha", "beta"))
    assert (alpha.n_occupied, beta.n_occupied) == (14, 13)


def test_lists_need_atom_kinds_to_be_used() -> None:
    assert read_pdos(INCL3).atom_weights is None
    assert read_pdos(INCL3).kind_counts.size == 0


def test_only_the_last_geometry_counts() -> None:
    text = (CP2K / "incl3_pdos" / "aiida-k2-1.pdos").read_text()
    later = text.replace("i = 0", "i = 1").replace("-0.912773", "-0.900000")
    file = read_pdos_file(text + later)
    assert file.iteration == 1
    assert file.index.size == 64
    assert file.eigenvalues_ev[0] == pytest.approx(-24.490, abs=1e-3)


def texts() -> dict[str, str]:
    return {path.name: path.read_text() for path in INCL3 if "-k" in path.name}


def test_missing_kind_is_noticed() -> None:
    files = texts()
    del files["aiida-k2-1.pdos"]
    with pytest.raises(InputError, match=r"sum to .* instead of 1"):
        read_pdos(files)


def test_files_of_two_runs_are_refused() -> None:
    files = texts()
    files["aiida-k2-1.pdos"] = files["aiida-k2-1.pdos"].replace(
        "-0.355077        2.0", "-0.300077        2.0"
    )
    with pytest.raises(InputError, match="not from the same run: different eigenvalues"):
        read_pdos(files)
    files["aiida-k2-1.pdos"] = "\n".join(files["aiida-k2-1.pdos"].splitlines()[:-3]) + "\n"
    with pytest.raises(InputError, match="64 and 61 states"):
        read_pdos(files)


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda _: "", "no header"),
        (lambda _: "hello\n" * 5, "no header"),
        (lambda text: text.splitlines()[0] + "\n", "no column titles"),
        (lambda text: "\n".join(text.splitlines()[:2]) + "\n", "no states"),
        (lambda text: text[:-20], "needs 12 numbers"),
        (lambda text: text.replace("0.00512184", "**********"), r"\*\*\*"),
        (lambda text: text.replace("0.00512184", "NaN"), "NaN|needs 12"),
    ],
)
def test_damaged_files_are_named(spoil, match: str) -> None:
    files = texts()
    files["aiida-k2-1.pdos"] = spoil(files["aiida-k2-1.pdos"])
    with pytest.raises(InputError, match=match) as caught:
        read_pdos(files)
    assert "aiida-k2-1.pdos" in str(caught.value)


def as_2026_2(text: str) -> str:
    """Write a file of CP2K 2023.1 as CP2K 2026.2 does, by its source: levels on lines of their own, a column Total."""
    head, titles, *rows = text.splitlines()
    head = head.replace(", E(Fermi)", "\n# E(Fermi)").replace(" a.u.", " a.u. =    -9.662142 eV")
    head += "\n# E(HOCO)  =    -0.355077 a.u. =    -9.662142 eV"
    titles = titles.replace(
        "MO Eigenvalue [a.u.]      Occupation", "     MO Energy[a.u.]      Occupation             Total"
    )
    lines = []
    for row in rows:
        *state, shares = row[:8], row[8:26], row[26:42], row[42:]
        lines.append("".join(state) + f"{sum(map(float, shares.split())):18.8f}" + shares)
    return "\n".join([head, titles, *lines]) + "\n"


def test_the_format_of_cp2k_2026_2() -> None:
    one_line = texts()
    newer = {name: as_2026_2(text) for name, text in one_line.items()}
    assert all("\n# E(Fermi)" in text and " Total " in text for text in newer.values())
    before, after = read_pdos(one_line), read_pdos(newer)
    assert after.fermi_level_ev == before.fermi_level_ev
    np.testing.assert_array_equal(after.eigenvalues_ev, before.eigenvalues_ev)
    np.testing.assert_array_equal(after.kind_weights, before.kind_weights)
    assert (
        read_pdos_file(newer["aiida-k1-1.pdos"]).components
        == read_pdos_file(one_line["aiida-k1-1.pdos"]).components
    )


def test_a_total_that_is_none_is_refused() -> None:
    text = as_2026_2(texts()["aiida-k2-1.pdos"])
    row = text.splitlines()[10]
    total = row.split()[3]
    assert float(total) != 0.5
    with pytest.raises(InputError, match="column Total"):
        read_pdos_file(text.replace(row, row.replace(total, "0.50000000", 1)))


def test_a_lost_line_is_noticed() -> None:
    lines = texts()["aiida-k2-1.pdos"].splitlines(keepends=True)
    with pytest.raises(InputError, match="orbital 9 was expected") as caught:
        read_pdos_file("".join(lines[:10] + lines[11:]), file="aiida-k2-1.pdos")
    assert caught.value.value == 10


def test_both_spins_make_one_list() -> None:
    """HOMO and LUMO of an open shell are the higher HOMO and the lower LUMO of its channels."""
    files = sorted((CP2K / "incl2_pdos").glob("*.pdos"))
    alpha, beta = (read_pdos(files, spin=spin) for spin in ("alpha", "beta"))
    both = merge_spins(alpha, beta)
    assert both.n_occupied == alpha.n_occupied + beta.n_occupied == 27
    homo, lumo = both.eigenvalues_ev[26:28]
    assert homo == max(s.eigenvalues_ev[s.n_occupied - 1] for s in (alpha, beta))
    assert lumo == min(s.eigenvalues_ev[s.n_occupied] for s in (alpha, beta))
    assert both.occupations.sum() == pytest.approx(27)
    np.testing.assert_allclose(both.kind_weights.sum(axis=0), 1)


def test_wrong_structure_is_noticed() -> None:
    with pytest.raises(InputError, match="not those of the structure"):
        read_pdos(texts(), kind_counts={"In31": 1, "Br41": 3})
    with pytest.raises(InputError, match="not those of the structure"):
        read_pdos(texts(), kind_counts={"In31": 1, "Cl41": 3, "Br41": 1})
    # Atoms in another order: the lists no longer add up to their kinds.
    with pytest.raises(InputError, match="do not add up to kind"):
        read_pdos(INCL3, atom_kinds=["Cl41", "In31", "Cl41", "Cl41"])


def test_unreadable_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        read_pdos([tmp_path / "nowhere.pdos"])


def test_atom_lists_add_up_to_kinds_in_a_dot() -> None:
    pdos = recorded_pdos("inas_pure")
    _, atoms = archive("inas_pure")
    labels = np.array(kind_names(atoms))
    for name, share in zip(pdos.kind_names, pdos.kind_weights, strict=True):
        assert np.allclose(pdos.atom_weights[labels == name].sum(axis=0), share, atol=2e-6)


def test_unit_of_the_eigenvalues_is_read_and_not_assumed() -> None:
    text = (CP2K / "incl3_pdos" / "aiida-k2-1.pdos").read_text()
    in_ev = read_pdos_file(text.replace("[a.u.]", "[eV]  ").replace(" a.u.", " eV"))
    assert in_ev.eigenvalues_ev[0] == -0.912773
    assert in_ev.fermi_level_ev == -0.355077
    with pytest.raises(InputError, match="unknown unit"):
        read_pdos_file(text.replace("[a.u.]", "[furlong]"))


def test_no_damage_ends_in_a_traceback() -> None:
    random = np.random.default_rng(7)
    original = texts()["aiida-k2-1.pdos"]
    for _ in range(200):
        lines = original.split("\n")
        row = int(random.integers(len(lines)))
        lines[row] = lines[row][: int(random.integers(len(lines[row]) + 1))]
        with contextlib.suppress(InputError):
            read_pdos(texts() | {"aiida-k2-1.pdos": "\n".join(lines)})
