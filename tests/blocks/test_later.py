"""Modules whose import is put off: there when something of them is used."""

from __future__ import annotations

import subprocess
import sys

from tests.platforms import ROOT


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_module_is_imported_on_first_use() -> None:
    shown = run(
        "import sys\n"
        "from sendy_cfn.blocks.later import import_later\n"
        "import_later('fractions')\n"
        "import fractions\n"
        "print('decimal' in sys.modules)\n"
        "print(fractions.Fraction(1, 2), fractions.Fraction(1, 3))\n"
        "print('decimal' in sys.modules)\n"
    )
    assert shown.split("\n") == ["False", "1/2 1/3", "True"]


def test_what_is_imported_already_stays() -> None:
    assert run(
        "import fractions\n"
        "from sendy_cfn.blocks.later import import_later\n"
        "import_later('fractions', Fraction=None)\n"
        "import fractions\n"
        "print(fractions.Fraction(1, 2))\n"
    ) == "1/2"  # fmt: skip


def test_troposphere_works_as_ever_without_what_is_put_off() -> None:
    shown = run(
        "from sendy_cfn import generator\n"
        "generator._tools()\n"
        "import sys\n"
        "print('troposphere.awslambda' in sys.modules, 'six' in sys.modules)\n"
        "from troposphere import Template, sqs\n"
        "template = Template()\n"
        "template.add_resource(sqs.Queue('Queue'))\n"
        "print(template.to_yaml().split())\n"
        "from troposphere.serverless import Function\n"
        "from troposphere import serverless\n"
        "print(Function.resource_type, serverless.Globals.__module__)\n"
    )
    assert shown.split("\n") == [
        "False False",
        "['Resources:', 'Queue:', 'Type:', 'AWS::SQS::Queue']",
        "AWS::Serverless::Function troposphere.serverless",
    ]
