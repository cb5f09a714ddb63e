"""docs/reference.md: every key of params/*.yaml, from the declarations: `python -m sendy_cfn.config.reference`.

The same declarations check the files and make the editors' schemas; so what is written here is what is enforced.
"""

from __future__ import annotations

import dataclasses
import enum
import sys
import types
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendy_cfn import whole, wires
from sendy_cfn.config.fields import Spec, declared, hints, spec_of
from sendy_cfn.config.model import Platform
from sendy_cfn.knobs import OF_SERVICES, cluster, common, network, toolchain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sendy_cfn.parameters import Knob

FILE = Path("docs/reference.md")

_INTRODUCTION = """\
# Input reference

Made by `python -m sendy_cfn.config.reference` from the declarations that also check the files; edit those.

- [`params/platform.yaml`](#paramsplatformyaml): what exists
- [`params/<environment>.yaml`](#paramsenvironmentyaml): how much, in an environment
- [`params/toolchain.yaml`](#paramstoolchainyaml): how much, in the toolchain
- [Parameters that nobody sets](#parameters-that-nobody-sets)
- [Values between stacks](#values-between-stacks)

Files are YAML 1.2 without anchors, aliases, tags and duplicate keys: `no` is a word, `0123` keeps its zero. Digits that
are no number, such as account ids, are quoted. Characters that nobody sees, such as direction marks, are errors; where
one has to be, it is written as an escape in double quotes.
"""

_VALUES = """\
Keys are the names of template parameters, so that a value is found again in the template, in the console and in
`templates/config/`. A parameter that is left out has the template's default; one without a default has to be given
where the template takes it. One that the template does not take is an error.
"""

_ENVIRONMENT = """\
Three sections: `environment` feeds the environment's root, `defaults` every service in it, `services.<name>` one
service; the latter wins.
"""

_COMPUTED = """\
The generator fills them in from `platform.yaml`; the pipeline sets images, versions, `LiveCluster` and `IdleTasks` with
each release. In `params/` they are errors; whoever deploys by hand finds the others in `templates/config/`.
"""

_WIRES = """\
Inside a root, the output of one nested stack is the parameter of the same name of another. What has an SSM parameter
here is also published there, for stacks of other roots: their parameter holds that name, and CloudFormation reads it.
`<cluster>` is `blue` or `green`, from cell 2 on with its number: `blue-2`. Toolchain values are published only where
there is more than one cell.
"""


def text() -> str:
    """The page as the file has it."""
    of_environments = (*common.KNOBS, *network.KNOBS, *cluster.KNOBS)
    of_toolchains = (
        *toolchain.KNOBS,
        common.LOG_RETENTION_DAYS,
        *(toolchain.environment_role(f"<Environment>{wire.name}") for wire in _ROLES),
    )
    computed = [knob for knob in (*common.KNOBS, *OF_SERVICES) if knob.computed]
    blocks = [
        _INTRODUCTION,
        "## `params/platform.yaml`\n",
        *_records(),
        "## `params/<environment>.yaml`\n",
        _VALUES,
        _ENVIRONMENT,
        "### `environment`\n",
        *_groups(of_environments),
        "### `defaults` and `services.<name>`\n",
        *_groups(OF_SERVICES),
        "## `params/toolchain.yaml`\n",
        "### `toolchain`\n",
        "`<Environment>…` are for environments in another account or region than the toolchain.\n",
        *_groups(of_toolchains),
        "## Parameters that nobody sets\n",
        _COMPUTED,
        _table(
            ("parameter", "what it is", "allowed"), [(_code(k.name), k.description, _knob_allows(k)) for k in computed]
        ),
        "## Values between stacks\n",
        _WIRES,
        _table(("name", "what it is", "SSM parameter"), map(_wire, wires.BY_NAME.values())),
    ]
    return "\n".join(blocks)


def write(file: Path) -> bool:
    """Write the page; whether it changed."""
    if file.exists() and file.read_text(encoding="utf-8") == text():
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    whole.write(file, text())
    return True


_ROLES = (wires.PIPELINE_ROLE_ARN, wires.CLOUDFORMATION_ROLE_ARN, wires.READER_ROLE_ARN)


def _records() -> Iterator[str]:
    """A heading and a table for each mapping of platform.yaml; one for all places that a mapping is used at."""
    for cls, places in _places().items():
        yield f"### {', '.join(places if cls is Platform else map(_code, places))}\n"
        rows = [(_code(name), spec_of(field).doc, *_field(cls, name, field)) for name, field in declared(cls).items()]
        yield _table(("key", "what it is", "allowed", "default"), rows)


