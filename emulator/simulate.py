"""IAM's policy simulation: ministack's evaluation, for roles below a path, with boundaries, for all resources and keys.

ministack's own takes the path for a part of the role's name, looks at the first resource only, and drops boundary and
context.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from emulator import names

_EVALUATOR = "ministack.core.iam_evaluator"
_DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny"}


def install() -> None:
    """Replace the operation for roles; users go to ministack."""
    iam: Any = names.load("iam")
    plain = iam._IAM_HANDLERS["SimulatePrincipalPolicy"]

    def simulate(parameters: Mapping[str, Any]) -> Any:
        source = str(iam._p(parameters, "PolicySourceArn") or "")
        if ":role/" not in source:
            return plain(parameters)
        members = "".join(_results(iam, parameters, source))
        body = f"<EvaluationResults>{members}</EvaluationResults><IsTruncated>false</IsTruncated>"
        result = f"<SimulatePrincipalPolicyResult>{body}</SimulatePrincipalPolicyResult>"
        return iam._xml(200, "SimulatePrincipalPolicyResponse", result, ns="iam")

    iam._IAM_HANDLERS["SimulatePrincipalPolicy"] = simulate


def _results(iam: Any, parameters: Mapping[str, Any], role: str) -> list[str]:
    evaluator: Any = names.load_module(_EVALUATOR)
    name, account = role.rsplit("/", 1)[-1], names.account()
    policies = evaluator._gather_role_policies(name, account)
    limits = evaluator._permissions_boundary(iam._roles, name, account)
    context = dict(_context(iam, parameters))
    found: list[str] = []
    for action in _list(iam, parameters, "ActionNames.member"):
        for resource in _list(iam, parameters, "ResourceArns.member") or ["*"]:
            asked = evaluator.EvalContext(
                principal_arn=role,
                principal_type="AssumedRole",
                principal_account=names.account(),
                action=action,
                resource_arn=resource,
                region=names.region(),
                service_context=context,
            )
            decision = _DECISIONS.get(evaluator.evaluate(asked, policies, *limits).decision, "implicitDeny")
            found.append(
                f"<member><EvalActionName>{escape(action)}</EvalActionName>"
                f"<EvalResourceName>{escape(resource)}</EvalResourceName><EvalDecision>{decision}</EvalDecision>"
                "<MatchedStatements/><MissingContextValues/></member>"
            )
    return found


def _context(iam: Any, parameters: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found = []
    number = 1
    while key := iam._p(parameters, f"ContextEntries.member.{number}.ContextKeyName"):
        values = _list(iam, parameters, f"ContextEntries.member.{number}.ContextKeyValues.member")
        found.append((str(key).lower(), values if len(values) > 1 else "".join(values)))
        number += 1
    return found


def _list(iam: Any, parameters: Mapping[str, Any], name: str) -> list[str]:
    found: list[str] = []
    while value := iam._p(parameters, f"{name}.{len(found) + 1}"):
        found.append(str(value))
    return found
