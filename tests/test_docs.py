"""What the text for people says of names, commands and outputs is so. How it says it is nobody's business here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from sendy_cfn.config import reference
from sendy_cfn.config.fields import declared, hints
from sendy_cfn.config.model import Platform
from tests.generated import CASES, generated
from tests.platforms import ROOT

README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

Command = Callable[..., subprocess.CompletedProcess[str]]


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def code(page: Path) -> Iterator[str]:
    """Blocks and spans."""
    yield from FENCE.findall(page.read_text(encoding="utf-8"))
    yield from SPAN.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them: https://docs.github.com/en/get-started/writing-on-github (section links)."""
    titles = [LINK.sub("", title).replace("`", "").lower() for title in HEADING.findall(prose(page))]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def broken_links(page: Path) -> list[str]:
    found = []
    for link in LINK.findall(SPAN.sub("", prose(page))):
        file, _, anchor = link.partition("#")
        if "://" in file:
            continue
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


def block(name: str) -> list[str]:
    """The lines of the README's block under a comment `example: name`."""
    [found] = re.findall(rf"<!-- example: {name} -->\n```\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return str(found).splitlines()


def rows(head: str) -> list[list[str]]:
    """The cells of the README's table whose head begins with these cells."""
    lines = README.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(head))
    body = lines[start + 2 :]
    end = next((number for number, line in enumerate(body) if not line.startswith("|")), len(body))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in body[:end]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the README's commands read, as a clone has it: without memory of earlier runs."""
    shutil.copy(ROOT / "generate.py", tmp_path)
    for folder in ("params", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


@pytest.fixture
def run(project: Path) -> Command:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["PYTHONPATH"] = str(ROOT)

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], cwd=project, env=environment, capture_output=True, text=True, check=False
        )

    return python


