"""Random specifications: always a neutral model without overlaps, or one clear error."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.build import build, shortest_bond_ang
from aiida_chargeflow.science.models.spec import ModelSpec

CORES = st.one_of(
    st.tuples(
        st.sampled_from([1, 5, 9, 13]), st.sampled_from([4, 8, 12, 16]), st.sampled_from([1, 3, 5, 7, 9])
    ),
    st.tuples(st.sampled_from([4, 8, 12]), st.sampled_from([1, 5, 9, 13, 17]), st.sampled_from([2, 4, 6, 8])),
)
SHELLS = st.lists(
    st.fixed_dictionaries(
        {"material": st.sampled_from(["CdSe", "ZnSe", "ZnS", "InP"]), "n_monolayers": st.integers(1, 2)}
    ),
    max_size=2,
)
INTERFACES = st.sampled_from(
    [
        "abrupt",
        "alloyed",
        {"pattern": "alloyed", "vacancy_share": 0.1},
        {"pattern": "mixed", "seed": 3, "n_monolayers": 2},
    ]
)
SURFACES = st.sampled_from(
    [
        "pure",
        "exchange",
        {"pattern": "exchange", "fraction": 0.3},
        "vacancies-2x2",
        {"pattern": "vacancies-2x2", "variant": "published"},
        ["vacancies-2x2", {"pattern": "z-type", "fraction": 0.5}],
    ]
)
PASSIVATIONS = st.fixed_dictionaries(
    {"ligand": st.sampled_from(["Cl", "Br", "F"]), "rule": st.sampled_from(["balance", "saturate"])}
)
SPECS = st.fixed_dictionaries(
    {
        "core": st.fixed_dictionaries(
            {"material": st.sampled_from(["InAs", "InP", "CdSe"]), "planes": CORES}
        ),
        "shells": SHELLS,
        "interface": INTERFACES,
        "surface": SURFACES,
        "passivation": PASSIVATIONS,
        "start_geometry": st.just("lattice"),
    }
)


def check_message(error):
    """The message says where, and what would help."""
    assert error.problem
    assert error.field or error.remedy
    assert len(str(error)) < 600


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_neutral_without_overlaps_or_a_clear_error(content):
    try:
        spec = ModelSpec.from_mapping(content)
        model = build(spec)
    except InputError as error:
        check_message(error)
        return
    assert model.formal_charge == 0
    assert not cKDTree(model.atoms.positions).query_pairs(0.75 * shortest_bond_ang(spec))
    assert model.coordination[model.formal_charges > 0].min() >= 2
    assert model.coordination.max() <= 4
    assert len({tuple(site) for site in model.sites.tolist()}) == len(model.atoms)
    again = build(ModelSpec.from_mapping(spec.to_mapping()))
    assert (again.atoms.numbers == model.atoms.numbers).all()
    assert np.array_equal(again.atoms.positions, model.atoms.positions)
