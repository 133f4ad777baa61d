"""What was really run for a model: facts of its provenance, as plain values, for the methods section."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from aiida import orm
from aiida.common.links import LinkType

from .. import __version__
from ..calculations.cp2k import DotCalculation
from ..science.models.materials import MATERIALS
from ..science.models.spec import ModelSpec
from ..science.settings import ChargeFlowSettings

Facts = dict[str, Any]


def facts(node: orm.WorkChainNode) -> Facts:
    """Return the facts of a finished model; None (or no key) where its provenance does not tell."""
    outputs = node.outputs
    found: Facts = {
        "label": node.label or f"model {node.pk}",
        "uuid": node.uuid,
        **{key: outputs.summary.get_dict().get(key) for key in ("formula", "n_atoms", "n_electrons")},
        "resolution": outputs.summary.get_dict().get("resolution"),
        "spec": node.inputs.spec.get_dict() if "spec" in node.inputs else None,
        "aiida": sorted(_versions(node, "core")),
        "plugin": sorted(_versions(node, "plugin")),
    }
    found["lattice"] = _lattice_constants(found)
    found["max_occupation_deviation_e"] = outputs.summary.get_dict().get("max_occupation_deviation_e")
    if "files" in node.inputs:
        found["imported"] = _imported(node)
    else:
        found |= _ground_state(node, outputs.scf.output_parameters.creator)
        found["relaxation"] = _relaxation(node)
        bader = outputs.bader.output_parameters
        found["bader"] = {**bader.creator.inputs.parameters.get_dict(), **bader.get_dict()}
    maker = outputs.charge_flow.creator if "charge_flow" in outputs else None
    if maker is not None and "settings" in maker.inputs:
        found["charge_flow"] = ChargeFlowSettings.from_mapping(maker.inputs.settings.get_dict()).model_dump()
        found["quality"] = outputs.quality.get_dict()
    return found


def _versions(node: orm.WorkChainNode, name: str) -> set[str]:
    told = (called.base.attributes.get("version", {}) for called in node.called_descendants)
    return {version[name] for version in told if name in version}


def _lattice_constants(found: Facts) -> dict[str, list[Any]] | None:
    """Return material → [lattice constant in Å, source]: from the specification, or from the table of this
    version of the package if it is the one that built the model.
    """
    if found["spec"] is None:
        return None
    spec = ModelSpec.from_stored(found["spec"])
    names = [spec.core.material, *(shell.material for shell in spec.shells)]
    if found["plugin"] != [__version__] and any(name not in spec.materials for name in names):
        return None
    known = {**MATERIALS, **spec.materials}
    return {name: [known[name].lattice_constant_ang, known[name].source] for name in dict.fromkeys(names)}


def _imported(node: orm.WorkChainNode) -> Facts:
    """Return what the files of a run outside of AiiDA tell of the programs."""
    found: Facts = dict(node.outputs.scf.output_parameters.get_dict())
    if "bader" in node.outputs:
        totals = node.outputs.bader.output_parameters.get_dict()
        found |= {key: totals.get(key) for key in ("engine", "engine_version")}
    return {key: found.get(key) for key in ("cp2k_version", "source_revision", "engine", "engine_version")}


def _ground_state(node: orm.WorkChainNode, result: orm.CalcJobNode) -> Facts:
    chain = [result]
    while "parent_calc_folder" in chain[0].inputs:
        chain.insert(0, chain[0].inputs.parent_calc_folder.creator)
    leading = {job.uuid for job in chain}
    attempts = [
        job
        for job in _jobs(node)
        if job.uuid not in leading and not _is_optimisation(job) and job.is_finished
    ]
    used = result.outputs.output_parameters.get_dict()
    return {
        "cp2k": {key: used.get(key) for key in ("cp2k_version", "source_revision", "unoccupied_solver")},
        "dft": result.inputs.parameters.get_dict()["FORCE_EVAL"],
        "stages": [_stage(job) for job in chain if not _is_optimisation(job)],
        "discarded": [_stage(job) for job in sorted(attempts, key=lambda job: job.pk)],
        "files": _files(result),
        "box_ang": _box(result),
        "padding_ang": _padding(result),
    }


def _jobs(node: orm.WorkChainNode) -> list[orm.CalcJobNode]:
    called = (job for job in node.called_descendants if isinstance(job, orm.CalcJobNode))
    return [job for job in called if job.process_label == DotCalculation.__name__]


def _is_optimisation(job: orm.CalcJobNode) -> bool:
    return bool(job.inputs.parameters.get_dict()["GLOBAL"]["RUN_TYPE"] == "GEO_OPT")


def _stage(job: orm.CalcJobNode) -> Facts:
    used = job.outputs.output_parameters.get_dict() if "output_parameters" in job.outputs else {}
    return {
        "name": job.label,
        "scf": job.inputs.parameters.get_dict()["FORCE_EVAL"]["DFT"]["SCF"],
        "converged": used.get("scf_converged"),
        "n_steps": used.get("n_scf_steps"),
        "gap_ev": used.get("gap_ev"),
    }


def _relaxation(node: orm.WorkChainNode) -> list[Facts]:
    """Return the optimisations that ran, oldest first."""
    jobs = sorted((job for job in _jobs(node) if _is_optimisation(job)), key=lambda job: job.pk)
    found = []
    for job in jobs:
        sections = job.inputs.parameters.get_dict()
        used = job.outputs.output_parameters.get_dict() if "output_parameters" in job.outputs else {}
        found.append(
            {
                "name": job.label,
                "optimisation": sections["MOTION"]["GEO_OPT"],
                "cutoff_ry": sections["FORCE_EVAL"]["DFT"]["MGRID"]["CUTOFF"],
                "functional": sections["FORCE_EVAL"]["DFT"]["XC"]["XC_FUNCTIONAL"],
                "converged": used.get("geometry_converged"),
            }
        )
    return found


def _files(job: orm.CalcJobNode) -> dict[str, str]:
    """Return file name → SHA-256 of basis sets and potentials."""
    links = job.base.links.get_incoming(link_type=LinkType.INPUT_CALC).all()
    nodes = [link.node for link in links if isinstance(link.node, orm.SinglefileData)]
    return {
        node.filename: hashlib.sha256(node.get_content(mode="rb")).hexdigest()
        for node in sorted(nodes, key=lambda node: node.filename)
    }


def _box(job: orm.CalcJobNode) -> list[float]:
    lengths: str = job.inputs.parameters.get_dict()["FORCE_EVAL"]["SUBSYS"]["CELL"]["ABC"]
    return [float(word) for word in lengths.split()[-3:]]


def _padding(job: orm.CalcJobNode) -> float:
    """Return the smallest distance between an atom and a face of the box, the dot being centred in it."""
    positions = np.array([site.position for site in job.inputs.structure.sites])
    return float(((np.array(_box(job)) - np.ptp(positions, axis=0)) / 2).min())
