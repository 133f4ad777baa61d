"""What is predicted before DFT: exact statements, and the paper's numbers that the fit never saw."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from ase import Atoms

from aiida_chargeflow.science.charges.surface_frame import surface_frame
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.lattice import TETRAHEDRAL
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.valences.descriptors import Predicted
from aiida_chargeflow.science.valences.dot import Dot, dot_of_atoms, dot_of_model
from aiida_chargeflow.science.valences.excess import excess
from aiida_chargeflow.science.valences.parameters import TransferParameters, default_parameters
from aiida_chargeflow.science.valences.potential import region_potential_v, site_potential_v
from aiida_chargeflow.science.valences.prediction import predict

SMALL = {"core": {"material": "InAs", "centre": "anion", "planes": [5, 8, 5]}, "start_geometry": "lattice"}
SHELL = {"shells": [{"material": "CdSe", "n_monolayers": 1}]}
PAPER = {"core": {"material": "InAs", "centre": "anion", "planes": [9, 16, 7]}, "start_geometry": "lattice"}


def dot_of(**keys):
    return dot_of_model(build(ModelSpec.from_mapping({**SMALL, **keys})))


def excess_of(dot):
    return excess(dot, -np.linalg.norm(dot.positions_ang, axis=1) + 50.0)


def crystal(cation, anion, charge, n=2):
    """A periodic zinc-blende crystal of n³ cubic cells: every atom has four bonds."""
    points = range(-4 * n // 2, 4 * n // 2)
    cations = [
        p
        for p in itertools.product(points, repeat=3)
        if sum(p) % 4 == 0 and all(x % 2 == 0 for x in p) and (p[0] // 2 + p[1] // 2 + p[2] // 2) % 2 == 0
    ]
    wrapped = lambda p: tuple((x + 2 * n) % (4 * n) - 2 * n for x in p)  # noqa: E731
    anions = sorted({wrapped(np.array(c) + t) for c in cations for t in TETRAHEDRAL})
    index = {p: len(cations) + k for k, p in enumerate(anions)}
    bonds = np.array(
        [(k, index[wrapped(np.array(c) + t)]) for k, c in enumerate(cations) for t in TETRAHEDRAL]
    )
    symbols = np.array([cation] * len(cations) + [anion] * len(anions))
    charges = np.array([charge] * len(cations) + [-charge] * len(anions))
    return Dot(
        symbols, np.array(cations + anions, dtype=float), charges, bonds, np.ones(len(symbols), dtype=int)
    )


@pytest.mark.parametrize(("cation", "anion", "charge"), [("In", "As", 3), ("Cd", "Se", 2)])
def test_a_perfect_crystal_has_valences_of_charge_over_coordination(cation, anion, charge):
    dot = crystal(cation, anion, charge)
    assert set(dot.coordination) == {4}
    assert dot.valences() == pytest.approx(charge / 4, abs=1e-10)
    assert dot.shares() == pytest.approx(charge / 4)
    assert predict(dot).charge[dot.formal_charge < 0] == pytest.approx(
        -charge * default_parameters().transfer_e[anion]
    )
    assert excess_of(dot).bond_e == pytest.approx(0)


def test_a_molecule_by_hand():
    atoms = Atoms("InCl3", positions=[(0, 0, 0), (2.3, 0, 0), (-1.15, 1.99, 0), (-1.15, -1.99, 0)])
    found = predict(dot_of_atoms(atoms))
    p = default_parameters().transfer_e["Cl"]
    assert found.valence == pytest.approx([1, 1, 1])
    assert found.charge == pytest.approx([3 * p, -p, -p, -p])
    assert found.flow.flow_magnitude[1:] == pytest.approx(p)


def test_a_missing_neighbour_keeps_charge_back():
    parameters = default_parameters()
    dot = dot_of_atoms(Atoms("InAs", positions=[(0, 0, 0), (2.6, 0, 0)]))
    wanted = 3 * (parameters.transfer_e["As"] - 3 * parameters.lone_pair_e)
    assert predict(dot).charge == pytest.approx([wanted, -wanted])


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({}, 37),
        ({**SHELL, "interface": "abrupt"}, 37),
        ({**SHELL, "interface": "alloyed"}, 14),
        (
            {
                "shells": [{"material": "CdSe", "n_monolayers": 2}],
                "interface": "alloyed",
                "surface": "vacancies-2x2",
            },
            14,
        ),
    ],
)
def test_the_excess_over_all_bonds_is_the_difference_of_trivalent_atoms(keys, wanted):
    dot = dot_of(**PAPER, **keys)
    found = excess_of(dot)
    assert found.total_e == wanted
    assert found.bond_e.sum() == pytest.approx(wanted, abs=1e-9)
    assert sum(found.by_region.values()) == pytest.approx(wanted, abs=1e-9)
    assert found.below_e[0] == pytest.approx(wanted, abs=1e-9)


def test_excess_sits_on_wrong_bonds_only():
    dot = dot_of(**PAPER, **SHELL, interface="alloyed")
    found = excess_of(dot)
    full = (dot.coordination[dot.bonds] == 4).all(axis=1)
    pairs = np.array(["-".join(dot.symbols[list(bond)]) for bond in dot.bonds])
    for pair, each in {"In-As": 0, "Cd-Se": 0, "In-Se": 0.25, "Cd-As": -0.25}.items():
        assert found.bond_e[full & (pairs == pair)] == pytest.approx(each)


def test_excess_below_a_depth_counts_the_bonds_there():
    dot = dot_of(**PAPER, shells=[{"material": "CdSe", "n_monolayers": 2}])
    model_graph = dot_of_atoms(Atoms(dot.symbols, dot.positions_ang, tags=10 * dot.regions + 1))
    assert len(model_graph.bonds) == len(dot.bonds)
    found = excess_of(dot)
    # Nothing is in excess inside the core; of the abrupt interface 160 In-Se bonds hold +40 and 12 Cd-As bonds -3.
    assert found.below_e[-1] == pytest.approx(0, abs=1e-9)
    assert 37 <= found.worst_below_e <= 40


def test_predicted_charges_are_neutral_and_solved_exactly():
    found = predict(dot_of(**SHELL, interface="alloyed"))
    assert found.charge.sum() == pytest.approx(0, abs=1e-9)
    assert found.flow.residual < 1e-10
    regions = found.by_region()
    assert sum(charge for charge, _ in regions.values()) == pytest.approx(0, abs=1e-9)
    assert all(error > 0 for _, error in regions.values())


def test_the_error_of_a_region_has_a_shared_part_and_one_of_each_atom():
    dot = dot_of()
    known = default_parameters()
    ligands = dot.symbols == "Cl"
    n = int(ligands.sum())
    size, cl = len(known.values), known.anions.index("Cl")
    none = known.model_copy(update={"covariance": ((0.0,) * size,) * size})
    own = known.charge_error_e["Cl"]
    assert predict(dot, none).charge_of(ligands)[1] == pytest.approx(own * np.sqrt(n))
    # Each Cl takes its transfer times a charge of 1; a new dot has the scatter among dots and the fit's own error.
    variance = known.covariance[cl][cl] * (known.n_dots + 1)
    assert predict(dot).charge_of(ligands)[1] == pytest.approx(np.sqrt(n**2 * variance + n * own**2))


def test_nothing_depends_on_orientation_or_order():
    dot = dot_of(**SHELL, interface="alloyed")
    generator = np.random.default_rng(7)
    order = generator.permutation(dot.n_atoms)
    rank = np.argsort(order)
    turn, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    bonds = rank[dot.bonds][generator.permutation(len(dot.bonds))]
    other = Dot(
        dot.symbols[order],
        dot.positions_ang[order] @ turn.T,
        dot.formal_charge[order],
        bonds,
        dot.regions[order],
    )
    one, two = predict(dot), predict(other)
    assert two.charge == pytest.approx(one.charge[order], abs=1e-9)
    assert two.flow.flow_vector == pytest.approx(one.flow.flow_vector[order] @ turn.T, abs=1e-9)
    assert two.by_region().keys() == one.by_region().keys()
    for name, pair in one.by_region().items():
        assert two.by_region()[name] == pytest.approx(pair, abs=1e-9)
    steps = [
        region_potential_v(d.positions_ang, p.charge, d.regions, d.formal_charge)
        for d, p in ((dot, one), (other, two))
    ]
    assert steps[1] == pytest.approx(steps[0], abs=1e-8)
    assert excess_of(other).by_region == pytest.approx(excess_of(dot).by_region, abs=1e-9)


def test_the_potential_of_two_charges_and_of_a_crystal():
    # A charge of 1 e at 1 Å: e²/(4πε0 Å) = 14.3996 eV (CODATA).
    assert site_potential_v(np.array([[0.0, 0, 0], [1, 0, 0]]), np.array([1.0, -1])) == pytest.approx(
        [-14.39964, 14.39964], abs=1e-4
    )
    # Two neutral shells far apart in size: outside a shell of +1 and -1 there is none, between them 14.4/r1 - 14.4/r2.
    axis = np.concatenate([np.eye(3), -np.eye(3)])
    positions = np.concatenate([[[0.0, 0, 0], [0.01, 0, 0]], 10 * axis, 20 * axis])
    charge = np.array([0.0, 0, *[1 / 6] * 6, *[-1 / 6] * 6])
    regions = np.array([1, 1, *[2] * 6, *[3] * 6])
    formal = np.array([1, -1, *[1] * 6, *[-1] * 6])
    found = region_potential_v(positions, charge, regions, formal)
    assert found["core"] == pytest.approx(14.39964 * (1 / 10 - 1 / 20), abs=1e-4)


def test_without_a_shell_the_potential_step_is_that_to_the_interlayer():
    """One monolayer on a tiny core is all interlayer."""
    found = predict(dot_of(core={**SMALL["core"], "planes": [1, 4, 3]}, **SHELL))
    dot = found.dot
    mean = region_potential_v(dot.positions_ang, found.charge, dot.regions, dot.formal_charge)
    assert mean.keys() == {"core", "interlayer", "ligand"}
    assert found.described.potential_step_v() == pytest.approx(mean["core"] - mean["interlayer"])
    assert predict(dot_of()).described.potential_step_v() == 0


def test_the_papers_numbers_which_the_fit_never_saw():
    """Bare core, HLE17: inner As 0.02-0.08 e each, 3-coordinate As of ⟨-1-1-1⟩ about 0.27 e."""
    dot = dot_of(**PAPER)
    found = predict(dot)
    magnitude = found.flow.flow_magnitude
    arsenic = dot.symbols == "As"
    inner = arsenic & (dot.coordination == 4)
    assert 0.02 < np.median(magnitude[inner]) < 0.08
    outer = arsenic & (dot.coordination == 3)
    assert abs(magnitude[outer].mean() - 0.27) < 2 * found.flow_error_e[outer][0]


def test_an_anion_that_was_not_fitted_stands_between_its_neighbours():
    known = default_parameters().model_copy(
        update={"transfer_e": {"As": 0.27, "Cl": 0.59, "Se": 0.43}, "covariance": ((0.0,) * 4,) * 4}
    )
    assert known.weights("Se").tolist() == [0, 0, 1]
    for anion in ("P", "S", "Br", "I", "Te"):
        assert known.weights(anion).sum() == pytest.approx(1)
    transfer = {name: known.weights(name) @ known.values[:-1] for name in ("As", "P", "Se", "S", "Br", "Cl")}
    assert list(transfer.values()) == sorted(transfer.values())
    found = predict(dot_of(core={**SMALL["core"], "material": "InP"}), known)
    assert found.estimated_anions == ("P",)


def test_atoms_without_a_formal_charge_are_refused():
    atoms = Atoms("InXe", positions=[(0, 0, 0), (2.0, 0, 0)])
    with pytest.raises(InputError, match=r"no formal charge.*'Xe'"):
        dot_of_atoms(atoms)
    with pytest.raises(InputError, match="no cation is bonded"):
        dot_of_atoms(Atoms("InCl", positions=[(0, 0, 0), (20.0, 0, 0)]))
    few = TransferParameters(
        transfer_e={"As": 0.2},
        lone_pair_e=0,
        covariance=[[0, 0], [0, 0]],
        charge_error_e={},
        flow_error_e={},
        n_dots=1,
    )
    with pytest.raises(InputError, match=r"no charge transfer.*'Cl'"):
        predict(dot_of(), few)


def test_bonds_by_distance_are_those_of_the_model():
    model = build(ModelSpec.from_mapping({"core": SMALL["core"], **SHELL}))
    by_model, by_distance = dot_of_model(model), dot_of_atoms(model.atoms)
    common = {tuple(b) for b in by_model.bonds.tolist()} & {tuple(b) for b in by_distance.bonds.tolist()}
    assert len(common) >= 0.97 * len(by_model.bonds)
    assert (by_distance.regions == by_model.regions).all()


def test_depth_follows_the_surface():
    dot = dot_of(**SHELL)
    atoms = Atoms(dot.symbols, dot.positions_ang)
    from aiida_chargeflow.science.charges.bonds import bond_graph

    frame = surface_frame(dot.positions_ang, dot.symbols.tolist(), bond_graph(atoms), dot.is_ligand)
    found = excess(dot, frame.depth_ang)
    assert found.below_e[0] == pytest.approx(found.total_e)
    assert (np.diff(found.depth_ang) > 0).all()


def _predicted(symbols: str, charges: list[int], bonds: list[tuple[int, int]]) -> Predicted:
    atoms = Atoms(symbols, positions=np.arange(3.0 * len(charges)).reshape(-1, 3) ** 1.1)
    dot = Dot(
        np.array(atoms.get_chemical_symbols()),
        atoms.positions,
        np.array(charges),
        np.array(bonds),
        np.zeros(len(charges), dtype=int),
    )
    return Predicted(dot, dot.valences(), np.array(charges, dtype=float), np.zeros((len(charges), 3)))


def test_bonds_far_from_paulings_strength_are_strained() -> None:
    """In Cd-Se-Cd-Se the ends carry 2 e where 1.5 would be shared, the middle nothing where it would be 1."""
    chain = _predicted("CdSeCdSe", [2, -2, 2, -2], [(0, 1), (2, 1), (2, 3)])
    assert chain.strain_e == pytest.approx([0.5, -1.0, 0.5])
    assert chain.is_bad.all()
    bridged = _predicted("CdCl4Cd", [2, -1, -1, -1, -1, 2], [(0, 1), (0, 2), (0, 3), (5, 2), (5, 3), (5, 4)])
    assert bridged.strain_e == pytest.approx(np.array([2, -1, -1, -1, -1, 2]) / 12)
    assert not bridged.is_bad.any()
