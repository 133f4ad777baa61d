"""What a node says, as nested mappings that can be compared with those of another one."""

from __future__ import annotations

from typing import Any

import numpy as np
from aiida import orm
from aiida.common.links import LinkType
from numpy.typing import NDArray

from ..names import MODEL_LABELS
from ..science.elements import formula as chemical_formula
from ..science.errors import InputError
from ..science.kinds import REGIONS, decode
from . import tracing

#: Means of arrays whose entries cancel hold rounding noise below this.
_DECIMALS = 12

Content = dict[str, Any]


def comparable(left: orm.Node, right: orm.Node) -> tuple[Content, Content]:
    """Return the contents of two nodes of one sort.

    :raises InputError: nodes of different sorts.
    """
    sorts = [getattr(node, "process_label", None) or type(node).__name__ for node in (left, right)]
    if sorts[0] != sorts[1]:
        raise InputError(
            f"a {sorts[0]} and a {sorts[1]} have nothing in common to compare",
            field="A B",
            value=f"{left.pk} {right.pk}",
            remedy="Give two models, two jobs of one kind, or two data nodes of one type.",
        )
    first, second = content(left), content(right)
    if isinstance(left, orm.ArrayData) and isinstance(right, orm.ArrayData):
        second["largest difference"] = _largest_differences(left, right)
        first["largest difference"] = dict.fromkeys(second["largest difference"], 0.0)
    return first, second


def content(node: orm.Node) -> Content:
    """Return what a node says: specification, protocol and results of a model; inputs and results of another
    process; entries, composition or arrays of data.
    """
    if isinstance(node, orm.ProcessNode):
        is_model = node.process_label in MODEL_LABELS
        return _model(node) if is_model else _process(node)
    if isinstance(node, orm.Dict):
        found: Content = node.get_dict()
        return found
    if isinstance(node, orm.StructureData):
        return _structure(node)
    if isinstance(node, orm.ArrayData):
        return {name: _array(node.get_array(name)) for name in sorted(node.get_arraynames())}
    return dict(node.base.attributes.all)


def _model(node: orm.WorkChainNode) -> Content:
    run = tracing.model(node)
    told = {"spec": run["spec"], "protocol": run["protocol_settings"]}
    if "model" in node.outputs:
        told["composition"] = node.outputs.model.get_dict()
    used = {"cp2k": _version(node, "scf", "cp2k_version"), "bader": _version(node, "bader", "engine_version")}
    return {**told, "versions": used, "results": node.outputs.summary.get_dict()}


def _version(node: orm.WorkChainNode, namespace: str, key: str) -> str | None:
    if namespace not in node.outputs or "output_parameters" not in node.outputs[namespace]:
        return None
    found: str | None = node.outputs[namespace]["output_parameters"].get_dict().get(key)
    return found


def _process(node: orm.ProcessNode) -> Content:
    kinds = (LinkType.INPUT_CALC, LinkType.INPUT_WORK)
    incoming = node.base.links.get_incoming(link_type=kinds).all()
    outgoing = node.base.links.get_outgoing(link_type=(LinkType.CREATE, LinkType.RETURN)).all()
    return {
        "exit_status": node.exit_status,
        "inputs": {link.link_label: _value(link.node) for link in incoming},
        "outputs": {
            link.link_label: _value(link.node) for link in outgoing if isinstance(link.node, orm.Dict)
        },
    }


def _value(node: orm.Node) -> Any:
    if isinstance(node, orm.Dict):
        return node.get_dict()
    if isinstance(node, orm.AbstractCode):
        return node.full_label
    if isinstance(node, orm.BaseType):
        return node.value
    identity = node.base.caching.get_hash() or node.uuid  # remote folders of an archive have no hash
    return f"{type(node).__name__} {identity[:12]}"


def _structure(node: orm.StructureData) -> Content:
    kinds = [decode(site.kind_name) for site in node.sites]
    names = [f"{REGIONS.get(kind.region, 'unknown')}.{kind.symbol}" for kind in kinds]
    return {
        "formula": chemical_formula(kind.symbol for kind in kinds),
        "n_atoms": len(kinds),
        "atoms": {name: names.count(name) for name in sorted(set(names))},
        "cell_ang": [float(length) for length in node.cell_lengths],
    }


def _array(array: NDArray[Any]) -> Content:
    shape = {"shape": list(array.shape)}
    if not np.issubdtype(array.dtype, np.number) or array.size == 0:
        return shape
    numbers = {"min": array.min(), "mean": array.mean(), "max": array.max()}
    return {**shape, **{name: round(float(value), _DECIMALS) for name, value in numbers.items()}}


def _largest_differences(left: orm.ArrayData, right: orm.ArrayData) -> dict[str, float]:
    """Return array → largest difference of an entry, for numeric arrays of one shape."""
    found = {}
    for name in sorted(set(left.get_arraynames()) & set(right.get_arraynames())):
        a, b = left.get_array(name), right.get_array(name)
        if a.shape == b.shape and np.issubdtype(a.dtype, np.number) and a.size:
            found[name] = float(np.abs(a - b).max())
    return found
