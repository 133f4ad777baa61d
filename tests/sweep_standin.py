"""A stand-in for the DFT of one model: a sum that takes as long as its specification says."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, ToContext, WorkChain, calcfunction
from aiida.engine.processes.workchains.workchain import WorkChainSpec
from aiida.plugins import CalculationFactory
from ase import Atoms

from aiida_chargeflow.workchains.model import ModelWorkChain
from aiida_chargeflow.workchains.sweep import SweepWorkChain


@calcfunction
def successor(spec: orm.Dict) -> orm.Int:
    """Return a number, so that the stand-in has something to create."""
    return orm.Int(spec["x"] + 1)


class StandInModel(WorkChain):
    """Sleep as a job if a code is given, else only run a function; fail if the specification says so."""

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        super().define(spec)
        spec.input("spec", valid_type=orm.Dict)
        spec.input("digest", valid_type=orm.Str)
        spec.input("code", valid_type=orm.AbstractCode, required=False)
        spec.input("options", valid_type=dict, non_db=True, required=False)
        spec.outline(cls.work, cls.results)
        spec.output("result", valid_type=orm.Int)
        spec.exit_code(411, "ERROR_STAND_IN", message="The stand-in failed: {reason}")

    def work(self) -> ToContext | None:
        """Start the job."""
        if "code" not in self.inputs:
            return None
        job = CalculationFactory("core.arithmetic.add")
        options = {
            "resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1},
            "sleep": self.inputs.spec["sleep"],
            "prepend_text": self.inputs.spec.get_dict().get("shell", ""),
            **self.inputs.get("options", {}),
        }
        metadata = {"options": options, "call_link_label": "job"}
        return ToContext(
            job=self.submit(
                job, code=self.inputs.code, x=orm.Int(self.inputs.spec["x"]), y=orm.Int(0), metadata=metadata
            )
        )

    def results(self) -> ExitCode | None:
        """Fail or give a number."""
        if self.inputs.spec.get_dict().get("fail"):
            return self.exit_codes.ERROR_STAND_IN.format(reason="as it was told to")
        if "job" in self.ctx and not self.ctx.job.is_finished_ok:
            return self.exit_codes.ERROR_STAND_IN.format(reason=self.ctx.job.exit_message)
        self.out("result", successor(self.inputs.spec))
        return None


class StandInSweepWorkChain(SweepWorkChain):
    """A sweep of stand-ins."""

    @classmethod
    def model_class(cls) -> type[WorkChain]:
        """Return the stand-in."""
        return StandInModel


@calcfunction
def molecule(spec: orm.Dict) -> orm.StructureData:
    """Return the atoms that a specification lists, instead of building a dot."""
    atoms = Atoms(spec["symbols"], positions=spec["positions_ang"], tags=spec["tags"])
    return orm.StructureData(ase=atoms)


class MoleculeModel(ModelWorkChain):
    """The whole chain, from CP2K to charge flow, on a molecule: seconds instead of hours."""

    def build(self) -> None:
        """Take the atoms as they are."""
        self.ctx.structure = molecule(self.inputs.spec)


class MoleculeSweepWorkChain(SweepWorkChain):
    """A sweep of molecules."""

    @classmethod
    def model_class(cls) -> type[WorkChain]:
        """Return the chain of a molecule."""
        return MoleculeModel
