"""Names that live in databases: labels of processes and groups. Change none: stored nodes carry them."""

from __future__ import annotations

MODEL_LABELS = ("ModelWorkChain", "ImportedModelWorkChain")
"""Process labels of the runs that make a finished model."""

SWEEP_GROUP = "chargeflow/sweep/"
"""What the label of a sweep's group begins with; the name of the sweep follows."""

IMPORTED_FROM = "chargeflow_imported_from"
"""Extra of an imported run and of its files: the folder that they came from."""
