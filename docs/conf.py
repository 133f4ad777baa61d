"""Configuration of Sphinx."""

import sys
from pathlib import Path

from aiida_chargeflow import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "aiida-chargeflow"
author = "The aiida-chargeflow developers"
copyright = f"2026, {author}"  # noqa: A001
release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_click",
    "sphinx_copybutton",
    "reference_tables",
]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
suppress_warnings = ["ref.python"]
exclude_patterns = ["_build", "validation/prediction/*"]
html_theme = "furo"
html_title = f"aiida-chargeflow {release}"
