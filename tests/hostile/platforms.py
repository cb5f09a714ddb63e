"""Whole platforms: drawn from the declarations, then brought to keep the rules between keys.

Only the rules between keys are known here, so a new key is drawn by itself; a new rule makes platforms be refused,
which the tests count.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sendy_cfn.config import patterns, tracing
from sendy_cfn.config.model import Environment, Platform, Service
from sendy_cfn.config.releases import NATIVE
from sendy_cfn.config.rules import MAX_COMMANDS, MAX_WILDCARDS
from sendy_cfn.config.windows import wrong_cron, wrong_zone
from sendy_cfn.config.words import Capacity, Colour, Provider, Scale, Strategy
from tests.hostile import values

Document = dict[str, Any]
# Parts of names that our own names end with, or that others begin with.
ENDINGS = (
    "green",
    "blue",
    "canary",
    "linear",
    "pause",
    "cache",
    "release",
    "toolchain",
    "platform",
    "network",
    "codedeploy",
)


@st.composite
def names(draw: st.DrawFn, pattern: str, least: int, most: int) -> list[str]:
    """Names of which no two become the same logical id."""
    some = st.one_of(values.texts(pattern), st.sampled_from([word for word in ENDINGS if values.fits(pattern, word)]))
    found: dict[str, str] = {}
    for _ in range(draw(st.integers(least, most))):
        name = draw(some)
        if found and draw(st.integers(0, 3)) == 0:
            name = f"{draw(st.sampled_from(sorted(found.values())))}-{draw(st.sampled_from(ENDINGS))}"
        if values.fits(pattern, name):
            found.setdefault(name.replace("-", ""), name)
    while len(found) < least:
        name = f"n{len(found)}"
        found.setdefault(name, name)
    return list(found.values())


@st.composite
def platforms(draw: st.DrawFn, services: int = 0, strategy: Strategy | None = None) -> Document:
    """A platform.yaml with every kind of key in it; up to four services are rich.

    `strategy` is that of the first environment, where it is given.
    `services` is their number, where it is to be a large one. A third of those is in a second cell: names and
    parameters of the longest kind leave room for fewer than sixty in one root.
    """
    platform = draw(values.record(Platform, without=("environments", "services")))
    places = draw(names(patterns.ENVIRONMENT_NAME, 1, draw(st.sampled_from((1, 2, 2, 3)))))
    platform["environments"] = {name: draw(values.record(Environment)) for name in _apart(places)}
    rich = draw(names(patterns.SERVICE_NAME, 1, 4))
    platform["services"] = {name: draw(values.record(Service)) for name in rich}
    for service in platform["services"].values():
        service["strategies"] = draw(
            st.dictionaries(st.sampled_from(list(platform["environments"])), st.sampled_from(list(map(str, Strategy))))
        )
    for number in range(max(0, services - len(rich)) or draw(st.sampled_from((0, 0, 0, 1, 5)))):
        more = {"kind": "web", "source": {"repository": "some/thing"}} | ({"cell": 2} if number % 3 == 2 else {})
        platform["services"].setdefault(f"s{number:02d}-more", more)
    if strategy:
        next(iter(platform["environments"].values()))["strategy"] = str(strategy)
        if strategy is Strategy.CLUSTER_SWITCH:
            platform.setdefault("domain", "demo.example")
    settle(platform)
    return platform


def _apart(places: list[str]) -> list[str]:
    """Without those that begin with another's name, or have the toolchain's."""
    kept: list[str] = []
    for name in sorted(places, key=len):
        taken = name in ("platform", "artifacts") or name.partition("-")[0] == "toolchain"
        if not taken and not any(name.startswith(f"{other}-") for other in kept):
            kept.append(name)
    return sorted(kept or ["test"], key=lambda name: places.index(name) if name in places else 0)


def settle(platform: Document) -> None:
    """Bring it to keep the rules between keys."""
    toolchain = platform["toolchain"]
    for key in ("paths", "tags"):
        toolchain["source"].pop(key, None)
    _source(toolchain["source"])
    if platform.get("domain"):
        platform["domain"] = platform["domain"][-40:].lstrip(".-")
        if not values.fits(patterns.DOMAIN, platform["domain"]):
            platform["domain"] = "demo.example"
    _environments(platform)
    cells: dict[int, int] = {}
    for number, service in enumerate(platform["services"].values()):
        _source(service["source"])
        _routing(platform, service, number)
        _capacity(platform, service)
        _texts(service)
        if service.get("cell", 1) > 1:
            service["cell"] = 2
        cells[service.get("cell", 1)] = cells.get(service.get("cell", 1), 0) + 1
        _strategies(platform, service)
        _commands(platform, service)
        _alarms(platform, service)
    if sum(cells.values()) > 50:  # of target groups; services whose traffic moves have two
        for place in platform["environments"].values():
            place["strategy"] = "rolling"
    _pauses(platform)


def _source(source: Document) -> None:
    provider = source.get("provider", Provider.CONNECTION)
    if provider == Provider.S3:
        source.pop("repository", None)
        source.setdefault("bucket", "some-bucket")
        source.setdefault("object_key", "some.zip")
    else:
        for key in ("bucket", "object_key"):
            source.pop(key, None)
        repository = source.get("repository", "some/thing")
        if provider == Provider.CODECOMMIT:
            repository = repository.replace("/", "-")
        elif "/" not in repository:
            repository = f"some/{repository}"[:255]
        source["repository"] = repository
    if provider != Provider.CONNECTION:
        for key in ("paths", "tags"):
            source.pop(key, None)


def _environments(platform: Document) -> None:
    owners: set[str] = set()
    for name, place in platform["environments"].items():
        if "clusters" in place:
            both = len(place["clusters"]) > 1
            place["clusters"] = [str(Colour.BLUE), str(Colour.GREEN)] if both else [str(Colour.BLUE)]
        if not platform["toolchain"].get("account"):
            place.pop("account", None)
        if "domain" in place and (not platform.get("domain") or len(place["domain"]) > 60):
            del place["domain"]
        if "window" in place:
            _window(place["window"])
        own = place.get("domain") or f"{name}.{platform.get('domain')}"
        if own in owners:
            place.pop("domain", None)
        owners.add(own)


# What the pattern admits is seldom a time; these have a word, a number, a list, a range, a step in each place.
CRONS = (
    "* * 8-15 ? * MON-THU *", "* 0/5 0,12,23 1 JAN-MAR,12 ?", "* 59 * LW * ? 2199", "* * * ? * 2#5 1970-2199",
    "* 0 0 L-3 1/2 ?", "* 0-30/10 9 15W * ?",
)  # fmt: skip
ZONES = ("UTC", "UTC+05:30", "Europe/Berlin", "America/Argentina/Buenos_Aires")


def _window(window: Document) -> None:
    if wrong_cron(window["cron"]):
        window["cron"] = CRONS[len(window["cron"]) % len(CRONS)]
    if wrong_zone(window.get("time_zone", "UTC")):
        window["time_zone"] = ZONES[len(window["time_zone"]) % len(ZONES)]


def _routing(platform: Document, service: Document, number: int) -> None:
    """Each service has its own priority, and paths or a host of its own."""
    if "priority" in service or number > 3:
        service["priority"] = 1000 + number
    if platform.get("domain"):
        if "host" in service:
            service["host"] = f"h{number}-{service['host']}"[:50].rstrip("-")
    else:
        service.pop("host", None)
    wild = 0
    kept = []
    for path in service.get("paths", []):
        wild += path.count("*") + path.count("?")
        if wild <= MAX_WILDCARDS:
            kept.append(path)
    switched = "cluster-switch" in {*service.get("strategies", {}).values()} | {
        place.get("strategy") for place in platform["environments"].values()
    }
    kept = kept[: 3 if switched else 4]
    if not platform.get("domain"):
        # Below a prefix of its own: services share the one host that there is.
        kept = [f"/{number:02d}{path}"[:120] for path in kept] or [f"/{number:02d}/x"]
        service["priority"] = 1000 + number
    if kept:
        service["paths"] = list(dict.fromkeys(kept))
    else:
        service.pop("paths", None)


def _capacity(platform: Document, service: Document) -> None:
    if service.get("capacity") == Capacity.EC2:
        groups = platform.setdefault("cluster", {}).setdefault("ec2", [])
        architecture = service.get("architecture", "amd64")
        if architecture not in groups:
            groups.append(architecture)
        if "scale_on" in service and not {str(Scale.CPU), str(Scale.MEMORY)} & set(service["scale_on"]):
            service["scale_on"].append(str(Scale.CPU))


def _alarms(platform: Document, service: Document) -> None:
    """All of them leave little room for long texts, but by rolling; and without them there is not room for all."""
    own = service.get("strategies", {})
    used = {own.get(name, place.get("strategy", "rolling")) for name, place in platform["environments"].items()}
    if used != {"rolling"}:
        service["alarms"] = "release"
        for key, most in (("environment", 6), ("secrets", 4)):
            if key in service:
                service[key] = dict(list(service[key].items())[:most])
        if "permissions" in service:
            del service["permissions"][2:]
            for one in service["permissions"]:
                one["actions"], one["resources"] = one["actions"][:3], one["resources"][:3]


def _texts(service: Document) -> None:
    for name in set(service.get("environment", {})) & set(service.get("secrets", {})):
        del service["secrets"][name]
    for name, secret in service.get("secrets", {}).items():
        service["secrets"][name] = _placed(secret, "{environment}")
    for permission in service.get("permissions", []):
        permission["resources"] = list(
            dict.fromkeys(
                _placed(arn, "{environment}", "{partition}", "{region}", "{account}") for arn in permission["resources"]
            )
        )
    room = MAX_COMMANDS // 4  # for all kinds of tests: their builds are in one template
    for commands in service.get("tests", {}).values():
        while len("\n".join(commands)) > room:
            commands.pop()
        room -= len("\n".join(commands))


def _placed(text: str, *known: str) -> str:
    """The text with only placeholders in braces."""
    for number, word in enumerate(known):
        text = text.replace(word, f"\0{number}")
    text = text.replace("{", "x").replace("}", "x")
    for number, word in enumerate(known):
        text = text.replace(f"\0{number}", word)
    return text


def _commands(platform: Document, service: Document) -> None:
    used = {place.get("strategy") for place in platform["environments"].values()}
    if "codedeploy" in {*service.get("strategies", {}).values()} | used:
        service.pop("exec", None)
    if service.get("tracing"):
        if service.get("port") in tracing.TAKEN:
            service["port"] = 8080
        service["permissions"] = service.get("permissions", [])[:1]  # else too few templates have room for a collector
    if service.get("exec"):
        service["read_only"] = False
    if service.get("exec") or service.get("tracing"):
        ports = service.get("outbound_ports", [443])
        service["outbound_ports"] = ports if 443 in ports else [443, *ports[1:]]


def _strategies(platform: Document, service: Document) -> None:
    """A switch gets its second cluster; choices that can't work become rolling ones, where they were made."""
    own = service.setdefault("strategies", {})
    for name, place in platform["environments"].items():
        strategy = own.get(name, place.get("strategy", "rolling"))
        switch = strategy == Strategy.CLUSTER_SWITCH and not platform.get("domain")
        if strategy == Strategy.CLUSTER_SWITCH and not switch:
            place["clusters"] = [str(Colour.BLUE), str(Colour.GREEN)]
        instance = strategy == Strategy.CODEDEPLOY and service.get("capacity", "fargate") != Capacity.FARGATE
        if switch or instance:
            own[name] = "rolling"
    if not own:
        del service["strategies"]


def _pauses(platform: Document) -> None:
    for name, place in platform["environments"].items():
        able = [
            service
            for service in platform["services"].values()
            if service.get("strategies", {}).get(name, place.get("strategy", "rolling")) in NATIVE
        ]
        if not able:
            place.pop("pause", None)
