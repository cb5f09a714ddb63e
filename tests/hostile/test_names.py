"""Names that collide where people don't see it, that AWS or we keep for ourselves, and names at their limits."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sendy_cfn.config import patterns
from sendy_cfn.config.model import Platform
from sendy_cfn.errors import ConfigError
from tests.hostile import checked
from tests.hostile.folders import Document, Folders, written
from tests.hostile.test_valid import names_are_unique_and_fit
from tests.hostile.values import fits
from tests.platforms import platform as read

SERVICE: Document = {"kind": "web", "source": {"repository": "demo/shop"}}


def document(**more: Any) -> Document:
    """A small platform with other keys."""
    return {
        "platform": "demo",
        "domain": "demo.example",
        "toolchain": {"region": "eu-west-1", "source": {"repository": "demo/platform"}},
        "environments": {"test": {"region": "eu-west-1"}},
        "services": {"shop": SERVICE},
    } | more


def services(*names: str, **more: Any) -> Document:
    return {name: SERVICE | {"priority": number + 1} | more for number, name in enumerate(names)}


def take(found: Document) -> Platform:
    return read(written(found).decode())


def refused(found: Document) -> str:
    with pytest.raises(ConfigError) as caught:
        take(found)
    for problem in caught.value.problems:
        assert problem.line > 0, problem
        assert problem.path, problem
    return str(caught.value)


SWITCH = {"live": {"region": "eu-west-1", "clusters": ["blue", "green"], "strategy": "cluster-switch"}}

COLLISIONS: list[tuple[str, Document, str]] = [
    ("case", document(services=services("orders", "Orders")), "services.Orders: the name 'Orders' is not 2 to 24 of"),
    ("hyphens", document(services=services("a-b1", "ab-1")), "services.ab-1: too close to 'a-b1'"),
    ("a hyphen", document(services=services("order", "ord-er")), "services.ord-er: too close to 'order'"),
    (
        "environments",
        document(environments={"ab-1": {"region": "eu-west-1"}, "a-b1": {"region": "eu-west-1"}}),
        "environments.a-b1: too close to 'ab-1'",
    ),
    (
        "case of environments",
        document(environments={"test": {"region": "eu-west-1"}, "TEST": {"region": "eu-west-1"}}),
        "the name 'TEST' is not 1 to 12 of",
    ),
    (
        "an environment in another",
        document(environments={"a": {"region": "eu-west-1"}, "a-b": {"region": "eu-west-1"}}),
        "environments.a-b: begins with the name of 'a'",
    ),
    ("case of hosts", document(services=services("a1", "b1", host="Shop")), "'Shop', expected a DNS label"),
    ("the same host", document(services=services("a1", "b1", host="shop")), "host 'shop' with path '/*' already"),
    (
        "a parameter and a resource",
        document(environments={"pipeline-x": {"region": "eu-west-1"}}, services=services("x-pipeline-role-arn")),
        "services.x-pipeline-role-arn: its pipeline and a role of 'pipeline-x' get one CloudFormation name",
    ),
    (
        "a host that is another's name",
        document(services={"a1": SERVICE | {"host": "b1"}, "b1": SERVICE}),
        "services.b1: host 'b1' with path '/*' already reaches 'a1'",
    ),
    (
        "the same priority",
        document(services={"a1": SERVICE | {"priority": 9}, "b1": SERVICE | {"priority": 9}}),
        "services.b1: listener rule priority 9 is also that of 'a1'; set 'priority' here",
    ),
    (
        "case of variables",
        document(services={"shop": SERVICE | {"environment": {"Path": "x"}}}),
        "the name 'Path' is not a variable name",
    ),
    (
        "one variable as a secret",
        document(services={"shop": SERVICE | {"environment": {"A": "x"}, "secrets": {"A": "/x"}}}),
        "'A' is also in 'environment'",
    ),
    (
        "templates",
        document(
            services=services("shop") | {"shop-canary": SERVICE | {"strategies": {"test": "rolling"}}},
            environments={"test": {"region": "eu-west-1", "strategy": "canary"}},
        ),
        "service-shop-canary.yaml is also that of 'shop'",
    ),
    # Alarms <stack>-green-errors and the family <name>-green are both those of shop's second side and of shop-green.
    (
        "a side of a switch",
        document(environments=SWITCH, services=services("shop") | {"shop-green": SERVICE | {"host": "other"}}),
        "services.shop-green: 'shop-green' is how the green side of 'shop' is called",
    ),
    (
        "a side's host",
        document(environments=SWITCH, services=services("shop") | {"other": SERVICE | {"host": "shop-blue"}}),
        "'shop-blue' is where its blue side answers",
    ),
    (
        "a domain twice",
        document(environments={n: {"region": "eu-west-1", "domain": "a.example"} for n in ("x", "y")}),
        "'a.example' is the domain of 'x' already",
    ),
    (
        "a host that is a domain",
        document(
            environments={n: {"region": "eu-west-1", "domain": d} for n, d in (("x", "a.eu"), ("y", "shop.a.eu"))}
        ),
        "host 'shop' below 'a.eu' is the domain of 'y'",
    ),
    # Values of one listener rule: two hosts and three paths are five.
    (
        "paths beside two hosts",
        document(environments=SWITCH, services={"shop": SERVICE | {"paths": ["/a", "/b", "/c", "/d"]}}),
        "'cluster-switch' takes at most 3 paths, shop has 4",
    ),
    (
        "a domain that no certificate has",
        document(domain=f"{'d' * 50}.example-com.example"),
        "environments.test: the domain 'test.ddd",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("found", "says"), [case[1:] for case in COLLISIONS], ids=[case[0] for case in COLLISIONS])
def test_names_that_become_one_are_told_apart_before_aws_does(found: Document, says: str) -> None:
    assert says in refused(found)


@pytest.mark.parametrize(
    "name", ["aws", "awsome", "ecs", "ecs-shop", "fargate1", "ssm", "ssm-x", "sthree", "sthree-shop", "amzn-s3-demo"]
)
def test_platforms_are_not_called_as_aws_keeps_for_itself(name: str) -> None:
    """Capacity providers, SSM parameters and buckets begin with it."""
    assert f"platform: '{name}', expected 2 to 16 of" in refused(document(platform=name))


@pytest.mark.parametrize("name", ["toolchain", "toolchain-2", "platform", "artifacts"])
def test_environments_are_not_called_as_the_toolchains_files(name: str) -> None:
    assert f"environments.{name}: the name is taken" in refused(document(environments={name: {"region": "eu-west-1"}}))


WORDS = (
    "toolchain", "environment", "cluster", "network", "default", "defaults", "config", "templates", "platform",
    "artifacts", "source", "release", "release-tools", "builds", "pipeline", "service", "deploy-roles", "monitoring",
    "registry", "cache", "blue", "green", "aws", "ssm", "ecs", "fargate", "null", "true", "yes", "no", "on", "y1",
    "con", "nul", "aux", "index", "main", "master", "stack", "ref", "fn", "sub", "vpc", "image", "quality", "smoke",
    "regression", "load", "author", "scan", "state", "verify", "revision", "settings", "errors", "latency", "tasks",
)  # fmt: skip


def test_services_and_environments_may_have_every_other_word() -> None:
    """Words of ours, of AWS, YAML and file systems: all at once, generated, wired, with names of their own."""
    names = [name for name in WORDS if fits(patterns.SERVICE_NAME, name)]
    places = ("default", "config")
    found = document(
        platform="platform",
        environments={name: {"region": "eu-west-1"} for name in places},
        services=services(*names[:40]) | {n: SERVICE | {"cell": 2} for n in names[40:]},
    )
    with Folders() as folders:
        folder = folders.fresh()
        values = {"environment": {"VpcCidr": "10.1.0.0/16"}, "defaults": {"MaxDecisionMinutes": 90}}
        folder.put(platform=found, toolchain={"toolchain": {}}, **dict.fromkeys(places, values))
        folder.generate()
        made = folder.read()
        checked.limits(made)
        checked.wiring(made)
        names_are_unique_and_fit(made)
        assert len(made.platform.services) > 50


FORMS = (
    "AWS::Region", "AWS::NoValue", "Ref", "Fn::Sub", "${x}", "a.b", "a/b", "..", "-a", "a-", "a--b", "a_b", "1a", "",
    "a" * 25, "caf\u00e9", "\uff41bc", "a\u0301b", " a", "a\n",
)  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_names_of_another_form_are_refused(name: str) -> None:
    assert "is not 2 to 24 of" in refused(document(services={name: SERVICE}))
    assert "is not 1 to 12 of" in refused(document(environments={name: {"region": "eu-west-1"}}))
    assert "expected 2 to 16 of" in refused(document(platform=name))


@pytest.mark.parametrize(
    "arn",
    [
        "*", "arn:aws:s3:::*", "arn:aws:s3:::?", "arn:aws:s3:::*-x", "arn:aws:s3::::x", "arn:aws:s3:::", "arn:*:s3:::x",
        "arn:aws:*:::x", "arn:aws:s3:*::x", "arn:aws:s3::*:x", "arn:aws:s3:::${aws:username}", "arn:awsx:s3:::x",
        "arn:aws:s3:{region}x::y", "arn:aws:s3:::{account", "arn:aws:s3:::{nope}", "arn:aws:9:::x", "arn:aws:s3:::x y",
    ],
)  # fmt: skip
def test_permissions_are_for_something_in_particular(arn: str) -> None:
    permission = {"actions": ["s3:GetObject"], "resources": [arn]}
    assert "permissions[0].resources[0]" in refused(
        document(services={"shop": SERVICE | {"permissions": [permission]}})
    )


@pytest.mark.parametrize(
    "action", ["*", "s3:*", "s3:Get*", "S3:GetObject", "*:GetObject", "s3:GetObject,s3:Put", "1:30", "a:3B"]
)
def test_permissions_name_each_action(action: str) -> None:
    permission = {"actions": [action], "resources": ["arn:aws:s3:::x"]}
    assert "permissions[0].actions[0]" in refused(document(services={"shop": SERVICE | {"permissions": [permission]}}))


@pytest.mark.parametrize(
    "secret",
    [
        "/*", "/a?", "secretsmanager:*", "arn:aws:ssm:eu-west-1:111122223333:secret:x",
        "arn:aws:secretsmanager:eu-west-1:111122223333:parameter/x", "arn:aws:ssm:eu-west-1:*:parameter/x",
        "arn:aws:ssm:eu-west-1:111122223333:parameter/*", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:*",
        "arn:aws:ssm:eu-west-1:111122223333:parameter/x:secretsmanager:y", "arn:aws:s3:::x", "/${x}",
    ],
)  # fmt: skip
def test_secrets_are_one_each(secret: str) -> None:
    assert "secrets.X" in refused(document(services={"shop": SERVICE | {"secrets": {"X": secret}}}))


def test_thousands_of_services_are_refused_in_seconds() -> None:
    """Rules that look at pairs must not be what a large file waits for."""
    started = time.process_time()
    many = document(services={f"s{n}": SERVICE | {"host": "one"} for n in range(8_000)})
    many["environments"] = {f"e{n}": {"region": "eu-west-1"} for n in range(8)}
    text = written(many).replace(b'"', b"").decode()
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert "cell 1 has 8000 services, at most 60" in str(caught.value)
    assert time.process_time() - started < 20


def test_a_list_of_a_hundred_thousand_is_refused_in_seconds() -> None:
    started = time.process_time()
    for key in ("outbound_ports", "environment"):
        entries = ",".join(map(str, range(200_000)))
        value = f"[{entries}]" if key == "outbound_ports" else "{" + ",".join(f"A{n}: x" for n in range(100_000)) + "}"
        text = written(document()).decode().replace('"kind"', f'"{key}": {value}\n    "kind"')
        with pytest.raises(ConfigError, match="expected at most"):
            read(text)
    actions = ",".join(f"a:B{n}" for n in range(100_000))
    permission = f'"permissions": [{{actions: [{actions}], resources: ["arn:aws:s3:::a"]}}]'
    with pytest.raises(ConfigError, match="expected at most"):
        read(written(document()).decode().replace('"kind"', f'{permission}\n    "kind"'))
    assert time.process_time() - started < 40
