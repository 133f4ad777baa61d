"""Show how far a run is: bars on a terminal, one line for each finished stage elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from .jit import Report

if TYPE_CHECKING:
    from rich.progress import Progress as Bars


class Progress:
    """Stages of a run, reported on stderr; use as a context."""

    def __init__(self) -> None:
        self._bars: Bars | None = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bars

            columns = (
                TextColumn("{task.description:<16}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
            )
            # What is printed to a file or a pipe must get there, not above the bars.
            self._bars = Bars(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty())

    def __enter__(self) -> Progress:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def stage(self, name: str) -> Report:
        """Return a function that takes the fraction of the stage that is done."""
        if self._bars is not None:
            bars, task = self._bars, self._bars.add_task(name, total=1.0)
            return lambda fraction: bars.update(task, completed=fraction)
        started = time.perf_counter()
        finished = False

        def report(fraction: float) -> None:
            nonlocal finished
            if fraction >= 1 and not finished:
                finished = True
                print(f"{name}: {time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)

        return report
