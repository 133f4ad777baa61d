"""Every way a run goes wrong, with the real CP2K: what is mended, and what ends as a failure that says so."""

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from ase import Atoms

from aiida_chargeflow.workchains.data_files import cp2k_data_files
from aiida_chargeflow.workchains.scf import MAX_CRASHES, ScfWorkChain

pytestmark = pytest.mark.e2e

DIRECT = {"name": "direct", "final": True, "eps_scf": 1e-4, "max_scf": 40, "n_virtual": 2}
SETTINGS = {
    "functional": "pbe",
    "cutoff_ry": 100,
    "rel_cutoff_ry": 30,
    "eps_default": 1e-8,
    "padding_ang": 2.5,
    "stages": [DIRECT],
}


@pytest.fixture
def converge(codes, aiida_localhost, tmp_path):
    """Return a function that runs the SCF of InCl3, or of other atoms, on CP2K behind a shell line."""

    def run(before="", *, atoms=None, ranks=1, seconds=None, max_iterations=10, **settings):
        code = codes["cp2k"]
        if before:
            script = tmp_path / "cp2k"
            script.write_text(f'#!/bin/bash\n{before}\nexec {code.filepath_executable} "$@"\n')
            script.chmod(0o755)
            code = orm.InstalledCode(
                label="faulty",
                computer=aiida_localhost,
                filepath_executable=str(script),
                default_calc_job_plugin="cp2k",
                prepend_text=code.prepend_text,
                with_mpi=True,
            ).store()
        if atoms is None:
            positions = [[0, 0, 0], [2.3, 0, 0], [-1.15, 1.99, 0], [-1.15, -1.99, 0]]
            atoms = Atoms("InCl3", positions=positions, tags=[33, 41, 41, 41])
        options = {"resources": {"num_machines": 1, "num_mpiprocs_per_machine": ranks}, "withmpi": True}
        if seconds:
            options["max_wallclock_seconds"] = seconds
        _, node = run_get_node(
            ScfWorkChain,
            structure=orm.StructureData(ase=atoms),
            settings=orm.Dict({**SETTINGS, **settings}),
            max_iterations=orm.Int(max_iterations),
            cp2k={
                "code": code,
                "file": cp2k_data_files(),
                "metadata": {"options": options},
            },
        )
        return node, [job for job in node.called if isinstance(job, orm.CalcJobNode)]

    return run


def statuses(jobs):
    return [job.exit_status for job in jobs]


CRASH = """(while kill -0 $$ 2>/dev/null; do
  if grep -qs 'SCF WAVEFUNCTION' aiida.out; then kill -SEGV $$; fi
  sleep 0.02
done) &"""


def once(tmp_path, line):
    """Return a shell line that runs ``line`` the first time only."""
    return f"if mkdir {tmp_path}/done 2>/dev/null; then\n{line}\nfi"


def test_a_crash_is_run_again_and_two_are_enough(converge, tmp_path):
    node, jobs = converge(once(tmp_path, CRASH), cutoff_ry=250)
    assert node.is_finished_ok, node.exit_message
    assert statuses(jobs) == [303, 0]

    node, jobs = converge(CRASH, cutoff_ry=250)
    assert node.exit_status == ScfWorkChain.exit_codes.ERROR_CP2K_CRASHED.status
    assert statuses(jobs) == [303] * MAX_CRASHES


def test_out_of_memory_is_run_with_fewer_processes_until_there_is_one(converge):
    limit = "ulimit -v 1000000"  # enough to start with any BLAS, too little for grids at 1500 Ry
    # A coarse convergence will do: what is tested is that the second try may end.
    rough = {"cutoff_ry": 1500, "stages": [{**DIRECT, "eps_scf": 1e-1}]}
    node, jobs = converge(f"[[ $OMPI_COMM_WORLD_SIZE == 1 ]] || {limit}", ranks=2, **rough)
    assert node.is_finished_ok, node.exit_message
    assert statuses(jobs) == [110, 0]
    assert jobs[1].get_option("resources")["num_mpiprocs_per_machine"] == 1

    node, jobs = converge(limit, **rough)
    assert node.exit_status == ScfWorkChain.exit_codes.ERROR_OUT_OF_MEMORY.status
    assert statuses(jobs) == [110]


def test_the_end_of_the_wall_time_is_not_the_end(converge):
    node, jobs = converge(seconds=31, max_iterations=2, cutoff_ry=500, padding_ang=5)  # CP2K stops after 1 s
    assert statuses(jobs)[0] == 400
    assert jobs[1].inputs.parent_calc_folder.uuid == jobs[0].outputs.remote_folder.uuid
    assert node.exit_status in (0, 401)


def too_few_ligands():
    """AsIn4Cl5, four Cl short of neutrality: two electron pairs for three alike In."""
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 3**0.5
    side = np.array([1, -1, 0]) / 2**0.5
    chlorine = [corners[0] * 3.8 + side * 2.08, corners[0] * 3.8 - side * 2.08, *(corners[1:] * 5.0)]
    positions = np.vstack([np.zeros((1, 3)), corners * 2.6, chlorine])
    return Atoms("AsIn4Cl5", positions=positions, tags=[14] + [11] * 4 + [41] * 5)


def test_a_dot_without_a_gap_falls_back_to_smearing_and_says_so(converge):
    """With integer occupations the SCF sloshes; the result is that of an ensemble, and its numbers tell."""
    hot = {
        **DIRECT,
        "name": "hot",
        "final": False,
        "restart": False,
        "electronic_temperature_k": 2500,
        "eps_scf": 1e-3,
    }
    cold = {**DIRECT, "name": "cold", "electronic_temperature_k": 300, "max_scf": 60}
    direct = {**DIRECT, "max_scf": 15}
    node, jobs = converge(
        atoms=too_few_ligands(),
        functional="hle17",
        basis="SZV",
        cutoff_ry=120,
        padding_ang=2.0,
        stages=[direct, hot, cold],
    )
    assert [job.label for job in jobs] == ["direct", "hot", "cold"]
    assert statuses(jobs)[0] == 450
    assert node.is_finished_ok, node.exit_message
    found = node.outputs.output_parameters.get_dict()
    assert found["gap_ev"] < 0.1
    assert found["max_occupation_deviation_e"] > 0.1


def test_a_collapsed_gap_ends_smeared(converge):
    """A stretched In-In bond has hardly a gap between its bonding and its empty levels."""
    atoms = Atoms("In2", positions=[[0, 0, 0], [6.0, 0, 0]], tags=[31, 31])
    hot = {**DIRECT, "name": "hot", "electronic_temperature_k": 2000}
    node, jobs = converge(atoms=atoms, stages=[DIRECT, hot], min_gap_ev=0.1)
    assert [job.label for job in jobs] == ["direct", "hot"]
    assert node.is_finished_ok
