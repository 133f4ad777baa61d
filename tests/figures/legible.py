"""What a printer would complain of: text too small, or headings, axis labels and legends on top of each other."""

from __future__ import annotations

from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

LEAST_PT = 6.0
WIDEST_IN = 7.0


def too_small(figure: Figure) -> list[str]:
    """Return the texts that print smaller than 6 pt on a page, onto which a wider figure is shrunk."""
    FigureCanvasAgg(figure).draw()
    shrunk = min(1.0, WIDEST_IN / figure.get_figwidth())
    texts = figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible())
    shown = [text for text in texts if text.get_text().strip()]
    assert shown
    return [text.get_text() for text in shown if text.get_fontsize() * shrunk < LEAST_PT]


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Return the pairs of headings, axis labels and entries of legends that cross, or that leave the figure."""
    FigureCanvasAgg(figure).draw()
    texts: list[Text] = []
    for axes in figure.findobj(Axes):
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label] if axes.axison else [axes.title]
    for legend in figure.findobj(Legend):
        texts += legend.get_texts()
    shown = [(text.get_text(), text.get_window_extent().padded(-1)) for text in texts if text.get_text()]
    crossing = [(a, b) for (a, one), (b, other) in combinations(shown, 2) if one.overlaps(other)]
    width, height = figure.canvas.get_width_height()
    outside = [
        (name, "edge") for name, box in shown if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]
    return crossing + outside
