"""Writes docs/security.md from the engines and from what the templates accept.

python -m sendy_cfn.checks.security_page
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from sendy_cfn.checks import policy_accepted
from sendy_cfn.checks.action_templates import Library, readable
from sendy_cfn.checks.engines import ENGINES
from sendy_cfn.checks.engines.subject import Settings
from sendy_cfn.checks.suppressions import EVERYWHERE, Accepted, read

FILE = Path("docs/security.md")
HEAD = """\
# Checks, and accepted findings

<!-- Made by `make schemas` from the engines and from templates/; edit there. -->

`make lint` runs these engines over every template, offline, in the versions of the locks. It looks at templates as they
are emitted, and at each as its stacks have it, with the values of each environment in the place of parameters
(`build/rendered/`), because checks that compare resources see literals only. Any finding fails.

| engine | version | looks for |
|---|---|---|
"""
ACCEPTED = """
## Accepted in one place

Written by `sendy_cfn.blocks.suppress` at the resource, where engines read it. One that nothing finds any more fails.

| rule | what it says | where | why it is accepted |
|---|---|---|---|
"""
ALL = """
## Accepted everywhere

| rule | what it says | why it is accepted |
|---|---|---|
"""
LINTERS = """
## Accepted of policy linters

`make lint` then runs parliament and cloudsplaining over every policy, and over all of a role's together. What they may
find is in `sendy_cfn/checks/policy_accepted.py`, `*` as in the shell. One that a policy no longer draws fails.

| rule | what it says | where | why it is accepted |
|---|---|---|---|
"""


def text(folder: Path, settings: Settings) -> str:
    """The page.

    Args:
        folder: The templates.
        settings: How engines are found, which are asked what their rules say.
    """
    places: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    library = Library(folder)
    for path in sorted(folder.glob("*.yaml")):
        for entry in read(readable(library, path.name)):
            if isinstance(entry, Accepted):
                places[entry.rule, entry.reason][entry.resource].append(path.name)
    titles = _titles({rule for rule, _ in places} | set(EVERYWHERE), settings)
    accepted = [
        f"| {rule} | {_cell(titles[rule])} | {_where(where)} | {_cell(reason)} |\n"
        for (rule, reason), where in sorted(places.items())
    ]
    everywhere = [f"| {rule} | {_cell(titles[rule])} | {_cell(reason)} |\n" for rule, reason in EVERYWHERE.items()]
    return "".join([HEAD, *_engines(settings), ACCEPTED, *accepted, ALL, *everywhere, LINTERS, *_linters()])


def _linters() -> list[str]:
    found: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for entry in policy_accepted.ACCEPTED:
        found[entry.rule, entry.template, entry.resource, entry.reason].append(entry.message)
    return [
        f"| {rule} | {_cell('; '.join(messages))} | `{resource}` in {template} | {_cell(reason)} |\n"
        for (rule, template, resource, reason), messages in sorted(found.items())
    ]


def _engines(settings: Settings) -> list[str]:
    versions = {engine.name: engine.version(settings) for engine in ENGINES}
    own = {"house": "this one"}  # its version is a hash of its code
    return [
        f"| {engine.name} | {own.get(engine.name, versions[engine.name])} | {engine.about} |\n" for engine in ENGINES
    ]


def _titles(rules: set[str], settings: Settings) -> dict[str, str]:
    """What each rule says; the first engine that has it is asked."""
    found: dict[str, str] = {}
    for engine in ENGINES:
        if rules - set(found):
            found = {rule: title for rule, title in engine.titles(settings).items() if rule in rules} | found
    return dict.fromkeys(rules, "nothing, no engine has it") | found


def _where(resources: dict[str, list[str]]) -> str:
    by_files: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, files in sorted(resources.items()):
        by_files[tuple(files)].append(f"`{name}`")
    return "; ".join(f"{', '.join(names)} in {', '.join(files)}" for files, names in sorted(by_files.items()))


def _cell(content: str) -> str:
    return " ".join(content.split()).replace("|", "\\|")


def main() -> None:
    """Write the page if it changed."""
    page = text(Path("templates"), Settings())
    if not FILE.exists() or FILE.read_text(encoding="utf-8") != page:
        FILE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
