"""Saved queries of services' logs ask for what the sample service logs, as it runs."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from troposphere import Template

from sendy_cfn.blocks import service_queries
from tests.monitoring.test_dashboard import fields
from tests.platforms import ROOT
from tests.stacks.evaluate import Stack

# With a mistake planted in it, so that it has an error to log.
PROGRAM = "import app; app.Store.get = None; raise SystemExit(app.main())"
every_query = pytest.mark.parametrize("query", [text for _, text in service_queries.SAVED.values()])


@cache
def lines() -> list[dict[str, Any]]:
    """What the sample service logs of its start, a good request and one that fails."""
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": "0", "COMMIT": "abc123"}
    command = [sys.executable, "-c", PROGRAM]
    folder = ROOT / "examples/orders"
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        for path in ("/version", "/orders/1"):
            connection = http.client.HTTPConnection("127.0.0.1", first["port"], timeout=5)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()
        process.terminate()
        rest, _ = process.communicate(timeout=10)
    return [first, *map(json.loads, rest.splitlines())]


def selected(query: str) -> Iterator[dict[str, Any]]:
    """Lines that a query looks at."""
    (condition,) = re.findall(r"^filter (.*?) \| ", query)
    if present := re.fullmatch(r"ispresent\((\w+)\)", condition):
        yield from (line for line in lines() if present[1] in line)
        return
    wanted = [re.fullmatch(r'(\w+) = "(.*)"', part) for part in condition.split(" or ")]
    for line in lines():
        if any(one and line.get(one[1]) == one[2] for one in wanted):
            yield line


@every_query
def test_each_field_is_in_a_line_that_the_query_looks_at(query: str) -> None:
    found = list(selected(query))
    assert found
    asked = fields(query)
    assert len(asked) > 2
    for name in asked:
        assert any(name in line for line in found), name


@every_query
def test_a_query_keeps_within_the_languages_limits(query: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html"""
    assert query.count("| stats ") <= 2
    # A saved query with it does not run in the console, see the module.
    assert "SOURCE" not in query


def test_errors_come_with_the_start_of_their_version() -> None:
    found = list(selected(service_queries.ERRORS))
    assert [line["message"] for line in found] == ["listening", "unexpected error", "request"]
    assert {line["version"] for line in found} == {"abc123"}
    # Sorted as text, which is what the query does, the times are in order.
    assert [line["time"] for line in found] == sorted(line["time"] for line in found)


def test_names_are_those_of_the_environment() -> None:
    template = Template()
    for query in service_queries.saved("courier"):
        template.add_resource(query)
    stack = Stack({"Outputs": {}, **template.to_dict()}, {"Environment": "test"})
    names = [query["Name"] for query in stack.of_type("Logs::QueryDefinition").values()]
    assert names == [f"courier/test/{name}" for name, _ in service_queries.SAVED.values()]
    assert {"courier/test/errors of the last deployment", "courier/test/slowest requests"} <= set(names)
