"""Runs are looked up without loading them, and one process at a time looks for a run and submits it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState

from aiida_chargeflow.workchains.point_runs import latest_runs, latest_states, lock_file, submission_lock

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

TRY = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
HOLD = (
    "import fcntl, sys, time; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); "
    "print('held', flush=True); time.sleep(60)"
)


def another_process_may_enter() -> bool:
    command = [sys.executable, "-c", TRY, str(lock_file())]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_no_other_process_submits_at_the_same_time() -> None:
    with submission_lock():
        assert not another_process_may_enter()
    assert another_process_may_enter()


def test_a_killed_process_leaves_no_lock_behind() -> None:
    command = [sys.executable, "-c", HOLD, str(lock_file())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert not another_process_may_enter()
        holder.kill()
    with submission_lock():
        pass


def add_run(digest: str, state: ProcessState, exit_status: int | None = None) -> None:
    run = orm.WorkChainNode()
    run.base.links.add_incoming(orm.Str(digest).store(), LinkType.INPUT_WORK, "digest")
    run.set_process_state(state)
    if exit_status is not None:
        run.set_exit_status(exit_status)
    run.store()


def test_states_are_those_of_the_runs_that_count() -> None:
    add_run("good", ProcessState.FINISHED, 0)
    add_run("good", ProcessState.FINISHED, 410)
    add_run("bad", ProcessState.FINISHED, 410)
    add_run("bad", ProcessState.KILLED)
    add_run("again", ProcessState.EXCEPTED)
    add_run("again", ProcessState.WAITING)
    digests = ["good", "bad", "again", "nowhere"]
    states = latest_states(digests)
    assert {digest: run.pk for digest, run in latest_runs(digests).items()} == {
        digest: state.pk for digest, state in states.items()
    }
    assert [states[digest].is_finished_ok for digest in digests[:3]] == [True, False, False]
    assert [states[digest].is_terminated for digest in digests[:3]] == [True, True, False]
    assert states["bad"].process_state == "killed"
