"""The status table tells queue, failures and remedy; the live view shows the most urgent points first and fits."""

from __future__ import annotations

from rich.console import Console

from aiida_chargeflow.cli.sweep_view import status_table, watch
from aiida_chargeflow.runs.progress import ago, span
from aiida_chargeflow.runs.status import PointStatus, SweepStatus


def point(label: str, state: str, **known: object) -> PointStatus:
    return PointStatus(label, "InP", 35, state, what=f"{state} [it]", **known)  # type: ignore[arg-type]


def text(renderable: object, height: int = 40) -> str:
    console = Console(width=150, height=height, record=True, force_terminal=False)
    console.print(renderable)
    return console.export_text()


def test_a_row_tells_queue_time_failed_jobs_and_remedy() -> None:
    stuck = point("a", "stuck", pk=7, n_jobs=3, n_failed_jobs=1, queue_s=3723.0, remedy="`sweep resume s`")
    shown = text(status_table(SweepStatus("s", (stuck, point("b", "done")), True, True)))
    assert "s (paused): 1/2 done" in shown
    row = next(line for line in shown.splitlines() if " a " in line)
    assert row.split()[:7] == ["!", "a", "35", "7", "3", "1", "1:02:03"]
    assert "stuck [it]" in row, "what comes from a log is no markup"
    assert "→ `sweep resume s`" in shown


def test_ends_are_told_as_time_past() -> None:
    done = point("a", "done", pk=7, elapsed_s=60.0, ended_ago_s=2 * 86400 + 5.0)
    fresh = point("b", "failed", pk=8, ended_ago_s=3.0)
    running = point("c", "running", pk=9, elapsed_s=60.0)
    shown = text(status_table(SweepStatus("s", (done, fresh, running), True, False)))
    rows = {line.split()[1]: line for line in shown.splitlines() if line.strip().startswith(tuple("✓✗▶"))}
    assert "2 d ago" in rows["a"]
    assert "just now" in rows["b"]
    assert "ago" not in rows["c"]
    assert [ago(s) for s in (59, 60, 3599, 3600, 86399, 86400)] == [
        "just now", "1 min ago", "59 min ago", "1 h ago", "23 h ago", "1 d ago",
    ]  # fmt: skip
    assert [span(s) for s in (3, 44, 89, 90, 600, 5399, 5400)] == [
        "10 s", "40 s", "90 s", "2 min", "10 min", "90 min", "2 h",
    ]  # fmt: skip


def test_the_live_view_fits_and_puts_the_urgent_first() -> None:
    many = [point(f"p{n}", "waiting") for n in range(50)]
    states = [*many, point("broken", "failed", remedy="`sweep retry s`"), point("runs", "running")]
    first = SweepStatus("s", tuple(states), True, False)
    last = SweepStatus("s", tuple(point(row.label, "done") for row in states), False, False)
    console = Console(width=100, height=20, record=True, force_terminal=True)
    watch(first, lambda: last, 0.0, console)
    shown = console.export_text()
    assert shown.index("broken") < shown.index("runs") < shown.index("p0")
    assert "p49" not in shown.split("done", 1)[0]
    assert "more: `sweep status s`" in shown
    assert "52/52 done" in shown
