"""Versions of the sample service that are well or go wrong in one way, made by a change to its code.

A fault shows only in an image that the pipeline built, which knows its commit: the commit's own tests pass, as they do
with a real mistake.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from rehearsal.events import RehearsalError

_LAST = '\n\nif __name__ == "__main__":'
_ANSWERS = """

_well = Handler._get


def _faulty(self: Handler) -> Answer:
    path = self.path.partition("?")[0]
{lines}
    return _well(self)


if len(RELEASE["commit"]) == 40:
    Handler._get = _faulty
"""

# By name: code that goes before the last lines of app.py, where the service starts.
FAULTS: Mapping[str, str] = {
    "crash": '\n\nif len(RELEASE["commit"]) == 40:\n    sys.exit("no configuration found")\n',
    "slow-start": '\n\nif len(RELEASE["commit"]) == 40:\n    time.sleep(4)\n',
    "smoke": _ANSWERS.format(lines='    if path == "/version":\n        return 500, {"error": "no database"}'),
    "wrong-version": '\n\nif len(RELEASE["commit"]) == 40:\n    RELEASE["commit"] = "0" * 40\n',
    # Slower than the load test allows, and still quick enough for a health check.
    "slow-answers": _ANSWERS.format(lines='    if path == "/health":\n        time.sleep(0.7)'),
    # Well under the name of its side, where it is tested, and not under the name that customers use.
    "public-name": _ANSWERS.format(
        lines='    if path == "/version" and self.headers.get("Host", "").partition(":")[0] == "{host}":\n'
        '        return 500, {"error": "unknown host name"}'
    ),
}


def write(source: Path, target: Path, note: str, fault: str | None, host: str) -> None:
    """Bring the files of a checkout to those of the sample, with a note that makes every version another one.

    Args:
        source: the sample.
        target: the checkout.
        note: goes into README.md.
        fault: one of `FAULTS`, or None for a version that is well.
        host: the name that customers use.

    Raises:
        RehearsalError: the service is not the sample, which the faults are made for.
    """
    for path in target.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    with (target / "README.md").open("a", encoding="utf-8") as readme:
        readme.write(f"\n{note}\n")
    if fault is None:
        return
    app = target / "app.py"
    text = app.read_text(encoding="utf-8") if app.exists() else ""
    if text.count(_LAST) != 1 or not re.search(r"^class Handler\(", text, re.MULTILINE):
        raise RehearsalError(f"the fault '{fault}' can only be put into the sample service, examples/orders")
    block = FAULTS[fault].replace("{host}", host)
    app.write_text(text.replace(_LAST, block + _LAST), encoding="utf-8")
