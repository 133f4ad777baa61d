"""Checks of run options against a cluster profile, made before anything reaches the scheduler."""

from __future__ import annotations

from typing import Any

from ..science.errors import InputError, one_of
from .profile import ClusterProfile, Partition, Qos, RunOptions


def check_options(profile: ClusterProfile, options: RunOptions) -> list[InputError]:
    """Return everything that the scheduler would refuse, or queue for ever; empty when all is well."""
    problems = []
    if profile.account_required and options.account is None:
        problems.append(
            InputError(
                "an account is required",
                field="options.account",
                remedy=f"Name the budget to charge on {profile.name} (`saldo -b` lists yours).",
            )
        )
    name = partition_name(profile, options)
    if name not in profile.partitions:
        named = [known for known in profile.partitions if known]
        remedy = one_of(name, named) if named else "It has none: leave the field out."
        problems.append(InputError("no such partition", field="options.partition", value=name, remedy=remedy))
        return problems
    partition = profile.partitions[name]
    qos_name = options.qos or "normal"
    if qos_name not in partition.qos:
        problems.append(
            InputError(
                f"no such QOS in partition {name}",
                field="options.qos",
                value=qos_name,
                remedy=one_of(qos_name, partition.qos),
            )
        )
    else:
        problems += _limits(partition, partition.qos[qos_name], qos_name, options)
    return problems + _node(partition, name, options)


def partition_name(profile: ClusterProfile, options: RunOptions) -> str:
    """Return the partition asked for, or the profile's default."""
    return profile.default_partition if options.partition is None else options.partition


def _limits(partition: Partition, qos: Qos, qos_name: str, options: RunOptions) -> list[InputError]:
    problems = []
    if not qos.min_nodes <= options.nodes <= qos.max_nodes:
        fits = [name for name, q in partition.qos.items() if q.min_nodes <= options.nodes <= q.max_nodes]
        allowed = str(qos.max_nodes) if qos.min_nodes == 1 else f"{qos.min_nodes} to {qos.max_nodes}"
        problems.append(
            InputError(
                f"QOS {qos_name} allows {'at most ' if qos.min_nodes == 1 else ''}{allowed} nodes",
                field="options.nodes",
                value=options.nodes,
                remedy=f"Use fewer or more nodes, or QOS {', '.join(fits)}."
                if fits
                else "Use another number.",
            )
        )
    if options.walltime_hours > qos.max_hours:
        fits = [name for name, q in partition.qos.items() if options.walltime_hours <= q.max_hours]
        problems.append(
            InputError(
                f"QOS {qos_name} allows at most {qos.max_hours:g} h",
                field="options.walltime_hours",
                value=options.walltime_hours,
                remedy=f"Ask for less, or use QOS {', '.join(fits)}." if fits else "Ask for less.",
            )
        )
    return problems


def _node(partition: Partition, name: str, options: RunOptions) -> list[InputError]:
    problems = []
    if options.tasks_per_node is not None and options.tasks_per_node > partition.cores:
        problems.append(
            InputError(
                f"a node of {name or 'this machine'} has {partition.cores} cores",
                field="options.tasks_per_node",
                value=options.tasks_per_node,
                remedy=f"Use at most {partition.cores}, and more nodes if needed.",
            )
        )
    if options.memory_gb is not None and options.memory_gb > partition.memory_gb:
        problems.append(
            InputError(
                f"a node of {name or 'this machine'} has {partition.memory_gb:.0f} GB",
                field="options.memory_gb",
                value=options.memory_gb,
                remedy=f"Use at most {partition.memory_gb:.0f}: memory_gb is for one node.",
            )
        )
    return problems


def aiida_options(profile: ClusterProfile | None, options: RunOptions) -> dict[str, Any]:
    """Return the options of a model's jobs for the run options, with the profile's defaults filled in."""
    partition = profile.partitions.get(partition_name(profile, options)) if profile else None
    tasks = options.tasks_per_node or (partition.cores if partition else 1)
    result: dict[str, Any] = {
        "resources": {"num_machines": options.nodes, "num_mpiprocs_per_machine": tasks},
        "max_wallclock_seconds": round(options.walltime_hours * 3600),
    }
    if options.memory_gb is not None:
        result["max_memory_kb"] = round(options.memory_gb * 1e6)
    wanted = {"account": options.account, "qos": options.qos, "stash": options.stash}
    result |= {key: value for key, value in wanted.items() if value is not None}
    if options.clean_workdir:
        result["clean_workdir"] = True
    queue = options.partition or (profile.default_partition if profile else "")
    if queue:
        result["queue_name"] = queue
    return result
