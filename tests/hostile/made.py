"""Drawn platforms with values files, generated: valid in most cases, else refused as the product refuses input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendy_cfn import knobs, stacks
from sendy_cfn.config import releases
from sendy_cfn.errors import ConfigError
from sendy_cfn.knobs import OF_SERVICES, cluster, common, network, toolchain
from sendy_cfn.knobs.service import FARGATE_MEMORY
from tests.generated import Generated
from tests.hostile import values
from tests.hostile.budget import examples
from tests.hostile.folders import Document, Folder, Folders, missing
from tests.hostile.platforms import platforms

Draw = Callable[[st.SearchStrategy[Any]], Any]
SECTIONS = {
    "environment": (*common.KNOBS, *network.KNOBS, *cluster.KNOBS),
    "defaults": OF_SERVICES,
    "toolchain": (*toolchain.KNOBS, common.LOG_RETENTION_DAYS),
}
ROOMY = {"MaxDecisionMinutes": 2160, "WatchMinutes": 60}  # what no release of a draw exceeds


class Drawn(NamedTuple):
    """A valid platform, and what was generated of it."""

    draw: Draw
    folder: Folder
    platform: Document
    made: Generated


def for_each(count: int, folders: Folders, look: Callable[[Drawn], None]) -> Counter[str]:
    """Draw so many platforms and look at the valid ones; how many were drawn, and how many were valid."""
    counts: Counter[str] = Counter()

    @examples(count)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        folder, platform = folders.fresh(), data.draw(platforms())
        made = make(data.draw, folder, platform, counts)
        if made is not None:
            look(Drawn(data.draw, folder, platform, made))

    holds()
    return counts


def put(folder: Folder, platform: Document, files: dict[str, Document]) -> None:
    """Write all input files."""
    for path in folder.params.glob("*.yaml"):
        path.unlink()
    folder.put(platform=platform, **files)


def make(draw: Draw, folder: Folder, platform: Document, counts: Counter[str]) -> Generated | None:
    """Generate the platform with drawn values; None where it is refused, which is counted."""
    files: dict[str, Document] = {name: {"defaults": dict(ROOMY)} for name in platform["environments"]}
    files["toolchain"] = {"toolchain": {}}
    valid = _with_what_is_needed(draw, folder, platform, files, counts)
    counts["drawn"] += 1  # only now: a draw that is too large for Hypothesis ends before
    if not valid:
        return None
    before = folder.read()
    counts["valid"] += 1
    chosen = {name: dict(document) for name, document in files.items()}
    for name, document in chosen.items():
        _choose(draw, document, before, name)
    put(folder, platform, chosen)
    try:
        folder.generate(cache=True)
    except ConfigError as error:
        counts["values refused"] += 1
        for problem in error.problems:
            counts[f"value: {problem.message[:60]}"] += 1
        put(folder, platform, files)
        return before
    counts["values taken"] += 1
    return folder.read()


def _with_what_is_needed(
    draw: Draw, folder: Folder, platform: Document, files: dict[str, Document], counts: Counter[str]
) -> bool:
    """Generate with the parameters that have no default alone, which the errors name."""
    for _ in range(2):
        put(folder, platform, files)
        try:
            folder.generate(cache=True)
        except ConfigError as error:
            wanted = missing(error)
            if len(wanted) < len(error.problems):
                for problem in error.problems:
                    counts[f"refused: {problem.message[:70]}"] += 1
                return False
            for problem, parameter in wanted:
                stem = problem.file.rpartition("/")[2].removesuffix(".yaml")
                given = files[stem].setdefault(problem.path, {})
                given[parameter] = draw(values.knob(knobs.find(parameter)))
                if parameter == "VpcCidr":
                    given["SubnetBits"] = 5
        else:
            return True
    pytest.fail("it asked for parameters a second time")


def _taking(made: Generated, section: str, name: str) -> list[str]:
    """The templates that take the section's parameters."""
    if section == "toolchain":
        return [stacks.toolchain_file(cell) for cell in made.platform.cells]
    place = made.platform.environments[name]
    if section == "environment":
        return [stacks.environment_file(place)]
    services = made.platform.services.values()
    return [releases.service_file(service, releases.variant(service, place)) for service in services]


def _choose(draw: Draw, document: Document, made: Generated, name: str) -> None:
    """Add values of some parameters that the templates have."""
    for section in ("toolchain",) if name == "toolchain" else ("environment", "defaults"):
        taken = {p for file in _taking(made, section, name) for p in made.templates[file].get("Parameters", {})}
        names = {knob.name: knob for knob in SECTIONS[section] if knob.name in taken and not knob.computed}
        some = draw(st.lists(st.sampled_from(sorted(names)), max_size=6, unique=True)) if names else []
        own: dict[str, Any] = {parameter: draw(values.knob(names[parameter])) for parameter in some}
        document[section] = own | document.get(section, {})
        if own.get("Nat") == "none" and any(service.tracing for service in made.platform.services.values()):
            del document[section]["Nat"]
        for low, high in (*knobs.ORDERED, *knobs.BELOW):
            limit = document[section].get(high, knobs.find(high).default)
            if low in own and low in document[section] and own[low] >= limit:
                del document[section][low]
            if (
                high in own
                and high in document[section]
                and low not in document[section]
                and knobs.find(low).default >= own[high]
            ):
                del document[section][high]
        if {"Cpu", "Memory"} & set(own):
            fits = FARGATE_MEMORY[document[section].get("Cpu", 256)]
            document[section]["Memory"] = draw(st.sampled_from(fits))
