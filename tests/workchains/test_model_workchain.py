"""The builder of a model: pinned by a regression file, refused where a protocol is wrong."""

import pytest
from aiida import orm
from aiida.engine.utils import instantiate_process
from aiida.manage import get_manager

from aiida_chargeflow.runs.submit import load_codes
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.workchains.model import ModelWorkChain, point_digest
from aiida_chargeflow.workchains.protocols import describe_protocol, load_protocol, protocol_names

SPEC = {"core": {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]}}


@pytest.fixture
def codes(aiida_code_installed):
    return {
        name: aiida_code_installed(default_calc_job_plugin=plugin, filepath_executable="/bin/true")
        for name, plugin in (("cp2k", "cp2k"), ("bader", "chargeflow.bader"))
    }


def serialise(inputs):
    """Return builder inputs as plain values; nodes by their content."""
    plain = {}
    for key, value in sorted(inputs.items()):
        if hasattr(value, "get_dict"):
            plain[key] = value.get_dict()
        elif hasattr(value, "filename"):
            plain[key] = value.filename
        elif hasattr(value, "full_label"):
            plain[key] = value.default_calc_job_plugin
        elif hasattr(value, "value"):
            plain[key] = value.value
        else:
            plain[key] = serialise(value) if hasattr(value, "items") else value
    return plain


@pytest.mark.parametrize("protocol", ["demo", "fast", "balanced", "stringent", "published"])
def test_builder_is_pinned(codes, protocol, data_regression):
    resources = {"num_machines": 2, "num_mpiprocs_per_machine": 4}
    options = {"resources": resources, "account": "project", "max_wallclock_seconds": 3600}
    spec = ModelSpec.from_mapping(SPEC)
    builder = ModelWorkChain.get_builder_from_protocol(codes, spec, protocol, options=options)
    data_regression.check(serialise(builder._inputs(prune=True)))


def test_resources_are_no_part_of_the_identity(codes):
    spec = ModelSpec.from_mapping(SPEC)
    one = ModelWorkChain.get_builder_from_protocol(codes, spec, "demo", options={"account": "a"})
    two = ModelWorkChain.get_builder_from_protocol(codes, spec, "demo", options={"account": "b"})
    other = ModelWorkChain.get_builder_from_protocol(codes, spec, "balanced")
    assert one.digest.value == two.digest.value != other.digest.value


def test_identity_does_not_depend_on_the_order_of_keys():
    assert point_digest({"a": 1, "b": 2}, {"c": {"d": 1, "e": 2}}) == point_digest(
        {"b": 2, "a": 1}, {"c": {"e": 2, "d": 1}}
    )


def test_every_protocol_is_valid_and_described():
    for name in protocol_names():
        assert load_protocol(name)["scf"]["stages"]
        assert describe_protocol(name).endswith(".")


@pytest.mark.parametrize(
    ("name", "overrides", "field"),
    [
        ("balancd", {}, "protocol"),
        ("demo", {"sfc": {}}, "overrides.sfc"),
        ("demo", {"scf": {"cutof_ry": 1}}, "scf.cutof_ry"),
        ("demo", {"scf": 3}, "overrides.scf"),
        ("demo", {"bader": {"method": "voronoi"}}, "bader.method"),
        ("demo", {"charge_flow": {"bond_scal": 1}}, "charge_flow.bond_scal"),
        ("demo", {"scf": {"cutoff_ry": float("inf")}}, "scf.cutoff_ry"),
        ("demo", {"relax": {"levels": ["cheap"]}}, "relax.levels.0"),
        ("demo", {"relax": {"levels": [{"name": "cheap", "scf": 3}]}}, "relax.levels.0.scf"),
    ],
)
def test_a_wrong_override_names_its_field(name, overrides, field):
    with pytest.raises(InputError) as caught:
        load_protocol(name, overrides)
    assert caught.value.field == field


