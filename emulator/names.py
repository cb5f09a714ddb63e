"""The private names of ministack that this launcher leans on, checked before anything is changed."""

import importlib
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

PINNED = "1.5.33"
_CLOUDFORMATION = "ministack.services.cloudformation"

# Each is used by one of the modules beside this one; a release that renames one must be looked at, not guessed at.
REQUIRED: dict[str, tuple[str, ...]] = {
    "ministack.app": ("SERVICE_HANDLERS", "main"),
    "ministack.core.iam_evaluator": (
        "EvalContext",
        "_gather_role_policies",
        "_permissions_boundary",
        "evaluate",
        "evaluate_resource_policy",
        "evaluate_trust_policy",
        "parse_policy_document",
    ),
    "ministack.core.router": ("SERVICE_PATTERNS",),
    "ministack.core.responses": ("get_account_id", "get_region", "now_iso", "new_uuid"),
    _CLOUDFORMATION: ("_stacks", "_stack_events"),
    f"{_CLOUDFORMATION}.engine": ("_evaluate_conditions", "_parse_template", "_resolve_parameters"),
    f"{_CLOUDFORMATION}.handlers": (
        "_capabilities_enforced",
        "_resolve_parameters",
        "_stack_has_no_updates",
        "validate_template_support",
    ),
    f"{_CLOUDFORMATION}.changesets": ("_resolve_parameters", "validate_template_support"),
    f"{_CLOUDFORMATION}.helpers": ("_resolve_template",),
    f"{_CLOUDFORMATION}.provisioners": (
        "_CUSTOM_NAME_REPLACEMENT",
        "_REPLACING_PROPERTIES",
        "_RESOURCE_HANDLERS",
        "_STACK_TAG_PROPERTY",
        "_check_nested_stack_capabilities",
        "_custom_named_replacement_error",
        "_physical_name",
        "_property_recreation",
        "_tag_map",
    ),
    f"{_CLOUDFORMATION}.stacks": (
        "_add_event",
        "_custom_named_replacement_error",
        "_delete_resource",
        "_delete_stack_async",
        "_deploy_stack_async",
        "_property_recreation",
        "_provision_resource",
        "_runs_on_worker_thread",
        "_update_resource",
    ),
    "ministack.services.alb": ("_listeners", "_lbs", "_rules", "_tgs"),
    "ministack.services.ec2": (
        "_addresses",
        "_internet_gateways",
        "_nat_gateways",
        "_route_tables",
        "_security_groups",
        "_subnets",
        "_vpcs",
    ),
    "ministack.services.ecs": ("_capacity_providers", "_clusters", "_services", "_task_defs"),
    "ministack.services.cloudwatch": (
        "_alarms",
        "_composite_alarms",
        "_dispatch_alarm_actions",
        "_error",
        "_put_composite_alarm",
        "_put_dashboard",
        "_put_metric_alarm",
        "cloudformation_put_dashboard",
        "cloudformation_set_metric_alarm_tags",
        "record_metric",
    ),
    "ministack.services.cloudwatch_logs": (
        "_create_log_stream",
        "_metric_filters",
        "_put_log_events",
        "_put_metric_filter",
    ),
    "ministack.services.eventbridge": (
        "_apply_input_transformer",
        "_invoke_target",
        "_pattern_event_view",
        "_put_events",
    ),
    "ministack.services.iam": ("_IAM_HANDLERS", "_p", "_roles", "_xml"),
    "ministack.services.route53": ("_records", "_zones"),
    "ministack.services.sns": ("_topics",),
    "ministack.services.ssm": ("_PUBLIC_AMI_PARAMETERS",),
}


class MissingNamesError(Exception):
    """The installed ministack lacks names that the launcher changes or reads."""


def check(required: dict[str, tuple[str, ...]] = REQUIRED) -> None:
    """Import every module and look every name up.

    Raises:
        MissingNamesError: ministack is not installed, or lacks one of the names; all are listed.
    """
    missing: list[str] = []
    for module_name, names in required.items():
        try:
            module = importlib.import_module(module_name)
        except ImportError as error:
            missing.append(f"{module_name} ({error})")
            continue
        missing += [f"{module_name}.{name}" for name in names if not hasattr(module, name)]
    if missing:
        raise MissingNamesError(
            f"ministack {_installed()} is not the {PINNED} this launcher was written for, "
            f"it lacks: {', '.join(missing)}"
        )


def load_module(name: str) -> ModuleType:
    """A module of ministack by its full name."""
    return importlib.import_module(name)


def load(module: str) -> ModuleType:
    """The module `ministack.services.<module>`, untyped on purpose: its private names are looked up at run time."""
    return importlib.import_module(f"ministack.services.{module}")


def account() -> str:
    """The 12 digits of the account of the request under way."""
    return str(importlib.import_module("ministack.core.responses").get_account_id())


def region() -> str:
    """The region of the request under way."""
    return str(importlib.import_module("ministack.core.responses").get_region())


def _installed() -> str:
    try:
        return version("ministack")
    except PackageNotFoundError:
        return "(not installed)"
