"""Draws the dashboards of the templates, of environments those of the last one: `make pictures`.

    python -m sendy_cfn.pictures [--params DIR] [--templates DIR] [--out DIR] [--check]

The output folder is this command's own: pictures that no dashboard belongs to any more are removed. Nothing is written
where a dashboard is wrong.

Exit status 0 done, 1 a dashboard is wrong, or stale (with --check), 2 bad input.
"""

from __future__ import annotations

import argparse
import errno
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sendy_cfn import config, whole
from sendy_cfn.checks.action_templates import Library, TemplateError
from sendy_cfn.checks.findings import Finding, Severity, table
from sendy_cfn.checks.rendering.stacks import TOOLCHAIN
from sendy_cfn.config.model import Platform
from sendy_cfn.errors import BAD_INPUT, DONE, STALE, ConfigError
from sendy_cfn.pictures import alarm_checks, body, page, picture
from sendy_cfn.pictures.names import Names
from sendy_cfn.pictures.sources import Dashboard, dashboards

RULE = "dashboard"
OUT = Path("docs/pictures")


class DashboardError(Exception):
    """Dashboards that CloudWatch would refuse, or show otherwise than they were meant."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Remember all of them."""
        self.findings = tuple(findings)
        super().__init__(table(findings))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(prog="pictures", description="Draws dashboards of templates.")
    parser.add_argument("--params", type=Path, default=Path("params"), metavar="DIR", help="input folder (params)")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR", help="(templates)")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help=f"output folder ({OUT})")
    parser.add_argument("--check", action="store_true", help="write nothing; list what is stale and end with status 1")
    options = parser.parse_args(arguments)
    try:
        if not options.templates.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "no folder", str(options.templates))
        files = pictures(config.load(options.params), options.templates)
        changed = differing(files, options.out)
        if not options.check:
            write(files, changed, options.out)
    except DashboardError as error:
        print(error)
        return STALE
    except (ConfigError, TemplateError, OSError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    count = sum(name.endswith(".svg") for name in files)
    if options.check:
        print("".join(f"stale    {options.out / name}\n" for name in changed), end="")
        print(
            f"pictures: {count} dashboards, " + (f"{len(changed)} files stale: make pictures" if changed else "fresh")
        )
        return STALE if changed else DONE
    print(f"pictures: {count} dashboards, {len(changed)} files written or removed")
    return DONE


def pictures(platform: Platform, templates: Path) -> dict[str, str]:
    """The files of the output folder: a picture for each dashboard, and the page that lists them.

    Those of all environments are checked, those of the last one that has any are drawn: the others' are alike.

    Raises:
        DashboardError: A dashboard is wrong, in whichever environment.
        TemplateError: A template can't be read.
    """
    names = names_of(platform)
    findings: dict[tuple[str, str, str], Finding] = {}
    sound: list[tuple[Dashboard, body.Body]] = []
    for each in dashboards(platform, Library(templates)):
        try:
            read = body.read(_text(each))
            if wrong := list(alarm_checks.problems(read, each.alarms, each.place)):
                raise body.BodyError(wrong)
            sound.append((each, read))
        except body.BodyError as error:
            for problem in error.problems:
                where = str(templates / each.template)
                found = Finding(where, each.line, each.logical_id, RULE, Severity.ERROR, f"{problem} ({each.place})")
                findings.setdefault((each.template, each.logical_id, problem), found)
    if findings:
        raise DashboardError(list(findings.values()))
    last = next((each.place for each, _ in reversed(sound) if each.place != TOOLCHAIN), "")
    files: dict[str, str] = {}
    entries = []
    drawn = [pair for pair in sound if pair[0].place in (last, TOOLCHAIN)]
    for each, read in sorted(drawn, key=lambda pair: (pair[0].place != TOOLCHAIN, pair[0].name, pair[0].template)):
        file = _file(platform.platform, each, files)
        files[file] = picture.draw(
            picture.Subject(each.name, read, f"{each.template}, {each.place}", names, each.alarms)
        )
        entries.append(page.Entry(file, each.name, each.template, each.place, picture.words_for(read)))
    if entries:
        files[page.NAME] = page.text(entries)
    return files


def names_of(platform: Platform) -> Names:
    """Words for what a dashboard is of."""
    return Names(tuple(platform.services), tuple(platform.environments), platform.platform)


def _text(each: Dashboard) -> str:
    if not isinstance(each.text, str):
        raise body.BodyError(["the body can't be computed from the template and the environment's values"])
    return each.text


def _file(platform: str, each: Dashboard, taken: Collection[str]) -> str:
    """After the dashboard's name, without the platform's; after its place in a template, too, where that is taken.

    CloudWatch: names are of letters, digits, hyphens and underscores. Others may stand for what only AWS knows.
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", each.name.removeprefix(f"{platform}-")) or each.logical_id
    more = f"{stem}-{Path(each.template).stem}-{each.logical_id}"
    return f"{stem}.svg" if f"{stem}.svg" not in taken else f"{more}.svg"


def differing(files: Mapping[str, str], out: Path) -> list[str]:
    """Names of files that are not as they should be, or should not be."""
    stale = [name for name, text in files.items() if _present(out / name) != text]
    gone = [path.name for path in (*out.glob("*.svg"), *out.glob(page.NAME)) if path.name not in files]
    return sorted([*stale, *gone])


def _present(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def write(files: Mapping[str, str], changed: Sequence[str], out: Path) -> None:
    """Write or remove the files that differ, each at once.

    Raises:
        OSError: The folder can't be written.
    """
    for name in changed:
        if name not in files:
            (out / name).unlink()
            continue
        out.mkdir(parents=True, exist_ok=True)
        whole.write(out / name, files[name])


if __name__ == "__main__":
    sys.exit(main())
