"""Rules that involve more than one key of platform.yaml. Each yields (path of the culprit, what is wrong)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sendy_cfn.config import release_rules, routing, tracing
from sendy_cfn.config.model import Environment, Permission, Platform, Service, Source
from sendy_cfn.config.releases import used
from sendy_cfn.config.windows import wrong_cron, wrong_zone
from sendy_cfn.config.words import Capacity, Colour, Provider, Scale, Strategy
from sendy_cfn.names import logical

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Finding = tuple[str, str]

# One load balancer and one toolchain root serve a cell. The tightest limit is the 51,200 bytes of the toolchain root,
# which nests one pipeline per service; AWS's own come later: 100 target groups per load balancer, 100 rules per
# listener, 2,500 resources in one nested-stack operation (about 83 pipelines).
SERVICES_PER_CELL = 60

# AWS: "wildcards per rule", not adjustable. One version of the page says 6.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
MAX_WILDCARDS = 5

# Services of AWS that decide what others may do.
ADMINISTRATIVE = frozenset({"account", "iam", "organizations"})

# Characters of the first name in a certificate.
# https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
MAX_DOMAIN = 64

# Commands reach CodeBuild as an environment variable; StartBuild refuses longer ones.
MAX_COMMANDS = 4_000  # characters


def broken(platform: Platform, environments: Collection[str]) -> Iterator[Finding]:
    """Every broken rule, in file order as far as that is known.

    `environments` are all that the file names: those with mistakes in them are not among the platform's.
    """
    yield from _toolchain(platform)
    for name, environment in platform.environments.items():
        at = f"environments.{name}"
        if environment.clusters not in ((Colour.BLUE,), (Colour.BLUE, Colour.GREEN)):
            yield f"{at}.clusters", "expected [blue] or [blue, green]"
        if environment.domain and not platform.has_domain:
            yield f"{at}.domain", "needs the platform's 'domain' too: without it there is no HTTPS listener"
        if environment.account and not platform.toolchain.account:
            yield (
                f"{at}.account",
                "needs 'toolchain.account': the environment has to know which account's pipelines to trust",
            )
        yield from _window(environment, f"{at}.window")
        for other in platform.environments:
            if name.startswith(f"{other}-"):
                yield at, f"begins with the name of '{other}': their stacks, roles and policies are told apart by it"
    yield from _domains(platform)
    for service in platform.services.values():
        yield from _service(platform, service)
    yield from _logical_ids(platform)
    overfull = {cell for cell, members in _members(platform).items() if len(members) > SERVICES_PER_CELL}
    fitting = (service for service in platform.services.values() if service.cell not in overfull)
    for service, message in routing.conflicts(fitting):
        yield f"services.{service.name}", message
    yield from release_rules.broken(platform, environments)
    yield from _cells(platform)


def _window(environment: Environment, at: str) -> Iterator[Finding]:
    window = environment.window
    if window is not None:
        for key, wrong in (("cron", wrong_cron(window.cron)), ("time_zone", wrong_zone(window.time_zone))):
            if wrong:
                yield f"{at}.{key}", wrong


def _domains(platform: Platform) -> Iterator[Finding]:
    """Each environment has a domain of its own, and no service's name is in another environment's."""
    owners: dict[str, str] = {}
    for name, environment in platform.environments.items():
        domain = environment.domain
        if domain is None:
            continue
        if domain in owners:
            yield f"environments.{name}.domain", f"'{domain}' is the domain of '{owners[domain]}' already"
        owners.setdefault(domain, name)
        if len(domain) > MAX_DOMAIN:
            at = "" if domain.startswith(f"{name}.") else ".domain"
            yield (
                f"environments.{name}{at}",
                f"the domain '{domain}' has {len(domain)} characters, a certificate's name takes {MAX_DOMAIN}",
            )
    for service in platform.services.values():
        for domain in owners:
            taken = owners.get(f"{service.host}.{domain}")
            if taken:
                yield f"services.{service.name}", f"host '{service.host}' below '{domain}' is the domain of '{taken}'"


def _toolchain(platform: Platform) -> Iterator[Finding]:
    source = platform.toolchain.source
    if source.paths:
        yield (
            "toolchain.source.paths",
            "not allowed: the pipelines themselves say which files of this repository start them",
        )
    if source.tags:
        yield "toolchain.source.tags", "not allowed: templates are read from the branch"
    yield from _source(source, "toolchain.source")
    for name in platform.environments:
        if name in ("platform", "artifacts") or name.partition("-")[0] == "toolchain":
            yield f"environments.{name}", "the name is taken: files and stacks of the toolchain have it"


def _source(source: Source, at: str) -> Iterator[Finding]:
    yield from _source_keys(source, at)
    if source.provider is Provider.CONNECTION:
        if source.repository and "/" not in source.repository:
            yield f"{at}.repository", f"'{source.repository}', expected owner/name"
        return
    if source.provider is Provider.CODECOMMIT and source.repository and "/" in source.repository:
        yield f"{at}.repository", f"'{source.repository}', a CodeCommit repository's name has no '/'"
    for name in ("paths", "tags"):
        if getattr(source, name):
            only = "needs provider 'connection': CodePipeline filters only its pushes"
            yield f"{at}.{name}", f"{only}, this is '{source.provider}'"


def _source_keys(source: Source, at: str) -> Iterator[Finding]:
    """Each provider has its own keys: none missing, none of another's."""
    archive, repository = ("bucket", "object_key"), ("repository",)
    needed, foreign = (archive, repository) if source.provider is Provider.S3 else (repository, archive)
    for name in needed:
        if getattr(source, name) is None:
            yield at, f"missing key '{name}', needed by provider '{source.provider}'"
    for name in foreign:
        if getattr(source, name) is not None:
            yield f"{at}.{name}", f"not used by provider '{source.provider}', which reads {' and '.join(needed)}"


