"""Our own rules: defects that cost a deployment, and that linters do not see. RULES is the only list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import TemplateError, template
from sendy_cfn.checks.findings import Finding, Severity
from sendy_cfn.checks.house import (
    accept,
    build_image,
    circuit_breaker,
    compute_type,
    container_port,
    deployment_deadlock,
    endpoint_service,
    event_pattern,
    execution_role,
    gateway_route,
    key_administrator,
    load_balancer_attribute,
    load_balancer_zones,
    log_bucket_policy,
    log_group_key,
    mount_volume,
    pipeline,
    platform_version,
    service_listener,
    service_principal,
    ssl_policy,
    target_type,
    vpc_size,
    waf_log_name,
    waf_priority,
)
from sendy_cfn.checks.house.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sendy_cfn.checks.action_templates import Library
    from sendy_cfn.checks.house.rule import Found, Rule

RULES: Sequence[Rule] = (
    # containers
    execution_role.RULE,
    mount_volume.RULE,
    container_port.RULE,
    service_listener.RULE,
    target_type.RULE,
    platform_version.RULE,
    deployment_deadlock.RULE,
    circuit_breaker.RULE,
    # load balancers and network
    load_balancer_zones.RULE,
    log_bucket_policy.RULE,
    load_balancer_attribute.RULE,
    ssl_policy.RULE,
    vpc_size.RULE,
    gateway_route.RULE,
    endpoint_service.RULE,
    # pipelines and builds
    pipeline.PROVIDER,
    pipeline.MISSING_KEY,
    pipeline.UNKNOWN_KEY,
    pipeline.REST,
    compute_type.RULE,
    build_image.RULE,
    # permissions, keys, events, firewall
    service_principal.RULE,
    key_administrator.RULE,
    log_group_key.RULE,
    waf_priority.RULE,
    waf_log_name.RULE,
    event_pattern.RULE,
    accept.RULE,
)


def check(library: Library, name: str) -> list[Finding]:
    """What is wrong in one template of a folder, and not accepted there.

    Raises:
        TemplateError: It can't be read.
    """
    view = View(library, template(library, name))
    try:
        found = [(rule.id, one) for rule in RULES for one in rule.find(view)]
    except RecursionError as error:
        raise TemplateError(f"{name} is nested too deeply") from error
    found, idle = accept.apply(view, found)
    outcomes = {rule.id: rule.outcome for rule in RULES}
    found += [(accept.RULE.id, one) for one in idle]
    path = str(library.folder / name)
    return sorted(
        {Finding(path, one.line, one.resource, id_, Severity.ERROR, _told(one, outcomes[id_])) for id_, one in found}
    )


def _told(one: Found, outcome: str) -> str:
    return f"{one.message}{'' if one.message.endswith('?') else '.'} On AWS: {outcome}"
