"""Policy linters over all policies that the templates make: parliament, cloudsplaining and a rule of our own.

    python -m sendy_cfn.checks.policies [--templates DIR] [--params DIR]

Every role's policies are looked at one by one and together, because escalation arises from combinations; then who may
take it on, and the policies of buckets, keys, topics, queues and repositories. Values are those that the platform's own
stacks will have. The linters run in an environment of their own (policy_engine.py), which SENDY_POLICIES_PYTHON may
name; what they find and is accepted is in policy_accepted.py, where an entry that no longer matches is itself a
finding. Unknown actions are cfn-lint's (W3037).

Exit status 0 nothing found, 1 findings, 2 bad usage.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sendy_cfn import config
from sendy_cfn.checks import cache
from sendy_cfn.checks.action_templates import TemplateError, section
from sendy_cfn.checks.findings import Finding, Severity, summary, table
from sendy_cfn.checks.lint import finding_of
from sendy_cfn.checks.policy_accepted import ACCEPTED, Accepted
from sendy_cfn.checks.policy_deployed import deployed
from sendy_cfn.checks.policy_roles import resource_policies, roles
from sendy_cfn.checks.usage import BAD_USAGE, CLEAN, FOUND, UsageError, templates_of
from sendy_cfn.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sendy_cfn.checks.policy_roles import Document, Role
    from sendy_cfn.checks.policy_stacks import Stack
    from sendy_cfn.config.model import Platform

PYTHON = Path(os.environ.get("SENDY_POLICIES_PYTHON", ".venv-policies/bin/python"))  # that has the linters
ENGINE = Path(__file__).with_name("policy_engine.py")
ESCALATION = ("parliament:PRIVILEGE_ESCALATION", "cloudsplaining:escalation")  # may need several policies
UNBOUND = "unbound-pass-role"
NAME = re.compile(r"\b[a-z0-9-]+:[A-Za-z]+\b")  # of an action or a condition key


class Linted(NamedTuple):
    """A document, and the resource that findings in it are about."""

    stack: Stack
    title: str
    kind: str  # identity, together (all of a role's), trust or resource
    document: Document

    @property
    def line(self) -> int:
        """The resource's line."""
        return section(self.stack.root, "Resources").lines[self.title]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the linters from the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="policies", description="policy linters over all policies of the templates")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR")
    parser.add_argument("--params", type=Path, default=Path("params"), metavar="DIR", help="what they were made of")
    parser.add_argument("--python", type=Path, default=PYTHON, metavar="FILE", help="the one that has the linters")
    parser.add_argument("--cache", type=Path, default=cache.FOLDER, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        templates_of(options.templates)
        findings = check(options.templates, config.load(options.params), options.python, options.cache)
    except (UsageError, ConfigError, TemplateError, LookupError) as error:
        print(f"policies: {error}", file=sys.stderr)
        return BAD_USAGE
    if findings:
        print(table(findings))
    print(summary("policies", len(templates_of(options.templates)), len(set(findings))))
    return FOUND if findings else CLEAN


def check(
    folder: Path, platform: Platform, python: Path, store: Path, accepted: Sequence[Accepted] = ACCEPTED
) -> list[Finding]:
    """What is found in the policies of a folder's templates and nobody accepted, and what is accepted in vain.

    Args:
        folder: the templates, with config/ among them.
        platform: what they were made of.
        python: the interpreter that has the linters.
        store: the folder of the cache; it holds all findings, so that a change of the accepted ones costs nothing.
        accepted: the accepted findings.

    Raises:
        UsageError: the linters are not there, or do not work.
        TemplateError: a template can't be read.
        LookupError: one refers to what isn't there.
    """
    policies = list(linted(deployed(folder, platform)))
    key = cache.fingerprint(*_sources(python), json.dumps([(*_place(one), one.document) for one in policies]))

    known = cache.Store(store / "policies.json")
    rows = known.get(key)
    if rows is None:
        rows = [list(dataclasses.astuple(finding)) for finding in _examine(folder, policies, python)]
        known.put(key, rows)
        known.save()
    found = [finding_of(*row) for row in rows]
    idle = [entry for entry in accepted if not any(map(entry.accepts, found))]
    remaining = [finding for finding in found if not any(entry.accepts(finding) for entry in accepted)]
    return remaining + [finding for entry in idle for finding in _needless(folder, entry, policies)]


def linted(stacks: Iterable[Stack]) -> Iterator[Linted]:
    """All documents, each once for a resource of a template, whatever number of stacks are made of it."""
    seen = set()
    for one in _all(list(stacks)):
        key = (*_place(one), json.dumps(one.document))
        if key not in seen:
            seen.add(key)
            yield one


def _all(stacks: Sequence[Stack]) -> Iterator[Linted]:
    for role in roles(stacks):
        for policy in role.policies:
            yield Linted(policy.stack, policy.title, "identity", policy.document)
        yield Linted(role.stack, role.title, "together", _together(role))
        # The linters want to be told the resource, which in a trust policy is the role.
        yield Linted(role.stack, role.title, "trust", _on(role.trust, role.arn))
    for policy in resource_policies(stacks):
        arn = policy.stack.called(policy.title).arn
        yield Linted(policy.stack, policy.title, "resource", _on(policy.document, arn))


def _together(role: Role) -> Document:
    statements = [
        {**statement, "Sid": f"{policy.title}{statement.get('Sid', '')}"} for policy, statement in role.statements
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _on(document: Document, arn: str) -> Document:
    """The policy with the resource that has it named, where nothing stands or, in that of a key, "*"."""
    named = [{"Resource": [arn], **statement} for statement in document["Statement"]]
    on_key = [{**one, "Resource": [arn]} if one["Resource"] == ["*"] and ":kms:" in arn else one for one in named]
    return {**document, "Statement": on_key}


def _place(one: Linted) -> tuple[str, str, str]:
    return one.stack.file, one.title, one.kind


def _sources(python: Path) -> Iterator[bytes | str | None]:
    """What besides the policies decides what is found."""
    yield from (Path(__file__).read_bytes(), ENGINE.read_bytes(), str(python))
    yield from sorted(path.name for path in python.parent.parent.glob("lib/python*/site-packages/*.dist-info"))


def _examine(folder: Path, policies: Sequence[Linted], python: Path) -> list[Finding]:
    asked = [
        {"id": number, "kind": "identity" if one.kind == "together" else one.kind, "document": one.document}
        for number, one in enumerate(policies)
        if one.document["Statement"]
    ]
    said = [(policies[answer["id"]], answer["rule"], answer["message"]) for answer in _ask(python, asked)]
    alone = {(one.stack.name, rule, message) for one, rule, message in said if one.kind == "identity"}
    found = [
        _finding(folder, one, rule, message)
        for one, rule, message in said
        if one.kind != "together" or (rule in ESCALATION and (one.stack.name, rule, message) not in alone)
    ]
    return found + [_finding(folder, one, UNBOUND, message) for one in policies for message in _unbound(one)]


def _ask(python: Path, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The linters' answers.

    Raises:
        UsageError: they are not there, or do not work.
    """
    if not python.exists():
        raise UsageError(f"no {python}: make setup")
    done = subprocess.run([python, "-I", ENGINE], input=json.dumps(asked), capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UsageError(f"{ENGINE.name} ended with {done.returncode}: {last}")
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def _unbound(one: Linted) -> Iterator[str]:
    """Statements that let a role be passed to any service."""
    for statement in one.document["Statement"] if one.kind == "identity" else ():
        actions = [action.lower() for action in _listed(statement.get("Action", "*"))]
        keys = {key.lower() for keys in statement.get("Condition", {}).values() for key in keys}
        passes = any(action in ("*", "iam:*", "iam:pass*", "iam:passrole") for action in actions)
        if statement["Effect"] == "Allow" and passes and "iam:passedtoservice" not in keys:
            yield f"{statement.get('Sid', 'a statement')} does not say to which service: iam:PassedToService"


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _finding(folder: Path, one: Linted, rule: str, message: str) -> Finding:
    what = {"trust": "trust policy: "}.get(one.kind, "")
    return Finding(str(folder / one.stack.file), one.line, one.title, rule, Severity.WARNING, what + message)


def _needless(folder: Path, entry: Accepted, policies: Sequence[Linted]) -> list[Finding]:
    """A finding if a policy has the actions and keys that the entry names.

    Without one, the platform simply has no use for it.
    """
    named = [name.casefold() for name in NAME.findall(entry.message)]
    for one in policies:
        text = json.dumps(one.document).casefold()
        if entry.covers(one.stack.file, one.title) and all(name in text for name in named):
            message = f"{entry.rule} '{entry.message}' is accepted in policy_accepted.py but not found: remove it"
            return [_finding(folder, one, "needless-acceptance", message)]
    return []


if __name__ == "__main__":
    sys.exit(main())
