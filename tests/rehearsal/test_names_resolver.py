"""The caching resolver's configuration."""

from __future__ import annotations

from pathlib import Path

from rehearsal.events import Events
from rehearsal.full.resolver import Resolver


def test_only_a_shortened_rehearsal_keeps_answers_for_less_than_they_say(tmp_path: Path) -> None:
    upstream = ("127.0.0.2", 53)
    whole = Resolver(tmp_path, upstream, Events()).config()
    short = Resolver(tmp_path, upstream, Events(), max_ttl=7).config()
    added = set(short.splitlines()) - set(whole.splitlines())
    assert added == {"  cache-max-ttl: 7", "  cache-max-negative-ttl: 7"}
