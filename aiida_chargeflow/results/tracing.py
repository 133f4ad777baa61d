"""From a node or a figure file back through the provenance graph to its inputs."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.common.exceptions import NotExistent
from aiida.common.links import LinkType

from ..names import IMPORTED_FROM, MODEL_LABELS
from ..science.errors import InputError
from .orbitals import recorded_rules
from .select import by_age, load_node

_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOTE = re.compile(rb"AiiDA UUIDs:((?:\s+" + _UUID.pattern + rb")+)")
_TEXTS = (".html", ".htm", ".csv", ".md", ".tex", ".json", ".txt")
_PICTURES = (".pdf", ".png", ".svg", ".svgz")


def sources(name: str) -> list[orm.Node]:
    """Return the node of a PK, UUID or label, or the nodes that a file names: a figure, table or report.

    :raises InputError: neither a node nor a file with UUIDs, or a node that this profile does not hold.
    """
    path = Path(name)
    if path.is_file():
        return [_of_file(uuid, name) for uuid in uuids_of(path)]
    if path.suffix.lower() in (*_TEXTS, *_PICTURES):
        raise InputError("no such file", file=name)
    return [load_node(name, "VALUE|PK|UUID|FILE")]


def uuids_of(path: Path) -> list[str]:
    """Return the UUIDs of the sources that a file carries, each once, in their order.

    A PNG, SVG or PDF of ``figure`` carries them in its metadata, a table or report in its text.

    :raises InputError: it carries none.
    """
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            content = b""
    note = _NOTE.search(content)
    if note is not None:
        content = note.group(1)
    elif path.suffix.lower() not in _TEXTS:
        content = b""
    found = list(dict.fromkeys(uuid.decode() for uuid in _UUID.findall(content)))
    if not found:
        raise InputError(
            "the file names no AiiDA nodes",
            file=str(path),
            remedy="Files written by `figure`, by `report`, and tables with UUIDs (`table … --format csv`, "
            "markdown, latex, json) name their sources.",
        )
    return found


def origin(node: orm.Node) -> dict[str, Any]:
    """Return what made a node: the model runs around it, and every process upstream, the oldest first.

    The processes of a work chain are those that it called; those of a data node, its ancestors.
    """
    if isinstance(node, orm.WorkflowNode):
        processes = {called.pk: called for called in node.called_descendants}
        models = [node] if node.process_label in MODEL_LABELS else []
    else:
        processes = {found.pk: found for found in _ancestors(node)}
        if isinstance(node, orm.ProcessNode):
            processes[node.pk] = node
        models = _models_of(list(processes.values())) or _users_of(node)
    calculations = [
        process
        for process in sorted(processes.values(), key=by_age)
        if isinstance(process, orm.CalculationNode)
    ]
    return {
        "type": node.process_label if isinstance(node, orm.ProcessNode) else type(node).__name__,
        "pk": node.pk,
        "uuid": node.uuid,
        "label": node.label,
        "role": _role(node),
        "models": [model(run) for run in models],
        "processes": [_process(process) for process in calculations],
    }


def _of_file(uuid: str, name: str) -> orm.Node:
    try:
        return orm.load_node(uuid=uuid)
    except NotExistent as error:
        raise InputError(
            "this profile does not hold the node",
            file=name,
            value=uuid,
            remedy="Load the profile or import the archive that holds it.",
        ) from error


def _ancestors(node: orm.Node) -> list[orm.CalculationNode]:
    query = orm.QueryBuilder().append(orm.Node, filters={"id": node.pk}, tag="node")
    query.append(orm.CalculationNode, with_descendants="node")
    found: list[orm.CalculationNode] = query.all(flat=True)
    return found


def _models_of(processes: list[orm.ProcessNode]) -> list[orm.WorkChainNode]:
    """Return the model runs that called any of the processes, directly or through another work chain."""
    found: dict[int, orm.WorkChainNode] = {}
    for process in processes:
        caller: Any = process
        while caller is not None:
            if caller.process_label in MODEL_LABELS:
                found[caller.pk] = caller
            caller = caller.caller
    return sorted(found.values(), key=by_age)


def _users_of(node: orm.Node) -> list[orm.WorkChainNode]:
    """Return the model runs that a node which nothing made is an input of."""
    query = orm.QueryBuilder().append(orm.Node, filters={"id": node.pk}, tag="node")
    query.append(
        orm.WorkChainNode,
        with_incoming="node",
        filters={"attributes.process_label": {"in": list(MODEL_LABELS)}},
        tag="run",
    )
    runs: list[orm.WorkChainNode] = query.order_by({"run": {"id": "asc"}}).distinct().all(flat=True)
    return runs


def _role(node: orm.Node) -> str | None:
    """Return which output of which process a data node is, or that it is an input only."""
    if isinstance(node, orm.ProcessNode):
        return None
    link = node.base.links.get_incoming(link_type=LinkType.CREATE).first()
    if link is None:
        return "input, made by no process"
    return f"output {link.link_label} of {link.node.process_label} {link.node.pk}"


def model(node: orm.WorkChainNode) -> dict[str, Any]:
    """Return identity, specification and protocol settings of a model run."""
    inputs = node.inputs
    if "files" in inputs:
        return _imported(node)
    return {
        "pk": node.pk,
        "uuid": node.uuid,
        "label": node.label,
        "spec": inputs.spec.get_dict() if "spec" in inputs else f"structure {inputs.structure.uuid}",
        "protocol_settings": {
            **({"relax": inputs.relax.settings.get_dict()} if "relax" in inputs else {}),
            "scf": inputs.scf.settings.get_dict(),
            "bader": inputs.bader.parameters.get_dict(),
            "charge_flow": inputs.charge_flow.get_dict(),
            "orbitals": recorded_rules(node).model_dump(),
        },
        "protocol": inputs.protocol.get_dict() if "protocol" in inputs else None,
        "digest": inputs.digest.value,
    }


def _imported(node: orm.WorkChainNode) -> dict[str, Any]:
    """Return identity, source and settings of a model that was imported from files."""
    return {
        "pk": node.pk,
        "uuid": node.uuid,
        "label": node.label,
        "spec": node.inputs.spec.get_dict() if "spec" in node.inputs else None,
        "imported": {
            "from": node.base.extras.get(IMPORTED_FROM, None),
            "files": sorted(node.inputs.files.base.repository.list_object_names()),
        },
        "protocol_settings": {
            "import": node.inputs.settings.get_dict(),
            "charge_flow": node.inputs.charge_flow.get_dict(),
        },
        "digest": node.inputs.digest.value,
    }


def _process(node: orm.CalculationNode) -> dict[str, Any]:
    incoming = node.base.links.get_incoming(link_type=LinkType.INPUT_CALC).all()
    code = next((link.node for link in incoming if isinstance(link.node, orm.AbstractCode)), None)
    versions = dict(node.base.attributes.get("version", {}))
    if "output_parameters" in node.outputs:
        used = node.outputs.output_parameters.get_dict()
        versions |= {key: used[key] for key in ("cp2k_version", "source_revision") if used.get(key)}
    return {
        "pk": node.pk,
        "uuid": node.uuid,
        "process": node.process_label,
        "code": code.full_label if code is not None else None,
        "versions": versions,
        "inputs": {
            link.link_label: {"pk": link.node.pk, "uuid": link.node.uuid, "type": type(link.node).__name__}
            for link in sorted(incoming, key=lambda link: link.link_label)
        },
    }
