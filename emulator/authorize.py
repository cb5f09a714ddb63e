"""IAM's decisions without a server: ministack's evaluation of policies that need not be deployed.

The same code answers `iam simulate-principal-policy` there (see `simulate`); without requests in between, thousands of
changed policies can be asked in a second.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator import names

_EVALUATOR = "ministack.core.iam_evaluator"

Document = Mapping[str, Any]
Context = Mapping[str, str | Sequence[str]]  # condition keys that come with a request


@dataclass(frozen=True)
class Principal:
    """A role that asks, with its policies as the evaluation takes them."""

    arn: str
    policies: tuple[Any, ...]
    limits: tuple[Any, ...] = ()

    @classmethod
    def of(cls, arn: str, policies: Iterable[Document], boundary: Document | None = None) -> Principal:
        """The role with these policies; `boundary` is what it may do at most."""
        limits = ([_parsed(boundary)],) if boundary is not None else ()
        return cls(arn, tuple(map(_parsed, policies)), limits)

    def instead(self, number: int, document: Document) -> Principal:
        """The same role with another document in place of one of its policies."""
        policies = list(self.policies)
        policies[number] = _parsed(document)
        return dataclasses.replace(self, policies=tuple(policies))

    def may(self, action: str, resource: str, context: Context | None = None) -> bool:
        """Whether the role may do this. Keys that IAM itself fills in (aws:PrincipalArn and the like) are there."""
        asked = _context(self.arn, action, resource, context)
        return bool(_evaluator().evaluate(asked, list(self.policies), *self.limits).decision == "Allow")


def trusts(trust: Document, caller: str, context: Context | None = None) -> bool:
    """Whether a role's trust policy lets a principal take the role on.

    Args:
        trust: the policy.
        caller: the ARN of a role or user, or an AWS service as "codebuild.amazonaws.com".
        context: condition keys that come with the request.
    """
    asked = _context(caller, "sts:AssumeRole", "*", context)
    if not caller.startswith("arn:"):
        # Its trust evaluation takes an account's root for any service; that of resource policies tells services apart.
        statements = trust["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        on_any = {"Statement": [{**statement, "Resource": "*"} for statement in listed]}
        return bool(_evaluator().evaluate_resource_policy(on_any, asked, caller).decision == "Allow")
    return bool(_evaluator().evaluate_trust_policy(dict(trust), caller, asked))


def _context(caller: str, action: str, resource: str, context: Context | None) -> Any:
    parts = resource.split(":")
    given = {key.lower(): value if isinstance(value, str) else list(value) for key, value in (context or {}).items()}
    return _evaluator().EvalContext(
        principal_arn=caller,
        principal_type="AssumedRole" if caller.startswith("arn:") else "Service",
        principal_account=caller.split(":")[4] if caller.startswith("arn:") else "",
        action=action,
        resource_arn=resource,
        region=given.pop("aws:requestedregion", parts[3] if len(parts) > 5 else ""),
        secure_transport=given.pop("aws:securetransport", "true") == "true",
        service_context=given,
    )


def _parsed(document: Document) -> Any:
    return _evaluator().parse_policy_document(document)


@functools.cache
def _evaluator() -> Any:
    names.check({_EVALUATOR: names.REQUIRED[_EVALUATOR]})
    return names.load_module(_EVALUATOR)
