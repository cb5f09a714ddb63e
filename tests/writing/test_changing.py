"""Input and output that somebody else changes while a run reads them."""

from __future__ import annotations

from tests.writing.gate import Plan
from tests.writing.site import NEW, OLD, Site, at_once

TO_OLD = f"sed -i 's/  {NEW}: /  {OLD}: /' params/platform.yaml"


def test_an_input_that_changes_at_any_call(sites: list[Site]) -> None:
    """The set is that of one input, and what is remembered of it is true: also if the input changes back later."""
    calls = sites[0].gated(Plan()).calls
    exchanged = calls.index("exchange") + 1
    found = {}

    def change(site: Site, at: int) -> None:
        site.restore()
        done = site.gated(Plan(at, meanwhile=TO_OLD))
        assert (done.status, done.err) == (0, "")
        found[at] = site.is_whole()
        assert site.run("--check").returncode == (0 if found[at] == OLD else 1)
        site.want(NEW)
        assert site.run("--check").returncode == (0 if found[at] == NEW else 1)
        assert site.names() == site.clean

    at_once(sites, change, [1, 2, 3, 5, exchanged - 1, exchanged, exchanged + 1, len(calls)])
    assert {at: found[at] for at in (1, 2, 3)} == dict.fromkeys((1, 2, 3), OLD)
    assert found[exchanged] == NEW


def test_an_input_that_is_about_to_be_saved(site: Site) -> None:
    """What is wrong with it may be right a moment later; the module that is imported looks for the nearest word."""
    path = site.folder / "params/platform.yaml"
    path.write_text(path.read_text().replace("paths:", "path:"))
    assert site.run().returncode == 2
    saving = "sed -i 's/path:/paths:/' params/platform.yaml"
    done = site.gated(Plan(meanwhile=saving, importing="difflib"), audit=True)
    assert (done.status, done.err) == (0, "")
    assert site.is_whole() == NEW


def test_an_input_that_never_rests(site: Site) -> None:
    done = site.gated(Plan(1, onwards=True, meanwhile="echo '#' >> params/test.yaml"))
    assert (done.status, done.out) == (2, "")
    assert done.err == "templates: it or params changes all the time while it is read; nothing was changed\n"
    assert site.is_whole() == OLD
    assert site.names() == site.clean


def test_an_output_that_is_replaced_meanwhile(site: Site) -> None:
    """As by `git switch`: what was kept of it is looked at again."""
    switch = "mv templates aside; cp -a aside templates; rm -r aside; echo more > templates/more.txt"
    switch += "; for file in templates/*.yaml; do echo edited >> $file; done"
    for at in (3, 5, site.gated(Plan()).calls.index("link")):  # the last is when all is made, before it is put together
        site.restore()
        done = site.gated(Plan(at, meanwhile=switch))
        assert (done.status, done.err) == (0, "")
        assert site.set() == site.new | {"more.txt": b"more\n"}
        assert site.names() == site.clean
        assert site.run("--check").returncode == 0


def test_an_output_that_is_taken_away_meanwhile(site: Site) -> None:
    done = site.gated(Plan(5, meanwhile="rm -r templates"))
    assert (done.status, done.err) == (0, "")
    assert site.set().keys() < site.new.keys()
    assert site.run("--check").returncode == 0


def test_a_working_folder_that_is_taken_away(site: Site) -> None:
    """`make clean` while a run is alive: it fails, and doesn't write into what the next one makes."""
    done = site.gated(Plan(6, meanwhile="rm -r .templates.new"))
    assert (done.status, done.out) == (2, "")
    assert done.err.endswith("No such file or directory; nothing was changed\n")
    assert site.is_whole() == OLD
    site.settle(NEW)


def test_a_file_that_exists_twice(site: Site) -> None:
    """Unchanged files are shared with the old set until it is gone: nothing writes to them."""
    network = site.folder / "templates/network.yaml"
    (site.folder / "kept").hardlink_to(network)
    before = network.stat()
    site.ok()
    assert network.stat().st_ino == before.st_ino
    assert network.stat().st_mtime_ns == before.st_mtime_ns
    (site.folder / "kept").unlink()


def test_files_without_content_after_a_power_failure(site: Site) -> None:
    """Nothing waits for the disk, so that may be left. It is noticed, and made again though nothing says it is ours."""
    site.want(OLD)
    for name in site.old:
        if not name.endswith(("mine", "mine.txt", "there")):
            (site.folder / "templates" / name).write_bytes(b"")
    assert site.run("--check").returncode == 1
    site.settle(OLD)
