"""Whether roles allow what is done in their name, asked of the emulator's policy simulation.

The emulator itself lets everybody do everything. What a build calls is known from its commands; what CodePipeline and
ECS call for it is in AWS's documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.aws import Aws, Place, account_of
from rehearsal.calls import Call
from rehearsal.events import Events, RehearsalError


@dataclass(frozen=True)
class Need:
    """An action on resources."""

    action: str
    resources: tuple[str, ...] = ("*",)
    context: tuple[tuple[str, str], ...] = ()  # condition keys that the service sends along


class DeniedError(RehearsalError):
    """A role does not allow what has to be done in its name; AWS would answer AccessDenied."""


@dataclass(frozen=True)
class Permissions:
    """The roles of all accounts."""

    aws: Aws
    events: Events

    def check(self, role: str, region: str, needs: Iterable[Need], purpose: str) -> None:
        """Make sure that a role allows all that is needed.

        Raises:
            DeniedError: it does not.
        """
        iam = self.aws.client("iam", Place(account_of(role), region))
        for need in needs:
            entries = [
                {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                for key, value in (("aws:RequestedRegion", region), *need.context)
            ]
            results = iam.simulate_principal_policy(
                PolicySourceArn=role,
                ActionNames=[need.action],
                ResourceArns=list(need.resources),
                ContextEntries=entries,
            )["EvaluationResults"]
            for result in results:
                if result["EvalDecision"] != "allowed":
                    name = role.rsplit("/", 1)[-1]
                    on = result.get("EvalResourceName", "*")
                    raise DeniedError(f"{purpose}: AccessDenied, role {name} does not allow {need.action} on {on}")

    def check_build(self, role: str, place: Place, root_key: str, calls: Iterable[Call], purpose: str) -> None:
        """Make sure that a build's role, and those that it takes on, allow the calls that it made.

        Args:
            role: the project's service role.
            place: where the build ran.
            root_key: access key id that the build started with.
            calls: what it ran.
            purpose: for messages.

        Raises:
            DeniedError: one does not.
        """
        taken_on = role
        for call in calls:
            who = role if call.key == root_key else taken_on
            if call.command == "aws" and call.arguments[:2] == ("sts", "assume-role"):
                taken_on = call.options["--role-arn"]
            at = Place(account_of(who), call.options.get("--region") or place.region)
            self.check(who, at.region, self._needs(call, at), f"{purpose}, {call}")

    def _needs(self, call: Call, place: Place) -> Iterator[Need]:
        needs = _COMMANDS.get((call.command, *call.arguments[:2]))
        if needs is None:
            if call.command == "aws":
                self.events.not_rehearsed(f"permission for '{call}'", "no table says what it needs")
            return
        try:
            yield from needs(call, place)
        except KeyError as error:
            raise RehearsalError(f"'{call}' is called without {error.args[0]}") from error


def start_build(project_arn: str) -> list[Need]:
    """What CodePipeline calls to run a build."""
    return [Need("codebuild:StartBuild", (project_arn,)), Need("codebuild:BatchGetBuilds", (project_arn,))]


def deploy_stack(place: Place, stack: str, role: str) -> list[Need]:
    """What CodePipeline calls to create or update a stack with a role."""
    on = (_stack(place, stack),)
    needs = [Need("cloudformation:DescribeStacks", on)]
    given = (("cloudformation:RoleArn", role),) if role else ()
    needs += [Need(f"cloudformation:{operation}", on, given) for operation in ("CreateStack", "UpdateStack")]
    if role:
        passed = (("iam:PassedToService", "cloudformation.amazonaws.com"),)
        needs.append(Need("iam:PassRole", (role,), passed))
    return needs


def start_task(definition: Mapping[str, Any], place: Place) -> Iterator[Need]:
    """What ECS calls with the execution role before a container runs."""
    for container in definition["containerDefinitions"]:
        registry, _, rest = container["image"].partition("/")
        if ".dkr.ecr." in registry:
            account, region = registry.split(".")[0], registry.split(".")[3]
            repository = (f"arn:aws:ecr:{region}:{account}:repository/{rest.partition('@')[0].partition(':')[0]}",)
            yield Need("ecr:GetAuthorizationToken")
            for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
                yield Need(f"ecr:{action}", repository)
        for secret in container.get("secrets", []):
            yield _secret(secret["valueFrom"], place)


def _secret(source: str, place: Place) -> Need:
    if ":secretsmanager:" not in source:
        arn = source if source.startswith("arn:") else f"{_arn('ssm', place)}:parameter/{source.strip('/')}"
        return Need("ssm:GetParameters", (arn,))
    # The name goes up to the key; AWS adds six characters to it.
    parts = source.split(":")
    return Need("secretsmanager:GetSecretValue", (":".join([*parts[:6], f"{parts[6]}-Ab1Cd2"]),))


def _arn(service: str, place: Place) -> str:
    return f"arn:aws:{service}:{place.region}:{place.account}"


def _stack(place: Place, name: str) -> str:
    return f"{_arn('cloudformation', place)}:stack/{name}/5c1a0de0-0000-11f0-8000-0a58a9feac02"


def _repository(call: Call, place: Place) -> tuple[str, ...]:
    return (f"{_arn('ecr', place)}:repository/{call.options['--repository-name']}",)


def _on_repository(action: str) -> Callable[[Call, Place], Iterator[Need]]:
    return lambda call, place: iter([Need(action, _repository(call, place))])


def _push(call: Call, _place: Place) -> Iterator[Need]:
    """Building without a push needs nothing of AWS; pushing needs what `docker push` calls."""
    found = next((word for word in call.values("--output") if "push=true" in word), "")
    named = next((part for part in found.split(",") if part.startswith("name=")), "")
    registry, _, rest = named.removeprefix("name=").partition("/")
    if not registry:
        return
    account, _, _, region, *_ = registry.split(".")
    repository = (f"arn:aws:ecr:{region}:{account}:repository/{rest.rpartition(':')[0]}",)
    for action in (
        *("BatchCheckLayerAvailability", "InitiateLayerUpload", "UploadLayerPart"),
        *("CompleteLayerUpload", "PutImage"),
    ):
        yield Need(f"ecr:{action}", repository)


def _services(call: Call, place: Place) -> Iterator[Need]:
    cluster = call.options["--cluster"].rsplit("/", 1)[-1]
    names = [name.rsplit("/", 1)[-1] for name in call.values("--services")]
    yield Need("ecs:DescribeServices", tuple(f"{_arn('ecs', place)}:service/{cluster}/{name}" for name in names))


def _alarms(call: Call, place: Place) -> Iterator[Need]:
    names = call.values("--alarm-names")
    yield Need("cloudwatch:DescribeAlarms", tuple(f"{_arn('cloudwatch', place)}:alarm:{name}" for name in names))


_COMMANDS: Mapping[tuple[str, ...], Callable[[Call, Place], Iterator[Need]]] = {
    ("docker", "buildx", "build"): _push,
    ("aws", "ecr", "get-login-password"): lambda _call, _place: iter([Need("ecr:GetAuthorizationToken")]),
    ("aws", "ecr", "batch-get-image"): _on_repository("ecr:BatchGetImage"),
    ("aws", "ecr", "describe-image-scan-findings"): _on_repository("ecr:DescribeImageScanFindings"),
    ("aws", "ecr", "start-image-scan"): _on_repository("ecr:StartImageScan"),
    ("aws", "sts", "assume-role"): lambda call, _place: iter([Need("sts:AssumeRole", (call.options["--role-arn"],))]),
    ("aws", "cloudformation", "describe-stacks"): lambda call, place: iter(
        [Need("cloudformation:DescribeStacks", (_stack(place, call.options["--stack-name"]),))]
    ),
    ("aws", "ecs", "describe-services"): _services,
    ("aws", "ecs", "describe-task-definition"): lambda _call, _place: iter([Need("ecs:DescribeTaskDefinition")]),
    ("aws", "cloudwatch", "describe-alarms"): _alarms,
}
