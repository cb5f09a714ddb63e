"""params/ -> templates/: the main job, from checked input to a replaced folder.

    load      platform.yaml -> Platform                                     ConfigError: every problem of the file
    build     each unit of stacks.units() -> template -> YAML text          units whose inputs did not change are kept
    values    <environment>.yaml, toolchain.yaml -> config/*.json           ConfigError: every problem of these files
    commit    the new folder takes the old one's place

Each template is written as it is built and then forgotten, so memory does not grow with their number.
"""

from __future__ import annotations

import errno
import os
import sys
from functools import cache
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sendy_cfn import config, stacks, stop
from sendy_cfn.config.model import Service
from sendy_cfn.config.releases import variant
from sendy_cfn.config.values import Configuration
from sendy_cfn.errors import BAD_INPUT, DONE, STALE, ConfigError, LimitError
from sendy_cfn.stacks.interface import Interface
from sendy_cfn.write import HEADER, FolderWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from troposphere import Template

    from sendy_cfn.config.model import Platform
    from sendy_cfn.fresh import Memory
    from sendy_cfn.stacks import Unit

# AWS: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
# The larger limit of 1 MB is for templates in S3; a body passed by the CLI or uploaded by hand has this one.
MAX_BYTES = 51_200
SHOWN = 30  # services whose worst cases are printed
ATTEMPTS = 5  # at a set, where input or output change while they are read
MAX_RESOURCES, MAX_PARAMETERS, MAX_OUTPUTS = 500, 200, 200


def run(params: Path, out: Path, memory: Memory, *, check: bool) -> int:
    """Generate, or with `check` only compare; prints what changed or is stale. Comes back with the exit status.

    Raises:
        OSError: standard output takes no more; all else is done then.
    """
    try:
        with stop.noted():
            _check_folders(params, out)
            made = _made(params, out, memory, check=check)
            asked = stop.asked()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"{error.filename or out}: {error.strerror or error}; nothing was changed", file=sys.stderr)
        return BAD_INPUT
    except stop.StopError as error:
        print(f"{out}: {error}; nothing was changed", file=sys.stderr)
        return error.status
    status = _report_stale(out, made) if check else _report(params, out, made)
    if asked:
        print(f"{out}: {asked}; all was done by then", file=sys.stderr)
        return asked.status
    return status


class _Made(NamedTuple):
    """Of a set: names of the files that differ from what was there, and of those that don't belong to it."""

    changed: list[str]
    stale: list[str]
    total: int
    platform: Platform
    notes: str


def _made(params: Path, out: Path, memory: Memory, *, check: bool) -> _Made:
    """One set of one input: what changes while it is read is read again.

    Raises:
        ConfigError: with every problem of the input.
        OSError: nothing was changed.
        StopError: nothing was changed.
    """
    for _ in range(ATTEMPTS):
        with FolderWriter(out, dry=check) as writer:
            if writer.turn.waited:
                memory = memory.again()
            made = _attempt(params, writer, memory)
            if made is not None:
                if not check:
                    writer.commit()
                    memory.save(made.notes)
                return made
        memory = memory.again()
    raise OSError(errno.EBUSY, f"it or {params} changes all the time while it is read", str(out))


def _attempt(params: Path, writer: FolderWriter, memory: Memory) -> _Made | None:
    """None where input, code or output are no longer what they were when it began."""
    try:
        platform, worst = generate(params, writer, memory)
    except ConfigError:
        if memory.current():
            raise
        return None  # an editor was about to save what makes it right
    stale = writer.stale()
    stop.poll()
    if writer.moved() or not memory.current():
        return None
    return _Made(writer.changed, stale, len(writer.changed) + len(writer.kept), platform, worst_cases(platform, worst))


def _check_folders(params: Path, out: Path) -> None:
    """Raises: OSError where one folder is in the other: the output folder is replaced as a whole."""
    given, made = Path(os.path.realpath(params)), Path(os.path.realpath(out))  # resolve() raises for links in a circle
    if made in (given, *given.parents) or given in made.parents:
        raise OSError(errno.EINVAL, f"input ({params}) and output are in one another", str(out))


def generate(params: Path, writer: FolderWriter, memory: Memory) -> tuple[Platform, dict[str, dict[str, int]]]:
    """Build every file of the platform into the writer.

    The platform, and of each service the minutes until a release is decided in the worst case, by environment.

    Raises:
        ConfigError: with every problem of platform.yaml, or else of the values files.
        OSError: a file can't be written.
    """
    platform = config.load(params)
    configuration = Configuration(params, platform)
    interfaces: dict[str, Interface] = {}
    distinct: dict[Interface, Interface] = {}  # services of a kind have the same: kept once
    worst = {service.name: configuration.worst_cases(service) for service in platform.services.values()}
    watch = {service.name: configuration.watch(service) for service in platform.services.values()}
    for unit in stacks.units(platform, worst, watch):
        stop.poll()
        interface = _emit(unit, interfaces, writer, memory, params)
        interfaces[unit.file] = distinct.setdefault(interface, interface)
    for name, parameters, tags in configuration.stacks(interfaces):
        if not configuration.problems:
            file, data = f"config/{name}", _json(parameters, tags)
            writer.put(file, data)
            memory.wrote(file, data)
    if configuration.problems:
        raise ConfigError(configuration.problems)
    return platform, worst


