"""Orbitals: projected density of states, traps, band edges, cubes."""
