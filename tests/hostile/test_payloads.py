"""No text of the input is more than a text: it arrives as it was written, or is refused.

Each key that takes free text is tried with each payload, alone and around a value of the right form. What is made of
those that are taken is evaluated, and compared with what is made of plain words in their places: both may differ by
these words and by nothing else. A new key fails the first test until it has a word below.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from sendy_cfn import config, yamlfile
from sendy_cfn.config.fields import Spec
from sendy_cfn.errors import ConfigError
from tests.generated import Generated, generated
from tests.hostile import payloads
from tests.hostile.evaluated import Evaluation, replaced, texts
from tests.hostile.folders import Document, Folder, Folders, written
from tests.hostile.payloads import NAME, PAYLOADS, Way
from tests.hostile.values import fits
from tests.platforms import ROOT

# As much as a platform can say in text; no two words are alike.
BASE: Document = {
    "platform": "demo",
    "domain": "demo.example",
    "toolchain": {
        "region": "eu-west-1",
        "account": "111122223333",
        "source": {"repository": "demo/plain-platform", "branch": "plain-next"},
    },
    "environments": {
        NAME: {
            "region": "eu-west-1",
            "account": "444455556666",
            "domain": "plain-domain.example",
            "approval": True,
            "tests": ["smoke", "regression", "load"],
            "window": {"cron": "* * 8-15 ? * MON-THU *", "time_zone": "Europe/Berlin"},
        }
    },
    "services": {
        NAME: {
            "kind": "web",
            "source": {"repository": "demo/plain-shop", "branch": "plain-main", "paths": ["plain-glob/**"]},
            "dockerfile": "plain-file/Dockerfile",
            "context": "plain-context",
            "host": "plain-host",
            "paths": ["/plain-path"],
            "priority": 7,
            "health_path": "/plain-health",
            "version_path": "/plain-version",
            "health_command": ["plain-check"],
            "command": ["plain-command"],
            "user": "765432",
            "environment": {"PLAIN_VARIABLE": "plain-value"},
            "secrets": {"PLAIN_SECRET": "/plain-secret"},
            "permissions": [{"actions": ["dynamodb:GetPlain"], "resources": ["arn:aws:s3:::plain-resource"]}],
            "strategies": {NAME: "canary"},
            "tests": {
                "quality": ["plain-quality"],
                "smoke": ["plain-smoke"],
                "regression": ["plain-regression"],
                "load": ["plain-load"],
            },
        }
    },
}
# Keys that exclude others: the source that they are tried in.
TAGS = {"repository": "demo/plain-shop", "tags": ["plain-tag*"]}
ARCHIVE = {"provider": "s3", "bucket": "plain-bucket", "object_key": "plain-key.zip"}
SOURCES: dict[str, Document] = {"tags": TAGS, "bucket": ARCHIVE, "object_key": ARCHIVE}
# The platform's repository has no filters: refused with any value, which the rules' own tests show.
NEVER = {("toolchain", "source", "paths", "[]"), ("toolchain", "source", "tags", "[]")}
# Names become parts of logical ids and others: their form admits nothing that could mean more.
NAMES = {
    ("platform",),
    ("environments", "{key}"),
    ("services", "{key}"),
    ("services", "{}", "strategies", "{key}"),
}
MAY_HAVE_WILDCARDS = ("services", "{}", "permissions", "[]", "resources", "[]")
FREE = payloads.free_texts()
WAYS = [way for way in FREE if way not in NEVER]
ROLES = {
    f"Probe{role}RoleArn": f"arn:aws:iam::444455556666:role/plain-{role}"
    for role in ("Pipeline", "CloudFormation", "Reader")
}
VALUES: Document = {
    NAME: {
        "environment": {"VpcCidr": "10.1.0.0/16", "TestTrafficCidr": "10.0.0.0/8"},
        "defaults": {"MaxDecisionMinutes": 2160, "WatchMinutes": 10},
    },
    "toolchain": {"toolchain": {name: ROLES[name] for name in ROLES if "Reader" not in name}},
}


def placed(way: Way) -> Document:
    """The base, with the source in which the key of the way can be."""
    if way == ("domain",):  # where each environment has its own, it is nowhere else
        place = {key: value for key, value in BASE["environments"][NAME].items() if key != "domain"}
        return BASE | {"environments": {NAME: place}}
    key = next((step for step in way if step in SOURCES), "")
    if "source" not in way or not key:
        return BASE
    if way[0] == "toolchain":
        return BASE | {"toolchain": BASE["toolchain"] | {"source": SOURCES[key]}}
    return BASE | {"services": {NAME: BASE["services"][NAME] | {"source": SOURCES[key]}}}


def generate(folder: Folder, platform: Document, values: Document = VALUES) -> Generated | None:
    """None where it is refused; `Folder.generate` looks at how."""
    folder.put(platform=platform, **values)
    try:
        folder.generate(cache=True)
    except ConfigError:
        return None
    return folder.read()


def test_every_free_text_has_a_word_that_is_taken() -> None:
    for way in WAYS:
        assert payloads.get(placed(way), way), way
    assert set(FREE) >= NEVER
    with Folders() as folders:
        for key in ("", "tags", "object_key"):
            assert generate(folders.fresh(), placed(("services", "{}", "source", key))), f"the base itself, {key}"
        assert generate(folders.fresh(), placed(("toolchain", "source", "object_key")))
    assert len(WAYS) > 30


def forms(plain: str) -> list[str]:
    """The payloads as they are, and around the word that the key has."""
    every = [*PAYLOADS, *(plain + payload for payload in PAYLOADS), *(f"{payload}{plain}" for payload in PAYLOADS[:8])]
    return [text for text in dict.fromkeys(every) if text != plain]


@pytest.mark.parametrize("way", [way for way in WAYS if way not in NAMES], ids=".".join)
def test_a_text_that_is_taken_arrives_as_it_was_written(way: Way) -> None:
    base, spec = placed(way), FREE[way]
    plain, most = payloads.get(base, way), payloads.at_once(way, spec)
    allowed = [text for text in forms(plain) if fits(spec.pattern, text) and "{{resolve:" not in text]
    if most == 1:
        allowed = _telling(allowed)
    with Folders() as folders:
        folder = folders.fresh()
        for first in range(0, len(allowed), most):
            chunk = allowed[first : first + most]
            if not _compare(folder, base, way, spec, chunk) and most > 1:
                for text in chunk:
                    _compare(folder, base, way, spec, [text])


def _sorted(everything: Any) -> Any:
    """With the actions of the services' boundary in order: it lists each once, sorted, whoever declares it."""
    for document in everything.values():
        boundary = document.get("Resources", {}).get("ServiceBoundary", {}).get("Properties", {})
        for statement in boundary.get("PolicyDocument", {}).get("Statement", ()):
            statement["Action"].sort()
    return everything


