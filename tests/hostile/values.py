"""Values for single keys, drawn from their declarations: type, pattern, choices, limits. No key is named here."""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
import types
import typing
from typing import Any

from hypothesis import strategies as st

from sendy_cfn.config.fields import Spec, declared, hints, spec_of
from sendy_cfn.parameters import Knob

# Texts that mean something to a shell, CloudFormation, CodePipeline, IAM, YAML or a terminal. Each key gets those that
# its pattern admits.
NASTY = (
    "${AWS::Region}", "${AWS::AccountId}", "${Nope}", "${!X}", "$${X}", "${", "$", "$(touch pwned)", "`touch pwned`",
    '"; touch pwned; #', "'; touch pwned; '", "a && touch pwned", "| touch pwned", "%0a", "*/../", "*", "?", "!Ref Vpc",
    "!Sub x", "Fn::Sub", '{"Ref": "Vpc"}', "#{ServiceSource.CommitId}", "#{x}", "{{ x }}", "{{resolve", "<<", "&a",
    "yes", "no", "on", "null", "~", "true", "012", "0x1f", "1e3", "1_000", ".inf", "2026-01-01", "1:30", "- a", "a: b",
    "a #b", "---", "...", "%YAML", " x ", "x ", " ", "\u00e9", "e\u0301", "\u4e2d\u6587", "\U0001f680", "\u00a0",
    "\u200b", "\u202e", "\ufeff", "\u0085", "\u007f", "\\", "\\n", "\\u0041", "'", '"', "@", "`", "|", ">", "[", "{",
    "<script>", "../../etc/passwd", "-rf", "--help", "=", "a=b", "\ud7ff", "\ue000",
)  # fmt: skip
LONGEST = 1200  # characters; where the pattern knows no limit


def fits(pattern: str, text: str) -> bool:
    """As the product decides it."""
    return re.fullmatch(pattern, text) is not None


@functools.cache
def nasty(pattern: str) -> tuple[str, ...]:
    """Those of NASTY that the pattern admits."""
    return tuple(text for text in NASTY if fits(pattern, text))


def stretched(pattern: str, text: str) -> str:
    """The text with its last character repeated as often as the pattern admits."""
    low, high = 0, LONGEST
    while low < high:
        middle = (low + high + 1) // 2
        if text and fits(pattern, text + text[-1] * middle):
            low = middle
        else:
            high = middle - 1
    return text + text[-1:] * low


@functools.cache
def texts(pattern: str) -> st.SearchStrategy[str]:
    """Texts that the pattern admits: short ones, nasty ones, longest ones."""
    body = re.sub(r"\(\?[=!][^()]*\)", "", pattern)  # what looks ahead narrows, and would be drawn as text
    plain = st.from_regex(re.compile(body), fullmatch=True).filter(lambda text: fits(pattern, text))
    found = [plain, plain, plain.map(lambda text: stretched(pattern, text))]
    return st.one_of(*found, *([st.sampled_from(nasty(pattern))] * 2 if nasty(pattern) else []))


def numbers(minimum: int | None, maximum: int | None) -> st.SearchStrategy[int]:
    """Whole numbers within the limits, and the limits themselves."""
    ends = [number for number in (minimum, maximum) if number is not None]
    return st.one_of(st.integers(minimum, maximum), *([st.sampled_from(ends)] if ends else []))


def value(hint: Any, spec: Spec) -> st.SearchStrategy[Any]:
    """Values of a key, as YAML has them."""
    origin = typing.get_origin(hint)
    if origin is types.UnionType:
        return value(typing.get_args(hint)[0], spec)
    if origin is tuple:
        most = min(spec.max_items or 4, 4)
        return st.lists(
            value(typing.get_args(hint)[0], spec),
            min_size=spec.min_items,
            max_size=most,
            unique_by=repr if spec.unique else None,
        )
    if origin is dict:
        return st.dictionaries(
            texts(spec.key_pattern), value(typing.get_args(hint)[1], spec), min_size=spec.min_items, max_size=4
        )
    if dataclasses.is_dataclass(hint):
        return record(hint)
    if issubclass(hint, enum.Enum):
        return st.sampled_from([str(member.value) for member in hint])
    return _scalar(hint, spec)


def _scalar(hint: Any, spec: Spec) -> st.SearchStrategy[Any]:
    if spec.choices:
        return st.sampled_from(spec.choices)
    if hint is bool:
        return st.booleans()
    if hint is int:
        return numbers(spec.minimum, spec.maximum)
    assert hint is str, f"a new kind of value: {hint}"
    return texts(spec.pattern)


def record(cls: Any, *, without: tuple[str, ...] = ()) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping with the dataclass's keys: all that are required, and some or all of the others."""
    fields = {name: item for name, item in declared(cls).items() if name not in without}
    of = {name: value(hints(cls)[name], spec_of(item)) for name, item in fields.items()}
    missing = dataclasses.MISSING
    needed = {name for name, item in fields.items() if item.default is missing and item.default_factory is missing}
    some = st.fixed_dictionaries(
        {name: found for name, found in of.items() if name in needed},
        optional={name: found for name, found in of.items() if name not in needed},
    )
    return st.one_of(some, some, st.fixed_dictionaries(of))


def knob(of: Knob) -> st.SearchStrategy[Any]:
    """Values of a parameter, as a values file has them."""
    if of.allowed:
        return st.sampled_from(of.allowed)
    if of.type == "Number":
        return numbers(of.minimum, of.maximum)
    if of.is_list:
        return st.lists(texts(of.pattern), min_size=of.min_items, max_size=of.min_items + 2, unique=True)
    return texts(of.pattern)
