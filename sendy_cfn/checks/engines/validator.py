"""AWS's offline validator: schemas and what follows from them, as CloudFormation checks them before a deployment.

Findings of severity WARN and above count. It looks at one region (us-east-1): the others are cfn-lint's.
https://github.com/aws-cloudformation/cloudformation-validate
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from sendy_cfn.checks.engines.subject import Engine, Raw, Settings, Subject, crash, each

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sendy_cfn.checks.engines.subject import Results

EXCLUDED = ["I9001"]  # an advertisement for rules of other tools, on every template
SEVERITIES = {"FATAL": "error", "ERROR": "error", "WARN": "warning"}


def _context(_subject: Subject, _settings: Settings) -> list[str | bytes | None]:
    return []


def _start(subjects: Sequence[Subject], _settings: Settings) -> Callable[[], Results]:
    # Here, because an unchanged tree needs none of it.
    import cloudformation_validate as aws

    engine = aws.CompositeEngine()
    options = aws.ValidateConfig(
        exclude=aws.RuleFilterConfig(ids=EXCLUDED),
        detail_level=aws.DetailLevel.STANDARD,
        severity_level=aws.Severity.WARN,
    )

    def look(subject: Subject) -> list[Raw]:
        report = engine.validate_template(subject.path, options)
        found = list(map(_raw, report.diagnostics))
        unfinished = report.status == aws.ReportStatus.ANALYSIS_INCOMPLETE
        if unfinished or (report.status != aws.ReportStatus.OK and not found):
            found.append(crash(f"the validator did not finish: {report.status.name}"))
        return found

    return lambda: each(look, subjects)


def _raw(diagnostic: Any) -> Raw:
    return Raw(
        diagnostic.start_line or 1,
        diagnostic.entity.logical_id if diagnostic.entity else "-",
        diagnostic.rule_id,
        SEVERITIES[diagnostic.severity.name],
        diagnostic.message,
        diagnostic.suggested_fix or diagnostic.documentation_url or "",
        str(diagnostic.property_path or "").removeprefix("Properties").lstrip("."),
    )


def _titles(_settings: Settings) -> dict[str, str]:
    import cloudformation_validate as aws

    return {rule.id: rule.description for rule in aws.CompositeEngine().list_rules()}


ENGINE = Engine(
    "validate",
    lambda _settings: metadata.version("cloudformation-validate"),
    _context,
    _start,
    "AWS's own validator: what CloudFormation checks before a deployment, and security; warnings and above",
    _titles,
)
