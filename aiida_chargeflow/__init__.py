"""Charge flow in core@shell quantum dots: models, CP2K, Bader and analysis as AiiDA workflows."""

__version__ = "0.1.0"
