"""Bader partition of a charge density on a grid: a self-contained engine that needs no AiiDA.

The command line is ``chargeflow-bader``. From Python::

    from aiida_chargeflow.bader.cube import read_cube
    from aiida_chargeflow.bader.engine import partition

    partition(read_cube("rho.cube"), method="weight", vacuum=1e-6).populations
"""
