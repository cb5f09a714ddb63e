"""The page in a real browser: does it draw, does it stay on this machine, does it fit a telephone?

    python -m rehearsal.report.browser PAGE.html

Exit status 0 where it does, 1 where it does not, 2 without a browser.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from rehearsal.events import RehearsalError

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
LIMIT = 120.0  # seconds for a page; about 2 on a quiet machine
NARROW, WIDE, HIGHEST = 400, 1200, 16_000  # pixels
_FLAGS = (
    "--headless",
    "--no-sandbox",  # it does not work for root; what is opened is a file of ours
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-breakpad"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
# A window is at least 500 pixels wide, a frame may be narrower; the page tells the frame's owner what it measured.
_FRAME = """<!DOCTYPE html><meta charset="utf-8"><script>
addEventListener("message", (event) => {{ document.documentElement.dataset.check = event.data; }});
</script><iframe width="{width}" height="800" src="{address}"></iframe>
"""
_CONSOLE = re.compile(r"CONSOLE[:(]\d+\)?\] (.*)")
_OUTSIDE = re.compile(r"^\s*(?:(?:https?|wss?|ftp):)?//", re.IGNORECASE)


class _Reader(HTMLParser):
    """What the page says about itself, and the addresses it names."""

    def __init__(self) -> None:
        super().__init__()
        self.measured: dict[str, Any] | None = None
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if tag == "html" and name == "data-check":
                self.measured = json.loads(value or "{}")
            if name in ("src", "href", "srcset", "data", "poster", "action", "xlink:href") and _OUTSIDE.match(
                value or ""
            ):
                self.outside.append(f"<{tag} {name}={value}>")


def check(page: Path, picture: Path | None = None) -> list[str]:
    """Open the page at two widths; what is wrong with it, nothing if all is well.

    Args:
        page: The file that `document.write` made.
        picture: Where to put a picture of the whole page (PNG), if anywhere.

    Raises:
        RehearsalError: There is no browser, or it does not end.
    """
    browser, address = found(), page.resolve().as_uri() + "#check"
    with tempfile.TemporaryDirectory(prefix="rehearsal-browser-", ignore_cleanup_errors=True) as folder:
        dom, log = _run(browser, Path(folder), address, "--dump-dom", "--enable-logging=stderr")
        problems = [f"at {WIDE} pixels: {each}" for each in judge(dom, log)]
        if picture:
            height = min((_read(dom).measured or {}).get("height", 900), HIGHEST)
            _run(browser, Path(folder), address, f"--screenshot={picture.resolve()}", height=height)
            if not picture.exists():
                problems.append("no picture was taken")
        frame = Path(folder) / "frame.html"
        frame.write_text(_FRAME.format(width=NARROW, address=html.escape(address)), encoding="utf-8")
        dom, log = _run(browser, Path(folder), frame.as_uri(), "--dump-dom", "--enable-logging=stderr")
        return [*problems, *(f"at {NARROW} pixels: {each}" for each in judge(dom, log))]


def found() -> str:
    """The browser's path.

    Raises:
        RehearsalError: There is none.
    """
    path = next((path for name in NAMES if (path := shutil.which(name))), None)
    if path is None:
        raise RehearsalError(f"no browser to look at the page: none of {', '.join(NAMES)}")
    return path


def photograph(page: Path, picture: Path, scale: float = 1.0) -> None:
    """A picture (PNG) of the page's top in light colours: the verdict, its numbers, and the chart of the whole run.

    Args:
        page: The file that `document.write` made.
        picture: The file to write.
        scale: Pixels of the picture per pixel of the page, which is 1200 wide.

    Raises:
        RehearsalError: There is no browser, it does not end, or it takes no picture.
    """
    browser, address = found(), page.resolve().as_uri() + "#picture"
    with tempfile.TemporaryDirectory(prefix="rehearsal-browser-", ignore_cleanup_errors=True) as folder:
        dom, _ = _run(browser, Path(folder), address, "--dump-dom")
        measured = _read(dom).measured
        if measured is None:
            raise RehearsalError(f"{page} is no page of a rehearsal: its script did not run")
        picture.unlink(missing_ok=True)
        shot = (f"--screenshot={picture.resolve()}", f"--force-device-scale-factor={scale:g}")
        _run(
            browser, Path(folder), address, *shot, "--blink-settings=preferredColorScheme=1", height=measured["height"]
        )
    if not picture.exists():
        raise RehearsalError(f"{browser} took no picture of {page}")


def judge(dom: str, log: str) -> list[str]:
    """What a browser's document and log say that is wrong."""
    reader = _read(dom)
    problems = [f"console: {message}" for message in _CONSOLE.findall(log)]
    problems += [f"address outside of the page: {each}" for each in reader.outside]
    if reader.measured is None:
        return [*problems, "the page's script did not run"]
    measured = reader.measured
    problems += [f"loaded: {each}" for each in measured["loaded"]]
    if measured["drawn"] != measured["charts"]:
        problems.append(f"{measured['drawn']} of {measured['charts']} charts are drawn")
    if measured["content"] > measured["width"]:
        problems.append(f"the content is {measured['content']} pixels wide, the window {measured['width']}")
    return problems


def _read(dom: str) -> _Reader:
    reader = _Reader()
    reader.feed(dom)
    return reader


def _run(browser: str, folder: Path, address: str, *flags: str, height: int = 900) -> tuple[str, str]:
    """What it writes to its outputs; it and all it started have ended."""
    process = subprocess.Popen(
        [browser, *_FLAGS, f"--user-data-dir={folder / 'profile'}", f"--window-size={WIDE},{height}", *flags, address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise RehearsalError(f"{browser} did not end after {LIMIT:g} s: {address}") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # some of its processes outlive it for a moment
        process.wait()


def main(arguments: Sequence[str]) -> int:
    """Check the page that is named; the exit status."""
    try:
        problems = check(Path(arguments[0]))
    except RehearsalError as error:
        print(error, file=sys.stderr)
        return 2
    print(*problems or [f"{arguments[0]}: draws, stays on this machine and fits"], sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
