"""Stacks as CloudFormation would make them: conditions decided, functions resolved, names made, nested ones followed.

Nothing is computed before somebody asks for it. A value that no template tells (what people pass, what other stacks
publish) is made up in the form that its parameter's type has.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeAlias

from sendy_cfn.checks.action_templates import Block, Library, is_intrinsic, section, template
from sendy_cfn.checks.house.values import GAP
from sendy_cfn.checks.policy_names import Named, Place, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ABSENT = object()
NESTED, STORED = "AWS::CloudFormation::Stack", "AWS::SSM::Parameter"
# What AWS publishes, and what exists before the first stack.
MADE_UP = {
    "Number": "1",
    "AWS::EC2::VPC::Id": "vpc-0a1b2c3d4e5f60718",
    "AWS::EC2::Subnet::Id": "subnet-0a1b2c3d4e5f60718",
    "AWS::EC2::SecurityGroup::Id": "sg-0a1b2c3d4e5f60718",
    "AWS::EC2::Image::Id": "ami-0a1b2c3d4e5f60718",
    "AWS::Route53::HostedZone::Id": "Z0A1B2C3D4E5F",
}

Store: TypeAlias = dict[tuple[Place, str], Any]  # SSM parameters, by where they are and their names


class Stack:
    """One stack."""

    def __init__(
        self, library: Library, file: str, name: str, place: Place, values: Mapping[str, Any], stored: Store
    ) -> None:
        """Nothing is read yet but the template.

        Args:
            library: the folder with the template and those that it nests.
            file: the template.
            name: the stack's.
            place: where it is.
            values: of its parameters.
            stored: SSM parameters that are there, by place and name.

        Raises:
            TemplateError: the template can't be read.
        """
        self.file, self.name, self.place = file, name, place
        self._library, self._values, self._stored = library, values, stored
        self.root: Block = template(library, file)
        self._properties: dict[str, dict[str, Any]] = {}
        self._called: dict[str, Named] = {}
        self._nested: dict[str, Stack] = {}

    def __repr__(self) -> str:
        """For messages."""
        return f"{self.name} ({self.file})"

    @functools.cached_property
    def resources(self) -> dict[str, Block]:
        """The resources that are made, by logical id."""
        declared = section(self.root, "Resources")
        return {
            name: body for name, body in declared.items() if "Condition" not in body or self.holds(body["Condition"])
        }

    def of(self, *kinds: str) -> list[str]:
        """Logical ids of the resources of these types."""
        return [name for name, body in self.resources.items() if body["Type"] in kinds]

    def properties(self, logical_id: str) -> dict[str, Any]:
        """A resource's properties, resolved."""
        if logical_id not in self._properties:
            self._properties[logical_id] = self.value(section(self.resources[logical_id], "Properties"))
        return self._properties[logical_id]

    def called(self, logical_id: str) -> Named:
        """What a resource is called."""
        if logical_id not in self._called:
            kind, given = self.resources[logical_id]["Type"], self.properties(logical_id)
            self._called[logical_id] = named(kind, logical_id, self.name, self.place, given)
        return self._called[logical_id]

    def nested(self, title: str) -> Stack:
        """A stack that this one nests."""
        if title not in self._nested:
            given = self.properties(title)
            name = named(NESTED, title, self.name, self.place, {}).name
            values = given.get("Parameters", {})
            inner = Stack(self._library, given["TemplateURL"], name, self.place, values, self._stored)
            self._nested[title] = inner
        return self._nested[title]

    def all(self) -> Iterator[Stack]:
        """This stack, and all below it."""
        yield self
        for title in self.of(NESTED):
            yield from self.nested(title).all()

    def publish(self) -> None:
        """Store the SSM parameters that this stack and those below it make."""
        for stack in self.all():
            for title in stack.of(STORED):
                given = stack.properties(title)
                self._stored[self.place, given["Name"]] = given["Value"]

    def holds(self, name: str) -> bool:
        """Whether a condition is met."""
        return bool(self.value(section(self.root, "Conditions")[name]))

    def output(self, name: str) -> Any:
        """An output's value."""
        return self.value(section(self.root, "Outputs", name)["Value"])

    def value(self, node: Any) -> Any:
        """A value with all its functions resolved.

        Raises:
            LookupError: a function that this does not know, or a reference to what isn't made.
        """
        if isinstance(node, list):
            return [found for item in node if (found := self.value(item)) is not ABSENT]
        if not isinstance(node, dict):
            return node
        if is_intrinsic(node) or (set(node) == {"Condition"} and isinstance(node["Condition"], str)):
            ((function, given),) = node.items()
            if function not in _FUNCTIONS:
                raise LookupError(f"{self}: {function} is not known here")
            return _FUNCTIONS[function](self, given)
        found = {key: self.value(item) for key, item in node.items()}
        return {key: item for key, item in found.items() if item is not ABSENT}

    def ref(self, name: str) -> Any:
        """What Ref gives."""
        if name == "AWS::NoValue":
            return ABSENT
        if name.startswith("AWS::"):
            return self._pseudo[name]
        if name in section(self.root, "Parameters"):
            return self._parameter(name)
        return self.called(name).identifier

    @property
    def _pseudo(self) -> dict[str, str]:
        return {
            "AWS::AccountId": self.place.account,
            "AWS::Partition": "aws",
            "AWS::Region": self.place.region,
            "AWS::StackId": self.arn,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
        }

    @property
    def arn(self) -> str:
        """The stack's own."""
        return self.place.arn("cloudformation", f"stack/{self.name}/5c1a0de0-0000-11f0-8000-0a58a9feac02")

    def given(self, name: str) -> Any:
        """The value that a parameter is given, of one that is stored elsewhere its name there; None for no value."""
        return self._values.get(name, section(self.root, "Parameters", name).get("Default"))

    def _parameter(self, name: str) -> Any:
        kind = str(section(self.root, "Parameters", name)["Type"])
        value = self.given(name)
        if kind.startswith("AWS::SSM::Parameter::Value<"):
            kind = kind.partition("<")[2].removesuffix(">")
            value = self._stored.get((self.place, str(value)))
        if value is None:
            value = made_up(kind, name)
        listed = kind.startswith(("List<", "CommaDelimitedList"))
        return value.split(",") if listed and isinstance(value, str) else value

    def attribute(self, name: str, attribute: str) -> Any:
        """What GetAtt gives."""
        kind = self.resources[name]["Type"]
        if kind == NESTED:
            return self.nested(name).output(attribute.removeprefix("Outputs."))
        called = self.called(name)
        if attribute == "Arn" or attribute.endswith("Arn"):
            return called.arn
        if attribute == "RepositoryUri":
            return f"{self.place.account}.dkr.ecr.{self.place.region}.amazonaws.com/{called.name}"
        if (kind, attribute) in _LISTS:
            return [f"{name}.{attribute}.{number}" for number in range(4)]
        if attribute.endswith(("Name", "Id")):
            return called.identifier if attribute.endswith("Id") else called.name
        return f"{name}.{attribute}"