def _places() -> dict[Any, list[str]]:
    """Class of a mapping -> dotted paths where it stands, the file's top first."""
    found: dict[Any, list[str]] = {}
    waiting: list[tuple[Any, str]] = [(Platform, "top level")]
    while waiting:
        cls, path = waiting.pop(0)
        found.setdefault(cls, []).append(path)
        for name in declared(cls):
            below = name if cls is Platform else f"{path}.{name}"
            hint = _plain(hints(cls)[name])
            origin = typing.get_origin(hint)
            if origin is dict:
                hint, below = typing.get_args(hint)[1], f"{below}.<name>"
            elif origin is tuple:
                hint, below = typing.get_args(hint)[0], f"{below}[]"
            if dataclasses.is_dataclass(hint):
                waiting.append((hint, below))
    return found


def _field(cls: Any, name: str, field: dataclasses.Field[Any]) -> tuple[str, str]:
    """What a key may hold, and what it holds when it is left out."""
    return _allows(_plain(hints(cls)[name]), spec_of(field)), _default(field)


def _plain(hint: Any) -> Any:
    """X of X | None."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is types.UnionType else hint


def _allows(hint: Any, spec: Spec) -> str:
    origin = typing.get_origin(hint)
    if origin is tuple:
        return _counted("list", spec) + _of(_allows(typing.get_args(hint)[0], dataclasses.replace(spec, min_items=0)))
    if origin is dict:
        value = _allows(typing.get_args(hint)[1], dataclasses.replace(spec, min_items=0))
        return f"{_counted('mapping', spec)}: {spec.key_allowed} -> {value or 'see below'}"
    if dataclasses.is_dataclass(hint):
        return ""
    if issubclass(hint, enum.Enum):
        return ", ".join(_code(member.value) for member in hint)
    if hint is int:
        return f"{spec.minimum} to {spec.maximum}"
    return "`true`, `false`" if hint is bool else spec.allowed


def _counted(what: str, spec: Spec) -> str:
    least = f"at least {spec.min_items}" if spec.min_items else ""
    most = f"at most {spec.max_items}" if spec.max_items is not None else ""
    counts = ", ".join(filter(None, (least, most)))
    return f"{what} ({counts})" if counts else what


def _of(items: str) -> str:
    return f" of {items}" if items else ", see below"


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return "none"
    value = field.default
    if value is dataclasses.MISSING:
        return "**required**"
    if isinstance(value, bool):
        return _code(str(value).lower())
    if isinstance(value, tuple):
        return _code(f"[{', '.join(map(str, value))}]") if value else "none"
    return "none" if value is None or dataclasses.is_dataclass(value) else _code(str(value))


def _groups(knobs: Iterable[Knob]) -> Iterator[str]:
    """A table for each heading that the console shows."""
    groups: dict[str, list[Knob]] = {}
    for knob in knobs:
        if not knob.computed:
            groups.setdefault(knob.group, []).append(knob)
    for group, members in groups.items():
        yield f"#### {group}\n"
        rows = [(_code(k.name), k.description, _knob_allows(k), _knob_default(k)) for k in members]
        yield _table(("parameter", "what it is", "allowed", "default"), rows)


def _knob_allows(knob: Knob) -> str:
    if knob.allowed:
        return ", ".join(_code(str(value)) for value in knob.allowed)
    if knob.shape or knob.type == "Number":
        return f"list, each {knob.expected}" if knob.is_list else knob.expected.removeprefix("a whole number from ")
    return _code(knob.type) if knob.type.startswith("AWS::") else "text"


def _knob_default(knob: Knob) -> str:
    if knob.default is None:
        return "see there" if knob.offline else "**required**"
    return "empty" if knob.default == "" else _code(str(knob.default))


def _wire(wire: wires.Wire) -> tuple[str, str, str]:
    place = wires.TOOLCHAIN if wire in wires.TOOLCHAIN_WIRES else "<environment>"
    name = _code(wire.ssm_name("<platform>", place, "<cluster>")) if wire.path else "none"
    return _code(wire.name), wire.description, name


def _code(value: str) -> str:
    return f"`{value}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(map(_cell, row)) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(content: str) -> str:
    """Text that Markdown shows as it is; what stands between backquotes needs it for '|' only."""
    parts = content.replace("|", "\\|").split("`")
    for index in range(0, len(parts), 2):
        parts[index] = parts[index].replace("<", "&lt;")
        if not parts[index].startswith("**"):
            parts[index] = parts[index].replace("*", "\\*")
    return "`".join(parts)


def main() -> int:
    """Write docs/reference.md."""
    if write(FILE):
        print(f"wrote {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
