"""What crosses a stack border: offered once, taken after, nothing unused; for the shipped platform and every case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from sendy_cfn import stacks, wires
from sendy_cfn.config import releases
from sendy_cfn.config.model import Environment
from sendy_cfn.knobs.release import STATE
from sendy_cfn.names import cluster_id
from tests.generated import CASES, Document, Generated, generated

STACK = "AWS::CloudFormation::Stack"
RESOLVED = "AWS::SSM::Parameter::Value<"


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.name)
def made(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def nested(template: Document) -> dict[str, Document]:
    return {name: r["Properties"] for name, r in template["Resources"].items() if r["Type"] == STACK}


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every (key, value) of every mapping."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def references(value: Any) -> Iterator[str]:
    """Logical ids and parameters that anything in the value refers to."""
    for key, inner in walk(value):
        if key in ("Ref", "Condition") and isinstance(inner, str):
            yield inner
        elif key == "Fn::GetAtt":
            yield inner[0]
        elif key == "Fn::Sub":
            text = inner if isinstance(inner, str) else inner[0]
            yield from (found.partition(".")[0] for found in re.findall(r"\$\{([^!}][^}]*)\}", text))


def child_outputs(value: Any) -> Iterator[tuple[str, str]]:
    for key, inner in walk(value):
        if key == "Fn::GetAtt" and str(inner[1]).startswith("Outputs."):
            yield inner[0], inner[1].removeprefix("Outputs.")


def test_every_nested_stack_gets_exactly_the_parameters_it_has(made: Generated) -> None:
    seen = 0
    for file, template in made.templates.items():
        for name, properties in nested(template).items():
            child = made.templates[properties["TemplateURL"]]["Parameters"]
            needed = {p for p, spec in child.items() if not (spec["Type"].startswith(RESOLVED) and "Default" in spec)}
            assert set(properties.get("Parameters", {})) == needed, f"{file}: {name}"
            seen += 1
    assert seen > 4


def test_every_output_taken_from_a_nested_stack_exists(made: Generated) -> None:
    for file, template in made.templates.items():
        children = nested(template)
        for name, output in child_outputs([template["Resources"], template.get("Outputs", {})]):
            child = made.templates[children[name]["TemplateURL"]]
            assert output in child["Outputs"], f"{file}: {name}.{output}"
            assert "Condition" not in child["Outputs"][output], f"{file}: {name}.{output} may be missing"


def test_a_value_is_offered_by_one_stack_and_taken_by_later_ones(made: Generated) -> None:
    for file, template in made.templates.items():
        order = list(nested(template))
        for position, (name, properties) in enumerate(nested(template).items()):
            for parameter, value in properties.get("Parameters", {}).items():
                for source, output in child_outputs(value):
                    # Of what several clusters offer, the name says which one's it is.
                    of_cluster = source.removeprefix("Cluster") + output
                    assert parameter in (output, of_cluster), f"{file}: {name}.{parameter} is fed by another name"
                    assert order.index(source) < position, f"{file}: {name} takes from a later stack"


def test_no_parameter_condition_or_resource_is_left_over(made: Generated) -> None:
    for file, template in made.templates.items():
        used = set(references({key: value for key, value in template.items() if key != "Metadata"}))
        conditions = {r["Condition"] for r in template["Resources"].values() if "Condition" in r}
        branches = {inner[0] for key, inner in walk(template) if key == "Fn::If"}
        assert set(template.get("Parameters", {})) <= used, file
        assert set(template.get("Conditions", {})) <= used | conditions | branches, file


def test_names_mean_one_thing(made: Generated) -> None:
    """A parameter has one declaration in all templates; values from SSM may also come from a root."""
    seen: dict[str, Document] = {}
    for file, template in made.templates.items():
        assert not set(template.get("Parameters", {})) & set(template["Resources"]), file
        for name, spec in template.get("Parameters", {}).items():
            if name in wires.BY_NAME or name in wires.OF_GREEN or spec["Type"].startswith(RESOLVED):
                continue
            assert seen.setdefault(name, spec) == spec, f"{file}: {name}"


def published(made: Generated, environment: Environment) -> list[str]:
    """Names of the SSM parameters that an environment's stacks make."""
    network = made.templates[stacks.network_file(environment)]
    cluster = made.templates[stacks.cluster_file(environment)]
    ids = [cluster_id(colour, cell) for cell in made.platform.cells for colour in environment.clusters]
    found = []
    for template, clusters in ((network, [""]), (cluster, ids), (made.templates["deploy-roles.yaml"], [""])):
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::SSM::Parameter":
                name = resource["Properties"]["Name"]["Fn::Sub"].replace("${Environment}", environment.name)
                found += [name.replace("${ClusterId}", identifier) for identifier in clusters]
    return found


