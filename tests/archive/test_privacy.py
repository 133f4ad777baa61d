"""What is private leaves an archive; what is science stays."""

import json

from aiida_chargeflow.archive.privacy import Hider, Secrets, secrets_of
from aiida_chargeflow.clusters.accounting import JobTime, from_sacct

ATTRIBUTES = {
    "process_state": "finished",
    "account": "IscrB_DOTS",
    "remote_workdir": "/leonardo_scratch/large/userexternal/jdoe0001/aiida/ab/cd/ef01-23",
    "last_job_info": {"job_owner": "jdoe0001", "raw_data": ["1", "jdoe0001", "IscrB_DOTS"]},
    "detailed_job_info": {
        "retval": 0,
        "stderr": "",
        "stdout": "Account|AllocCPUS|End|JobID|Start|Submit|User|WorkDir\n"
        "IscrB_DOTS|112|2026-01-01T02:00:00|7|2026-01-01T01:00:00|2026-01-01T00:00:00|jdoe0001|/x/jdoe0001\n",
    },
    "metadata_inputs": {
        "scf": {"cp2k": {"metadata": {"options": {"account": "IscrB_DOTS", "withmpi": True}}}}
    },
    "resources": {"num_machines": 4},
}
SCRIPT = b"""#!/bin/bash
#SBATCH --account=IscrB_DOTS
#SBATCH --mail-user=jane@example.org
#SBATCH --nodes=4
'/leonardo/home/userexternal/jdoe0001/cp2k/cp2k.psmp' -i aiida.inp
cd /leonardo_scratch/large/userexternal/jdoe0001/aiida/ab/cd/ef01-23
"""
OUTPUT = b"""  **** **** ******  **  PROGRAM STARTED BY                        jdoe0001
 PROGRAM STARTED IN /leonardo_scratch/large/userexternal/jdoe0001/aiida/ab/cd/ef01-23
 ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]:            -1148.123456789
"""


def hider():
    return Hider(secrets_of(ATTRIBUTES))


def test_secrets_are_found_wherever_the_job_tells_them():
    secrets = secrets_of(ATTRIBUTES)
    assert secrets.accounts == {"IscrB_DOTS"}
    assert secrets.users == {"jdoe0001"}
    assert secrets.work_directories == {"/leonardo_scratch/large/userexternal/jdoe0001/aiida"}


def test_attributes_without_secrets():
    clean = hider().value(ATTRIBUTES)
    text = json.dumps(clean)
    assert "jdoe0001" not in text
    assert "IscrB_DOTS" not in text
    assert from_sacct(clean["detailed_job_info"]["stdout"]) == JobTime(112, 3600.0, 3600.0)
    assert clean["resources"] == {"num_machines": 4}
    assert clean["remote_workdir"] == "/scratch/ab/cd/ef01-23"
    assert clean["metadata_inputs"]["scf"]["cp2k"]["metadata"]["options"] == {"withmpi": True}


def test_an_accounting_of_another_kind_is_left_out():
    told = {"detailed_job_info": {"stdout": "job of jdoe0001: 3 h"}}
    assert hider().value(told) == {"detailed_job_info": None}


def test_a_serialised_job_info_is_read():
    told = {"last_job_info": '{"job_id": "7", "job_owner": "jdoe0001"}'}
    assert secrets_of(told).users == {"jdoe0001"}


def test_files_without_secrets_keep_their_numbers():
    clean = hider().content(SCRIPT + OUTPUT)
    for secret in (b"jdoe0001", b"IscrB_DOTS", b"jane@example.org"):
        assert secret not in clean
    assert b"#SBATCH --nodes=4" in clean
    assert b"-1148.123456789" in clean
    assert clean.count(b"\n") == (SCRIPT + OUTPUT).count(b"\n")


def test_a_login_name_that_is_also_a_word_of_the_output_spoils_no_line():
    secrets = Secrets(users=frozenset({"energy"}))
    text = "PROGRAM RAN BY       energy\n in /home/energy/x\n total energy -3.5\n"
    assert (
        Hider(secrets).text(text) == "PROGRAM RAN BY       HIDDEN\n in /home/HIDDEN/x\n total energy -3.5\n"
    )
    assert Hider(secrets).is_left_in("total energy")


def test_bytes_of_any_encoding_survive():
    content = bytes(range(256)) * 2
    assert hider().content(content) == content


def test_a_system_user_hides_nothing():
    secrets = secrets_of({"last_job_info": {"job_owner": "root"}})
    assert Hider(secrets).text("/root/x root") == "/root/x root"
