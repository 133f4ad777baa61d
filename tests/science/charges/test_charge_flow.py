"""The identities of the charge flow, on molecules solved by hand, random graphs and built dots."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
from ase import Atoms
from flow_samples import charges, dot
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aiida_chargeflow.science.charges.bonds import bond_graph
from aiida_chargeflow.science.charges.charge_flow import bond_vectors, solve
from aiida_chargeflow.science.charges.laplacian import incidence
from aiida_chargeflow.science.charges.region_flow import dipole_parts, region_flow
from aiida_chargeflow.science.errors import InputError


def random_case(n_atoms, n_extra, seed):
    """A connected random graph with random places and neutral charges."""
    rng = np.random.default_rng(seed)
    edges = {(int(rng.integers(0, j)), j) for j in range(1, n_atoms)}
    for _ in range(n_extra):
        i, j = sorted(rng.choice(n_atoms, 2, replace=False).tolist())
        edges.add((i, j))
    charge = rng.normal(size=n_atoms)
    return rng.normal(size=(n_atoms, 3)), np.array(sorted(edges)), charge - charge.mean()


def assert_identities(flow, positions):
    """A x = q, equal dipoles, flow through any boundary = charge inside."""
    scale = np.linalg.norm(flow.bader_charge) or 1.0
    A = incidence(flow.n_atoms, flow.bonds)
    assert np.linalg.norm(A @ flow.bond_flow - flow.bader_charge) <= 1e-10 * scale
    assert flow.residual <= 1e-10
    size = np.abs(flow.bader_charge) @ np.linalg.norm(positions, axis=1) or 1.0
    steps = positions[flow.bonds[:, 0]] - positions[flow.bonds[:, 1]]
    assert np.linalg.norm(flow.bond_flow @ steps - flow.bader_charge @ positions) <= 1e-10 * size
    np.testing.assert_allclose(flow.bond_dipole_e_ang, flow.charge_dipole_e_ang, atol=1e-10 * size)
    inside = np.random.default_rng(0).random(flow.n_atoms) < 0.4
    out = inside[flow.bonds[:, 0]].astype(int) - inside[flow.bonds[:, 1]].astype(int)
    assert out @ flow.bond_flow == pytest.approx(flow.bader_charge[inside].sum(), abs=1e-10 * scale)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(0, 60), st.integers(0, 10_000))
def test_identities_and_dense_solution_on_random_graphs(n_atoms, n_extra, seed):
    positions, bonds, charge = random_case(n_atoms, n_extra, seed)
    flow = solve(positions, bonds, charge)
    assert_identities(flow, positions)
    A = incidence(n_atoms, bonds).toarray()
    dense = np.linalg.lstsq(A, flow.bader_charge, rcond=None)[0]
    np.testing.assert_allclose(flow.bond_flow, dense, atol=1e-10 * np.linalg.norm(charge))
    assert flow.rank == np.linalg.matrix_rank(A)
    assert flow.n_loops == len(bonds) - flow.rank


@pytest.mark.parametrize("name", ["core", "shell"])
@pytest.mark.parametrize("seed", [1, 2])
def test_identities_and_dense_solution_on_dots(name, seed):
    model = dot(name)
    flow = solve(model.atoms.positions, model.bonds, charges(model, seed))
    assert_identities(flow, model.atoms.positions)
    A = incidence(flow.n_atoms, flow.bonds).toarray()
    dense = np.linalg.lstsq(A, flow.bader_charge, rcond=None)[0]
    np.testing.assert_allclose(flow.bond_flow, dense, atol=1e-10)
    np.testing.assert_allclose(
        flow.flow_vector,
        bond_vectors(
            flow.n_atoms, flow.bonds, dense, np.diff(model.atoms.positions[flow.bonds], axis=1)[:, 0]
        ),
        atol=1e-10,
    )


def test_large_dots_are_solved_iteratively_and_satisfy_the_same_identities():
    side = 16
    places = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), -1).reshape(-1, 3)
    bonds = np.array(sorted(networkx.grid_graph([side] * 3).edges))
    bonds = np.sort(bonds @ np.array([side * side, side, 1]), axis=1)
    bonds = bonds[np.lexsort(bonds.T[::-1])]
    charge = np.random.default_rng(3).normal(size=side**3)
    positions = 2.6 * places.astype(float)
    flow = solve(positions, bonds, charge - charge.mean())
    assert_identities(flow, positions)
    # the minimum norm has no part in any loop: it is a difference of potentials
    cycle = [0, side * side, side * side + side, side]
    index = {tuple(pair): k for k, pair in enumerate(bonds.tolist())}
    turn = 0.0
    for a, b in zip(cycle, cycle[1:] + cycle[:1], strict=True):
        turn += flow.bond_flow[index[min(a, b), max(a, b)]] * (1 if a < b else -1)
    assert abs(turn) < 1e-10


def test_pair_hands_over_its_charge():
    flow = solve(np.array([[0.0, 0, 0], [0, 0, 2.5]]), np.array([[0, 1]]), np.array([0.6, -0.6]))
    assert flow.bond_flow == pytest.approx([0.6])
    np.testing.assert_allclose(flow.flow_vector, [[0, 0, 0.6], [0, 0, 0.6]])
    assert flow.n_loops == 0


def test_bent_molecule_by_hand():
    """A-B-A at 90°: the middle gives 0.3 e to each; its vector is the diagonal."""
    positions = np.array([[2.0, 0, 0], [0, 0, 0], [0, 2.0, 0]])
    flow = solve(positions, np.array([[0, 1], [1, 2]]), np.array([-0.3, 0.6, -0.3]))
    np.testing.assert_allclose(flow.bond_flow, [-0.3, 0.3], atol=1e-15)
    np.testing.assert_allclose(flow.flow_vector, [[0.3, 0, 0], [0.3, 0.3, 0], [0, 0.3, 0]], atol=1e-15)
    assert flow.flow_magnitude[1] == pytest.approx(0.3 * np.sqrt(2))
    np.testing.assert_allclose(flow.charge_dipole_e_ang, [-0.6, -0.6, 0])


def test_linear_symmetric_molecule_has_no_net_vector_on_its_middle():
    flow = solve(
        np.array([[-2.0, 0, 0], [0, 0, 0], [2, 0, 0]]),
        np.array([[0, 1], [1, 2]]),
        np.array([-0.3, 0.6, -0.3]),
    )
    assert flow.flow_magnitude[1] == pytest.approx(0, abs=1e-15)


def test_triangle_shares_between_the_direct_way_and_the_detour():
    """Charge +q, -q, 0 on a triangle: 2/3 directly, 1/3 through the third atom."""
    positions = np.array([[0.0, 0, 0], [2, 0, 0], [1, 1.7, 0]])
    flow = solve(positions, np.array([[0, 1], [0, 2], [1, 2]]), np.array([0.9, -0.9, 0.0]))
    np.testing.assert_allclose(flow.bond_flow, [0.6, 0.3, -0.3], atol=1e-14)
    assert flow.n_loops == 1


def test_triangle_with_regularisation_by_hand():
    """Minimum of (x - q)² + (-x + q)² + λx² for a pair: x = 2q / (2 + λ)."""
    flow = solve(
        np.array([[0.0, 0, 0], [2, 0, 0]]), np.array([[0, 1]]), np.array([0.5, -0.5]), regularisation=0.5
    )
    assert flow.bond_flow == pytest.approx([1.0 / 2.5])
    assert flow.residual == pytest.approx(0.2)


@pytest.mark.parametrize("seed", range(5))
def test_small_lambda_approaches_the_minimum_norm_solution(seed):
    positions, bonds, charge = random_case(30, 25, seed)
    exact = solve(positions, bonds, charge).bond_flow
    distance = [
        np.linalg.norm(solve(positions, bonds, charge, regularisation=value).bond_flow - exact)
        for value in (1e-1, 1e-3, 1e-5, 1e-9, 1e-14, 1e-200)
    ]
    assert distance[0] > distance[1] > distance[2]
    assert max(distance[-2:]) < 1e-10 * np.linalg.norm(exact)


@pytest.mark.parametrize("value", [1e-6, 0.01, 1.0, 100.0])
def test_lambda_minimises_the_stated_sum(value):
    positions, bonds, charge = random_case(25, 20, 4)
    flow = solve(positions, bonds, charge, regularisation=value)
    A = incidence(25, bonds).toarray()
    stacked = np.vstack([A, np.sqrt(value) * np.eye(len(bonds))])
    dense = np.linalg.lstsq(stacked, np.append(charge, np.zeros(len(bonds))), rcond=None)[0]
    np.testing.assert_allclose(flow.bond_flow, dense, atol=1e-10)


def test_permutation_of_atoms_permutes_the_result():
    model = dot("core")
    charge = charges(model)
    flow = solve(model.atoms.positions, model.bonds, charge)
    order = np.random.default_rng(5).permutation(flow.n_atoms)
    place = np.argsort(order)
    bonds = np.sort(place[model.bonds], axis=1)
    bonds = bonds[np.lexsort(bonds.T[::-1])]
    again = solve(model.atoms.positions[order], bonds, charge[order])
    np.testing.assert_allclose(again.flow_vector, flow.flow_vector[order], atol=1e-12)


def test_rotation_and_translation_turn_the_vectors_and_keep_the_magnitudes():
    model = dot("core")
    charge, turn = charges(model), Rotation.from_euler("xyz", [0.3, 1.1, -0.7]).as_matrix()
    flow = solve(model.atoms.positions, model.bonds, charge)
    again = solve(model.atoms.positions @ turn.T + 7.0, model.bonds, charge)
    np.testing.assert_allclose(again.bond_flow, flow.bond_flow, atol=1e-14)
    np.testing.assert_allclose(again.flow_vector, flow.flow_vector @ turn.T, atol=1e-12)
    np.testing.assert_allclose(again.flow_magnitude, flow.flow_magnitude, atol=1e-12)


def test_same_input_gives_the_same_bits():
    model = dot("shell")
    first, second = (solve(model.atoms.positions, model.bonds, charges(model)) for _ in range(2))
    assert first.flow_vector.tobytes() == second.flow_vector.tobytes()


def test_imbalance_is_measured_and_spread_over_each_component():
    positions = np.array([[0.0, 0, 0], [0, 0, 2.5], [9, 0, 0], [9, 0, 2.5]])
    bonds, charge = np.array([[0, 1], [2, 3]]), np.array([0.6, -0.59, 0.3, -0.3])
    flow = solve(positions, bonds, charge)
    np.testing.assert_allclose(flow.imbalance, [0.01, 0.0], atol=1e-15)
    np.testing.assert_allclose(flow.bader_charge, [0.595, -0.595, 0.3, -0.3])
    np.testing.assert_array_equal(flow.bader_charge_measured, charge)
    np.testing.assert_allclose(flow.bond_flow, [0.595, 0.3])
    assert (flow.n_components, flow.rank, flow.n_loops) == (2, 2, 0)


def test_charge_on_a_part_is_refused_though_the_whole_is_neutral():
    positions = np.array([[0.0, 0, 0], [0, 0, 2.5], [9, 0, 0], [9, 0, 2.5]])
    with pytest.raises(InputError, match=r"2 of 2 connected parts are not neutral.*0.2000 e"):
        solve(positions, np.array([[0, 1], [2, 3]]), np.array([0.6, -0.4, 0.3, -0.5]))


def test_tolerance_is_a_choice():
    places, bonds, charge = np.eye(2, 3), np.array([[0, 1]]), np.array([0.5, -0.3])
    with pytest.raises(InputError, match="not neutral"):
        solve(places, bonds, charge)
    assert solve(places, bonds, charge, imbalance_tolerance_e=0.3).bond_flow == pytest.approx([0.4])


def test_single_atom_and_bondless_atoms():
    alone = solve(np.zeros((1, 3)), np.empty((0, 2), dtype=int), np.array([0.01]))
    assert (alone.n_components, alone.n_bonds, alone.residual) == (1, 0, 0.0)
    assert alone.flow_magnitude.tolist() == [0.0]
    apart = solve(np.eye(3) * 9, np.empty((0, 2), dtype=int), np.zeros(3))
    assert (apart.n_components, apart.rank, apart.n_loops) == (3, 0, 0)
    with pytest.raises(InputError, match="not neutral"):
        solve(np.eye(3) * 9, np.empty((0, 2), dtype=int), np.array([0.5, -0.5, 0.0]))


@pytest.mark.parametrize(
    ("positions", "bonds", "charge", "problem"),
    [
        (np.zeros((0, 3)), [], [], "do not belong together"),
        (np.zeros((2, 3)), [], [0.0], "do not belong together"),
        (np.full((2, 3), np.nan), [[0, 1]], [0.0, 0.0], "finite"),
        (np.eye(2, 3), [[0, 1]], [np.inf, 0.0], "finite"),
        (np.eye(2, 3), [[1, 0]], [0.0, 0.0], "i < j"),
        (np.eye(2, 3), [[0, 2]], [0.0, 0.0], "i < j"),
        (np.eye(2, 3), [[0, 1], [0, 1]], [0.0, 0.0], "twice"),
        (np.zeros((2, 3)), [[0, 1]], [0.0, 0.0], "share one place"),
    ],
)
def test_impossible_input_is_refused(positions, bonds, charge, problem):
    with pytest.raises(InputError, match=problem):
        solve(positions, np.array(bonds, dtype=int).reshape(-1, 2), np.array(charge))


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_impossible_settings_are_refused(value):
    case = (np.eye(2, 3), np.array([[0, 1]]), np.zeros(2))
    with pytest.raises(InputError, match="λ"):
        solve(*case, regularisation=value)
    with pytest.raises(InputError, match="tolerance"):
        solve(*case, imbalance_tolerance_e=value)


def test_region_flows_over_bonds_agree_with_region_charges():
    model = dot("shell")
    flow = solve(model.atoms.positions, model.bonds, charges(model))
    table = region_flow(flow, model.regions)
    assert len(table.names) > 2
    np.testing.assert_allclose(table.matrix_e, -table.matrix_e.T)
    np.testing.assert_allclose(table.matrix_e.sum(axis=1), table.charge_e, atol=1e-12)
    assert table.residual_e < 1e-12
    assert table.charge_e.sum() == pytest.approx(0, abs=1e-12)


def test_dipole_of_a_region_is_that_of_its_bonds_and_its_boundary():
    model = dot("shell")
    flow = solve(model.atoms.positions, model.bonds, charges(model))
    for region in range(1, 5):
        dipole, inner, boundary = dipole_parts(flow, model.atoms.positions, model.regions == region)
        np.testing.assert_allclose(inner + boundary, dipole, atol=1e-11)


@pytest.mark.parametrize("name", ["core", "shell"])
def test_bonds_of_built_dots_are_found_from_distances(name):
    model = dot(name)
    np.testing.assert_array_equal(bond_graph(model.atoms, exclude_like_charges=True).bonds, model.bonds)


def test_bond_settings():
    atoms = Atoms("InAsCl", positions=[[0, 0, 0], [2.6, 0, 0], [0, 2.3, 0]])
    assert bond_graph(atoms).bonds.tolist() == [[0, 1], [0, 2]]
    assert bond_graph(atoms, scale=0.97).bonds.tolist() == [[0, 2]]
    assert bond_graph(atoms, pair_cutoffs={("Cl", "In"): 0}).bonds.tolist() == [[0, 1]]
    assert bond_graph(atoms, radii={"In": 0.5}).bonds.tolist() == []
    close = bond_graph(atoms, pair_cutoffs={("As", "Cl"): 4.0})
    assert (close.n_like_charge_bonds, close.n_bonds) == (1, 3)
    assert bond_graph(atoms, pair_cutoffs={("As", "Cl"): 4.0}, exclude_like_charges=True).n_bonds == 2


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"scale": 0.0}, "scale"),
        ({"scale": np.nan}, "scale"),
        ({"radii": {"In": -1.0}}, "radius In"),
        ({"pair_cutoffs": {("In", "Te"): 3.0}}, "In-Te"),
        ({"pair_cutoffs": {("In", "As"): 310.0}}, "no bond is as long"),  # pm
        ({"radii": {"In": 142.0}}, "bonds In-In"),
        ({"scale": 12.0}, "scale is a factor"),
        ({"pair_cutoffs": {("In", "As"): -3.0}}, "In-As"),
    ],
)
def test_bad_bond_settings_are_refused(changes, problem):
    with pytest.raises(InputError, match=problem):
        bond_graph(Atoms("InAs", positions=[[0, 0, 0], [2.6, 0, 0]]), **changes)


def test_coincident_atoms_and_bonds_across_a_cell_are_refused():
    with pytest.raises(InputError, match=r"0\.100 Å apart"):
        bond_graph(Atoms("InAs", positions=[[0, 0, 0], [0.1, 0, 0]]))
    crystal = Atoms("InAs", positions=[[0, 0, 0], [2.6, 0, 0]], cell=[5.2, 9, 9], pbc=True)
    with pytest.raises(InputError, match="cross the boundary"):
        bond_graph(crystal)
    crystal.set_cell([20, 20, 20])
    assert bond_graph(crystal).n_bonds == 1


@pytest.mark.parametrize(("beyond", "refused"), [(-0.001, False), (0.001, True)])
def test_a_chain_may_miss_what_the_table_of_its_atoms_may(beyond: float, refused: bool) -> None:
    """0.02 e, and 1e-4 e for each atom of the part: here 100."""
    positions = np.zeros((100, 3))
    positions[:, 0] = np.arange(100) * 2.5
    bonds = np.stack([np.arange(99), np.arange(1, 100)], axis=1)
    charge = np.where(np.arange(100) % 2, -0.5, 0.5)
    charge[0] += 0.03 + beyond
    if refused:
        with pytest.raises(InputError, match=r"0\.03"):
            solve(positions, bonds, charge)
    else:
        assert solve(positions, bonds, charge).imbalance == pytest.approx([0.03 + beyond])
