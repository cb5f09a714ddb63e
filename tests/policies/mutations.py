"""What of a role's policies could go without denying a call: statements, and of the others actions and resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from emulator.authorize import Principal
from sendy_cfn.checks.policy_roles import Role
from tests.policies.catalogue import calls
from tests.policies.world import Call, World, allows, principal

Change = Callable[[list[dict[str, Any]]], None]


class Part(NamedTuple):
    """A part of a policy."""

    template: str
    role: str
    sid: str
    what: str  # an action, "resource <number>", or nothing for the statement as a whole

    def __str__(self) -> str:
        return f"{self.template} {self.role} {self.sid}{' ' if self.what else ''}{self.what}"


def denied(world: World, role: Role) -> list[Call]:
    """Calls that the role's policies do not allow."""
    who = principal(role)
    return [call for call in calls(world, role) if not allows(who, call)]


def spare(world: World) -> set[Part]:
    """What could go from every role that has it: an environment need not have all that others have."""
    spared: set[Part] = set()
    needed: set[Part] = set()
    for role in world.roles:
        parts = set(_spare(world, role))
        spared |= parts
        needed |= set(_parts(role)) - parts
    return spared - needed


def _parts(role: Role) -> Iterator[Part]:
    for policy in role.policies:
        for statement in policy.statements:
            what = ["", *statement["Action"], *(f"resource {number}" for number in range(len(statement["Resource"])))]
            yield from (Part(role.stack.file, role.title, statement["Sid"], one) for one in what)


def _spare(world: World, role: Role) -> Iterator[Part]:
    who, made = principal(role), calls(world, role)
    for number, policy in enumerate(role.policies):
        for index, statement in enumerate(policy.statements):
            actions, resources = statement["Action"], statement["Resource"]
            mine = [call for call in made if call.action in actions]

            def part(what: str, sid: str = statement["Sid"]) -> Part:
                return Part(role.stack.file, role.title, sid, what)

            def without(key: str, position: int, number: int = number, index: int = index) -> Principal:
                return _without(who, role, number, index, key, position)

            if _all(without("", 0), mine):
                yield part("")
                continue
            for position, action in enumerate(actions if len(actions) > 1 else ()):
                if _all(without("Action", position), [call for call in mine if call.action == action]):
                    yield part(action)
            for position in range(len(resources) if len(resources) > 1 else 0):
                if _all(without("Resource", position), mine):
                    yield part(f"resource {position}")


def _without(who: Principal, role: Role, number: int, index: int, key: str, position: int) -> Principal:
    document = role.policies[number].document
    statements = list(role.policies[number].statements)
    if key:
        kept = [one for place, one in enumerate(statements[index][key]) if place != position]
        statements[index] = {**statements[index], key: kept}
    else:
        del statements[index]
    return who.instead(number, {**document, "Statement": statements})


def _all(who: Principal, made: Iterable[Call]) -> bool:
    return all(allows(who, call) for call in made)
