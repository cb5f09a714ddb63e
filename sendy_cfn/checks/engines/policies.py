"""checkov: what security reviewers expect of each type of resource. One process for all templates, and no call home.

It is in an environment of its own (requirements/policies.in), with an empty folder for its home and working folder:
nobody's .checkov.yaml counts. https://www.checkov.io/2.Basics/CLI%20Command%20Reference.html
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendy_cfn.checks.engines.subject import Engine, Raw, Settings, Subject, crash
from sendy_cfn.checks.usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sendy_cfn.checks.engines.subject import Results

FLAGS = ("--framework", "cloudformation", "--skip-download", "--compact", "--output", "json")
FOUND = 1  # its exit status where a check failed
LISTED = re.compile(r"\|\s*\d+ \| (CKV\w+)\s*\|[^|]*\|[^|]*\|\s*(.*?)\s*\|")  # a row of --list
VERSION = re.compile(r"checkov-([^-]+)\.dist-info")


def _version(settings: Settings) -> str:
    """What is installed.

    Raises:
        UsageError: Nothing is.
    """
    for folder in settings.policies.glob("lib/python*/site-packages/checkov-*.dist-info"):
        if found := VERSION.fullmatch(folder.name):
            return found[1]
    raise UsageError(f"no checkov in {settings.policies}/: make lint sets it up")


def _context(_subject: Subject, _settings: Settings) -> list[str | bytes | None]:
    return []


def _start(subjects: Sequence[Subject], settings: Settings) -> Callable[[], Results]:
    """Start it; it works while other engines do."""
    files = [str(subject.path.resolve()) for subject in subjects]
    process = _run([*FLAGS, *(part for file in files for part in ("--file", file))], settings)

    def finish() -> Results:
        output, errors = process.communicate()
        return _results(files, output, errors, process.returncode)

    return finish


def _run(arguments: Sequence[str], settings: Settings) -> subprocess.Popen[str]:
    home = settings.scratch.resolve()
    home.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [str(settings.policies.resolve() / "bin" / "python"), "-I", "-m", "checkov.main", *arguments],
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ.get("PATH", ""), "LOG_LEVEL": "ERROR"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _results(files: Sequence[str], output: str, errors: str, status: int) -> Results:
    try:
        report = json.loads(output)
        results = report.get("results", {})  # none where there was nothing to look at
    except ValueError:
        results = None
    if status not in (0, FOUND) or results is None:
        said = (errors or output).strip().splitlines()[-1:] or [""]
        return [[crash(f"checkov ended with {status}: {said[0]}")] for _ in files]
    by_file: dict[str, list[Raw]] = {file: [] for file in files}
    for entry in results.get("failed_checks", []):
        by_file[_file(entry, files)].append(_raw(entry))
    for file in results.get("parsing_errors", []):
        by_file[str(Path(file).resolve())].append(crash("checkov can't read this template"))
    return list(by_file.values())


def _file(entry: dict[str, Any], files: Sequence[str]) -> str:
    return next(file for file in files if file == str(Path("/", entry["file_abs_path"]).resolve()))


def _raw(entry: dict[str, Any]) -> Raw:
    keys = [str(key) for key in entry["check_result"].get("evaluated_keys") or []]
    where = f"look at {', '.join(keys)}" if keys else ""
    return Raw(
        entry["file_line_range"][0],
        entry["resource"].rpartition(".")[2],
        entry["check_id"],
        "error",
        entry["check_name"],
        entry.get("guideline") or where,
    )


def _titles(settings: Settings) -> dict[str, str]:
    done = _run(["--list", "--framework", "cloudformation"], settings)
    output, _ = done.communicate()
    return {found[1]: found[2] for line in output.splitlines() if (found := LISTED.match(line))}


ENGINE = Engine(
    "checkov", _version, _context, _start, "security policies for each type of resource, also over several", _titles
)
