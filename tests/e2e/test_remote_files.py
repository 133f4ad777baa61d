"""Files on the cluster: a purged density is made again, kept files are kept, removed ones are gone."""

from pathlib import Path

import pytest
from aiida import orm
from aiida.engine import run_get_node
from ase import Atoms

from aiida_chargeflow.calculations.bader import BaderCalculation
from aiida_chargeflow.workchains.model import ModelWorkChain

pytestmark = pytest.mark.e2e

ROUGH = {
    "functional": "pbe",
    "cutoff_ry": 100,
    "rel_cutoff_ry": 30,
    "eps_default": 1e-8,
    "padding_ang": 2.5,
    "stages": [
        {"name": "warm", "eps_scf": 1e-2, "max_scf": 40, "n_virtual": 2, "electronic_temperature_k": 1000},
        {"name": "cold", "final": True, "eps_scf": 1e-3, "max_scf": 40, "n_virtual": 2},
    ],
}


@pytest.fixture
def run_model(codes):
    """Return a function that runs InCl3, with or without a Bader code of its own."""

    def run(bader=None, **options):
        positions = [[0, 0, 0], [2.3, 0, 0], [-1.15, 1.99, 0], [-1.15, -1.99, 0]]
        molecule = orm.StructureData(ase=Atoms("InCl3", positions=positions, tags=[33, 41, 41, 41]))
        resources = {"num_machines": 1, "num_mpiprocs_per_machine": 1}
        builder = ModelWorkChain.get_builder_from_protocol(
            {**codes, "bader": bader or codes["bader"]},
            molecule,
            "demo",
            {"scf": ROUGH},
            {"resources": resources, **options},
        )
        _, node = run_get_node(builder)
        return node

    return run


def jobs_of(node, name):
    return [
        job
        for job in node.called_descendants
        if isinstance(job, orm.CalcJobNode) and job.process_label == name
    ]


def test_a_purged_density_is_computed_again_and_nothing_else_is_lost(run_model, codes, tmp_path):
    engine = codes["bader"].filepath_executable
    script = tmp_path / "bader"
    purge = f'if mkdir {tmp_path}/purged 2>/dev/null; then rm -r "$(dirname "$(readlink -f rho.cube)")"; fi'
    script.write_text(f'#!/bin/bash\n{purge}\nexec {engine} "$@"\n')
    script.chmod(0o755)
    code = orm.InstalledCode(
        label="purging",
        computer=codes["bader"].computer,
        filepath_executable=str(script),
        default_calc_job_plugin="chargeflow.bader",
        with_mpi=False,
    ).store()
    node = run_model(code)
    assert node.is_finished_ok, node.exit_message
    assert [job.label for job in jobs_of(node, "DotCalculation")] == ["warm", "cold", "warm", "cold"]
    tables = [job.exit_status for job in jobs_of(node, "BaderCalculation")]
    assert tables == [BaderCalculation.exit_codes.ERROR_NO_TABLE.status, 0]
    first = jobs_of(node, "DotCalculation")[:2]
    assert not any(job.base.caching.is_valid_cache for job in first), "the cache would repeat the loss"


def test_wavefunction_and_cubes_are_kept_and_the_folders_removed(run_model, tmp_path):
    node = run_model(stash=f"{tmp_path}/kept", clean_workdir=True)
    assert node.is_finished_ok, node.exit_message
    warm, cold = jobs_of(node, "DotCalculation")
    assert "remote_stash" not in warm.outputs, "only the converged ground state is kept"
    kept = {path.name for path in Path(cold.outputs.remote_stash.target_basepath).iterdir()}
    assert {"aiida-RESTART.wfn", "aiida-ELECTRON_DENSITY-1_0.cube"} <= kept
    for job in (warm, cold, *jobs_of(node, "BaderCalculation")):
        folder = Path(job.outputs.remote_folder.get_remote_path())
        assert not folder.exists() or not list(folder.iterdir())
    assert node.outputs.summary["n_electrons"] == 13 + 3 * 7


def test_folders_stay_unless_asked(run_model):
    node = run_model()
    for job in jobs_of(node, "DotCalculation"):
        assert "aiida-RESTART.wfn" in job.outputs.remote_folder.listdir()
