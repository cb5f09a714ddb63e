"""What a rehearsal starts from: roots deployed to an emulator, a Git host with both repositories, secrets."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator import DEFAULT_ACCOUNT, Emulator, running
from emulator.walk_shell import run
from rehearsal.aws import Aws, Place
from rehearsal.events import Events, RehearsalError
from rehearsal.sources import Checkout, GitHost
from sendy_cfn import package, targets
from sendy_cfn.config.model import Platform, Service
from sendy_cfn.generator import MAX_BYTES
from sendy_cfn.targets import Target

_STACK_LIMIT = 180.0  # seconds for a root; 2 on a quiet machine
Values = Mapping[str, Mapping[str, str]]  # file below templates/config -> parameters that get other values


@dataclass(frozen=True)
class Setup:
    """What to rehearse."""

    platform: Platform
    templates: Path
    service: str
    source: Path  # the service's repository
    folder: Path  # everything goes here
    values: Values = field(default_factory=dict)


@dataclass
class World:
    """A deployed platform, and the repositories that feed it."""

    setup: Setup
    aws: Aws
    events: Events
    git: GitHost
    code: Checkout  # of the service
    templates: Checkout  # of the platform

    @property
    def service(self) -> Service:
        """The service that is released."""
        return self.setup.platform.services[self.setup.service]

    @property
    def home(self) -> Place:
        """Where the toolchain is."""
        return place_of(targets.find(self.setup.platform, targets.TOOLCHAIN)[-1])

    @property
    def pipeline(self) -> str:
        """The service's pipeline."""
        return f"{self.setup.platform.platform}-{self.setup.service}"

    def place(self, environment: str) -> Place:
        """Where an environment is."""
        return place_of(targets.find(self.setup.platform, environment)[0])

    @property
    def places(self) -> tuple[Place, ...]:
        """Where environments are, each once."""
        return tuple(dict.fromkeys(self.place(name) for name in self.setup.platform.environments))

    def stack(self, environment: str) -> str:
        """The service's stack in an environment."""
        return f"{targets.find(self.setup.platform, environment)[0].stack}-{self.setup.service}"

    def describe(self, environment: str) -> dict[str, Any]:
        """Parameters and outputs of the service's stack in an environment, by name; empty without a stack."""
        client = self.aws.client("cloudformation", self.place(environment))
        try:
            found = client.describe_stacks(StackName=self.stack(environment))["Stacks"][0]
        except client.exceptions.ClientError:
            return {}
        parameters = {item["ParameterKey"]: item["ParameterValue"] for item in found.get("Parameters", [])}
        return parameters | {item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", [])}


@contextmanager
def prepared(setup: Setup, events: Events, deploy: bool = True) -> Iterator[World]:
    """The world, with an emulator that runs while the block does.

    Raises:
        RehearsalError: a root cannot be deployed.
    """
    git, templates, code = repositories(setup)
    with running(setup.platform.toolchain.region, setup.folder / "state.jsonl") as emulator:
        world = World(setup, Aws(emulator), events, git, code, templates)
        if deploy:
            roll_out(world, emulator)
        yield world


def repositories(setup: Setup) -> tuple[GitHost, Checkout, Checkout]:
    """The Git host with the platform's templates and the service's code, both pushed."""
    host = GitHost(setup.folder / "git")
    (setup.folder / "work").mkdir(parents=True)
    platform = Checkout.of(host, _repository(setup.platform.toolchain.source), setup.folder / "work" / "platform")
    shutil.copytree(setup.templates, platform.folder / "templates")
    for name, values in setup.values.items():
        _change(platform.folder / "templates" / "config" / name, values)
    platform.commit("Templates as they are deployed")
    platform.push()
    service = setup.platform.services[setup.service]
    code = Checkout.of(host, _repository(service.source), setup.folder / "work" / "service")
    shutil.copytree(setup.source, code.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return host, platform, code


def roll_out(world: World, emulator: Emulator) -> None:
    """Deploy the environments and then the toolchain with the AWS CLI, and put the service's secrets in place.

    Raises:
        RehearsalError: a root cannot be deployed.
    """
    platform = world.setup.platform
    environments = [target for name in platform.environments for target in targets.find(platform, name)]
    _roots(world, emulator, environments)
    _roots(world, emulator, targets.find(platform, targets.TOOLCHAIN))
    for name in platform.environments:
        put_secrets(world, name)


def put_secrets(world: World, environment: str) -> None:
    """Put a made-up value behind every secret that the service has in an environment."""
    place = world.place(environment)
    by_secret: dict[str, dict[str, str]] = {}
    for source in world.service.secrets.values():
        where = source.replace("{environment}", environment)
        if not where.startswith("secretsmanager:"):
            world.aws.client("ssm", place).put_parameter(Name=where, Value="made-up", Type="SecureString")
            continue
        _, name, *key = where.split(":")
        by_secret.setdefault(name, {})[key[0] if key else ""] = "made-up"
    for name, keys in by_secret.items():
        text = keys.get("") or json.dumps(keys)
        world.aws.client("secretsmanager", place).create_secret(Name=name, SecretString=text)


def place_of(target: Target) -> Place:
    """Where a root goes; one account stands for those that platform.yaml does not name."""
    return Place(target.account or DEFAULT_ACCOUNT, target.region)


def _roots(world: World, emulator: Emulator, roots: Sequence[Target]) -> None:
    aws, templates, folder = world.aws, world.templates.folder / "templates", world.setup.folder / "packaged"
    platform = world.setup.platform.platform
    files = {}
    packages = []
    for target in roots:
        place = place_of(target)
        _make_bucket(aws, place, _bucket(platform, place))
        files[target.stack] = folder / target.place / target.template
        files[target.stack].parent.mkdir(parents=True, exist_ok=True)
        arguments = package.package_arguments(target, templates, _bucket(platform, place), files[target.stack])
        packages.append(aws.cli(place, *arguments))
    run(packages, shown=False)
    run((_create(aws, emulator, target, files[target.stack], templates, platform) for target in roots), shown=False)
    for target in roots:
        _wait(aws, place_of(target), target.stack)
        world.events.add("stack", f"{target.stack}: CREATE_COMPLETE", stack=target.stack)


def _create(aws: Aws, emulator: Emulator, target: Target, file: Path, templates: Path, platform: str) -> Any:
    place = place_of(target)
    body = f"file://{file}"
    where = ("--template-body", body)
    if file.stat().st_size > MAX_BYTES:
        bucket, key = _bucket(platform, place), f"{target.stack}.yaml"
        aws.client("s3", place).put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
        where = ("--template-url", f"{emulator.url}/{bucket}/{key}")
    values = targets.parameters(target, templates)
    (file.parent / f"{target.stack}-parameters.json").write_text(
        json.dumps([{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]),
        encoding="utf-8",
    )
    tags = targets.tags(target, templates)
    return aws.cli(
        place,
        *("cloudformation", "create-stack", "--stack-name", target.stack, *where),
        *("--parameters", f"file://{file.parent}/{target.stack}-parameters.json"),
        *("--capabilities", *package.CAPABILITIES),
        *("--tags", *(f"Key={name},Value={value}" for name, value in tags.items())),
    )


def _bucket(platform: str, place: Place) -> str:
    return f"{platform}-templates-{place.account}-{place.region}"


def _make_bucket(aws: Aws, place: Place, bucket: str) -> None:
    s3 = aws.client("s3", place)
    if bucket not in [known["Name"] for known in s3.list_buckets()["Buckets"]]:
        where = {"CreateBucketConfiguration": {"LocationConstraint": place.region}}
        s3.create_bucket(Bucket=bucket, **({} if place.region == "us-east-1" else where))


def _wait(aws: Aws, place: Place, stack: str) -> None:
    client, end = aws.client("cloudformation", place), time.monotonic() + _STACK_LIMIT
    while (status := str(client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])).endswith("_IN_PROGRESS"):
        if time.monotonic() > end:
            raise RehearsalError(f"stack {stack} is still {status}")
        time.sleep(0.1)
    if status != "CREATE_COMPLETE":
        raise RehearsalError(f"stack {stack} is {status}")


def _repository(source: Any) -> str:
    return str(source.repository)


def _change(file: Path, values: Mapping[str, str]) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    document["Parameters"] |= values
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
