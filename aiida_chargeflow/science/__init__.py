"""Pure science: numbers and ``ase.Atoms`` in, frozen results out. Nothing here imports AiiDA."""
