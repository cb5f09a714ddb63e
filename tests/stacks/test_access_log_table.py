"""The table of access logs: example lines of AWS's page, read as Athena would, and the saved queries over them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sendy_cfn.blocks import access_log_table
from tests.stacks import evaluate
from tests.stacks.clusters import built, of_type, only

# The first five are examples of the page, of various years; the rest is made up after its text: refused by the web ACL,
# not to be read as a request, and with fields that AWS may add.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
LINES = Path(__file__).with_name("access_log.txt").read_text().splitlines()
HTTP, HTTPS, HTTP2, WEB_SOCKET, FAILED, REFUSED, MALFORMED, LATER = LINES

# Fields whose columns differ.
_SPLIT = {"client:port": "client", "target:port": "target", "request": "request"}
# The page's fields, in its order.
_PAGE = (
    "type time elb client:port target:port request_processing_time target_processing_time response_processing_time"
    " elb_status_code target_status_code received_bytes sent_bytes request user_agent ssl_cipher ssl_protocol"
    " target_group_arn trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time"
    " actions_executed redirect_url error_reason target:port_list target_status_code_list classification"
    " classification_reason conn_trace_id transformed_host transformed_uri request_transform_status"
)
FIELDS = _PAGE.split()


def emitted() -> dict[str, Any]:
    found: dict[str, Any] = only(built(), "Glue::Table")["TableInput"]
    return found


def columns() -> dict[str, str]:
    return {one["Name"]: one["Type"] for one in emitted()["StorageDescriptor"]["Columns"]}


def row(line: str) -> dict[str, str | None]:
    """As Hive's RegexSerDe does it: the whole line has to match, and each group is a column."""
    pattern = emitted()["StorageDescriptor"]["SerdeInfo"]["Parameters"]["input.regex"]
    matched = re.fullmatch(pattern, line)
    assert matched, line
    return dict(zip(columns(), matched.groups(), strict=True))


def fields(line: str) -> Iterator[tuple[str, str]]:
    """The page's own words: fields are delimited by spaces, some enclosed in quotes; read by hand, not by a pattern."""
    rest = line
    for name in FIELDS:
        if not rest:
            return
        end = rest.index('"', 1) + 1 if rest.startswith('"') else (rest + " ").index(" ")
        yield name, rest[:end].strip('"')
        rest = rest[end + 1 :]


@pytest.mark.parametrize("line", LINES, ids=[line[:30] for line in LINES])
def test_every_field_of_a_line_is_in_its_column(line: str) -> None:
    found = row(line)
    seen = set()
    for name, value in fields(line):
        if name not in _SPLIT:
            column = name.replace(":", "_")
            assert found[column] == value, name
            seen.add(column)
        elif name == "request":
            assert " ".join(str(found[f"request_{part}"]) for part in ("verb", "url", "proto")) in (value, value + " ")
            seen |= {"request_verb", "request_url", "request_proto"}
        else:
            end = _SPLIT[name]
            port = found[f"{end}_port"]
            assert found[f"{end}_ip"] + (f":{port}" if port else "") == value  # type: ignore[operator]  # a text here
            seen |= {f"{end}_ip", f"{end}_port"}
    assert {name for name in found if found[name] is not None} <= seen


def test_requests_are_taken_apart() -> None:
    found = row(REFUSED)
    assert (found["request_verb"], found["request_url"]) == ("GET", "https://a.example:443/?q=a b")
    assert row(MALFORMED)["request_url"] == "http://a.example:80-"
    assert (row(MALFORMED)["client_ip"], row(MALFORMED)["client_port"]) == ("[2001:db8::7]", "1024")
    assert row(LATER)["transformed_uri"] == "/b?c"
    assert row(HTTPS)["conn_trace_id"] == "TID_1234abcd5678ef90"
    assert row(HTTP2)["conn_trace_id"] is None


def test_the_table_has_the_pages_fields() -> None:
    expected = []
    for name in FIELDS:
        parts = {"request": ("verb", "url", "proto")}.get(name, ("ip", "port"))
        expected += [f"{_SPLIT[name]}_{part}" for part in parts] if name in _SPLIT else [name.replace(":", "_")]
    assert list(columns()) == expected
    assert set(columns().values()) == {"string", "int", "bigint", "double"}


