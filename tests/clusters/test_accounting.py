"""Times of jobs from sacct and from the Bader engine."""

import pytest

from aiida_chargeflow.clusters.accounting import JobTime, from_bader_output, from_sacct

# `sacct --parsable` of Slurm 23.11, columns that are not read left out.
SACCT = """AllocCPUS|Elapsed|End|JobID|Start|State|Submit|
4|00:01:30|2026-11-22T10:03:30|17|2026-11-22T10:02:00|COMPLETED|2026-11-22T10:00:20|
4|00:01:30|2026-11-22T10:03:30|17.batch|2026-11-22T10:02:00|COMPLETED|2026-11-22T10:02:00|
"""


def test_sacct():
    assert from_sacct(SACCT) == JobTime(n_cores=4, queue_s=100.0, walltime_s=90.0)


def test_sacct_of_a_job_that_has_not_ended():
    assert from_sacct(SACCT.replace("2026-11-22T10:03:30", "Unknown")) is None
    assert from_sacct("") is None
    assert from_sacct("sacct: error: no accounting") is None


def test_elapsed_counts_and_not_the_clock():
    """Two in the morning comes twice when summer time ends."""
    over_the_change = SACCT.replace("2026-11-22T10:02:00", "2026-10-25T02:50:00").replace(
        "2026-11-22T10:03:30", "2026-10-25T02:10:00"
    )
    over_the_change = over_the_change.replace("2026-11-22T10:00:20", "2026-10-25T02:49:00")
    found = from_sacct(over_the_change.replace("00:01:30", "00:20:00"))
    assert found == JobTime(n_cores=4, queue_s=60.0, walltime_s=1200.0)
    without = over_the_change.replace("Elapsed|", "").replace("00:01:30|", "")
    assert from_sacct(without).walltime_s is None, "-2400 s is no time"


@pytest.mark.parametrize(
    ("elapsed", "seconds"),
    [("2-03:04:05", 183845), ("27:00:00", 97200), ("00:59", 59), ("01:00:00.5", 3600.5)],
)
def test_forms_of_elapsed(elapsed, seconds):
    assert from_sacct(SACCT.replace("00:01:30", elapsed)).walltime_s == seconds


def test_every_try_of_a_requeued_job_counts():
    first, *_ = SACCT.splitlines()[1:]
    again = (
        first.replace("10:03:30", "11:00:10").replace("10:02:00", "11:00:00").replace("00:01:30", "00:00:10")
    )
    table = "\n".join([*SACCT.splitlines(), again, again.replace("|17|", "|17.batch|")])
    assert from_sacct(table) == JobTime(n_cores=4, queue_s=100.0, walltime_s=100.0)
    assert from_sacct(table.replace("11:00:10", "Unknown").replace("2026-11-22TUnknown", "Unknown")) is None


def test_a_banner_is_no_record():
    assert from_sacct("| Welcome | to the cluster |\n" + SACCT) == from_sacct(SACCT)


def test_times_with_a_zone():
    zoned = SACCT.replace("T10:02:00", "T10:02:00+0100").replace("T10:00:20", "T09:00:20+0000")
    zoned = zoned.replace("T10:03:30", "T10:03:30+0100")
    assert from_sacct(zoned) == JobTime(n_cores=4, queue_s=100.0, walltime_s=90.0)


def test_bader_output():
    text = "read density: 1.0 s\nENGINE:               chargeflow-bader 0.1.0\nTHREADS:              2\n"
    assert from_bader_output(text + "partition: 4.9 s\n") == JobTime(n_cores=2, walltime_s=5.9)
    assert from_bader_output("GRID BASED BADER ANALYSIS") is None
