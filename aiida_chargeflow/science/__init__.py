"""Pure science: numbers and ``ase.Atoms`` in, frozen results out. Nothing here imports AiiDA.

``__all__`` is what other code may rely on; docs/reference/public.md describes it.
"""

from __future__ import annotations

from ..lazy import lazily

_NAMES = {
    # models
    "Campaign": "models.campaign:Campaign",
    "Draft": "models.draft:Draft",
    "Material": "models.materials:Material",
    "ModelSpec": "models.spec:ModelSpec",
    "QDModel": "models.build:QDModel",
    "build": "models.build:build",
    "candidates": "models.candidates:candidates",
    "import_model": "models.from_atoms:import_model",
    "interface_pattern": "models.patterns.registry:interface_pattern",
    "surface_pattern": "models.patterns.registry:surface_pattern",
    # charges
    "Analysis": "charges.analysis:Analysis",
    "AtomicCharges": "charges.partition:AtomicCharges",
    "ChargeFlow": "charges.charge_flow:ChargeFlow",
    "accept_partition": "charges.partition:accept_partition",
    "analyse": "charges.analysis:analyse",
    "analyse_files": "from_files:analyse_files",
    "bond_graph": "charges.bonds:bond_graph",
    "read_acf": "charges.acf:read_acf",
    "region_flow": "charges.region_flow:region_flow",
    "solve": "charges.charge_flow:solve",
    "summarise": "charges.summary:summarise",
    # electrons
    "Pdos": "electrons.pdos:Pdos",
    "TrapRule": "electrons.rules:TrapRule",
    "band_alignment": "electrons.alignment:band_alignment",
    "find_traps": "electrons.traps:find_traps",
    "frontier": "electrons.frontier:frontier",
    "read_orbital": "electrons.orbital_cube:read_cube",
    "read_pdos": "electrons.pdos:read_pdos",
    # CP2K
    "ScfSettings": "cp2k.input:ScfSettings",
    "cp2k_parameters": "cp2k.input:cp2k_parameters",
    "read_output": "cp2k.output:read_output",
    # files and errors
    "InputError": "errors:InputError",
    "read_xyz": "xyz:read_xyz",
}
__all__ = sorted(_NAMES)
__getattr__ = lazily(__name__, _NAMES)