def template_of(made: Generated, configuration: str) -> str:
    """The template that is deployed with a configuration file."""
    place, _, name = configuration.rpartition("/")
    if name == "environment.json":
        return stacks.environment_file(made.platform.environments[place])
    if not name.startswith("service-"):
        return name.replace(".json", ".yaml")
    service = made.platform.services[name.removeprefix("service-").removesuffix(".json")]
    return releases.service_file(service, releases.variant(service, made.platform.environments[place]))


def looked_up(made: Generated) -> Iterator[tuple[str, str]]:
    """(who, SSM parameter) for everything that a template or configuration resolves from SSM."""
    for file, configuration in made.configurations.items():
        name = template_of(made, file)
        if name.startswith("service-"):
            for parameter, spec in made.templates[name]["Parameters"].items():
                if spec["Type"].startswith(RESOLVED) and "Default" not in spec:
                    yield file, configuration["Parameters"][parameter]
    for file, template in made.templates.items():
        for spec in template.get("Parameters", {}).values():
            if spec["Type"].startswith(RESOLVED) and str(spec.get("Default", "")).startswith(
                f"/{made.platform.platform}/"
            ):
                yield file, spec["Default"]


def test_whatever_is_looked_up_is_published_once_and_the_other_way_round(made: Generated) -> None:
    names = [name for e in made.platform.environments.values() for name in published(made, e)]
    for file in ("artifacts.yaml", "notifications.yaml", "source.yaml", "release-tools.yaml"):
        for resource in made.templates.get(file, {"Resources": {}})["Resources"].values():
            name = resource["Properties"].get("Name", "")
            if resource["Type"] == "AWS::SSM::Parameter" and "/settings/" not in name:  # those are for builds
                names.append(name)
    assert len(set(names)) == len(names)
    wanted = {name for _, name in looked_up(made)}
    assert wanted <= set(names)
    idle = {name.rpartition("/")[2] for name in set(names) - wanted}
    # Green waits for its first release, and a published value may wait for a service that needs it.
    needed = {name.rpartition("/")[2] for name in wanted}
    # Roles in other accounts and regions are not looked up: people copy their ARNs.
    optional = {"hosted-zone-id", "key-arn", "vpc-id", "connection-arn"} | {
        f"{role}-role-arn" for role in ("pipeline", "cloudformation", "reader")
    }
    assert idle <= needed | optional | {"load-balancer-full-name"} | {
        f"capacity-provider-{a}" for a in ("amd64", "arm64")
    }


def test_configurations_fit_their_templates(made: Generated) -> None:
    """All parameters without a default are there, but for those that the pipeline hands over; none is unknown."""
    for file, configuration in made.configurations.items():
        name = template_of(made, file)
        parameters = made.templates[name].get("Parameters", {})
        given = configuration["Parameters"]
        assert set(given) <= set(parameters), file
        missing = {p for p, spec in parameters.items() if "Default" not in spec} - set(given)
        handed = {"Image", "Version"} if "Image" in parameters else {knob.name for knob in STATE}
        assert missing == (handed if name.startswith("service-") else set()), file
        for parameter, value in given.items():
            pattern = parameters[parameter].get("AllowedPattern", "")
            assert re.search(pattern, value), f"{file}: {parameter}"


def test_nothing_is_exported(made: Generated) -> None:
    for file, template in made.templates.items():
        keys = {key for key, _ in walk(template)}
        assert not keys & {"Export", "Fn::ImportValue"}, file


def test_no_servers_or_custom_resources_deliver(made: Generated) -> None:
    for file, template in made.templates.items():
        types = {resource["Type"] for resource in template["Resources"].values()}
        assert not {t for t in types if t.startswith(("Custom::", "AWS::Lambda::"))}, file
        assert "AWS::CloudFormation::CustomResource" not in types, file
        if not file.startswith("cluster"):
            assert not {t for t in types if t.startswith(("AWS::AutoScaling", "AWS::EC2::Instance"))}, file


def test_console_groups_name_every_parameter_once(made: Generated) -> None:
    for file, template in made.templates.items():
        if "Parameters" not in template:
            continue
        groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        grouped = [name for group in groups for name in group["Parameters"]]
        assert grouped == list(template["Parameters"]), file
        for name, spec in template["Parameters"].items():
            assert spec["Description"], f"{file}: {name}"
        for name, output in template.get("Outputs", {}).items():
            assert output["Description"], f"{file}: {name}"