def edit(file: Path, *changes: tuple[str, str]) -> None:
    """Replace the first occurrence of each text."""
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_a_broken_link_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n\n[a](#here) [b](#there) [c](gone.md) [d](page.md#here) [e](https://example.com/x)\n")
    assert broken_links(page) == ["#there", "gone.md"]


def test_the_makefile_and_the_readme_name_the_same_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    helped = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    table = {match for row in rows("| command | what it does |") for match in re.findall(r"`make ([a-z-]+)", row[0])}
    assert table == helped


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {target for text in code(page) for target in re.findall(r"\bmake ([a-z-]+)\b", text)}
    assert named <= known


def test_options_of_commands_exist(run: Command) -> None:
    shown: dict[tuple[str, ...], set[str]] = {}
    for page in PAGES:
        for text in code(page):
            for line in text.splitlines():
                if found := re.match(
                    r"(?:\.venv/bin/)?python (generate\.py|-m (?:sendy_cfn|emulator|rehearsal)[\w.]*)(.*)", line
                ):
                    command = tuple(found[1].split())
                    shown.setdefault(command, set()).update(re.findall(r"--[a-z-]+", found[2]))
    assert ("generate.py",) in shown
    assert ("-m", "sendy_cfn.deploy") in shown
    for command, options in shown.items():
        if not options:
            continue
        said = run(*command, "--help")
        assert said.returncode == 0, command
        assert options <= set(re.findall(r"--[a-z-]+", said.stdout)), command


def test_modules_that_are_named_exist() -> None:
    named = {name for page in PAGES for text in code(page) for name in re.findall(r"python -m ([\w.]+)", text)}
    assert named
    for name in named:
        path = ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name


def test_a_fresh_clone_prints_what_the_readme_shows(run: Command) -> None:
    done = run("generate.py")
    checked = run("-m", "sendy_cfn.checks.validate")
    assert (done.returncode, checked.returncode) == (0, 0)
    _, count, rest = done.stdout.partition("templates: ")
    shown = f"```\n{count}{rest}{checked.stdout.splitlines()[-1]}\n```"
    assert shown in README.read_text(encoding="utf-8")


def test_the_tour_writes_what_the_readme_shows(run: Command, project: Path) -> None:
    run("generate.py")
    edit(project / "params/production.yaml", ("MaxTasks: 40", "MaxTasks: 60"))
    edit(project / "params/platform.yaml", ("port: 9000", "port: 9001"))
    stale = run("generate.py", "--check")
    done = run("generate.py")
    assert (stale.returncode, done.returncode) == (1, 0)
    shown = "".join(f"   {line}\n" for line in done.stdout.splitlines())
    assert f"   ```\n{shown}   ```\n" in README.read_text(encoding="utf-8")
    assert run("generate.py", "--check").returncode == 0


def test_mistakes_in_platform_yaml_print_what_the_readme_shows(run: Command, project: Path) -> None:
    changes = (("kind: web", "knd: web"), ("port: 8000", "port: 80000"), ("capacity: ec2", "capacity: ec3"))
    edit(project / "params/platform.yaml", *changes)
    done = run("generate.py")
    assert (done.returncode, done.stderr.splitlines()) == (2, block("platform"))


def test_mistakes_in_values_print_what_the_readme_shows(run: Command, project: Path) -> None:
    edit(project / "params/test.yaml", ("Zones: 2", "Zones: 5"), ("MinTasks: 1", "MinTask: 1"))
    edit(project / "params/production.yaml", ("Memory: 1024", "Memory: 8192"))
    done = run("generate.py")
    assert (done.returncode, done.stderr.splitlines()) == (2, block("values"))


def test_refused_deployments_print_what_the_readme_shows(run: Command, project: Path) -> None:
    run("generate.py")
    unknown = run("-m", "sendy_cfn.deploy", "--env", "tset")
    edit(project / "params/production.yaml", ("MaxTasks: 40", "MaxTasks: 60"))
    stale = run("-m", "sendy_cfn.deploy", "--env", "test")
    assert (unknown.returncode, stale.returncode) == (2, 2)
    assert [*unknown.stderr.splitlines(), *stale.stderr.splitlines()] == block("commands")


def test_the_reference_is_what_the_declarations_say(tmp_path: Path) -> None:
    page = tmp_path / "reference.md"
    assert reference.write(page)
    assert not reference.write(page)
    assert page.read_text(encoding="utf-8") == (ROOT / reference.FILE).read_text(encoding="utf-8"), "make schemas"


def test_the_reference_has_every_key_with_its_default() -> None:
    page = reference.text()
    assert "| `StopTimeout` | Seconds between SIGTERM and SIGKILL; at most 120 on Fargate | 2 to 120 | `30` |" in page
    assert re.search(r"^\| `provider` \|.*\| `connection` \|$", page, re.MULTILINE)
    assert re.search(r"^\| `region` \|.*\| \*\*required\*\* \|$", page, re.MULTILINE)
    for cls in (Platform, *_records()):
        for name in declared(cls):
            assert f"| `{name}` |" in page


def test_the_table_of_keys_has_the_declared_ones() -> None:
    table = {SPAN.findall(row[0])[0]: SPAN.findall(row[1]) for row in rows("| key | what it is |")}
    assert list(table) == list(declared(Platform))
    for name, mentioned in table.items():
        inner = _inner(hints(Platform)[name])
        assert set(mentioned) <= set(declared(inner) if inner else ()), name


def _inner(hint: Any) -> Any:
    """The dataclass that a key's value is made of, or None."""
    found = [part for part in (hint, *get_args(hint)) if hasattr(part, "__dataclass_fields__")]
    return found[0] if found else None


def _records() -> list[Any]:
    return [inner for hint in hints(Platform).values() if (inner := _inner(hint))]


def test_names_in_the_text_exist() -> None:
    """Parameters, outputs and logical ids: a word with a capital inside that is nowhere else is a misspelt one."""
    sources = [*ROOT.glob("sendy_cfn/**/*.py"), *ROOT.glob("templates/**/*.*"), *ROOT.glob("params/*.json")]
    known = " ".join(path.read_text(encoding="utf-8") for path in sources)
    for page in (README, ROOT / "docs/operations.md"):
        words = {word for span in SPAN.findall(prose(page)) for word in re.findall(r"^[A-Z][a-z0-9]+[A-Z]\w*$", span)}
        assert words
        assert [word for word in sorted(words) if word not in known] == []


def test_the_table_of_stacks_has_every_template() -> None:
    patterns = [pattern for row in rows("| template | holds |") for pattern in _patterns(row[0])]
    emitted = {file for case in CASES for file in generated(case).templates}
    assert {file for file in emitted if not any(pattern.fullmatch(file) for pattern in patterns)} == set()
    assert [pattern for pattern in patterns if not any(map(pattern.fullmatch, emitted))] == []


def _patterns(cell: str) -> Iterator[re.Pattern[str]]:
    spans = SPAN.findall(cell)
    endings = "".join(f"({re.escape(span)})?" for span in spans if span.startswith("-"))
    for span in spans:
        if span.endswith(".yaml"):
            stem = re.escape(span.removesuffix(".yaml")).replace("<service>", "[a-z0-9-]+")
            yield re.compile(rf"{re.sub('2$', '[0-9]+', stem)}{endings}\.yaml")


def test_decisions_are_numbered_and_listed() -> None:
    folder = ROOT / "docs/decisions"
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    index = LINK.findall((folder / "README.md").read_text(encoding="utf-8"))
    assert index == pages
    for name in pages:
        first = (folder / name).read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith(f"# {int(name[:4])}. ")
