"""`make deploy ENV=test`: one environment, or the toolchain, made what params/ says.

    python -m sendy_cfn.deploy --env ENVIRONMENT|toolchain [--yes] [--changes-only] [--bucket NAME]

    package      nested templates to S3                                     package.py
    change set   what would happen, nested stacks included                  changes.py
    confirm      by a person, or --yes
    execute      with every event shown                                     progress.py
    protect      against deletion, and the data's stack against updates that delete or replace it
    outputs      what is needed next

Credentials come from where the AWS CLI finds them (AWS_PROFILE, for example), the region from platform.yaml.

Exit status 0 done or nothing to do, 1 failed, 2 bad input, 130 interrupted (what was begun goes on in AWS).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TextIO

from sendy_cfn import changes, first_time, targets, wires
from sendy_cfn.aws import Account, RefusedError, guarded
from sendy_cfn.deployment import Deployment
from sendy_cfn.errors import DONE
from sendy_cfn.package import CACHE, Options, options, package, shared_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sendy_cfn.config.model import Platform
    from sendy_cfn.targets import Target


def main(arguments: Sequence[str] | None = None) -> int:
    """Deploy every root of the place; the exit status."""
    parser = shared_options("deploy", "Deploys an environment or the toolchain.")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--changes-only", action="store_true", help="show what would change, and stop")
    given = parser.parse_args(arguments)
    return guarded("deploy", lambda: _run(options(given), yes=given.yes, only_show=given.changes_only))


def _run(given: Options, *, yes: bool, only_show: bool) -> int:
    platform = targets.load(given.params, given.templates, CACHE)
    for target in targets.find(platform, given.place):
        account = Account(target.region)
        account.check(target.account, target.place)
        if target.place == targets.TOOLCHAIN:
            _check_environments(platform, account)
        deployment = Deployment(target, account)
        found = _compare(deployment, platform, given)
        if only_show:
            if found:
                deployment.discard()
            continue
        if found and not _execute(deployment, yes=yes):
            break
        _show_outputs(deployment, platform)
    return DONE


def _check_environments(platform: Platform, account: Account) -> None:
    """Raises: RefusedError where pipelines would look up roles of an environment that does not exist yet."""
    here = platform.toolchain
    beside = [
        place.name
        for place in platform.environments.values()
        if (place.account or here.account, place.region) == (here.account, here.region)
    ]
    # AWS: at most 10 at once; a platform has at most 8 environments.
    # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
    names = {wires.PIPELINE_ROLE_ARN.ssm_name(platform.platform, place): place for place in beside}
    if account.region != here.region or not names:
        return
    for name in account.client("ssm").get_parameters(Names=list(names))["InvalidParameters"]:
        place = names[name]
        raise RefusedError(f"pipelines look up roles of environment '{place}': make deploy ENV={place} first")


def _compare(deployment: Deployment, platform: Platform, given: Options) -> list[changes.Change]:
    target, account = deployment.target, deployment.account
    packaged = package(platform, target, account, given)
    print(f"{target.stack} in {target.region}, account {account.id}, against {packaged}", flush=True)
    found = deployment.prepare(packaged, given.templates)
    if found:
        print("\n" + "\n".join([*changes.table(found), "", *changes.in_words(found)]) + "\n", flush=True)
    else:
        print("no changes", flush=True)
    return found


def _execute(deployment: Deployment, *, yes: bool) -> bool:
    """Whether the changes were wanted; then they are made."""
    try:
        wanted = yes or confirmed(f"deploy {deployment.target.stack}?", sys.stdin)
    except (RefusedError, KeyboardInterrupt):
        deployment.discard()
        raise
    if not wanted:
        deployment.discard()
        print("nothing was changed")
        return False
    target, account = deployment.target, deployment.account
    if target.place != targets.TOOLCHAIN and (done := first_time.ecs_role(account)):
        print(done, flush=True)
    show = first_time.tell_name_servers(deployment.client, target.stack, lambda event: print(event, flush=True))
    status = deployment.execute(show)
    print(f"\n{deployment.target.stack} is {status}")
    for line in deployment.protect():
        print(line)
    return True


def confirmed(question: str, terminal: TextIO) -> bool:
    """A person's answer.

    Raises:
        RefusedError: there is no person.
    """
    if not terminal.isatty():
        raise RefusedError("no terminal to ask on: --yes to deploy without a question")
    print(f"{question} [y/N] ", end="", flush=True)
    return terminal.readline().strip().lower() in ("y", "yes")


def _show_outputs(deployment: Deployment, platform: Platform) -> None:
    lines = [
        (output["OutputKey"], output["OutputValue"], output.get("Description", "")) for output in deployment.outputs()
    ]
    lines += _services(platform, deployment.target, deployment.client)
    if lines:
        width = max(len(name) for name, _, _ in lines)
        print("\n" + "\n".join(f"{name:<{width}}  {value}  ({about})" for name, value, about in lines))


def _services(platform: Platform, target: Target, client: Any) -> Iterator[tuple[str, str, str]]:
    """Where the services of an environment answer, those that a pipeline has released."""
    if target.place == targets.TOOLCHAIN:
        return
    stacks = {f"{platform.platform}-{target.place}-{name}": name for name in platform.services}
    for page in client.get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
            if stack["StackName"] in stacks and "ServiceUrl" in outputs:
                name = stacks[stack["StackName"]]
                yield f"{name} ServiceUrl", outputs["ServiceUrl"], f"release {outputs.get('Release', 'unknown')}"


if __name__ == "__main__":
    sys.exit(main())