def test_a_day_is_where_the_load_balancer_writes_it() -> None:
    values = {"AccessLogBucket": "logs", "LogRetentionDays": "14", "Environment": "test", "ClusterId": "blue-2"}
    table = evaluate.Stack({"Resources": {}, "Outputs": {}}, values).value(emitted())
    known = table["Parameters"]
    assert known["projection.enabled"] == "true"
    place = "s3://logs/AWSLogs/123456789012/elasticloadbalancing/eu-central-1/"
    assert table["StorageDescriptor"]["Location"] == place
    assert known["storage.location.template"] == f"{place}${{day}}"
    assert [one["Name"] for one in table["PartitionKeys"]] == ["day"]
    assert known["projection.day.format"] == "yyyy/MM/dd"
    low, high = known["projection.day.range"].split(",")
    # https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
    assert re.fullmatch(r"NOW-14DAYS", low)
    assert high == "NOW"


def test_names_are_of_one_cluster_and_such_as_athena_takes() -> None:
    stack = evaluate.Stack(
        {"Resources": {}, "Outputs": {}}, {"Environment": "load-test", "ClusterId": "green-2", "LogRetentionDays": "1"}
    )
    database = stack.value(only(built(), "Glue::Database")["DatabaseInput"]["Name"])
    assert database == "courier_load_test_green_2"
    assert stack.value(only(built(), "Athena::WorkGroup")["Name"]) == "courier-load-test-green-2"


def test_results_are_encrypted_and_costs_limited() -> None:
    group = only(built(), "Athena::WorkGroup")["WorkGroupConfiguration"]
    assert group["EnforceWorkGroupConfiguration"] is True
    assert group["ResultConfiguration"]["EncryptionConfiguration"] == {
        "EncryptionOption": "SSE_KMS",
        "KmsKey": {"Ref": "KeyArn"},
    }
    # 10 MB at least: https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
    assert 10**7 <= group["BytesScannedCutoffPerQuery"] <= 10**12
    # Results are not read as logs.
    assert not access_log_table.RESULTS.startswith("AWSLogs")


class _MaxBy:
    """https://docs.aws.amazon.com/athena/latest/ug/functions-env3.html"""

    def __init__(self) -> None:
        self.best: tuple[Any, Any] | None = None

    def step(self, value: Any, by: Any) -> None:
        if self.best is None or by > self.best[0]:
            self.best = (by, value)

    def finalize(self) -> Any:
        return self.best[1] if self.best else None


def answer(title: str) -> list[dict[str, Any]]:
    """What a saved query says of the example lines; SQLite in Athena's place, so what differs is put differently."""
    query = of_type(built(), "Athena::NamedQuery")[title]["QueryString"]
    lately = "day >= date_format(current_date - interval '1' day, '%Y/%m/%d')"
    assert lately in query  # else a query would read all that there is
    base = sqlite3.connect(":memory:")
    base.row_factory = sqlite3.Row
    base.create_aggregate("max_by", 2, _MaxBy)  # type: ignore[arg-type]  # its stubs want wider signatures
    types = {"string": "TEXT", "int": "INTEGER", "bigint": "INTEGER", "double": "REAL"}
    base.execute(
        f"CREATE TABLE access_log (day TEXT, {', '.join(f'{name} {types[kind]}' for name, kind in columns().items())})"
    )
    for line in LINES:
        values = list(row(line).values())
        base.execute(f"INSERT INTO access_log VALUES (?{', ?' * len(values)})", ["2018/07/02", *values])
    found = [dict(one) for one in base.execute(query.replace(lately, "day >= '2018/07/01'"))]
    base.close()
    return found


def test_slowest_requests() -> None:
    found = answer("SlowestRequestsQuery")
    assert [one["seconds"] for one in found] == [0.048, 0.003, 0.002, 0.001, 0.001, 0.001]  # -1 is none
    assert found[0]["trace_id"] == "Root=1-58337281-1d84f3d73c47ec4e58577259"


def test_errors_by_target() -> None:
    (found,) = answer("ErrorsByTargetQuery")
    assert (found["target_ip"], found["elb_status_code"], found["requests"]) == ("-", 502, 1)
    assert found["last_url"] == "http://www.example.com:80/"


def test_who_is_rejected() -> None:
    found = {one["client_ip"]: one for one in answer("RejectedQuery")}
    assert {ip: (one["elb_status_code"], one["actions_executed"]) for ip, one in found.items()} == {
        "203.0.113.7": (403, "waf"),
        "[2001:db8::7]": (400, "-"),
    }
    assert found["[2001:db8::7]"]["classification_reason"] == "BadMethod"
