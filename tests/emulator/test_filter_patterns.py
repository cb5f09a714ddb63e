"""Filter patterns, with the examples of AWS's pages.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
"""

from __future__ import annotations

import json

import pytest

from emulator import Emulator
from emulator.filter_patterns import content, matcher
from emulator.filter_tests import PatternError

# The page's own sample, less the parts that no example asks for.
EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "cluster.name": "c",
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "users": [{"id": 1, "actions": ["GET", "PUT"]}],
    "http-status": 404,
    "errors": {"too-many": 3, "none": 0},
    "KeyIsTrue": True,
    "KeyIsFalse": False,
}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.eventType = "updatetrail" }', False),
        ('{ $.eventType = "Update*" }', True),
        ('{ $.eventType = "*Trail" }', True),
        ('{ $.eventType = "Upd?teTrail" }', False),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress != 111.111.* }", False),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[1] = "value" }', False),
        ('{ $.arrayKey[7] = "value" }', False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.SomeOtherObject IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.KeyIsTrue IS TRUE }", True),
        ("{ $.KeyIsFalse IS TRUE }", False),
        ("{ $.KeyIsFalse IS FALSE }", True),
        ("{ $.http-status >= 400 }", True),
        ("{ $.http-status < 400 }", False),
        ("{ $.http-status = 404 }", True),
        ("{ $.http-status = 4.04e2 }", True),
        ("{ $.errors.too-many > 2 }", True),
        ("{ $.errors.none > 0 }", False),
        ("{ $.errors.unknown > 0 }", False),
        ("{ $.errors.unknown >= 0 }", False),
        ('{ $.user.email = "John.Stiles@example.com" || $.eventType = "x" && $.user.id = 9 }', True),
        ('{ ($.user.email = "John.Stiles@example.com" || $.eventType = "x") && $.user.id = 9 }', False),
        ("{ $.eventType = %^Update[A-Z]% }", True),
        ("{ $.eventType = %Create|Delete% }", False),
        ('{ ($.user.id = 1) && (($.users[0].id = 2) || ($.users[0].actions[1] = "PUT")) }', True),
    ],
)
def test_examples(pattern: str, found: bool) -> None:
    assert matcher(pattern)(json.dumps(EVENT)) is found


BOTH, ERROR, WARN = "ERROR WARN message", "ERROR message", "WARN message"


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [
        ("ERROR", [BOTH, ERROR]),
        ("?ERROR ?WARN", [BOTH, ERROR, WARN]),
        ("ERROR WARN", [BOTH]),
        ("ERROR -WARN", [ERROR]),
        ("-ERROR", [WARN]),
        ('"ERROR message"', [ERROR]),
        ("WARN ?ERROR", [BOTH, WARN]),
        ("error", []),
        ("%^WARN|R W%", [BOTH, WARN]),
        (" ", [BOTH, ERROR, WARN]),
        ("", [BOTH, ERROR, WARN]),
        ("[w1=ERROR, w2]", [ERROR]),
        ("[w1=ERROR || w1=WARN, w2]", [ERROR, WARN]),
        ("[w1!=ERROR && w1!=WARN, w2]", []),
        ("[w1=ERROR, ...]", [BOTH, ERROR]),
        ("[..., w2=WARN, w3]", [BOTH, WARN]),
    ],
)
def test_terms_and_columns(pattern: str, lines: list[str]) -> None:
    """The three lines are those of AWS's page on patterns."""
    assert list(filter(matcher(pattern), (BOTH, ERROR, WARN))) == lines


ACCESS = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes > 1000]", True),
        ("[ip, user, username, timestamp, request, status_code, bytes > 1534]", False),
        ("[ip, user, username, timestamp, request, status_code = 4*, bytes]", True),
        ("[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code = 4* && status_code != 404, bytes]", False),
        ("[..., request=%[a-z]+.html%, status_code=4*,]", True),
        ('[ip="127.0.0.1", user, ...]', True),
        ("[ip, user, username > 1, ...]", False),
        ("[ip, user, username, timestamp, request, bytes]", False),
        ("[a, b, c, d, e, f, g, h, ...]", False),
    ],
)
def test_columns_of_an_access_log(pattern: str, found: bool) -> None:
    assert matcher(pattern)(ACCESS) is found


def test_columns_are_read_by_their_names() -> None:
    read = content("[ip, ..., timestamp, request, status_code=4*,]", ACCESS)
    request, when = "GET /index.html HTTP/1.0", "10/Oct/2000:13:25:15 -0700"
    assert read == {"ip": "127.0.0.1", "timestamp": when, "request": request, "status_code": "404"}
    assert content("[..., status_code=5*, bytes]", ACCESS) is None


@pytest.mark.parametrize("line", ["", "7", "[1]", "[Container] entering phase", '{"eventType": "UpdateTrail"'])
def test_lines_that_are_no_objects_match_nothing(line: str) -> None:
    assert not matcher("{ $.other NOT EXISTS }")(line)


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "[a, b",
            "[..., a, ...]",
            "[a b]",
            "[a = 1 && b = 2]",
            "[a > b]",
            "ERROR!",
            '"ERROR',
            "%(a)%",
            "{ }",
            "{ $.a }",
            "{ $.a = }",
            "{ $.a == 1 }",
            "{ $.a > b }",
            "{ $.a = 1",
        ),
        *("{ $.a = 1 } }", "{ a = 1 }", "{ $.a = 1 && }", "{ ($.a = 1 }", "{ $.a = 'b' c }", '{ $.a = "b }'),
        "{ $.a = 1 & $.b = 2 }",
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        matcher(pattern)


def test_the_service_answers_which_lines_match(emulator: Emulator) -> None:
    logs = emulator.client("logs")
    lines = ['{"level": "ERROR", "n": 1}', "plain", '{"level": "INFO"}', '{"level": "ERROR", "n": 2}']
    found = logs.test_metric_filter(filterPattern='{ $.level = "ERROR" }', logEventMessages=lines)["matches"]
    assert [match["eventNumber"] for match in found] == [1, 4]
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.test_metric_filter(filterPattern="{ $.level = ", logEventMessages=lines)