def _telling(allowed: list[str]) -> list[str]:
    """One text for each character that may mean something: the pattern admits few, and each costs a generation."""
    kept: list[str] = []
    seen = set("/")
    for text in allowed:
        new = {char for char in text if not char.isalnum()} - seen
        if new or not kept:
            seen |= new
            kept.append(text)
    return kept


def _compare(folder: Folder, base: Document, way: Way, spec: Spec, chunk: list[str]) -> bool:
    """Whether they were taken together; then that they arrived."""
    made = generate(folder, payloads.put(base, way, chunk))
    if made is None:
        return False
    plain = payloads.get(base, way)
    words = [f"{plain}{number:02d}" for number in range(len(chunk))] if payloads.at_once(way, spec) > 1 else [plain]
    other = generate(folder, payloads.put(base, way, words))
    assert other is not None, words
    meant = dict(zip(words, chunk, strict=True))
    before, after = _all(other), _all(made)
    assert _sorted(after) == _sorted(replaced(before, meant))
    found = _differing(before, after)
    assert found or way[-1] in ("cron", "time_zone"), "a text that arrives nowhere shows nothing"
    for place, text in found:
        _harmless(place, text, way)
    return True


def _all(made: Generated) -> Document:
    """Every template evaluated, and what it is deployed with."""
    evaluated: Document = {name: Evaluation(template).tree for name, template in made.templates.items()}
    for name, template in evaluated.items():
        for title, resource in template["Resources"].items():
            resource.pop("Metadata", None)  # for linters: it says where a text had to be escaped
            assert resource["Type"] == made.templates[name]["Resources"][title]["Type"]
    return evaluated | made.configurations


