"""The polyhedra of published dots: counts of cations, anion sites and ligand sites, and their symmetry."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.candidates import candidates, census, choose
from aiida_chargeflow.science.models.lattice import Polyhedron, centre_of, keys
from aiida_chargeflow.science.models.materials import material

PUBLISHED = [
    ("cation", (4, 9, 4), 31, (4, 16), (0, 48)),
    ("cation", (8, 13, 6), 107, (12, 68), (24, 72)),
    ("cation", (16, 21, 10), 477, (40, 360), (108, 132)),
    ("anion", (5, 4, 3), 16, (12, 1), (6, 12)),
    ("anion", (9, 8, 5), 68, (24, 31), (24, 28)),
    ("anion", (9, 28, 9), 220, (0, 165), (0, 220)),
    ("anion", (9, 16, 7), 156, (12, 107), (30, 100)),
]


@pytest.mark.parametrize(("centre", "planes", "n_cations", "anion_sites", "ligand_sites"), PUBLISHED)
def test_sites_of_published_dots(centre, planes, n_cations, anion_sites, ligand_sites):
    found = census(Polyhedron(centre, *planes), material("InAs"))
    assert (found.n_cations, found.anion_sites, found.ligand_sites) == (n_cations, anion_sites, ligand_sites)


def test_monolayers_of_the_paper():
    """P(9,16,7) and one, two, three monolayers around it."""
    core = Polyhedron("anion", 9, 16, 7)
    counts = []
    for n in range(4):
        found = census(core.grow(n), material("CdSe"))
        counts.append((found.polyhedron.planes, found.n_cations, sum(found.anion_sites)))
    assert counts == [
        ((9, 16, 7), 156, 119),
        ((13, 20, 9), 336, 273),
        ((17, 24, 11), 612, 517),
        ((21, 28, 13), 1004, 871),
    ]


def test_published_iivi_core_shell_is_two_monolayers():
    """The step between the members of both published series is one monolayer."""
    assert Polyhedron("anion", 13, 12, 7).grow(2).planes == (21, 20, 11)
    assert Polyhedron("cation", 4, 9, 4).grow(1).planes == (8, 13, 6)


@pytest.mark.parametrize(("centre", "planes"), [row[:2] for row in PUBLISHED])
def test_all_24_operations_of_td_map_a_polyhedron_onto_itself(centre, planes):
    cations = Polyhedron(centre, *planes).cations()
    reference = set(keys(cations).tolist())
    operations = 0
    for permutation in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            if np.prod(signs) == 1:
                image = cations[:, permutation] * np.array(signs)
                assert set(keys(image).tolist()) == reference
                operations += 1
    assert operations == 24


def test_height_and_width_of_the_core():
    core = Polyhedron("anion", 9, 16, 7)
    assert core.height_ang(6.058) == pytest.approx(21.86, abs=0.01)
    assert core.height_ang(6.058, with_ligands=True) == pytest.approx(24.48, abs=0.01)
    assert core.width_ang(6.058) == pytest.approx(14 * 6.058 / 4)


def test_centre_follows_from_the_parity_of_the_planes():
    assert centre_of((9, 16, 7)) == "anion"
    assert centre_of((8, 13, 6)) == "cation"
    with pytest.raises(InputError, match="neither centre"):
        centre_of((9, 16, 8))
    with pytest.raises(InputError, match="C is even"):
        Polyhedron("cation", 8, 13, 7)


def test_the_core_of_the_paper_is_chosen_from_its_height():
    assert choose(material("InAs"), 2.1) == Polyhedron("anion", 9, 16, 7)
    found = {item.polyhedron.planes: item for item in candidates(material("InAs"), 2.1)}
    core = found[9, 16, 7]
    assert core.formula() == "In156As119Cl111"
    assert (core.ligands_needed, core.ligands_needed_exchanged, sum(core.ligand_sites)) == (111, 127, 130)
    assert core.fits == ("pure", "exchange")
    assert found[13, 12, 7].fits == ("pure",), "its exchange would need more ligands than there are sites"


def test_no_candidate_is_an_error_that_says_what_to_do():
    with pytest.raises(InputError, match="model candidates"):
        choose(material("InAs"), 0.6)
    with pytest.raises(InputError, match=r"between 0\.5 and 10 nm"):
        choose(material("InAs"), 40)
