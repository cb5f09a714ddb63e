"""Bad input, as a user meets it: the real command on a copy of the shipped params/ with one mistake in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.platforms import ROOT


@dataclass(frozen=True)
class Case:
    """Replace `old` by `new` in a file; {at} in `says` is the file and the line that holds `at`."""

    name: str
    old: str
    new: str
    says: str
    at: str = ""
    file: str = "platform.yaml"


CASES = (
    Case(
        "unknown key",
        "    kind: web\n    source:\n      repository: courier/orders",
        "    knd: web\n    kind: web\n    source:\n      repository: courier/orders",
        "{at} services.orders.knd: unknown key, did you mean 'kind'?",
        at="knd",
    ),
    Case(
        "missing key",
        "      repository: courier/orders",
        "      branch: main",
        "{at} services.orders.source: missing key 'repository', needed by provider 'connection'",
        at="    source:",
    ),
    Case(
        "missing required key",
        "    region: eu-central-1\n    tests: [smoke, load]",
        "    tests: [smoke, load]",
        "{at} environments.staging: missing key 'region' (AWS region)",
        at="  staging:",
    ),
    Case(
        "number out of range",
        "port: 8080",
        "port: 70000",
        "{at} services.orders.port: 70000, expected 1 to 65535",
        at="70000",
    ),
    Case(
        "text where a number belongs",
        "port: 8080",
        "port: http",
        "{at} services.orders.port: 'http', expected a whole number",
        at="port: http",
    ),
    Case(
        "number where text belongs",
        'user: "65532"',
        "user: 65532",
        "{at} services.tracking.user: 65532, expected a numeric user id other than 0, in quotes; quote it",
        at="user: 65532",
    ),
    Case(
        "root user",
        'user: "65532"',
        'user: "0"',
        "{at} services.tracking.user: '0', expected a numeric user id other than 0, in quotes",
        at='user: "0"',
    ),
    Case(
        "word that is not allowed",
        "capacity: fargate-spot",
        "capacity: fargat-spot",
        (
            "{at} services.pricing.capacity: 'fargat-spot', expected fargate | fargate-spot | ec2, did you mean "
            "'fargate-spot'?"
        ),
        at="fargat-",
    ),
    Case(
        "misspelt region",
        "  region: eu-central-1\n  connection",
        "  region: eu-centrall-1\n  connection",
        "{at} toolchain.region: 'eu-centrall-1' is not an AWS region, did you mean 'eu-central-1'?",
        at="centrall",
    ),
    Case(
        "name that is not allowed",
        "  tracking:   ",
        "  Tracking_2:   ",
        "{at} services.Tracking_2: the name 'Tracking_2' is not 2 to 24 of a-z, 0-9 and single '-', a letter first",
        at="Tracking_2",
    ),
    Case(
        "duplicate key",
        "    port: 9000",
        "    port: 9000\n    port: 9001",
        "{at} duplicate key 'port', first on line {before}",
        at="9001",
    ),
    Case(
        "not YAML",
        "environment:\n      LOG_LEVEL: info",
        "environment: [\n      LOG_LEVEL: info",
        "{at} not YAML: while parsing a flow sequence did not find expected ',' or ']'",
        at="    secrets:",
    ),
    Case(
        "anchor",
        "    port: 9000",
        "    port: &port 9000",
        "{at} anchor '&port'; anchors are not supported",
        at="&port",
    ),
    Case(
        "tab",
        "    port: 9000",
        "\tport: 9000",
        "{at} tab in the indentation; YAML indents with spaces",
        at="\tport",
    ),
    Case(
        "reference in a value",
        "repository: courier/tracking",
        'repository: "courier/${AWS::Region}"',
        "{at} services.tracking.source.repository: 'courier/${AWS::Region}', expected owner/name",
        at="${AWS",
    ),
    Case(
        "dynamic reference",
        "      LOG_LEVEL: info",
        '      TOKEN: "{{resolve:secretsmanager:courier/token}}"',
        "{at} services.orders.environment.TOKEN: '{{resolve:secretsmanager:courier/token}}': a dynamic reference; "
        "'secrets' hands over secrets",
        at="TOKEN",
    ),
    Case(
        "commands that are too long",
        "[./regression.sh]",
        '["' + "x" * 1000 + '", "' + "y" * 1000 + '", "' + "z" * 1000 + '", "' + "a" * 1000 + '"]',
        "{at} services.pricing.tests.regression: 4003 characters, at most 4000; put them into a script",
        at="regression: [",
    ),
    Case(
        "unknown placeholder",
        "DATABASE_URL: /courier/{environment}/",
        "DATABASE_URL: /courier/{env}/",
        "{at} services.orders.secrets.DATABASE_URL: '{env}' is no placeholder, known are {environment}",
        at="{env}",
    ),
    Case(
        "wildcard action",
        "actions: [sqs:SendMessage, sqs:GetQueueAttributes]",
        'actions: ["sqs:*"]',
        (
            "{at} services.orders.permissions[0].actions[0]: 'sqs:*', expected one action such as 's3:GetObject', "
            "without '*'"
        ),
        at='"sqs:*"',
    ),
    Case(
        "same requests twice",
        "    host: api\n    paths: [/pricing, /pricing/*]",
        "    host: orders",
        "{at} services.pricing: host 'orders' with path '/*' already reaches 'orders'",
        at="  pricing:",
    ),
    Case(
        "same priority twice",
        "    port: 9000",
        "    port: 9000\n    priority: 39496",
        (
            "services.tracking: listener rule priority 39496 is also that of 'orders'; set 'priority' here, for "
            "example 39497"
        ),
    ),
    Case(
        "capacity that no cluster has",
        "ec2: [arm64]",
        "ec2: []",
        "{at} services.tracking.capacity: 'ec2' for arm64 needs 'arm64' in 'cluster.ec2'",
        at="    capacity: ec2",
    ),
    Case(
        "second cluster without a first",
        "clusters: [blue, green]",
        "clusters: [green]",
        "{at} environments.production.clusters: expected [blue] or [blue, green]",
        at="[green]",
    ),
    Case(
        "one variable from two sources",
        "      LOG_LEVEL: info",
        "      DATABASE_URL: x",
        (
            "{at} services.orders.secrets.DATABASE_URL: 'DATABASE_URL' is also in 'environment'; a variable has "
            "one source"
        ),
        at="DATABASE_URL: /courier",
    ),
    Case(
        "host without a domain",
        "domain: courier.example           #",
        "#",
        "{at} services.pricing.host: needs the platform's 'domain'",
        at="    host: api",
    ),
    Case(
        "filters on CodeCommit",
        "      repository: courier/tracking\n",
        "      repository: tracking\n      provider: codecommit\n",
        (
            "{at} services.tracking.source.tags: needs provider 'connection': CodePipeline filters only its "
            "pushes, this is 'codecommit'"
        ),
        at='tags: ["v*"]',
    ),
    Case(
        "list where a word belongs",
        "  dual_stack: false",
        "  dual_stack: []",
        "{at} network.dual_stack: a list, expected true or false",
        at="dual_stack: []",
    ),
    Case(
        "empty value",
        "    host: api",
        "    host:",
        "{at} services.pricing.host: nothing, expected a DNS label",
        at="    host:",
    ),
    Case(
        "an environment's name in another's",
        "  staging:\n",
        "  test-2:\n",
        "{at} environments.test-2: begins with the name of 'test': "
        "their stacks, roles and policies are told apart by it",
        at="  test-2:",
    ),
    Case(
        "too close names",
        "  tracking:   ",
        "  order-s:   ",
        "{at} services.order-s: too close to 'orders': both become the same CloudFormation name",
        at="order-s:",
    ),
    Case(
        "unknown parameter",
        "  MinTasks:",
        "  MinTask: 1\n  MinTasks:",
        "{at} defaults.MinTask: unknown parameter, did you mean 'MinTasks'?",
        at="MinTask:",
        file="test.yaml",
    ),
    Case(
        "value above its maximum",
        "  MaxTasks:",
        "  GracePeriod: 4000\n  MaxTasks:",
        "{at} defaults.GracePeriod: 4000, expected a number from 0 to 3600",
        at="4000",
        file="test.yaml",
    ),
    Case(
        "value outside its list",
        "  Nat:",
        "  Nat: many\n  #",
        "{at} environment.Nat: 'many', expected none | single | per-zone",
        at="many",
        file="test.yaml",
    ),
    Case(
        "value outside its pattern",
        "  VpcCidr:",
        "  VpcCidr: 10.0.0.0/8\n  #",
        "{at} environment.VpcCidr: '10.0.0.0/8', expected",
        at="10.0.0.0/8",
        file="test.yaml",
    ),
    Case(
        "missing parameter",
        "  VpcCidr:",
        "  #",
        "{at} environment: missing parameter 'VpcCidr'",
        at="environment:",
        file="test.yaml",
    ),
    Case(
        "parameter that the pipeline sets",
        "  MaxTasks:",
        "  Image: x\n  MaxTasks:",
        "{at} defaults.Image: is filled in from platform.yaml or by the pipeline; leave it out",
        at="Image",
        file="test.yaml",
    ),
    Case(
        "parameter of another kind of capacity",
        "services:\n",
        "services:\n  orders: {SpotWeight: 2}\n",
        "{at} services.orders.SpotWeight: no parameter of this stack: platform.yaml says nothing that uses it",
        at="SpotWeight",
        file="test.yaml",
    ),
    Case(
        "unknown service",
        "services:\n",
        "services:\n  trackin: {MinTasks: 1}\n",
        "{at} services.trackin: unknown service, did you mean 'tracking'?",
        at="trackin:",
        file="test.yaml",
    ),
    Case(
        "sizes that Fargate lacks",
        "services:\n",
        "services:\n  orders: {Cpu: 256, Memory: 8192}\n",
        "{at} services.orders.Memory: Memory 8192 with Cpu 256, expected 512 | 1024 | 2048",
        at="8192",
        file="test.yaml",
    ),
    Case(
        "a timeout as long as its interval",
        "services:\n",
        "services:\n  orders: {HealthTimeout: 10}\n",
        "{at} services.orders.HealthTimeout: HealthTimeout 10 is not less than HealthInterval 10",
        at="HealthTimeout",
        file="test.yaml",
    ),
    Case(
        "too many wildcards",
        "[/pricing, /pricing/*]",
        '["/a*b*", "/c*d*", "/e*f*"]',
        "{at} services.pricing.paths: 6 wildcards, a listener rule takes 5",
        at="/a*b*",
    ),
    Case(
        "subnets that do not fit",
        "  VpcCidr: 10.10.0.0/16",
        "  VpcCidr: 10.10.0.0/20",
        "{at} environment.VpcCidr: SubnetBits 12, expected at most 8: 16 subnets have to fit in 10.10.0.0/20",
        at="VpcCidr:",
        file="test.yaml",
    ),
    Case(
        "more at least than at most",
        "services:\n",
        "services:\n  orders: {MinTasks: 9, MaxTasks: 3}\n",
        "{at} services.orders.MinTasks: MinTasks 9 is more than MaxTasks 3",
        at="MinTasks: 9",
        file="test.yaml",
    ),
)


def generate(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "generate.py", "--params", "params", "--out", "out"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "params", tmp_path / "params")
    return tmp_path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_mistake_is_named_with_file_line_path_and_what_is_allowed(folder: Path, case: Case) -> None:
    path = folder / "params" / case.file
    text = path.read_text()
    assert case.old in text
    path.write_text(text.replace(case.old, case.new, 1))

    done = generate(folder)

    number = line_of(path.read_text(), case.at) if case.at else 0
    says = case.says.replace("{at}", f"params/{case.file}:{number}:").replace("{before}", str(number - 1))
    assert says in done.stderr
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (folder / "out").exists()


def test_all_mistakes_of_a_file_come_at_once_in_its_order(folder: Path) -> None:
    path = folder / "params/platform.yaml"
    path.write_text(path.read_text().replace("port: 8080", "port: 0").replace("port: 9000", "prt: 9000"))

    lines = generate(folder).stderr.splitlines()

    assert len(lines) == 2
    assert "services.orders.port" in lines[0]
    assert "services.tracking.prt" in lines[1]


def test_mistakes_in_single_keys_and_between_keys_come_together(folder: Path) -> None:
    path = folder / "params/platform.yaml"
    text = path.read_text().replace("port: 8080", "port: 0").replace("ec2: [arm64]", "ec2: []")
    path.write_text(text.replace("    capacity: fargate-spot", "    capacity: fargate-spot\n    hots: api"))

    lines = generate(folder).stderr.splitlines()

    assert [line.split(": ")[1] for line in lines] == [
        "services.orders.port",  # left out from here on
        "services.pricing.hots",
        "services.tracking.capacity",  # a rule over two sections of the file
    ]


def test_values_files_are_reported_together(folder: Path) -> None:
    for name in ("test", "staging"):
        path = folder / f"params/{name}.yaml"
        path.write_text(path.read_text().replace("  MaxTasks:", "  MaxTask: 1\n  MaxTasks:", 1))

    lines = generate(folder).stderr.splitlines()

    assert [line.split(":")[0] for line in lines] == ["params/staging.yaml", "params/test.yaml"]


def test_missing_values_file(folder: Path) -> None:
    (folder / "params/staging.yaml").unlink()

    done = generate(folder)

    assert done.stderr == "params/staging.yaml: can't be read: No such file or directory\n"
    assert done.returncode == 2


def test_a_failed_run_leaves_the_old_files(folder: Path) -> None:
    assert generate(folder).returncode == 0
    before = {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()}
    path = folder / "params/platform.yaml"
    path.write_text(path.read_text().replace("port: 8080", "port: 8081").replace("port: 9000", "port: 0"))

    assert generate(folder).returncode == 2

    assert {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()} == before
    assert sorted(p.name for p in folder.iterdir()) == ["out", "params"]
