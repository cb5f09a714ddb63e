from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.dry import dockerfile
from rehearsal.dry.dockerfile import Program
from tests.platforms import ROOT

END = '\nCMD ["python3", "app.py"]\n'


def read(text: str, **arguments: str) -> Program:
    return dockerfile.read(text, "/context", arguments, {"label": "x"})


def environment(text: str, **arguments: str) -> dict[str, str]:
    return dict(read(f"FROM base\n{text}{END}", **arguments).environment)


def test_the_sample_service() -> None:
    text = (ROOT / "examples" / "orders" / "Dockerfile").read_text()
    found = read(text, COMMIT="c" * 40, VERSION="1.2")
    assert found.command == ("python3", "/app/app.py")
    assert (found.folder, found.port, found.user, found.context) == ("/app", 8080, "10001:10001", "/context")
    assert (found.environment["COMMIT"], found.environment["VERSION"], found.environment["PORT"]) == (
        "c" * 40,
        "1.2",
        "8080",
    )
    assert read(text).environment["COMMIT"] == "unknown"


def test_what_is_written_can_be_read_again(tmp_path: Path) -> None:
    found = read(f"FROM base\nENV A=1\nEXPOSE 80{END}")
    found.write(tmp_path / "program.json")
    assert dockerfile.load(tmp_path / "program.json") == found


def test_only_the_last_stage_counts() -> None:
    found = read(f'FROM base AS test\nWORKDIR /test\nENV A=1\nEXPOSE 81\nUSER root\nCMD ["x"]\nFROM base\nENV B=2{END}')
    assert (found.folder, found.port, found.user, found.environment) == ("/", 0, "", {"B": "2"})


def test_a_stage_has_what_the_stage_that_it_starts_from_has() -> None:
    found = read(
        'FROM --platform=linux/arm64 base AS Common\nWORKDIR /app\nENV A=1 B=1\nCMD ["python3", "app.py"]\n'
        "FROM other as side\nENV C=3\nFROM Common\nENV B=2\nUSER 1"
    )
    assert (found.folder, found.user, found.environment) == ("/app", "1", {"A": "1", "B": "2"})
    assert found.command == ("python3", "app.py")


def test_arguments_are_known_from_where_a_stage_names_them() -> None:
    text = "ENV BEFORE=${X}\nARG X=default\nENV AFTER=$X LONG=${X}-y PLAIN=X"
    assert environment(text) == {"BEFORE": "", "AFTER": "default", "LONG": "default-y", "PLAIN": "X"}
    assert environment(text, X="given")["AFTER"] == "given"
    assert environment("ENV AFTER=${X}", X="given") == {"AFTER": ""}


def test_arguments_of_another_stage_are_not_known_and_those_before_all_may_be_named_again() -> None:
    text = "ARG TOP=top\nFROM base AS one\nARG X=1\nFROM base\nARG TOP\nENV A=$TOP B=$X"
    assert read(text + END).environment == {"A": "top", "B": ""}
    assert read(text.replace("ARG TOP\n", "") + END).environment == {"A": "", "B": ""}
    assert read(text + END, TOP="given").environment["A"] == "given"


def test_an_argument_before_all_names_a_stage() -> None:
    found = read(
        f"ARG FINAL=two\nFROM base AS one\nENV A=1\nFROM base AS two\nENV A=2\nFROM ${{FINAL}}{END}", FINAL="one"
    )
    assert found.environment == {"A": "1"}


def test_variables_of_the_image_win_over_arguments_and_have_defaults() -> None:
    assert environment("ARG X=argument\nENV X=image\nENV Y=$X Z=${GONE:-default}") == {
        "X": "image",
        "Y": "image",
        "Z": "default",
    }


def test_forms_of_env() -> None:
    text = 'ENV A="two words" B=3 \\\n    # a comment between\n    C=x=y\nENV D several words\nENV E='
    assert environment(text) == {"A": "two words", "B": "3", "C": "x=y", "D": "several words", "E": ""}


def test_variables_in_other_instructions() -> None:
    found = read(
        f"FROM base\nARG P=90\nENV HOME_DIR=/srv\nWORKDIR $HOME_DIR\nWORKDIR app\nUSER ${{P}}\nEXPOSE $P/tcp 1{END}"
    )
    assert (found.folder, found.user, found.port) == ("/srv/app", "90", 90)


def test_words_may_be_written_in_any_case_and_lines_be_continued() -> None:
    found = read('from base\nworkdir /a\n\n# comment\n  # one more\ncmd ["python3", \\\n  "-m", \\\n\n  "x"]\n')
    assert (found.folder, found.command) == ("/a", ("python3", "-m", "x"))


def test_an_entry_point_comes_before_the_command() -> None:
    assert read('FROM a\nCMD ["b"]\nENTRYPOINT ["a", "-x"]').command == ("a", "-x", "b")
    assert read('FROM a\nENTRYPOINT ["a"]').command == ("a",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('CMD ["x"]', "no FROM"),
        ("", "no FROM"),
        ("FROM a", "no CMD or ENTRYPOINT in JSON form"),
        ("FROM a\nCMD python3 app.py", "no CMD or ENTRYPOINT in JSON form"),
        ('FROM a\nCMD ["x"]\nCMD python3 app.py', "no CMD or ENTRYPOINT in JSON form"),
        ('FROM b\nCMD ["x"]\nFROM a', "no CMD or ENTRYPOINT in JSON form"),
        ("FROM a\nCMD [x]", "Expecting value"),
    ],
)
def test_a_file_that_names_no_program(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(text)
