"""Time how pages open in a browser, and how smoothly a scene turns.

    python tests/benchmarks/bench_pages.py PAGE [PAGE ...]

Each page is opened several times; the median counts, until its load event (pictures and scenes included). On a scene,
frames are counted while it turns. The browser is a headless Chromium without a graphics card: one with it is faster.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from browser import Browser

REPEATS = 5
FRAMES = 60
_TURN = f"""(async () => {{
  if (typeof turn !== "function") return null;
  dragging = [0, 0];
  const start = performance.now();
  for (let frame = 0; frame < {FRAMES}; frame++) {{
    turn("y", 0.05); draw();
    await new Promise(requestAnimationFrame);
  }}
  return 1000 * {FRAMES} / (performance.now() - start);
}})()"""


def main() -> None:
    """Print a row for each page."""
    print("| page | size (MB) | opens in (s) | frames a second while turning |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(Path(folder), width=1400, height=1000)
        try:
            for path in map(Path, sys.argv[1:]):
                seconds = statistics.median(_seconds_to_open(browser, path) for _ in range(REPEATS))
                rate = browser.run(_TURN)
                turned = "" if rate is None else f"{rate:.0f}"
                print(
                    f"| {path.name} | {path.stat().st_size / 1e6:.1f} | {seconds:.2f} | {turned} |",
                    flush=True,
                )
        finally:
            browser.close()


def _seconds_to_open(browser: Browser, path: Path) -> float:
    start = time.perf_counter()
    browser.open(path)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
