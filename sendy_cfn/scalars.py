r"""YAML scalars: the text of a string or number such that every YAML parser reads the same string or number.

Strings are plain where no YAML version sees anything else in them, single-quoted otherwise, double-quoted with escapes
when they hold characters that are invisible or not allowed, and literal blocks when they have several lines. Nothing is
folded.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

# Always escaped: controls, line separators, spaces other than U+0020, zero-width and direction marks (a reviewer must
# see them), byte order mark, non-characters.
_HIDDEN = (
    r"\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    r"\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f"
)
_HIDDEN_ASCII = r"\x00-\x1f\x7f"
# The first character is one that starts nothing else in YAML; of what starts with a digit only CIDR blocks stay plain.
_FIRST = r"[A-Za-z_/$(\\]"
_CIDR = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,2}"
# Booleans and null of YAML 1.1 in any case.
_WORDS = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_LONGEST_KEY = 1000  # characters; YAML allows 1,024 up to the colon of a key on one line (yaml.org/spec/1.1, 9.1)
_CACHED_LENGTH = 80  # characters; longer strings seldom come twice


class _Patterns:
    """What a string holds."""

    def __init__(self, hidden: str, first: str) -> None:
        word = f"[^ :#{hidden}]"
        self.plain = re.compile(rf"{first}{word}*(?:(?:::?|#| +){word}+)*|{_CIDR}")
        self.escaped = re.compile(rf'["\\{hidden}]')
        self.hidden = re.compile(f"[{hidden}]")
        # What keeps a text from being a literal block: a hidden character, a space at the end of a line, a blank last
        # line, or a first line that would need an indentation indicator.
        self.not_literal = re.compile(rf"(?!\n)[{hidden}]| (?:\n|\Z)|\n\n\Z|\A[ \n]")


@cache
def _patterns(ascii_only: bool) -> _Patterns:
    """For ASCII the same patterns, which are far quicker to compile: most runs need no others."""
    if ascii_only:
        return _Patterns(_HIDDEN_ASCII, _FIRST)
    return _Patterns(_HIDDEN, rf"(?:{_FIRST}|[^\x00-\x7f{_HIDDEN}])")


def text(value: str, pad: str) -> str:
    """Write a string: on one line, quoted where needed, or as a literal block if it has several lines.

    Args:
        value: The string.
        pad: Line break and indentation of the line that the string starts on.

    Raises:
        ValueError: The string holds a lone surrogate, which UTF-8 cannot carry.
    """
    if len(value) <= _CACHED_LENGTH:
        return _short_line(value) or _block(value, pad)
    return _block(value, pad) if "\n" in value else _line(value)


def interpolated(value: str, pad: str) -> str:
    """Write a string that holds ``${…}``: as ``text``, but in double quotes, as a shell would have it.

    Raises:
        ValueError: As for ``text``.
    """
    if "\n" in value:
        return _block(value, pad)
    found = _patterns(value.isascii())
    return (
        _single_quoted(value)
        if found.escaped.search(value) and not found.hidden.search(value)
        else _double_quoted(value)
    )


@lru_cache(maxsize=2048)  # bounded; the same keys come in every template
def key(name: object) -> str:
    """Write the key of a mapping, quoted where needed.

    Raises:
        TypeError: The key is not a string; CloudFormation knows no others.
        ValueError: The key is too long, or as for ``text``.
    """
    if not isinstance(name, str):
        raise TypeError(f"key {name!r} is of type {type(name).__name__}, expected str")
    written = _double_quoted(name) if "\n" in name else _line(name)
    if len(written) > _LONGEST_KEY:
        raise ValueError(f"key {name[:40]!r}… of {len(name)} characters is too long for YAML")
    return written


def number(value: int | float | None) -> str:
    """Write a number, a boolean or null.

    Raises:
        ValueError: The number is infinite or not a number.
    """
    if value is None:
        return "null"
    if isinstance(value, float):
        written = repr(value)
        if written in ("inf", "-inf", "nan"):
            raise ValueError(f"{written} has no form in a template")
        # YAML 1.1 takes 1e+16 for a string, 1.0e+16 is a number.
        return written if "." in written else written.replace("e", ".0e")
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=4096)  # bounded; types, Ref targets and actions come again and again
def _short_line(value: str) -> str:
    return "" if "\n" in value else _line(value)


def _line(value: str) -> str:
    """Write a string on one line in the lightest style that every parser reads as this string."""
    found = _patterns(value.isascii())
    if found.plain.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if found.hidden.search(value) or ("'" in value and not found.escaped.search(value)):
        return _double_quoted(value)
    return _single_quoted(value)


@lru_cache(maxsize=32)  # bounded; build specifications come in every pipeline
def _block(value: str, pad: str) -> str:
    """Write a string of several lines as a literal block, or double-quoted where a block could not hold it exactly."""
    if _patterns(value.isascii()).not_literal.search(value):
        return _double_quoted(value)
    header, body = ("|", value[:-1]) if value.endswith("\n") else ("|-", value)
    return header + "".join(f"{pad}  {line}" if line else "\n" for line in body.split("\n"))


def _single_quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _double_quoted(value: str) -> str:
    return f'"{_patterns(value.isascii()).escaped.sub(_escape, value)}"'


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError(f"lone surrogate U+{code:04X} in {match.string[:40]!r}")
    if char in _ESCAPES:
        return _ESCAPES[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