def _differing(before: Document, after: Document) -> list[tuple[tuple[Any, ...], str]]:
    old = dict(texts(before))
    return [(place, text) for place, text in texts(after) if old.get(place) != text]


def _harmless(place: tuple[Any, ...], text: str, way: Way) -> None:
    """What a payload may not be in, however it got there."""
    keys = set(map(str, place))
    assert "BuildSpec" not in keys, place
    assert "UserData" not in keys, place
    assert "{{resolve:" not in text, place
    if "Stages" in keys or "Triggers" in keys:
        own = text.replace("#{ServiceSource.CommitId}", "")  # of the link to the commit
        assert "#{" not in own, place
    if keys & {"PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy"}:
        assert "${" not in text, place
        assert not set(text) & set("*?") or way == MAY_HAVE_WILDCARDS or _given(text), place


def _given(text: str) -> bool:
    """Wildcards that are ours: six random characters that Secrets Manager adds to a name."""
    return text.endswith("-??????") and not set(text.removesuffix("-??????")) & set("*?")


@pytest.mark.parametrize("way", sorted(NAMES), ids=".".join)
def test_names_admit_nothing_that_could_mean_more(way: Way) -> None:
    for text in forms(payloads.get(BASE, way)):
        assert not fits(FREE[way].pattern, text) or set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"), text


def test_what_no_form_admits_is_refused_where_it_stands() -> None:
    count = 0
    for way in WAYS:
        base, plain = placed(way), payloads.get(placed(way), way)
        for text in (*PAYLOADS, *(plain + payload for payload in PAYLOADS[::5])):
            if fits(FREE[way].pattern, text) and "{{resolve:" not in text:
                continue
            with pytest.raises(ConfigError) as caught:
                config.read(yamlfile.parse(written(payloads.put(base, way, [text])), "x.yaml"), "x.yaml")
            assert all(problem.line and problem.path for problem in caught.value.problems), (way, text)
            assert str(caught.value).replace("\n", "").isprintable()
            count += 1
    assert count > 700


# Parameters: their values stand in the configurations of stacks, and CloudFormation puts them where templates say.


# A filter pattern is made of such signs: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
IN_PLACE = {"LogErrorPattern"}


def test_a_pattern_is_put_nowhere_but_in_its_place() -> None:
    """As a whole, by Ref: no text is made of it."""
    for template in generated(ROOT / "params").templates.values():
        for resource in template["Resources"].values():
            text = json.dumps(resource)
            if any(name in text for name in IN_PLACE):
                assert resource["Type"] == "AWS::Logs::MetricFilter"
                assert resource["Properties"]["FilterPattern"] == {"Ref": "LogErrorPattern"}
                assert text.count("LogErrorPattern") == 1


@pytest.mark.parametrize("name", payloads.free_parameters())
def test_parameters_admit_no_references_quotes_or_blanks(name: str) -> None:
    knob = payloads.free_parameters()[name]
    for payload in PAYLOADS:
        for text in (payload, f"a{payload}", f"{payload}a", f"a@b.example{payload}", f"{payload}a@b.example"):
            value: Any = [text] * max(1, knob.min_items) if knob.is_list else text
            if knob.check(value) == "" and name not in IN_PLACE:
                assert not set(text) & set('$`"\\{}()<>; \t\r\n|'), (name, text)
                assert text.isprintable()
                assert text.isascii()
    for text in ("arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:role/a?", "arn:aws:iam::*:role/a"):
        assert knob.check(text) or name in IN_PLACE, "a role that is more than one"


def test_numbers_and_words_in_place_of_texts_are_refused() -> None:
    """YAML's 1.10 is 1.1, and 1e3 is 1000.0: another text than the file has."""
    for name, knob in payloads.free_parameters().items():
        for value in (1.1, 12, 1e3, True, float("inf")):
            assert knob.check(value), name
