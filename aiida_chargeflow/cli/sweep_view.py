"""How ``sweep status`` looks: a table, or a live view that fits the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..runs.progress import ago, clock

if TYPE_CHECKING:
    from ..runs.status import PointStatus, SweepStatus

_STYLES = {"done": "green", "running": "cyan", "stuck": "yellow", "failed": "red", "waiting": "dim"}
_MARKS = {"done": "✓", "running": "▶", "stuck": "!", "failed": "✗", "waiting": "·"}
_URGENCY = ("stuck", "failed", "running", "waiting", "done")
_FRAME_LINES = 7  # title, bar, head of the table, counts
_BAR_WIDTH = 40


def status_table(now: SweepStatus, points: Sequence[PointStatus] | None = None) -> Table:
    """Return the points, all unless some are given, as a table."""
    table = Table(
        "", "point", "atoms", "PK", "jobs", "failed", "queued", "time", "ended", "what",
        box=box.SIMPLE, title=_title(now), caption=_counts(now),
    )  # fmt: skip
    for row in now.points if points is None else points:
        what = escape(row.what) + (f"\n→ {escape(row.remedy)}" if row.remedy else "")
        table.add_row(
            _MARKS[row.state], escape(row.label), str(row.n_atoms or ""), str(row.pk or ""),
            str(row.n_jobs or ""), str(row.n_failed_jobs or ""), _span(row.queue_s), _span(row.elapsed_s),
            "" if row.ended_ago_s is None else ago(row.ended_ago_s),
            what or row.state, style=_STYLES[row.state],
        )  # fmt: skip
    return table


def watch(first: SweepStatus, look: Callable[[], SweepStatus], interval_s: float, console: Console) -> None:
    """Show the status live until nothing is under way any more; Ctrl-C stops the showing, not the sweep."""
    now = first
    try:
        with Live(_view(now, console.height), console=console, auto_refresh=False) as live:
            while not now.finished:
                time.sleep(interval_s)
                now = look()
                live.update(_view(now, console.height), refresh=True)
    except KeyboardInterrupt:
        console.print("Stopped watching; the daemon carries on.")


def _view(now: SweepStatus, height: int) -> RenderableType:
    """Return a progress bar over the points, the most urgent first, as many as fit."""
    rows = sorted(now.points, key=lambda row: _URGENCY.index(row.state))
    shown, lines = [], _FRAME_LINES
    for row in rows:
        lines += 2 if row.remedy else 1
        if lines > height:
            break
        shown.append(row)
    n_done = now.counts.get("done", 0)
    bar = ProgressBar(total=len(now.points), completed=n_done, width=_BAR_WIDTH)
    parts: list[RenderableType] = [bar, status_table(now, shown)]
    if len(shown) < len(rows):
        parts.append(Text(f"and {len(rows) - len(shown)} more: `sweep status {now.name}`", style="dim"))
    return Group(*parts)


def _title(now: SweepStatus) -> str:
    flag = " (paused)" if now.paused else ""
    return f"{escape(now.name)}{flag}: {now.counts.get('done', 0)}/{len(now.points)} done"


def _counts(now: SweepStatus) -> str:
    return ", ".join(f"{n} {state}" for state, n in now.counts.items())


def _span(seconds: float) -> str:
    return clock(seconds) if seconds >= 1 else ""
