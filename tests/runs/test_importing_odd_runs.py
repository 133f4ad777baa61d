"""``import DIR``: kinds of another rule, open shells, optimisations, several runs in one output."""

import gzip
import re
import shutil
import zipfile

import pytest
from commands import FIXTURE, ok, refused
from imported_runs import imported, plain

from aiida_chargeflow.science.cp2k.output import read_output

CP2K = FIXTURE.parent / "cp2k"


def rename_kinds(folder, names):
    """Give the kinds of a run other names, everywhere that CP2K writes them."""
    plain(folder / "aiida.coords.xyz")
    for path in [folder / "aiida.out", *folder.glob("*.pdos")]:
        text = path.read_text()
        for old, new in names.items():
            text = text.replace(f"tomic kind: {old} ", f"tomic kind: {new} ").replace(
                f"kind {old} ", f"kind {new} "
            )
        path.write_text(text)


@pytest.mark.parametrize("style", ["{symbol}{k}", "{symbol}_core", "{symbol}1{k}", "K{k}"])
def test_kinds_named_by_another_rule_give_shares_of_elements(chain, folder, style):
    """In1, In_core, In12 and K2 say nothing of region and coordination; the output says of which element they are."""
    kinds = ["In14", "In13", "As13", "As14", "Cl41", "Cl42"]
    names = {
        kind: style.format(symbol=re.match("[A-Z][a-z]?", kind).group(), k=k)
        for k, kind in enumerate(kinds, start=5)
    }
    if style == "{symbol}_core":  # one kind an element: the others keep a name of their own
        names |= {"In13": "In_shell", "As14": "As_in", "Cl42": "Cl_x"}
    rename_kinds(folder, names)
    assert "bare elements" in ok("import", folder, "--dry-run")
    node = imported(folder)
    ours, theirs = node.outputs.summary.get_dict(), chain["demo-pure"].outputs.summary.get_dict()
    assert ours["gap_ev"] == pytest.approx(theirs["gap_ev"], abs=1e-4)
    assert ours.get("band_edge_gap_ev") is None
    assert set(node.outputs.scf.orbitals.base.attributes.get("kind_names")) == {"In", "As", "Cl"}


def test_an_open_shell_has_the_gap_of_both_spins(paper, tmp_path):  # noqa: ARG001
    folder = tmp_path / "incl2"
    shutil.copytree(CP2K / "incl2_pdos", folder)
    shutil.copy(CP2K / "incl2_open_shell.out", folder / "x.out")
    places = read_output(folder / "x.out").places
    rows = [f"{s} {x} {y} {z}" for s, (x, y, z) in zip(places.symbols, places.positions_ang, strict=True)]
    (folder / "x.xyz").write_text("\n".join(["3", "", *rows]) + "\n")
    shutil.copy(CP2K / "incl3_homo.cube.gz", folder / "aiida-WFN_00014_1-1_0.cube.gz")
    assert "absent: orbital cubes" in ok("import", folder, "--dry-run")
    node = imported(folder)
    assert "orbital_cubes" not in node.outputs.scf, (
        "number 14 is the HOMO of one spin and the LUMO of the other"
    )
    assert node.outputs.summary["gap_ev"] == pytest.approx(read_output(folder / "x.out").gap_ev, abs=1e-4)
    assert node.outputs.scf.orbitals.base.attributes.get("spin") == "alpha and beta"


@pytest.mark.parametrize("version", ["2023.1", "2025.1", "2025.2"])
def test_an_open_shell_of_every_version_can_be_imported(tmp_path, version):
    with zipfile.ZipFile(CP2K / "versions" / f"{version}.zip") as archive:
        (tmp_path / "x.out").write_bytes(archive.read("open_shell.out"))
    places = read_output(tmp_path / "x.out").places
    rows = [f"{s} {x} {y} {z}" for s, (x, y, z) in zip(places.symbols, places.positions_ang, strict=True)]
    (tmp_path / "x.xyz").write_text("\n".join(["3", "", *rows]) + "\n")
    assert "read x.xyz, x.out" in ok("import", tmp_path, "--dry-run")


def optimisation(folder, *, frames):
    """Make of a single point an optimisation: a title in the output, and a trajectory of frames (shift, energy)."""
    output = folder / "aiida.out"
    output.write_text(output.read_text().replace(
        " SCF WAVEFUNCTION OPTIMIZATION",
        " ***                   STARTING GEOMETRY OPTIMIZATION                      ***\n"
        " SCF WAVEFUNCTION OPTIMIZATION", 1,
    ).replace("PROGRAM ENDED AT", "GEOMETRY OPTIMIZATION COMPLETED\n PROGRAM ENDED AT"))  # fmt: skip
    rows = (folder / "aiida.coords.xyz").read_text().splitlines()[2:]
    text = ""
    for shift, energy in frames:
        moved = [row.split() for row in rows]
        moved[0][1] = str(float(moved[0][1]) + shift)
        text += f"{len(rows)}\n i = 1, E = {energy}\n" + "".join(f" {' '.join(row)}\n" for row in moved)
    (folder / "aiida-pos-1.xyz").write_text(text)


