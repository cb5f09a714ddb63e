"""Reads JUnit reports."""

from pathlib import Path
from xml.etree import ElementTree


def cases(file: Path) -> dict[str, str]:
    """The problem of each test case by its name; empty when it passed."""
    found = {}
    for case in ElementTree.parse(file).getroot().iter("testcase"):
        failure = case.find("failure")
        found[case.attrib["name"]] = "" if failure is None else failure.attrib["message"]
    return found