def _emit(
    unit: Unit, interfaces: dict[str, Interface], writer: FolderWriter, memory: Memory, params: Path
) -> Interface:
    key = memory.key(unit, interfaces)
    known = memory.recall(unit.file, key)
    if known is not None:
        writer.keep(unit.file)
        return Interface(*known)
    settle, render, oversized = _tools()
    try:
        template = unit.build(interfaces)
    except LimitError as error:
        raise _too_long(params, unit, [str(error)]) from None
    settle(template)
    data = (HEADER + render(template)).encode()
    interface = Interface.of(template)
    if not unit.offers:
        interface = interface._replace(outputs=())
    over = _over(len(data), len(template.resources), len(template.parameters), len(template.outputs))
    if over:
        hint = next((hint for start, hint in _SMALLER.items() if unit.file.startswith(start)), "")
        message = f"its template {unit.file} has {over}{hint}"
        raise ConfigError([config.problem(params, _comes_from(unit), message)])
    problems = oversized(template)
    if problems:
        raise _too_long(params, unit, problems)
    if b"      Frozen: " in data:
        _tell_frozen(writer, unit.file, data)
    writer.put(unit.file, data)
    memory.learn(unit.file, key, data, interface)
    return interface


def _tell_frozen(writer: FolderWriter, file: str, data: bytes) -> None:
    from sendy_cfn import frozen  # here: few platforms have any

    for name in frozen.touched(writer.present(file).decode(), data.decode()):
        print(f"note: {file}: {name} changes, which releases move: read its Metadata and docs/releases.md first")


@cache
def _tools() -> tuple[Callable[[Template], None], Callable[[Template], str], Callable[[Template], list[str]]]:
    """What it takes to write a template. Imported for the first one: with every unit known, troposphere never is."""
    from sendy_cfn.blocks.later import import_later

    # Half of what troposphere imports is for `Template.to_yaml` and SAM templates.
    import_later("cfn_flip")
    import_later("troposphere.serverless", Globals=object, __path__=[])
    from sendy_cfn.blocks import quick
    from sendy_cfn.blocks.order import settle
    from sendy_cfn.blocks.policy_sizes import problems
    from sendy_cfn.render import render

    quick.install()
    return settle, render, problems


# What makes a template smaller, by the beginning of its file name.
_SMALLER = {
    "toolchain": "; give some services another 'cell'",
    "environment": "; fewer cells make it smaller, or one cluster: with two there is room for about ten cells",
    "builds": "; shorter commands of its tests, in scripts of its repository, make it smaller",
    "service": "; 'alarms: release', or fewer or shorter variables, commands and permissions make it smaller",
    "pipeline": "; fewer environments, tests or approvals make it smaller, and other strategies than cluster-switch",
}


_FEWER = "; fewer permissions, secrets or environments make it smaller"


def _too_long(params: Path, unit: Unit, problems: list[str]) -> ConfigError:
    told = (f"of its template {unit.file}, {problem}{_FEWER}" for problem in problems)
    return ConfigError([config.problem(params, _comes_from(unit), message) for message in told])


def _over(size: int, resources: int, parameters: int, outputs: int) -> str:
    """What is more than CloudFormation takes; "" where nothing is."""
    counts = (
        ("bytes", size, MAX_BYTES),
        ("resources", resources, MAX_RESOURCES),
        ("parameters", parameters, MAX_PARAMETERS),
        ("outputs", outputs, MAX_OUTPUTS),
    )
    return ", ".join(f"{count} {what}, CloudFormation takes {limit}" for what, count, limit in counts if count > limit)


def _comes_from(unit: Unit) -> str:
    """The part of platform.yaml that a template is made of."""
    names = [given.name for given in unit.inputs if isinstance(given, Service)]
    return f"services.{names[0]}" if names else "services" if unit.file.startswith("toolchain") else "environments"


def _json(parameters: dict[str, str], tags: dict[str, str]) -> bytes:
    """A CodePipeline template configuration; by hand, because `json.dumps` with indentation is ten times slower."""
    sections = []
    for title, entries in (("Parameters", parameters), ("Tags", tags)):
        lines = ",\n".join(f"    {quoted(name)}: {quoted(value)}" for name, value in entries.items())
        sections.append(f'  "{title}": {{\n{lines}\n  }}' if lines else f'  "{title}": {{}}')
    return ("{\n" + ",\n".join(sections) + "\n}\n").encode()


def _report(params: Path, out: Path, made: _Made) -> int:
    lines = [f"wrote    {out}/{name}" for name in sorted(made.changed)]
    lines += [f"removed  {out}/{name}" for name in made.stale]
    print(*lines, f"{out}: {made.total} files, {len(made.changed)} written, {len(made.stale)} removed", sep="\n")
    print(made.notes)
    if not made.platform.has_domain:
        print(f"note: {params}/platform.yaml has no 'domain': load balancers speak plain HTTP, which anybody can read")
    return DONE


def worst_cases(platform: Platform, worst: dict[str, dict[str, int]]) -> str:
    """A line per service: minutes until a release is done or rolled back in the worst case, and strategies."""
    width = max(map(len, worst))
    lines = ["minutes until a release is done or rolled back, in the worst case:"]
    for name, minutes in list(worst.items())[:SHOWN]:
        service = platform.services[name]
        places = [
            f"{place} {minutes[place]} ({variant(service, environment).strategy})"
            for place, environment in platform.environments.items()
        ]
        lines.append(f"  {name:{width}}  {', '.join(places)}")
    if len(worst) > SHOWN:
        longest = max(count for minutes in worst.values() for count in minutes.values())
        lines.append(f"  and {len(worst) - SHOWN} more, see WorstCaseMinutes in their templates; at most {longest}")
    return "\n".join(lines)


def _report_stale(out: Path, made: _Made) -> int:
    for name in sorted(made.changed):
        print(f"stale    {out / name}")
    for name in made.stale:
        print(f"extra    {out / name}")
    if made.changed or made.stale:
        print(f"{out}: {len(made.changed) + len(made.stale)} files are not what params/ gives; run generate.py")
        return STALE
    print(f"{out}: up to date")
    return DONE