def test_a_relaxation_takes_from_the_protocol_what_its_levels_do_not_say(codes):
    level = {"name": "cheap", "max_force_ev_ang": 0.1, "scf": {"functional": "pbe", "cutoff_ry": 200}}
    overrides = {"relax": {"levels": [level, {"name": "wanted"}]}}
    builder = ModelWorkChain.get_builder_from_protocol(codes, ModelSpec.from_mapping(SPEC), "fast", overrides)
    cheap, wanted = builder.relax.settings["levels"]
    assert (cheap["scf"]["functional"], cheap["scf"]["cutoff_ry"]) == ("pbe", 200)
    assert cheap["scf"]["padding_ang"] == wanted["scf"]["padding_ang"] == 2.5
    assert wanted["scf"] == builder.scf.settings.get_dict()


def test_a_wrong_relaxation_names_its_field():
    with pytest.raises(InputError) as caught:
        load_protocol("fast", {"relax": {"levels": [{"name": "cheap", "optimiser": "LBFGS"}]}})
    assert caught.value.field == "relax.levels.0.optimiser"
    with pytest.raises(InputError, match="levels"):
        load_protocol("fast", {"relax": {"level": []}})


def test_only_ground_states_are_stashed_and_folders_removed_on_demand(codes):
    options = {"stash": "/scratch/kept", "clean_workdir": True}
    level = {"relax": {"levels": [{"name": "wanted"}]}}
    spec = ModelSpec.from_mapping(SPEC)
    builder = ModelWorkChain.get_builder_from_protocol(codes, spec, "fast", level, options)
    assert builder.clean_workdir.value is True
    assert builder.scf.cp2k.metadata.options["stash"]["target_base"] == "/scratch/kept"
    assert not builder.relax.cp2k.metadata.options["stash"]
    assert not builder.bader.metadata.options["stash"]
    plain = ModelWorkChain.get_builder_from_protocol(codes, spec, "fast", level)
    assert plain.digest.value == builder.digest.value


def test_the_partition_gets_some_cores_of_one_node(codes):
    resources = {"num_machines": 2, "num_mpiprocs_per_machine": 112}
    options = {"resources": resources, "account": "mine", "max_memory_kb": 10**8}
    builder = ModelWorkChain.get_builder_from_protocol(
        codes, ModelSpec.from_mapping(SPEC), "fast", {}, options
    )
    asked = builder.bader.metadata.options
    assert (asked["resources"]["num_machines"], asked["resources"]["num_mpiprocs_per_machine"]) == (1, 1)
    assert 1 < asked["resources"]["num_cores_per_mpiproc"] < 112
    assert asked["account"] == "mine"
    options["resources"] = {"num_machines": 1, "num_mpiprocs_per_machine": 1}
    builder = ModelWorkChain.get_builder_from_protocol(
        codes, ModelSpec.from_mapping(SPEC), "fast", {}, options
    )
    assert builder.bader.metadata.options["resources"]["num_cores_per_mpiproc"] == 1


def test_the_codes_must_be_on_one_computer(codes, aiida_computer_local):
    """The cube of the density stays where CP2K wrote it."""
    elsewhere = orm.InstalledCode(
        label="bader",
        computer=aiida_computer_local(label="elsewhere"),
        filepath_executable="/bin/true",
        default_calc_job_plugin="chargeflow.bader",
    ).store()
    mixed = {**codes, "bader": elsewhere}
    builder = ModelWorkChain.get_builder_from_protocol(mixed, ModelSpec.from_mapping(SPEC), "fast")
    with pytest.raises(ValueError, match="on one computer"):
        instantiate_process(get_manager().get_runner(), builder)
    with pytest.raises(InputError, match="different computers"):
        load_codes(cp2k=codes["cp2k"].full_label, bader=elsewhere.full_label)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"stash": "kept"}, "options.stash"),
        ({"stash": "/scratch/$(rm -r x)"}, "options.stash"),
        ({"stash": "/scratch/../../etc"}, "options.stash"),
        ({"clean_workdir": "yes"}, "options.clean_workdir"),
        ({"walltime": 3}, "options.walltime"),
        ({"max_wallclock_seconds": "1 hour"}, "options.max_wallclock_seconds"),
        ({"resources": 3}, "options.resources"),
    ],
)
def test_a_wrong_option_names_its_field(codes, options, field):
    with pytest.raises(InputError) as caught:
        ModelWorkChain.get_builder_from_protocol(codes, ModelSpec.from_mapping(SPEC), "fast", options=options)
    assert caught.value.field == field
