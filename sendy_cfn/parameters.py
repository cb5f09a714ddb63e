"""Template parameters that people set in `params/<environment>.yaml`, `params/toolchain.yaml` or the console.

A `Knob` is declared once, here or in `knobs_*`; stacks take it, roots pass it on, values files are checked against it,
editors complete it from it. Names are unique over all templates, so a root can derive its parameters from the names its
children take.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troposphere import Parameter, Ref, Template

Value = str | int | float | bool | list[str] | list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """A template parameter with what is allowed in it; the checks are CloudFormation's own."""

    name: str
    description: str  # with the unit
    group: str  # heading in the console
    label: str = ""  # what the console shows instead of the name
    type: str = "String"  # String, Number, CommaDelimitedList or an AWS-specific type
    default: str | int | None = None  # None: must be given
    allowed: tuple[str | int, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    pattern: str = ""  # of the value; of each item of a list
    shape: str = ""  # the pattern in words
    min_items: int = 0  # of a list
    computed: bool = False  # filled in by the generator from platform.yaml, never by a person
    offline: bool = False  # checked when templates are made, and no parameter of them

    def parameter(self) -> Parameter:
        """The troposphere Parameter, one for all templates; CloudFormation enforces what `check` checks."""
        return _parameter(self)

    def take(self, template: Template) -> Ref:
        """Declare the parameter in the template, once, in its console group; a Ref to it."""
        if self.name not in template.parameters:
            template.add_parameter(self.parameter())
            template.add_parameter_to_group(self.name, self.group)
            if self.label:
                template.set_parameter_label(self.name, self.label)
        return reference(self.name)

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return self.type == "CommaDelimitedList" or self.type.startswith("List<")

    def check(self, value: object) -> str:
        """What is wrong with the value, in words; "" where nothing is.

        CloudFormation's rules: AllowedValues, MinValue, MaxValue, AllowedPattern.
        """
        if self.is_list:
            if not isinstance(value, list):
                return f"{_shown(value)}, expected a list"
            if len(value) < self.min_items:
                return f"{len(value)} items, expected at least {self.min_items}"
            texts = [to_text(item) for item in value]
            if len(set(texts)) < len(texts):
                return f"'{next(text for text in texts if texts.count(text) > 1)}' is listed twice"
            return next((f"item {wrong}" for item in value if (wrong := self._item(item))), "")
        if isinstance(value, list | dict) or value is None:
            return f"{_shown(value)}, expected {self.expected}"
        if self.type == "Number":
            return self._number(value)
        return self._item(value)

    def _number(self, value: object) -> str:
        fits = (
            isinstance(value, int)
            and not isinstance(value, bool)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (not self.allowed or value in self.allowed)
        )
        return "" if fits else f"{_shown(value)}, expected {self.expected}"

    def _item(self, value: object) -> str:
        if self.pattern and not isinstance(value, str):
            # Its text may be another one than the file has: 1.10 is the number 1.1.
            return f"{_shown(value)}, expected {self.expected}, in quotes"
        text = to_text(value)
        fits = (not self.allowed or text in self.allowed) and (
            not self.pattern or re.fullmatch(self.pattern, text) is not None
        )
        return "" if fits else f"{_shown(value)}, expected {self.expected}"

    @property
    def expected(self) -> str:
        """What is allowed, in words."""
        if self.allowed:
            return " | ".join(map(str, self.allowed))
        if self.type == "Number":
            return f"a whole number from {self.minimum} to {self.maximum}"
        return self.shape or "text"


@lru_cache(maxsize=512)  # more than there are
def reference(name: str) -> Ref:
    """A Ref to a parameter, one for all templates."""
    from troposphere import Ref  # here: parameters are looked at where nothing is built, too

    return Ref(name)


@lru_cache(maxsize=512)  # more than there are
def _parameter(knob: Knob) -> Parameter:
    from troposphere import Parameter

    given: dict[str, Any] = {"Type": knob.type, "Description": knob.description}
    if knob.default is not None:
        given["Default"] = knob.default
    if knob.allowed:
        given["AllowedValues"] = list(knob.allowed)
    if knob.type == "Number":
        given |= {k: v for k, v in (("MinValue", knob.minimum), ("MaxValue", knob.maximum)) if v is not None}
    if knob.pattern and knob.type == "String":  # AWS-specific types have checks of their own
        given["AllowedPattern"] = f"^{knob.pattern}$"
    if knob.shape:
        given["ConstraintDescription"] = knob.shape
    return Parameter(knob.name, **given)


def _shown(value: object) -> str:
    """As the file has it."""
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        return "a list or mapping"
    return f"'{value}'" if isinstance(value, str) else to_text(value)


def to_text(value: object) -> str:
    """A value as CloudFormation takes it: every parameter value is a string, a list has commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(to_text, value))
    return str(value)
