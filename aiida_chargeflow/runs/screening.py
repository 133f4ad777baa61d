"""Screenings and what they rest on in the profile: run, learn, look up, hand on to a sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aiida import orm

from ..calculations.failures import reason
from ..calculations.learn_transfer import learn_transfer
from ..calculations.screen import parameters_node, screen, told
from ..results.cautions import basis
from ..results.select import by_age, load_node
from ..results.tables import models_of
from ..science.errors import InputError
from ..science.models.campaign import Campaign, Point
from ..science.screening.settings import ScreeningSettings
from ..science.valences.parameters import TransferParameters

SCREEN, LEARN = "screen", "learn_transfer"


def run_screening(
    settings: ScreeningSettings, parameters: orm.Dict | None, progress: Callable[[int], None]
) -> orm.CalcFunctionNode:
    """Run a screening as a process of the profile and return it.

    :param parameters: of ``learn``; the shipped ones by default.
    :raises InputError: an impossible space, or no possible candidate.
    """
    inputs = orm.Dict(settings.model_dump(mode="json"), label=settings.name)
    with told(progress):
        _, node = screen.run_get_node(
            settings=inputs, parameters=parameters_node() if parameters is None else parameters
        )
    return _finished(node, settings.name)


def learn(names: Sequence[str]) -> orm.CalcFunctionNode:
    """Fit the charge transfer to finished models with Bader charges: of groups, sweeps, PKs or labels.

    :raises InputError: too few of them, or one with atoms that have no formal charge.
    """
    models = sorted((node for node in models_of(names) if "charge_flow" in node.outputs), key=by_age)
    if not models:
        raise InputError(
            "no finished model has a charge flow",
            field="MODELS",
            value=" ".join(names),
            remedy="`table charges MODELS` lists finished models.",
        )
    labels = {f"dot_{n}": node.label or node.outputs.summary["formula"] for n, node in enumerate(models)}
    bases = {key: name for key, node in zip(labels, models, strict=True) if (name := basis(node))}
    inputs: dict[str, Any] = {
        "labels": orm.Dict(
            {"labels": labels, "bases": bases, "source": f"finished models of {', '.join(names)}"}
        )
    }
    for key, node in zip(labels, models, strict=True):
        inputs |= {f"structure_{key}": node.outputs.structure, f"charges_{key}": charges_of(node)}
        if "summary" in node.outputs:
            inputs[f"summary_{key}"] = node.outputs.summary
    _, node = learn_transfer.run_get_node(**inputs)
    return _finished(node, " ".join(names))


def charges_of(node: orm.WorkChainNode) -> orm.ArrayData:
    """Return the node with the Bader charges of a finished model, as they were measured where it is kept."""
    outputs = node.outputs
    if "bader" in outputs and "bader" in outputs.bader:
        return outputs.bader.bader
    return outputs.charge_flow


def load_parameters(identifier: str) -> orm.Dict:
    """Return the parameters of a PK, UUID or label: a node, or the fit that made it.

    :raises InputError: there are none.
    """
    node = load_node(identifier, "--parameters")
    if isinstance(node, orm.CalcFunctionNode) and "parameters" in node.outputs:
        node = node.outputs.parameters
    if not isinstance(node, orm.Dict):
        raise InputError(
            "is no set of parameters",
            field="--parameters",
            value=identifier,
            remedy="Give the PK that `screen learn` printed.",
        )
    TransferParameters.from_mapping(node.get_dict(), "parameters")
    return node


def load_screening(identifier: str) -> orm.CalcFunctionNode:
    """Return the screening of a PK, UUID or label, or of its ranking.

    :raises InputError: it is none, or it found nothing.
    """
    node = load_node(identifier, "SCREENING")
    if isinstance(node, orm.Data) and node.creator is not None:
        node = node.creator
    if getattr(node, "process_label", None) != SCREEN or not node.is_finished_ok:
        raise InputError(
            "is no finished screening",
            field="SCREENING",
            value=identifier,
            remedy="Give the PK that `screen run` printed.",
        )
    return node


def campaign_of(
    screening: orm.CalcFunctionNode, ranks: Sequence[int], protocol: str, options: dict[str, Any]
) -> Campaign:
    """Return the ranked models of these ranks as a campaign named after the screening.

    :raises InputError: a rank that the screening does not have.
    """
    ranking = screening.outputs.ranking.get_dict()
    found = {one["rank"]: one for one in ranking["ranked"]}
    points = []
    for rank in ranks:
        if rank not in found:
            raise InputError(
                "the screening has no such rank",
                field="--best",
                value=rank,
                remedy=f"It ranks {len(found)} models; keep in the file says how many.",
            )
        points.append(Point(f"rank-{rank}", found[rank]["spec"], protocol, {}, {"rank": rank}))
    return Campaign(ranking["name"], tuple(points), options)


def _finished(node: orm.CalcFunctionNode, name: str) -> orm.CalcFunctionNode:
    if not node.is_finished_ok:
        raise InputError(reason(node).rstrip("."), remedy="Nothing was stored but the attempt.")
    node.label = name
    return node
