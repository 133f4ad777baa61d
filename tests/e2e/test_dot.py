"""The smallest dot with all facets, In16As13Cl9, through the chain with the real programs: about a minute."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from aiida.engine import run_get_node
from click.testing import CliRunner

from aiida_chargeflow.cli import main
from aiida_chargeflow.science.kinds import REGIONS
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.workchains.model import ModelWorkChain

pytestmark = pytest.mark.e2e

MODEL = Path(__file__).parents[2] / "workflows" / "demo-pure.yaml"
OVERRIDES = {
    "scf": {
        "functional": "pbe",
        "basis": "SZV",
        "cutoff_ry": 100,
        "rel_cutoff_ry": 30,
        "eps_default": 1e-8,
        "stages": [
            {
                "name": "warm",
                "final": True,
                "electronic_temperature_k": 1000,
                "eps_scf": 1e-3,
                "n_virtual": 20,
            }
        ],
    }
}


@pytest.fixture
def finished(codes):
    """Return the finished run of the dot."""
    spec = ModelSpec.from_yaml(MODEL)
    builder = ModelWorkChain.get_builder_from_protocol(codes, spec, "demo", OVERRIDES)
    outputs, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    return outputs, node


def test_the_dot_shows_what_the_paper_shows(finished, codes, tmp_path):
    outputs, node = finished
    flow, atoms = outputs["charge_flow"], outputs["structure"].get_ase()
    charge, vectors = flow.get_array("bader_charge"), flow.get_array("flow_vector")
    assert len(charge) == len(atoms) == 38
    assert set(flow.get_array("region").tolist()) <= set(REGIONS)

    bonds, handed = flow.get_array("bonds"), flow.get_array("bond_flow")
    bond_dipole = handed @ (atoms.positions[bonds[:, 0]] - atoms.positions[bonds[:, 1]])
    np.testing.assert_allclose(bond_dipole, charge @ atoms.positions, atol=1e-8)

    row = json.loads(CliRunner().invoke(main, ["show", str(node.pk), "--json"]).output)[0]
    environments = row["environments"]
    assert environments["3c anion"] > 2 * environments["4c anion"], (
        "facet As accumulate charge, inner As do not"
    )
    kinds = np.array([site.kind_name for site in outputs["structure"].sites])
    outward = atoms.positions - atoms.positions.mean(axis=0)
    assert ((vectors * outward).sum(axis=1)[kinds == "As13"] > 0).all(), "In hands electrons to the facet As"

    overrides = tmp_path / "overrides.yaml"
    overrides.write_text(yaml.safe_dump(OVERRIDES))
    chosen = [f"--{role}={code.pk}" for role, code in codes.items()]
    again = ["launch", str(MODEL), "--protocol", "demo", "--overrides", str(overrides), "--daemon", "--json"]
    launched = CliRunner().invoke(main, [*again, *chosen])
    assert launched.exit_code == 0, launched.output
    assert json.loads(launched.stdout)[0]["pk"] == node.pk, "the same model and protocol is not paid twice"