_LISTS = {("AWS::Route53::HostedZone", "NameServers"), ("AWS::EC2::VPC", "Ipv6CidrBlocks")}


def made_up(kind: str, name: str) -> str:
    """A value for a parameter that nobody gave one."""
    inner = kind.removeprefix("List<").removesuffix(">")
    return MADE_UP.get(inner, name.lower())


def _sub(stack: Stack, given: Any) -> str:
    text, own = given if isinstance(given, list) else (given, {})

    def part(name: str) -> str:
        if name.startswith("!"):
            return f"${{{name[1:]}}}"
        if name in own:
            return str(stack.value(own[name]))
        target, dot, attribute = name.partition(".")
        return str(stack.attribute(target, attribute) if dot else stack.ref(name))

    return GAP.sub(lambda gap: part(gap[1]), text)


def _join(stack: Stack, given: Any) -> str:
    return str(given[0]).join(map(str, stack.value(given[1])))


def _equals(stack: Stack, given: Any) -> bool:
    left, right = stack.value(given)
    return str(left) == str(right)


_FUNCTIONS: dict[str, Callable[[Stack, Any], Any]] = {
    "Ref": Stack.ref,
    "Condition": Stack.holds,
    "Fn::GetAtt": lambda stack, given: stack.attribute(*(given if isinstance(given, list) else given.split(".", 1))),
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": lambda stack, given: str(stack.value(given[1])).split(given[0]),
    "Fn::Select": lambda stack, given: stack.value(given[1])[int(stack.value(given[0]))],
    "Fn::If": lambda stack, given: stack.value(given[1] if stack.holds(given[0]) else given[2]),
    "Fn::Equals": _equals,
    "Fn::Not": lambda stack, given: not stack.value(given[0]),
    "Fn::And": lambda stack, given: all(stack.value(given)),
    "Fn::Or": lambda stack, given: any(stack.value(given)),
    "Fn::Base64": lambda stack, given: stack.value(given),
    "Fn::GetAZs": lambda stack, _given: [f"{stack.place.region}{letter}" for letter in "abcd"],
    # Which addresses a subnet has does not matter to any policy.
    "Fn::Cidr": lambda stack, given: [f"10.0.{number}.0/24" for number in range(int(stack.value(given[1])))],
}
