"""Bader partition of a charge density on a grid: a self-contained engine that needs no AiiDA.

The command line is ``chargeflow-bader``. From Python::

    from aiida_chargeflow.bader import partition, read_cube

    partition(read_cube("rho.cube"), method="weight", vacuum=1e-6).populations
"""

from __future__ import annotations

from ..lazy import lazily

_NAMES = {"partition": "engine:partition", "read_cube": "cube:read_cube"}
__all__ = sorted(_NAMES)
__getattr__ = lazily(__name__, _NAMES)
