"""The server process: ministack, changed in place, on 127.0.0.1."""

import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from emulator import names, recorder, schema
from emulator.state import Log

# Public parameters that AWS keeps in every account: the current ECS-optimised images. The ids are made up.
_ECS_IMAGES = {
    "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id": "ami-0ec2023a1b2c3d401",
    "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id": "ami-0ec2023a1b2c3d402",
}


def serve(port: int, state: Path, region: str, *, with_parent: bool = False) -> None:
    """Run until SIGINT or SIGTERM, or, `with_parent`, until standard input closes; nothing is kept.

    Raises:
        MissingNamesError: the installed ministack lacks what this launcher changes.
    """
    with tempfile.TemporaryDirectory(prefix="emulator-") as scratch:
        _prepare(port, region, Path(scratch))
        names.check()
        _install(Log(state))
        if with_parent:
            threading.Thread(target=_end_with_parent, daemon=True).start()
        # ministack reads the command line.
        sys.argv = ["ministack"]
        app: Any = names.load_module("ministack.app")
        app.main()


def _prepare(port: int, region: str, scratch: Path) -> None:
    """Set ministack's settings, which it reads from the environment, most of them when it is imported."""
    for name in ("PERSIST_STATE", "S3_PERSIST", "AUTH", "USE_SSL", "AWS_PROFILE"):
        os.environ.pop(name, None)
    os.environ |= {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": region,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # No containers: the emulator holds what is deployed, it does not run it.
        "DOCKER_HOST": "unix:///nonexistent",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        "TMPDIR": str(scratch),
        "STATE_DIR": str(scratch / "state"),
        "S3_DATA_DIR": str(scratch / "s3"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    tempfile.tempdir = str(scratch)


def _install(log: Log) -> None:
    # Imported here, after the environment is set: these modules reach into ministack.
    from emulator import (
        anomaly_detectors,
        nested,
        observing,
        pipelines,
        real,
        saved_queries,
        scanner,
        simulate,
        templates,
        topics,
        watching,
    )
    from emulator.hooks import Hooks

    provisioners: Any = names.load("cloudformation.provisioners")
    handlers: dict[str, Any] = provisioners._RESOURCE_HANDLERS
    handlers |= real.HANDLERS
    # Tags of stacks reach all that takes tags; ministack lists the types that it knows.
    provisioners._STACK_TAG_PROPERTY["AWS::CloudWatch::CompositeAlarm"] = ("Tags", "list")
    handlers["AWS::CloudFormation::Stack"] = nested.HANDLER
    topics.install(handlers)
    _keep_logical_ids(provisioners)
    for resource_type in schema.types() - handlers.keys():
        handlers[resource_type] = recorder.handler(resource_type)

    stacks: Any = names.load("cloudformation.stacks")
    blocking = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind in real.HANDLERS or blocking(kind)
    _follow_schemas(provisioners, stacks)
    names.load("cloudformation.handlers").__dict__["_capabilities_enforced"] = lambda: True
    names.load("ssm")._PUBLIC_AMI_PARAMETERS.update(_ECS_IMAGES)
    templates.install()
    pipelines.install()
    observing.install()
    watching.install()
    anomaly_detectors.install()
    saved_queries.install()
    scanner.install()
    simulate.install()
    Hooks(log).install()


def _follow_schemas(provisioners: Any, stacks: Any) -> None:
    """Replacement by schema for the types of which ministack has no list of its own."""
    recreation, refusal = provisioners._property_recreation, provisioners._custom_named_replacement_error
    listed, named = provisioners._REPLACING_PROPERTIES, provisioners._CUSTOM_NAME_REPLACEMENT

    def property_recreation(resource_type: str, name: str) -> str:
        if resource_type in listed or schema.of(resource_type) is None:
            return str(recreation(resource_type, name))
        fixed = schema.paths(resource_type, "createOnlyProperties")
        partly = fixed + schema.paths(resource_type, "conditionalCreateOnlyProperties")
        if (name,) in fixed:
            return "Always"
        return "Conditionally" if name in {path[0] for path in partly} else "Never"

    def replacement_error(resource_type: str, old: Any, new: Any, physical_id: str | None = None) -> str | None:
        if resource_type in named or resource_type in listed or not recorder.replaces(resource_type, old, new):
            found: str | None = refusal(resource_type, old, new, physical_id)
            return found
        name = recorder.kept_name(resource_type, old, new)
        return name and (
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {name} and update the stack again."
        )

    for module in (provisioners, stacks):
        module._property_recreation = property_recreation
        module._custom_named_replacement_error = replacement_error


def _keep_logical_ids(provisioners: Any) -> None:
    """Cut the stack's part of a name that is too long, as CloudFormation does, and the logical id's only after 24."""
    plain = provisioners._physical_name

    def physical_name(stack_name: str, logical_id: str, *, max_len: int = 128, **more: Any) -> str:
        whole: str = plain(stack_name, logical_id, max_len=1000, **more)
        if len(whole) <= max_len:
            return whole
        stem, _, suffix = whole.rpartition("-")
        shown = stem[-len(logical_id) :][: min(24, max_len - len(suffix) - 3)]
        room = max_len - len(suffix) - len(shown) - 2
        return f"{stem[:room]}-{shown}-{suffix}"

    provisioners._physical_name = physical_name


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
