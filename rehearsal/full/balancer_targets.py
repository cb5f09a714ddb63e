"""The targets of a target group: registered, checked, served, drained."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rehearsal.events import RehearsalError
from rehearsal.full.balancer_health import DRAINING, HEALTHY, INITIAL, UNHEALTHY, Checker, Health
from rehearsal.full.balancer_state import Check, Group, Target
from rehearsal.full.haproxy_config import SLOTS


@dataclass
class _Member:
    slot: int
    checker: Checker
    drained: float | None = None  # when a deregistered target has had its time, by the monotonic clock

    @property
    def state(self) -> str:
        return DRAINING if self.drained is not None else self.checker.health.state


class Targets:
    """The targets of one target group; not safe to use from several threads at once."""

    def __init__(
        self, group: Group, said: Callable[[Target, str], None], changed: Callable[[], None], gate: bool
    ) -> None:
        """No targets yet.

        Args:
            group: as deployed when it was first seen; `update` follows its changes.
            said: told about each new state of a target.
            changed: called, in another thread, when a check has changed a state.
            gate: whether a new target waits for the first check it passes.
        """
        self.group = group
        self._said = said
        self._changed = changed
        self.gate = gate
        self._members: dict[Target, _Member] = {}
        self._told: dict[Target, str] = {}

    def update(self, group: Group, registered: Sequence[Target]) -> list[int]:
        """Follow the registered targets and the group's settings; the slots whose time to drain is over."""
        if group.check != self.group.check:
            self._recheck(group.check)
        self.group = group
        now = time.monotonic()
        over = [target for target, member in self._members.items() if member.drained and member.drained <= now]
        slots = [self._members.pop(target).slot for target in over]
        for target in registered:
            if self.state(target) in (None, DRAINING):
                self._register(target)
        for target, member in self._members.items():
            if target not in registered and member.drained is None:
                member.checker.stop()
                member.drained = now + group.delay
        return slots

    def tell(self) -> None:
        """Say every state that is new."""
        states = self.states
        for target, state in states.items():
            if self._told.get(target) != state:
                self._said(target, state)
        for target in self._told.keys() - states.keys():
            self._said(target, "gone")
        self._told = states

    @property
    def states(self) -> dict[Target, str]:
        """Every target and its state."""
        return {target: member.state for target, member in self._members.items()}

    def state(self, target: Target) -> str | None:
        """A target's state."""
        return self._members[target].state if target in self._members else None

    def slot(self, target: Target) -> int | None:
        """The number of the server that a target has."""
        return self._members[target].slot if target in self._members else None

    @property
    def serving(self) -> dict[int, Target]:
        """The targets that get new requests, by slot: the healthy ones, or, if there are none, the unhealthy ones."""
        for state in (HEALTHY, UNHEALTHY):
            if chosen := {member.slot: target for target, member in self._members.items() if member.state == state}:
                return chosen
        return {}

    def stop(self) -> None:
        """End all checks."""
        for member in self._members.values():
            member.checker.stop()

    def _register(self, target: Target) -> None:
        checker = Checker(Health(self.group.check, (INITIAL if self.gate else HEALTHY)), target, self._changed)
        known = self._members.get(target)
        self._members[target] = _Member(known.slot if known else self._free(), checker)

    def _free(self) -> int:
        taken = {member.slot for member in self._members.values()}
        free = [slot for slot in range(1, SLOTS + 1) if slot not in taken]
        if not free:
            raise RehearsalError(f"target group {self.group.name}: more than {SLOTS} targets, with those that drain")
        return free[0]

    def _recheck(self, check: Check) -> None:
        for target, member in self._members.items():
            if member.drained is None:
                member.checker.stop()
                member.checker = Checker(Health(check, member.state), target, self._changed)
