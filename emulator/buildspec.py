"""Executes a build specification in bash like CodeBuild's agent does.

What is reproduced (https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html):

- every command is a script of its own; exported variables and the working folder carry over, shell functions and
  options do not, and a script that ends early with `exit` leaves neither behind;
- the first command that fails ends its phase, then `finally` runs; after a failed `install` or `pre_build` the build
  ends, after a failed `build` comes `post_build`, unless `on-failure` says ABORT or CONTINUE;
- variables of the environment win over the specification's own;
- reports are collected at the end, failed or not. After ABORT they are not: whether CodeBuild still uploads them is
  not documented, so nothing may depend on it.

- artifacts are those of a build that succeeded.

Left out: batch builds, artifacts by other than base directory and patterns, caches, runtime versions, run-as, secrets.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

PHASES: Final = ("install", "pre_build", "build", "post_build")

SCRIPT: Final = """\
cd "$(cat {state}/folder)"
set -a
. {state}/exports
{command}
CODEBUILD_LAST_EXIT=$?
export -p >{state}/exports
env -0 >{state}/variables
pwd >{state}/folder
exit $CODEBUILD_LAST_EXIT
"""


@dataclass
class Outcome:
    """What a build did."""

    succeeded: bool = True
    phases: dict[str, bool] = field(default_factory=dict)  # those that ran, and whether they passed
    exported: dict[str, str] = field(default_factory=dict)
    reports: dict[str, list[Path]] = field(default_factory=dict)  # files by report group
    artifacts: list[Path] = field(default_factory=list)
    log: str = ""


def run(text: str, source: Path, environment: Mapping[str, str], seconds: float = 60) -> Outcome:
    """Runs the specification over the source folder and tells what came of it.

    The environment is what the project and the pipeline set; PATH and HOME come from this process unless given.

    Raises:
        subprocess.TimeoutExpired: A command took longer than the seconds; it and its children were killed.
    """
    spec = yaml.safe_load(text)
    with tempfile.TemporaryDirectory() as state:
        return _Build(spec, source, environment, Path(state), seconds).run()


class _Build:
    """One run of a specification."""

    def __init__(
        self, spec: dict[str, Any], source: Path, environment: Mapping[str, str], state: Path, seconds: float
    ) -> None:
        self.spec, self.source, self.state, self.seconds = spec, source.resolve(), state, seconds
        own = {name: str(value) for name, value in spec.get("env", {}).get("variables", {}).items()}
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "LANG": "C.UTF-8",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "CODEBUILD_SRC_DIR": str(self.source),
            "CODEBUILD_BUILD_NUMBER": "7",
            "CODEBUILD_BUILD_ID": "orders-image:0b1d",
            "CODEBUILD_BUILD_SUCCEEDING": "1",
            **own,
            **environment,
        }
        self.outcome = Outcome()
        self.aborted = False
        (state / "folder").write_text(f"{self.source}\n")
        (state / "exports").touch()
        (state / "variables").touch()

    def run(self) -> Outcome:
        """All phases, then what is collected at the end."""
        for name in PHASES:
            phase = self.spec["phases"].get(name)
            if phase is None:
                continue
            passed = self._phase(phase)
            self.outcome.phases[name] = passed
            if passed:
                continue
            self.outcome.succeeded = False
            with (self.state / "exports").open("a") as exports:
                exports.write("CODEBUILD_BUILD_SUCCEEDING=0\n")
            action = phase.get("on-failure")
            self.aborted = action == "ABORT"
            if self.aborted or (action != "CONTINUE" and name != "build"):
                break
        variables = self._variables()
        names = self.spec.get("env", {}).get("exported-variables", [])
        self.outcome.exported = {name: variables[name] for name in names if name in variables}
        if not self.aborted:
            self.outcome.reports = dict(self._reports())
        if self.outcome.succeeded:
            self.outcome.artifacts = self._files(self.spec.get("artifacts", {"files": []}))
        return self.outcome

    def _phase(self, phase: dict[str, Any]) -> bool:
        passed = all(self._command(command) == 0 for command in phase.get("commands", []))
        return all([passed, *(self._command(command) == 0 for command in phase.get("finally", []))])

    def _command(self, command: str) -> int:
        script = self.state / "script.sh"
        script.write_text(SCRIPT.format(state=self.state, command=command))
        with subprocess.Popen(
            [self.spec.get("env", {}).get("shell", "sh"), str(script)],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=self.seconds)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        self.outcome.log += output
        return process.returncode

    def _variables(self) -> dict[str, str]:
        entries = (self.state / "variables").read_text(errors="replace").split("\0")
        return dict(entry.split("=", 1) for entry in entries if "=" in entry)

    def _reports(self) -> Iterator[tuple[str, list[Path]]]:
        for group, report in self.spec.get("reports", {}).items():
            yield group, self._files(report)

    def _files(self, wanted: dict[str, Any]) -> list[Path]:
        base = self.source / wanted.get("base-directory", ".")
        return sorted({path for pattern in wanted["files"] for path in base.glob(pattern)})
