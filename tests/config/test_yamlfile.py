"""The YAML subset: what a value means, and where the reader stops."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sendy_cfn.errors import ConfigError
from sendy_cfn.yamlfile import MAX_BYTES, MAX_DEPTH, Node, parse


def plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-7", -7),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("True", True),
        ("null", None),
        ("~", None),
        ("", None),
        # Words that YAML 1.1 turns into something else:
        ("no", "no"),
        ("on", "on"),
        ("012345678901", "012345678901"),
        ("1:30", "1:30"),
        ("2026-11-23", "2026-11-23"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("'7'", "7"),
        ('"true"', "true"),
        ("9" * 400, "9" * 400),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    found = plain(parse(f"[{text or '~'}]\n".encode(), "x"))
    assert isinstance(found, list)
    assert found == [value]
    assert type(found[0]) is type(value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "x: empty file"),
        (b"# only a comment\n", "x: empty file"),
        (b"a: 1\na: 2\n", "x:2: duplicate key 'a', first on line 1"),
        (b"a: {b: 1,\n b: 2}\n", "x:2: duplicate key 'b', first on line 1"),
        (b"a: *b\n", "x:1: alias '*b'; write the value out, aliases are not supported"),
        (b"a: &b 1\n", "x:1: anchor '&b'; anchors are not supported"),
        (
            b"a: !!python/object:os.system x\n",
            "x:1: tag 'tag:yaml.org,2002:python/object:os.system'; tags are not supported",
        ),
        (b"a: !Ref b\n", "x:1: tag '!Ref'; tags are not supported"),
        (b"<<: {a: 1}\n", "x:1: merge key '<<'; write the keys out, merging is not supported"),
        (b"a: 1\n---\nb: 2\n", "x:2: a second document ('---'); a file holds one"),
        (b"? [a]\n: 1\n", "x:1: a key must be a plain word"),
        (b"a:\n\tb: 1\n", "x:2: tab in the indentation; YAML indents with spaces"),
        (b"a: \xe4\n", "x:1: byte 0xe4 is not UTF-8; save the file as UTF-8"),
        ("a: 1\n".encode("utf-16"), "x:1: byte 0xff is not UTF-8; save the file as UTF-8"),
        (b"a: 1\nb: \x1b[31m\n", "x:2: control character U+001B"),
        (b"a: [1, 2\n", "x:2: not YAML: while parsing a flow sequence did not find expected ',' or ']'"),
        (b"a: 'open\n", "x:2: not YAML: while scanning a quoted scalar found unexpected end of stream"),
        (b"%YAML 9.9\n---\na: 1\n", "x:1: not YAML: found incompatible YAML document"),
        (
            b"a: " + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"\n",
            f"x:1: nested deeper than {MAX_DEPTH} levels",
        ),
        (b"a" * (MAX_BYTES + 1), f"x: {MAX_BYTES + 1} bytes, at most {MAX_BYTES} are read"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:40],
)
def test_outside_the_subset_is_an_error_with_its_line(data: bytes, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(data, "x")
    assert str(caught.value) == says


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    assert plain(parse(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "x")) == {"a": 1, "b": 2}


def test_keys_carry_their_own_line() -> None:
    tree = parse(b"a:\n  b:\n    - 1\n", "x")
    assert isinstance(tree.value, dict)
    inner = tree.value["a"]
    assert inner.line == 1
    assert isinstance(inner.value, dict)
    assert inner.value["b"].line == 2


words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12)
documents = st.recursive(
    st.one_of(words, st.integers(-(10**15), 10**15), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(words, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(words, documents, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_reads_what_another_writer_wrote(document: dict[str, object]) -> None:
    text = json.dumps(document, ensure_ascii=False)  # JSON is YAML, and leaves no doubt about types
    assert plain(parse(text.encode(), "x")) == document


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_bytes_cause_anything_but_an_error_for_people(data: bytes) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(parse(data, "x"), Node)
