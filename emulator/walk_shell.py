"""Commands of the walkthrough: shown, run side by side, timed; what stacks do meanwhile is shown too."""

import itertools
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

_NESTED = re.compile(r"-([A-Za-z0-9]+)-[0-9A-F]{13}")
_DIGEST = re.compile(r"[\w./:-]*@?sha256:([0-9a-f]{12})[0-9a-f]{52}")
_COMMIT = re.compile(r"\b([0-9a-f]{7})[0-9a-f]{33}\b")
_HEARTBEAT = 10.0  # seconds without news after which a line says that nothing is stuck


class StepError(Exception):
    """A step did not do what it should; the message says what."""


@dataclass(frozen=True)
class Command:
    """A call of the AWS CLI."""

    arguments: Sequence[str]
    environment: Mapping[str, str]

    def __str__(self) -> str:
        """As a person would type it."""
        return shlex.join(self.arguments)


_numbers = itertools.count(1)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print a heading, then how long it took and how it ended."""
    say(f"\n== {next(_numbers)}. {title}")
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say(f"   FAILED after {time.monotonic() - started:.0f} s")
        raise
    say(f"   ok, {time.monotonic() - started:.0f} s")


def say(text: str) -> None:
    """A line, at once."""
    print(text, flush=True)


def brief(text: str) -> str:
    """The text with images and commits cut to what tells them apart."""
    return _COMMIT.sub(r"\1", _DIGEST.sub(r"image \1", text))


def run(commands: Iterable[Command], *, shown: bool = True) -> list[str]:
    """Run commands side by side; what each printed.

    Args:
        commands: all of them are started at once.
        shown: print each command line.

    Raises:
        StepError: one ended with another status than 0.
    """
    with ExitStack() as opened:
        started: list[tuple[Command, subprocess.Popen[str], IO[str], IO[str]]] = []
        try:
            for command in commands:
                if shown:
                    say(f"   $ {command}")
                output, errors = (opened.enter_context(_file()) for _ in range(2))
                process = subprocess.Popen(
                    command.arguments, env=dict(command.environment), stdout=output, stderr=errors, text=True
                )
                started.append((command, process, output, errors))
            statuses = [process.wait() for _, process, _, _ in started]
        finally:
            for _, process, _, _ in started:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
        for status, (command, _, _, errors) in zip(statuses, started, strict=True):
            if status:
                said = " ".join(_text(errors).split())[-600:]
                raise StepError(f"{command.arguments[2]} ended with {status}: {said}")
        return [_text(output) for _, _, output, _ in started]


def _file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


class News:
    """Shows, from a thread, each change of a stack's status: the AWS CLI is silent for 30 seconds at a time."""

    def __init__(self, look: Callable[[], Mapping[str, str]]) -> None:
        """`look` tells names and statuses of all stacks."""
        self._look = look
        self._known: Mapping[str, str] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "News":
        """Start watching; what is there already is no news."""
        self._known = self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join(timeout=10)

    def _watch(self) -> None:
        quiet = time.monotonic()
        while not self._ended.wait(0.5):
            if self._tell():
                quiet = time.monotonic()
            elif time.monotonic() - quiet > _HEARTBEAT:
                say("     … the AWS CLI looks every 30 s")
                quiet = time.monotonic()

    def _tell(self) -> bool:
        try:
            now = self._look()
        except (BotoCoreError, ClientError) as error:  # the emulator is on its way out
            sys.stderr.write(f"{error}\n")
            return False
        lines = [f"{status:<20} {readable(name)}" for name, status in now.items() if self._known.get(name) != status]
        lines += [f"{'gone':<20} {readable(name)}" for name in self._known if name not in now]
        self._known = now
        for line in lines:
            say(f"     {time.strftime('%H:%M:%S')}  {line}")
        return bool(lines)


def readable(stack: str) -> str:
    """A nested stack's name without the random part: "courier-test/Network"."""
    return _NESTED.sub(r"/\1", stack)


def tree(client: Any, stack: str) -> Iterator[str]:
    """The stack and what is nested in it, a line each with the status and the number of resources."""
    yield from _branch(client, stack, "", stack)


def _branch(client: Any, stack: str, indent: str, title: str) -> Iterator[str]:
    status = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    nested = [item for item in resources if item["ResourceType"] == "AWS::CloudFormation::Stack"]
    count = len(resources) - len(nested)
    what = ("1 resource" if count == 1 else f"{count} resources") if count else "nested stacks"
    yield f"{indent}{title:<{44 - len(indent)}} {status:<17} {what}"
    for item in nested:
        yield from _branch(client, item["PhysicalResourceId"], f"{indent}  ", item["LogicalResourceId"])