def test_the_geometry_of_an_optimisation_is_the_last_of_its_trajectory(chain, folder):
    energy = chain["demo-pure"].outputs.scf.output_parameters["energy_hartree"]
    optimisation(folder, frames=[(0.3, -1147.0), (0.0, energy)])
    assert imported(folder).outputs.summary["energy_ev"] == chain["demo-pure"].outputs.summary["energy_ev"]
    optimisation(folder, frames=[(0.0, -1147.0), (0.3, energy)])
    assert "atom 1 lies 0.30" in refused("import", folder, "--dry-run")
    optimisation(folder, frames=[(0.0, energy - 0.01)])
    assert "its last energy" in refused("import", folder, "--dry-run")
    (folder / "aiida-pos-1.xyz").unlink()
    assert "aiida-pos-1.xyz" in refused("import", folder, "--dry-run")


def test_a_run_can_be_chosen_from_an_output_that_holds_several(folder, raw):
    output = folder / "aiida.out"
    output.write_text(output.read_text() + (raw / "demo-exchange" / "aiida.out").read_text())
    for path in [*folder.glob("*.pdos"), *folder.glob("*.cube.gz")]:
        path.unlink()
    assert "the structure has 38" in refused("import", folder, "--dry-run")
    told = ok("import", folder, "--dry-run", "--run", 1)
    assert "holds 2 runs: number 1 was read" in told
    assert imported(folder, "--run", 1).outputs.summary["n_atoms"] == 38


def test_an_output_is_found_below_a_long_header_in_any_encoding_but_not_packed(folder):
    output = folder / "aiida.out"
    text = output.read_text()
    output.write_text("module loaded\n" * 20_000 + text)
    ok("import", folder, "--dry-run")
    output.write_text(text, encoding="utf-16", newline="\r\n")
    ok("import", folder, "--dry-run")
    (folder / "aiida.out.gz").write_bytes(gzip.compress(output.read_bytes()))
    (folder / "ACF.dat").rename(folder / "ACF.dat.gz")
    assert "packed and so not read: ACF.dat.gz, aiida.out.gz" in ok("import", folder, "--dry-run")
    output.unlink()
    assert "Unpack what is packed: ACF.dat.gz, aiida.out.gz" in refused("import", folder, "--dry-run")


def test_files_of_one_spin_without_their_names_are_not_the_whole(folder):
    """Nothing else would tell where the output lists no levels: the HOMO would be that of half the electrons."""
    output = folder / "aiida.out"
    output.write_text(re.sub(r"(?m)^ MO\|.*\n", "", output.read_text()))
    ok("import", folder, "--dry-run")
    for path in folder.glob("*.pdos"):
        path.write_text(path.read_text().replace(" 2.000000 ", " 1.000000 "))
    assert "of 336 electrons" in refused("import", folder, "--dry-run")


def test_a_list_of_atoms_that_breaks_off_is_no_match(folder):
    output = folder / "aiida.out"
    lines = output.read_text().split("\n")
    title = max(k for k, line in enumerate(lines) if "ATOMIC COORDINATES IN" in line)
    lines[title + 20 : title + 30] = [""] * 10
    output.write_text("\n".join(lines))
    assert "the structure has 38" in refused("import", folder, "--dry-run")


def test_what_could_not_be_compared_is_said(folder):
    output = folder / "aiida.out"
    output.write_text(output.read_text().replace("ATOMIC COORDINATES IN", "ATOMIC COORDINATES"))
    assert "was not checked" in ok("import", folder, "--dry-run")


@pytest.mark.parametrize(
    ("change", "is_read"),
    [
        (lambda text: re.sub(r"(\d+\.\d+)", lambda m: f"{float(m[1]):.9E}".replace("E", "D"), text), True),
        (lambda text: re.sub(r"(\d)( +)(?=-\d)", r"\1", text), True),  # a sign touches the number before
        (lambda text: text.replace("12.", "1_2."), False),  # twelve to Python, nothing to others
        (lambda text: text.replace(".", ","), False),
    ],
)
def test_numbers_of_a_partition_as_programs_write_them(folder, change, is_read):
    table = folder / "ACF.dat"
    before = table.read_text()
    table.write_text(change(before))
    (ok if is_read else refused)("import", folder, "--dry-run")


def test_valences_that_the_output_contradicts_are_not_passed_over(folder):
    ok("import", folder, "--dry-run", "--valence", "As=5")
    assert "with 5 valence electrons of As" in refused("import", folder, "--dry-run", "--valence", "As=3")
