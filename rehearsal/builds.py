"""CodeBuild: runs the deployed project's build specification in a real shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator import buildspec
from rehearsal import calls
from rehearsal.aws import Aws, Place
from rehearsal.events import Events, NotRehearsedError, RehearsalError
from rehearsal.permissions import Need, Permissions
from rehearsal.runtime import Runtime
from sendy_cfn import package


@dataclass
class CodeBuild:
    """All projects of all places."""

    aws: Aws
    events: Events
    runtime: Runtime
    folder: Path  # sources and logs of builds
    changed: Mapping[str, str] = field(default_factory=dict)  # variables that get other values than on AWS: waits
    _numbers: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(
        self,
        place: Place,
        name: str,
        given: Mapping[str, str],
        sources: Mapping[str, Path],
        outputs: Mapping[str, Path],
    ) -> dict[str, str]:
        """Run a project; what it exports.

        Args:
            place: where the project is.
            name: of the project.
            given: variables of the action.
            sources: input artifacts by name, the primary one first.
            outputs: folders that receive output artifacts, by name.

        Raises:
            RehearsalError: there is no such project, its role does not suffice, or the build failed.
        """
        project = self._project(place, name)
        number = self._next(name)
        at = self.folder / f"{name}-{number}"
        folders = {artifact: at / f"source-{index}" for index, artifact in enumerate(sources)}
        for artifact, source in sources.items():
            shutil.copytree(source, folders[artifact], symlinks=True)
        role = project["serviceRole"]
        environment = {
            **self._stored(place, project, role, name),
            **given,
            **self.changed,
        }
        seconds = float(project["timeoutInMinutes"]) * 60
        everything = {**self._surroundings(place, name, number, at, folders), **environment}
        try:
            outcome = buildspec.run(project["source"]["buildspec"], next(iter(folders.values())), everything, seconds)
        except subprocess.TimeoutExpired as error:
            raise RehearsalError(f"the build {name} timed out: a command took longer than {seconds:.0f} s") from error
        log = at / "log.txt"
        log.write_text(outcome.log, encoding="utf-8")
        made = calls.read(at / "calls")
        self.events.add(
            "build", f"{name} {number}: {'Succeeded' if outcome.succeeded else 'Failed'}", project=name, log=str(log)
        )
        Permissions(self.aws, self.events).check_build(role, place, place.account, made, f"build {name}")
        if not outcome.succeeded:
            raise RehearsalError(f"the build {name} failed: {' '.join(outcome.log.split())[-500:]}")
        self._hand_on(name, outcome.artifacts, outputs)
        return outcome.exported

    def _surroundings(
        self, place: Place, name: str, number: int, at: Path, folders: Mapping[str, Path]
    ) -> dict[str, str]:
        """Variables that CodeBuild itself sets, and what lets commands reach the emulator."""
        tools = self.runtime.equip(at)
        path = os.pathsep.join([str(tools.path), str(Path(package.aws_cli()).absolute().parent), os.environ["PATH"]])
        return {
            **self.aws.environment(place),
            "HOME": str(at),
            **tools.environment,
            calls.VARIABLE: str(at / "calls"),
            "PATH": path,
            "CODEBUILD_BUILD_ID": f"{name}:{number}",
            "CODEBUILD_BUILD_NUMBER": str(number),
            **{f"CODEBUILD_SRC_DIR_{artifact}": str(folder) for artifact, folder in folders.items()},
        }

    def _project(self, place: Place, name: str) -> Mapping[str, Any]:
        found = self.aws.client("codebuild", place).batch_get_projects(names=[name])["projects"]
        if not found:
            raise RehearsalError(f"there is no build project {name} in {place.region}")
        project: Mapping[str, Any] = found[0]
        return project

    def _stored(self, place: Place, project: Mapping[str, Any], role: str, name: str) -> dict[str, str]:
        """The project's variables, with those kept in SSM read from there, as the project's role may."""
        variables = project["environment"].get("environmentVariables", [])
        for item in variables:
            if item.get("type", "PLAINTEXT") not in ("PLAINTEXT", "PARAMETER_STORE"):
                raise NotRehearsedError(f"variable {item['name']} of build project {name}: type {item['type']}")
        kept = {item["name"]: item["value"] for item in variables if item.get("type") == "PARAMETER_STORE"}
        values = {item["name"]: item["value"] for item in variables if item["name"] not in kept}
        if not kept:
            return values
        arns = [f"arn:aws:ssm:{place.region}:{place.account}:parameter/{key.strip('/')}" for key in kept.values()]
        need = Need("ssm:GetParameters", tuple(arns))
        Permissions(self.aws, self.events).check(role, place.region, [need], f"build {name}")
        found = self.aws.client("ssm", place).get_parameters(Names=list(kept.values()))
        by_name = {item["Name"]: item["Value"] for item in found["Parameters"]}
        missing = [key for key in kept.values() if key not in by_name]
        if missing:
            raise RehearsalError(f"build {name}: there is no parameter {', '.join(missing)}")
        return {**values, **{variable: by_name[key] for variable, key in kept.items()}}

    def _next(self, name: str) -> int:
        with self._lock:
            self._numbers[name] = self._numbers.get(name, 0) + 1
            return self._numbers[name]

    @staticmethod
    def _hand_on(name: str, files: list[Path], outputs: Mapping[str, Path]) -> None:
        if len(outputs) > 1:
            raise RehearsalError(
                f"{name}: {len(outputs)} output artifacts, a specification without secondary ones has one"
            )
        for folder in outputs.values():
            folder.mkdir(parents=True, exist_ok=True)  # a stage that goes back makes its artifacts again
            if not files:
                raise RehearsalError(f"{name}: no files for the output artifact")
            for file in files:
                shutil.copy2(file, folder / file.name)


def variables_of(configuration: Mapping[str, str]) -> dict[str, str]:
    """The variables that an action sets for its build, replaced in the text as CodePipeline does it.

    Raises:
        RehearsalError: a value has made the JSON unreadable.
    """
    text = configuration.get("EnvironmentVariables", "[]")
    try:
        return {item["name"]: item["value"] for item in json.loads(text) if _is_plain(item)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RehearsalError(f"EnvironmentVariables is no list of variables in JSON: {error}") from error


def _is_plain(item: Mapping[str, str]) -> bool:
    """True for a value that is given as such.

    Raises:
        NotRehearsedError: it is kept elsewhere.
    """
    if item.get("type", "PLAINTEXT") != "PLAINTEXT":
        raise NotRehearsedError(f"variable {item['name']} of type {item['type']} in an action")
    return True