def _service(platform: Platform, service: Service) -> Iterator[Finding]:
    at = f"services.{service.name}"
    yield from _source(service.source, f"{at}.source")
    wildcards = sum(path.count("*") + path.count("?") for path in service.paths)
    if wildcards > MAX_WILDCARDS:
        yield f"{at}.paths", f"{wildcards} wildcards, a listener rule takes {MAX_WILDCARDS}"
    if service.capacity is Capacity.EC2 and service.architecture not in platform.cluster.ec2:
        yield f"{at}.capacity", f"'ec2' for {service.architecture} needs '{service.architecture}' in 'cluster.ec2'"
    if service.exec:
        yield from _exec(platform, service, at)
    yield from ((f"{at}.{name}", wrong) for name, wrong in tracing.broken(service))
    yield from _texts(service, at)
    if not platform.has_domain:
        if not service.paths:
            yield at, "missing key 'paths', needed where the platform has no 'domain': host names tell nothing apart"
        if service.host:
            yield f"{at}.host", "needs the platform's 'domain'"
    if service.capacity is Capacity.EC2 and Scale.CPU not in service.scale_on and Scale.MEMORY not in service.scale_on:
        yield f"{at}.scale_on", "on EC2 expected 'cpu' or 'memory' too: requests alone can overfill an instance"


def _exec(platform: Platform, service: Service, at: str) -> Iterator[Finding]:
    """What AWS's agent for ECS Exec can't work with.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html#ecs-exec-considerations
    """
    if service.read_only:
        yield f"{at}.exec", "needs 'read_only: false': AWS's agent writes to the root file system"
    if tracing.HTTPS not in service.outbound_ports:
        yield f"{at}.exec", f"needs {tracing.HTTPS} in 'outbound_ports', by which the agent reaches AWS"
    if used(replace(platform, services={service.name: service}), [Strategy.CODEDEPLOY]):
        yield f"{at}.exec", "not with strategy 'codedeploy': CloudFormation can't change a service that it releases"


def _texts(service: Service, at: str) -> Iterator[Finding]:
    """Variables, commands and placeholders."""
    for name in sorted(service.environment.keys() & service.secrets.keys()):
        yield f"{at}.secrets.{name}", f"'{name}' is also in 'environment'; a variable has one source"
    for step in ("quality", "smoke", "regression", "load"):
        length = len("\n".join(getattr(service.tests, step)))
        if length > MAX_COMMANDS:
            yield (
                f"{at}.tests.{step}",
                f"{length} characters, at most {MAX_COMMANDS}; put them into a script of the repository",
            )
    for name, secret in service.secrets.items():
        yield from _placeholders(secret, {"environment"}, f"{at}.secrets.{name}")
    for index, permission in enumerate(service.permissions):
        yield from _no_escalation(permission, f"{at}.permissions[{index}]")
        for number, resource in enumerate(permission.resources):
            known = {"partition", "region", "account", "environment"}
            yield from _placeholders(resource, known, f"{at}.permissions[{index}].resources[{number}]")


def _no_escalation(permission: Permission, at: str) -> Iterator[Finding]:
    """Nothing by which a service could raise its own role, or make another."""
    for number, action in enumerate(permission.actions):
        service, _, name = action.partition(":")
        if service in ADMINISTRATIVE and not name.startswith(("Get", "List")):
            yield f"{at}.actions[{number}]", f"'{action}', services may only read (Get…, List…) with '{service}'"


def _placeholders(text: str, known: set[str], at: str) -> Iterator[Finding]:
    for part in text.split("{")[1:]:
        word, closed, _ = part.partition("}")
        if not closed or word not in known:
            yield at, f"'{{{word}{closed}' is no placeholder, known are {', '.join(f'{{{k}}}' for k in sorted(known))}"


def _logical_ids(platform: Platform) -> Iterator[Finding]:
    for section, names in (("environments", platform.environments), ("services", platform.services)):
        seen: dict[str, str] = {}
        for name in names:
            folded = name.replace("-", "")
            if folded in seen:
                yield f"{section}.{name}", f"too close to '{seen[folded]}': both become the same CloudFormation name"
            seen.setdefault(folded, name)
    # The toolchain's root has a resource for each pipeline, and a parameter for each role that lives elsewhere.
    roles = {
        f"{logical(name)}{role}RoleArn": name
        for name in platform.environments
        for role in ("Pipeline", "CloudFormation", "Reader")
    }
    for name in platform.services:
        place = roles.get(logical(f"pipeline-{name}"))
        if place:
            yield f"services.{name}", f"its pipeline and a role of '{place}' get one CloudFormation name: rename one"


def _members(platform: Platform) -> dict[int, list[Service]]:
    found: dict[int, list[Service]] = {}
    for service in platform.services.values():
        found.setdefault(service.cell, []).append(service)
    return found


def _cells(platform: Platform) -> Iterator[Finding]:
    for cell, members in sorted(_members(platform).items()):
        if len(members) > SERVICES_PER_CELL:
            yield (
                f"services.{members[SERVICES_PER_CELL].name}",
                f"cell {cell} has {len(members)} services, at most {SERVICES_PER_CELL} fit one load balancer and "
                f"toolchain root; give the others 'cell: {max(platform.cells) + 1}'",
            )
