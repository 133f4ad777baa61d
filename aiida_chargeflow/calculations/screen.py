"""A screening, the fit that it rests on, and the choice of its best models, as calcfunctions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from ..science.errors import InputError
from ..science.models.spec import ModelSpec
from ..science.screening.ranking import Screening
from ..science.screening.ranking import screen as run_screening
from ..science.screening.settings import ScreeningSettings
from ..science.valences.parameters import TransferParameters, default_parameters
from .failures import exit_on_input_error

_listeners: list[Callable[[int], None]] = []


@contextmanager
def told(progress: Callable[[int], None]) -> Iterator[None]:
    """Let screenings in the block tell how many candidates they have looked at; a node cannot carry a function."""
    _listeners.append(progress)
    try:
        yield
    finally:
        _listeners.remove(progress)


def _tell(n: int) -> None:
    for listener in _listeners:
        listener(n)


@calcfunction
@exit_on_input_error
def screen(settings: orm.Dict, parameters: orm.Dict) -> dict[str, orm.Node]:
    """Return the ``ranking`` of a screening, and the ``candidates`` as arrays.

    ``candidates`` holds ``values`` on the lattice (n_candidates, n_objectives), the best first, ``scores`` and
    ``on_front``; the order of the objectives is that of the ranking's ``objectives``.

    :param settings: fields of ``ScreeningSettings``.
    :param parameters: fields of ``TransferParameters``: the shipped ones, or those of ``learn``.
    """
    result = run_screening(
        ScreeningSettings.from_mapping(settings.get_dict()),
        TransferParameters.from_mapping(parameters.get_dict()),
        progress=_tell,
    )
    return {"ranking": orm.Dict(result.summary()), "candidates": _arrays(result)}


def _arrays(result: Screening) -> orm.ArrayData:
    node = orm.ArrayData()
    node.set_array("values", result.values)
    node.set_array("scores", result.scores)
    node.set_array("on_front", result.front.astype(np.int64))
    return node


def parameters_node() -> orm.Dict:
    """Return the shipped parameters as a node, one for each version of them."""
    content = default_parameters().model_dump(mode="json")
    made = orm.Dict(content, label="charge transfer, as shipped")
    for known in orm.QueryBuilder().append(orm.Dict, filters={"label": made.label}).all(flat=True):
        if known.get_dict() == content:
            return known
    return made


@calcfunction
@exit_on_input_error
def chosen_models(ranking: orm.Dict, points: orm.Dict) -> orm.Dict:
    """Return the campaign of a sweep whose models a screening has found.

    :param ranking: of the screening.
    :param points: ``name`` of the sweep and its ``points``, each with the ``spec`` of a ranked model.
    """
    found = {one["digest"]: one["rank"] for one in ranking["ranked"]}
    chosen: list[dict[str, Any]] = points["points"]
    for point in chosen:
        if digest_of(point["spec"]) not in found:
            raise InputError(
                "is not among the ranked models of the screening", field="points", value=point["label"]
            )
    return orm.Dict(points.get_dict(), label=points["name"])


def digest_of(spec: dict[str, Any]) -> str:
    """Return the digest of a stored specification."""
    return ModelSpec.from_stored(spec).digest
