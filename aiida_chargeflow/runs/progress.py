"""Follow running models: which step runs, its SCF progress, and for how long."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiida import orm
from aiida.common import timezone
from aiida.common.exceptions import AiidaException
from rich.console import Console
from rich.live import Live
from rich.table import Table

from ..science.cp2k.output import scf_progress
from ..science.cp2k.scf_steps import seconds_left

_POLL_S = {"core.local": 2.0}
_POLL_ELSEWHERE_S = 60.0
_LOG_EVERY_S = 20.0


@dataclass(frozen=True)
class Progress:
    """What a model is doing now.

    :param step: what runs: build, the name of an SCF stage, bader, or the final state.
    :param detail: SCF step and convergence, or what the model waits for.
    """

    label: str
    pk: int
    step: str
    detail: str
    elapsed_s: float

    def line(self) -> str:
        """Return one line of a log."""
        return f"[{clock(self.elapsed_s)}] {self.label}<{self.pk}> {self.step} {self.detail}".rstrip()


def progress(node: orm.WorkChainNode) -> Progress:
    """Return what a model is doing now."""
    end = node.mtime if node.is_terminated else timezone.now()
    elapsed = (end - node.ctime).total_seconds()
    if node.is_terminated:
        outcome = "done" if node.is_finished_ok else "failed"
        return Progress(node.label, node.pk, outcome, node.exit_message or "", elapsed)
    running = [n for n in node.called_descendants if isinstance(n, orm.CalcJobNode) and not n.is_terminated]
    if not running:
        return Progress(node.label, node.pk, "preparing", _paused(node), elapsed)
    job = max(running, key=lambda n: n.pk)
    step = job.label or job.process_label.removesuffix("Calculation").lower()
    return Progress(node.label, node.pk, step, _paused(job) or _scf_detail(job) or _waiting(job), elapsed)


def follow(nodes: Sequence[orm.WorkChainNode], console: Console | None = None) -> None:
    """Show the progress of ``nodes`` until all have ended; Ctrl-C stops the showing, not the runs."""
    console = console or Console(stderr=True)
    poll = max(
        _POLL_S.get(code.computer.transport_type, _POLL_ELSEWHERE_S)
        for node in nodes
        for code in (node.inputs.scf.cp2k.code,)
    )
    try:
        if console.is_terminal:
            _follow_live(nodes, console, poll)
        else:
            _follow_log(nodes, console, poll)
    except KeyboardInterrupt:
        console.print("Stopped following; the daemon carries on. The same command follows again.")
        raise SystemExit(130) from None


def _follow_live(nodes: Sequence[orm.WorkChainNode], console: Console, poll: float) -> None:
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while not all(node.is_terminated for node in nodes):
            live.update(_table([progress(node) for node in nodes]))
            time.sleep(poll)
    console.print(_table([progress(node) for node in nodes]))


def _follow_log(nodes: Sequence[orm.WorkChainNode], console: Console, poll: float) -> None:
    """Print a line when a model's step changes, and otherwise now and then."""
    shown: dict[int, tuple[str, float]] = {}
    while True:
        for node in nodes:
            now = progress(node)
            step, at = shown.get(node.pk, ("", 0.0))
            if now.step != step or (not node.is_terminated and now.elapsed_s - at > _LOG_EVERY_S):
                console.print(now.line(), highlight=False, markup=False, soft_wrap=True)
                shown[node.pk] = (now.step, now.elapsed_s)
        if all(node.is_terminated for node in nodes):
            return
        time.sleep(poll)


def _table(rows: Sequence[Progress]) -> Table:
    table = Table("model", "PK", "step", "progress", "elapsed", box=None)
    for row in rows:
        table.add_row(row.label, str(row.pk), row.step, row.detail, clock(row.elapsed_s))
    return table


def clock(seconds: float) -> str:
    """Return hours, minutes and seconds, as in 1:02:03."""
    return f"{int(seconds) // 3600:d}:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"


def span(seconds: float) -> str:
    """Return an estimate of a time with no more digits than it deserves: 40 s, 3 min, 5 h."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(10, round(seconds, -1)):.0f} s"


def ago(seconds: float) -> str:
    """Return how long something is past in the largest whole unit: just now, 5 min ago, 3 h ago, 2 d ago."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return "just now"


def _paused(node: orm.ProcessNode) -> str:
    if not node.paused:
        return ""
    return f"paused ({node.process_status}); mend it, then `verdi process play {node.pk}`"


def _waiting(job: orm.CalcJobNode) -> str:
    state = job.get_scheduler_state()
    return f"scheduler: {state.value}" if state else (job.process_status or "")


def _scf_detail(job: orm.CalcJobNode) -> str:
    """Return SCF step, convergence and energy of a running CP2K job, or nothing."""
    folder = job.get_remote_workdir()
    if folder is None or job.process_label == "BaderCalculation":
        return ""
    try:
        with tempfile.TemporaryDirectory() as scratch, job.get_transport() as transport:
            copy = Path(scratch) / "output"
            transport.getfile(str(Path(folder) / job.get_option("output_filename")), str(copy))
            text = copy.read_text(encoding="utf-8", errors="replace")
            last, left_s = scf_progress(text), seconds_left(text)
    except (OSError, AiidaException):
        return ""
    if last is None:
        return "starting"
    residual = "" if last.convergence is None else f", convergence {last.convergence:.1e}"
    left = "" if left_s is None else f", about {span(left_s)} left in this SCF"
    return f"SCF step {last.step}{residual}, {last.energy_hartree:.4f} Ha, {last.time_s:.1f} s a step{left}"
