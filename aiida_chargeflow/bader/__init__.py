"""Bader partition of a charge density on a grid: a self-contained engine that needs no AiiDA."""
