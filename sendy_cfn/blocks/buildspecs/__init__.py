"""Build specifications of a service's pipeline, one YAML file each, with their scripts kept in files beside them.

A line `# include NAME` stands for the text of that file at the same indentation, so that the emitted text is complete
and the scripts can be checked as what they are.

All variation comes from environment variables, set by project and pipeline (those without a default are required):

- all: BUILD_CONTEXT (folder of the service in its repository, default `.`)
- quality: QUALITY_COMMANDS, DOCKERFILE (from the repository's root, default `Dockerfile`)
- image: REPOSITORY_URI COMMIT_ID IMAGE_PLATFORM; SERVICE, BRANCH, SOURCE_URL (labels), DOCKERFILE, CACHE_URI (a
  repository with mutable tags), BUILDKIT_IMAGE, SBOM_GENERATOR (an image), MIRRORS (`docker.io=REGISTRY/PATH …`, in the
  registry of REPOSITORY_URI, as that is where the build logs in); exports IMAGE_TAG IMAGE_DIGEST IMAGE_URI
- smoke: SERVICE_URL EXPECTED_VERSION; HEALTH_PATH (/health), VERSION_PATH (/version), SMOKE_TIMEOUT_SECONDS (120),
  SMOKE_COMMANDS (after the default checks)
- regression: SERVICE_URL; HEALTH_PATH, MAX_RESPONSE_MILLISECONDS (2000), REGRESSION_COMMANDS
- load: SERVICE_URL; LOAD_PATH (the health path), LOAD_SECONDS (60), LOAD_CONCURRENCY (10), MAX_P95_MILLISECONDS (500),
  MAX_ERROR_PERCENT (1), LOAD_COMMANDS

Where <SUITE>_COMMANDS is empty, an executable `.pipeline/<suite>` in the service's folder is run in its place.

Those that all services share run no commands of a service:

- author: COMMIT_ID, in a clone of the repository; exports COMMIT_AUTHOR
- scan: REPOSITORY_URI IMAGE_DIGEST IMAGE_PLATFORM FAIL_ON (the mildest severity that fails: CRITICAL, HIGH, MEDIUM or
  LOW; or NONE); SCAN_TIMEOUT_SECONDS (600)

The rest of them take on a role of the environment (READER_ROLE_ARN, for calls to STACK_REGION):

- state: STACK_NAME NEW_IMAGE NEW_VERSION BLUE_URL GREEN_URL; exports BLUE_IMAGE BLUE_VERSION GREEN_IMAGE GREEN_VERSION
  LIVE_BEFORE LIVE_AFTER IDLE_TASKS CANDIDATE_URL
- verify: as smoke, without commands, and TTL_SECONDS BAKE_MINUTES LIVE_BEFORE LIVE_AFTER IDLE_TASKS STANDBY_TASKS;
  ALARMS (names between commas), GRACE_SECONDS (30, on top of the TTL), POLL_SECONDS (15), BAKE_SECONDS (instead of the
  minutes); exports VERDICT (good or bad) LIVE_CLUSTER IDLE_TASKS
- revision: TASK_DEFINITION_ARN CONTAINER_NAME CONTAINER_PORT; its artifact is taskdef.json and appspec.yaml

One is run by events instead of pipelines, after each release of the last environment:

- record: PLATFORM ENVIRONMENT EVENT_LOG (a log group), and of the event PIPELINE STAGE STATE EXECUTION AT;
  LOOK_BACK_DAYS (90)
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

PER_SERVICE: Final = ("quality", "image", "smoke", "regression", "load")  # in the template of each pipeline
SHARED: Final = ("author", "scan", "state", "verify", "revision")  # in one template for all pipelines
BY_EVENTS: Final = ("record",)  # run by a rule, in no pipeline
NAMES: Final = PER_SERVICE + SHARED + BY_EVENTS

_HERE = Path(__file__).parent
_INCLUDE = re.compile(r"^( *)# include (\S+)\n", re.MULTILINE)


@cache
def load(name: str) -> str:
    """Text of a build specification for `Source.BuildSpec`, ending in one newline, without tabs or trailing spaces.

    Raises:
        ValueError: The name is none of NAMES.
    """
    if name not in NAMES:
        raise ValueError(f"build specification {name!r}, expected one of {', '.join(NAMES)}")
    return _text(f"{name}.yaml")


@cache
def reports(name: str) -> tuple[str, ...]:
    """Names of the reports that builds of a specification leave."""
    _, _, section = load(name).partition("\nreports:\n")
    return tuple(re.findall(r"^  (\w+):$", section.partition("\nartifacts:")[0], re.MULTILINE))


@cache
def has_artifacts(name: str) -> bool:
    """Whether builds of a specification hand something on."""
    return "\nartifacts:\n" in load(name)


def _text(file: str) -> str:
    """The file's text without an interpreter line and with its includes in place."""
    text = re.sub(r"\A#!.*\n", "", (_HERE / file).read_text(encoding="utf-8"))
    return _INCLUDE.sub(lambda found: _indented(_text(found[2]), found[1]), text)


def _indented(text: str, indent: str) -> str:
    """The text with every line that is not empty moved to the right."""
    return re.sub(r"^(?=.)", indent, text, flags=re.MULTILINE)
