"""Everything that a first job would trip over, tried before there is one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from aiida import orm
from aiida.common.exceptions import AiidaException, NotExistent
from aiida.engine.daemon.client import get_daemon_client
from aiida.manage import get_config_option, get_manager
from aiida.transports import Transport

from ..calculations.cp2k_parameters import FLAGS_EXTRA, VERSION_EXTRA
from ..clusters.blas import REMEDY as BLAS_REMEDY
from ..clusters.blas import command_for, read_blas
from ..clusters.check import check_options, partition_name
from ..clusters.cp2k_build import read_build
from ..clusters.profile import RunOptions, profile_for
from ..science.errors import InputError

State = Literal["ok", "note", "failed", "skipped"]
_PLACEHOLDER = re.compile(r"FILL[_-]IN")
_TIMEOUT_S = 60
_LEAST_FREE_GB = 20.0


@dataclass(frozen=True)
class Check:
    """One finding: what was tried, how it went, and what to do if it went wrong."""

    name: str
    state: State
    found: str
    remedy: str = ""


@dataclass
class Target:
    """What is checked: a computer, its two codes, and the options of the jobs if they are known."""

    computer: orm.Computer
    codes: dict[str, str]
    options: RunOptions | None = None
    transport: Transport | None = field(default=None, repr=False)

    def run(self, command: str) -> tuple[int, str, str]:
        """Run a command on the computer and return its status, output and errors."""
        assert self.transport is not None
        status, out, err = self.transport.exec_command_wait(command, timeout=_TIMEOUT_S)
        return int(status), str(out), str(err)


def check_setup(label: str, codes: dict[str, str], options: RunOptions | None = None) -> Iterator[Check]:
    """Try everything in the order in which a job needs it and yield what was found.

    :param codes: role (``cp2k``, ``bader``) → label of the code, without the computer.
    """
    yield _daemon()
    yield _caching()
    try:
        computer = orm.load_computer(label)
    except NotExistent:
        remedy = f"verdi computer setup -n --config setup/computers/{label}.yaml"
        yield Check("computer", "failed", f"no computer {label!r}", remedy)
        return
    target = Target(computer, codes, options)
    configured = _configured(target)
    yield configured
    if configured.state == "failed":
        return
    if not get_daemon_client().is_daemon_running:
        # without a broker the transport's event loop must not wait for one
        get_manager().set_runner(get_manager().create_runner(with_persistence=False, communicator=None))
    try:
        with computer.get_transport() as transport:
            target.transport = transport
            yield Check("connection", "ok", f"{computer.transport_type} to {computer.hostname}")
            for check in (_scheduler, _account, _options, _work_directory, _space, _cp2k, _blas, _bader):
                yield _tried(check, target)
    except (OSError, AiidaException, ValueError) as error:
        yield Check("connection", "failed", _one_line(error), _connection_remedy(computer, str(error)))


def _tried(check: Callable[[Target], Check], target: Target) -> Check:
    """Run one check; what it trips over is a finding too."""
    name = check.__name__.strip("_").replace("_", " ")
    try:
        return check(target)
    except InputError as error:
        return Check(name, "failed", error.problem, error.remedy)
    except (OSError, AiidaException, ValueError) as error:
        return Check(name, "failed", _one_line(error), "Try the same by hand over ssh.")


def _daemon() -> Check:
    client = get_daemon_client()
    if client.is_daemon_running:
        n_workers = len(client.get_worker_info().get("info", {}))
        if n_workers > 1 and get_manager().get_profile().storage_backend == "core.sqlite_dos":
            return Check(
                "daemon",
                "note",
                f"{n_workers} workers on SQLite, which locks: processes may fail with `database is locked`",
                "`verdi daemon stop && verdi daemon start 1`, or a profile of setup/large for several workers",
            )
        return Check("daemon", "ok", f"running, broker {get_manager().get_profile().process_control_backend}")
    return Check("daemon", "failed", "not running, so nothing is submitted", "verdi daemon start")


def _caching() -> Check:
    if get_config_option("caching.default_enabled"):
        return Check("caching", "ok", "on: the same job is never paid for twice")
    return Check(
        "caching",
        "note",
        "off: a retry repeats finished jobs",
        "verdi config set caching.default_enabled True",
    )


def _configured(target: Target) -> Check:
    computer = target.computer
    if not computer.is_configured:
        command = f"verdi computer configure {computer.transport_type} {computer.label} -n --config FILE"
        return Check("computer", "failed", "not configured", f"{command} (setup/computers/*-configure.yaml)")
    texts = [computer.hostname, computer.get_workdir(), computer.get_prepend_text() or ""]
    left = [text for text in texts if _PLACEHOLDER.search(text)]
    if left:
        remedy = "Fill it in and set the computer up anew."
        return Check("computer", "failed", f"a placeholder is left: {left[0]}", remedy)
    remote = computer.transport_type != "core.local"
    poll = computer.get_minimum_job_poll_interval()
    if remote and computer.hostname != "chargeflow-playground" and poll < 30:
        remedy = f"verdi shell: load_computer({computer.label!r}).set_minimum_job_poll_interval(60)"
        return Check("computer", "note", f"asks the scheduler every {poll:g} s: hard on a login node", remedy)
    return Check("computer", "ok", f"{computer.label} is configured, scheduler asked every {poll:g} s")


def _scheduler(target: Target) -> Check:
    if target.computer.scheduler_type != "core.slurm":
        return Check("scheduler", "ok", target.computer.scheduler_type)
    status, out, err = target.run("sinfo -h -o '%R'")
    if status:
        return Check(
            "scheduler", "failed", _one_line(err), "Is this a login node, and Slurm up? Try `sinfo` there."
        )
    partitions = sorted(set(out.split()))
    options = target.options
    profile = profile_for(options) if options else None
    wanted = (
        partition_name(profile, options) if profile and options else (options.partition if options else None)
    )
    if wanted and wanted not in partitions:
        found = f"no partition {wanted}, only {', '.join(partitions)}"
        return Check("scheduler", "failed", found, "Mend `options.partition`.")
    return Check("scheduler", "ok", f"Slurm, partitions {', '.join(partitions)}")


def _account(target: Target) -> Check:
    if target.computer.scheduler_type != "core.slurm":
        return Check("account", "skipped", "no scheduler")
    status, out, err = target.run("sacctmgr -n -P show assoc user=$(id -un) format=account,qos")
    if status:
        remedy = "Without accounting AiiDA cannot tell time-outs and lack of memory from other failures."
        return Check("account", "note", f"accounts cannot be listed: {_one_line(err)}", remedy)
    # Slurm keeps the names in lower case
    accounts = {
        line.split("|")[0].lower(): line.split("|")[-1].split(",") for line in out.split() if "|" in line
    }
    yours = ", ".join(sorted(accounts)) or "none"
    if target.options is None or target.options.account is None:
        return Check("account", "ok" if accounts else "failed", f"yours: {yours}", "Ask for an account.")
    wanted, qos = target.options.account, target.options.qos or "normal"
    if wanted.lower() not in accounts:
        return Check("account", "failed", f"{wanted} is not yours", f"Yours: {yours}.")
    allowed = accounts[wanted.lower()]
    if qos not in allowed:
        return Check(
            "account", "failed", f"{wanted} may not use QOS {qos}", f"It may use {', '.join(allowed)}."
        )
    return Check("account", "ok", f"{wanted}, QOS {qos}")


def _options(target: Target) -> Check:
    profile = profile_for(target.options) if target.options else None
    if target.options is None or profile is None:
        return Check("options", "skipped", "no campaign given, or no profile of this cluster")
    problems = check_options(profile, target.options)
    if problems:
        return Check("options", "failed", "; ".join(str(problem) for problem in problems), problems[0].remedy)
    return Check("options", "ok", f"within the limits of {profile.name}")


def _work_directory(target: Target) -> Check:
    assert target.transport is not None
    path = target.computer.get_workdir().format(username=target.transport.whoami())
    quoted = shlex.quote(path)
    status, _, err = target.run(f'mkdir -p {quoted} && t=$(mktemp {quoted}/.check.XXXXXX) && rm "$t"')
    if status:
        return Check(
            "work directory", "failed", _one_line(err), "Mend work_dir of the computer, or its permissions."
        )
    return Check("work directory", "ok", f"{path} is writable")


def _space(target: Target) -> Check:
    assert target.transport is not None
    path = shlex.quote(target.computer.get_workdir().format(username=target.transport.whoami()))
    status, out, err = target.run(f"df -Pk {path} | tail -n 1; quota -gs 2>/dev/null | tail -n 2")
    match = re.search(r"\s(\d+)\s+(\d+)\s+\d+%", out)
    if status or match is None:
        return Check(
            "space", "note", f"cannot be told: {_one_line(err or out)}", "Look at your quota by hand."
        )
    free = int(match[2]) * 1024 / 1e9
    if free < _LEAST_FREE_GB:
        remedy = "Free some: the cube and wavefunction of a large model take gigabytes."
        return Check("space", "failed", f"{free:.0f} GB free", remedy)
    return Check("space", "ok", f"{free:.0f} GB free in the work directory")


def _cp2k(target: Target) -> Check:
    """Ask CP2K what it is, and note it on the code, so that inputs are written for this version and its libraries."""
    out = _code_answer(target, "cp2k", "--version")
    build = read_build(out)
    version = ".".join(map(str, build.version))
    code = orm.load_code(f"{target.codes['cp2k']}@{target.computer.label}")
    code.base.extras.set_many({VERSION_EXTRA: version, FLAGS_EXTRA: sorted(build.flags)})
    if build.shortcomings:
        remedy = "Load another CP2K in prepend_text of the code."
        return Check("cp2k", "failed", "; ".join(build.shortcomings), remedy)
    return Check("cp2k", "note" if build.notes else "ok", "; ".join([f"CP2K {version}", *build.notes]))


def _blas(target: Target) -> Check:
    """Tell the linear algebra library that CP2K loads; the reference one costs a factor of two."""
    try:
        code: Any = orm.load_code(f"{target.codes['cp2k']}@{target.computer.label}")
    except NotExistent:
        return Check("blas", "skipped", "no CP2K code")
    prepend = f"{target.computer.get_prepend_text() or ''}\n{code.prepend_text or ''}"
    _, out, _ = target.run(f"{prepend}\n{command_for(str(code.filepath_executable))}")
    blas = read_blas(out)
    if blas.name is None:
        return Check("blas", "skipped", "its libraries do not tell (linked statically, or a script)")
    if blas.is_reference:
        return Check(
            "blas", "note", f"CP2K runs on {blas.name} ({blas.path}): steps take twice as long", BLAS_REMEDY
        )
    return Check("blas", "ok", f"{blas.name} ({blas.path})")


def _bader(target: Target) -> Check:
    out = _code_answer(target, "bader", "--help")
    if "Bader" not in out:
        raise InputError(
            "does not answer like the Bader engine", remedy="Check filepath_executable of the code."
        )
    return Check("bader", "ok", "the Bader engine answers")


def _code_answer(target: Target, role: str, argument: str) -> str:
    """Return what a code says when it is started as a job would start it, but without MPI.

    :raises InputError: there is no such code, a placeholder is left in it, or it does not start.
    """
    label = f"{target.codes[role]}@{target.computer.label}"
    try:
        code: Any = orm.load_code(label)
    except NotExistent as error:
        file = f"setup/codes/{target.computer.label}-{role}.yaml"
        remedy = f"verdi code create core.code.installed -n --config {file}"
        raise InputError(f"no code {label}", remedy=remedy) from error
    texts = (code.prepend_text or "", str(code.filepath_executable))
    left = [line.strip() for text in texts for line in text.splitlines() if _PLACEHOLDER.search(line)]
    if left:
        remedy = f"{_how_to_fill_in(target, role)} Then `verdi code delete {label}` and create the code anew."
        raise InputError(f"a placeholder is left in {label}: {left[0]}", remedy=remedy)
    prepend = f"{target.computer.get_prepend_text() or ''}\n{texts[0]}"
    status, out, err = target.run(f"{prepend}\n{shlex.quote(texts[1])} {argument}")
    if status:
        raise InputError(
            f"{label} does not start: {_one_line(err or out)}",
            remedy="Check the modules in prepend_text and filepath_executable of the code.",
        )
    return out


def _how_to_fill_in(target: Target, role: str) -> str:
    file = f"setup/codes/{target.computer.label}-{role}.yaml"
    if role != "cp2k":
        return f"Install the Bader engine there (docs/how-to/leonardo.md, step 2) and write its path into {file}."
    _, out, _ = target.run("bash -lc 'module -t avail cp2k 2>&1; module -t spider cp2k 2>&1'")
    modules = sorted(set(re.findall(r"^cp2k/[^\s():]+", out, re.IGNORECASE | re.MULTILINE)))
    found = f"; found now: {', '.join(modules)}" if modules else ""
    return (
        f"Write the module of CP2K into {file}: `module spider cp2k` on the login node tells its name{found}."
    )


def _connection_remedy(computer: orm.Computer, message: str) -> str:
    host = computer.hostname
    if re.search(r"permission denied|authenticat|certificate", message, re.IGNORECASE):
        return f"Renew your key or certificate (`step ssh login …`), then try `ssh {host}`."
    if re.search(r"host key", message, re.IGNORECASE):
        return f"Run `ssh {host}` once and accept its host key."
    return f"Try `ssh {host} true`: it must work without a password."


def _one_line(text: object) -> str:
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no message"
