"""Bader charges and the charge flow along the bonds."""
