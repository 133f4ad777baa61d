"""Fixtures of AiiDA and of the real programs: a temporary profile for every session."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

pytest_plugins = ["aiida.tools.pytest_fixtures"]

_CP2K_ENVIRONMENT = """
export OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl=self,vader
"""


def _program(*names):
    for name in names:
        if path := shutil.which(name):
            return path
    if os.environ.get("CHARGEFLOW_REQUIRE_PROGRAMS"):
        pytest.fail(f"{names[0]} is not installed; ./setup/test installs it")
    pytest.skip(f"{names[0]} is not installed")


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that several processes end together."""
    items.sort(key=lambda item: "e2e" not in item.keywords)


@pytest.fixture
def codes(aiida_localhost):
    """The real CP2K and Bader programs on this machine."""
    from aiida import orm

    aiida_localhost.set_minimum_job_poll_interval(0.2)
    aiida_localhost.configure(safe_interval=0.0, use_login_shell=False)

    def code(label, plugin, path, prepend_text="", with_mpi=False):
        return orm.InstalledCode(
            label=label,
            computer=aiida_localhost,
            filepath_executable=path,
            default_calc_job_plugin=plugin,
            prepend_text=prepend_text,
            with_mpi=with_mpi,
        ).store()

    bader = str(Path(sys.executable).parent / "chargeflow-bader")
    return {
        "cp2k": code("cp2k", "cp2k", _program("cp2k.psmp", "cp2k"), _CP2K_ENVIRONMENT, with_mpi=True),
        "bader": code("bader", "chargeflow.bader", bader),
    }


@pytest.fixture(scope="module")
def paper(aiida_profile, tmp_path_factory):
    """The group of the recorded models, alone in the test profile, which the command line uses as well."""
    from aiida import orm

    from aiida_chargeflow.archive.restore import restore
    from aiida_chargeflow.runs import submit as launcher

    aiida_profile.reset_storage()
    _own_localhost(tmp_path_factory.mktemp("work"))
    labels = restore(Path(__file__).parent / "fixtures" / "paper.aiida").groups
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launcher, "load_profile", lambda: None)
        yield orm.load_group(labels[0])


def _own_localhost(workdir):
    """Store the computer of this machine, as a user's profile has it, so that an imported one is not taken for it."""
    from aiida import orm

    label = {"label": "localhost"}
    if not orm.QueryBuilder().append(orm.Computer, filters=label).count():
        kind = {"hostname": "localhost", "transport_type": "core.local", "scheduler_type": "core.direct"}
        computer = orm.Computer(workdir=str(workdir), **label, **kind)
        computer.set_default_mpiprocs_per_machine(1)
        computer.store().configure()
