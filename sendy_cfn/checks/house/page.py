"""Writes docs/checks.md from the table of rules.

python -m sendy_cfn.checks.house.page
"""

from __future__ import annotations

from pathlib import Path

from sendy_cfn import whole
from sendy_cfn.checks.house import RULES

FILE = Path("docs/checks.md")
HEAD = """\
# House rules

<!-- Made by `make schemas` from sendy_cfn/checks/house/; edit there. -->

Defects that cost a failed or stuck deployment, and that neither cfn-lint nor AWS's validator see. `make house` looks
for them in every template that is emitted; the same command takes any CloudFormation template, in YAML or JSON:

```
python -m sendy_cfn.checks templates
python -m sendy_cfn.checks vpc.yaml cluster.json
```

It prints template and line, resource, rule, and what would happen on AWS. Exit status 0 nothing found, 1 findings, 2
bad usage or a file that can't be read. In a folder, everything below it counts that has `Resources`.

Only what is certain is reported. Rules follow `Fn::If` into its branches, and `Ref`, `GetAtt`, `Sub` and `Join` inside
the template; where a value is known only on deployment, they say nothing. Of a parameter its default counts. Names that
AWS adds after the lists in `known.py` were made belong in there.

A finding that has to stay is accepted at the resource, with a reason. An entry that accepts nothing is a finding too.

```
Metadata:
  sendy-cfn:
    accept:
      - rule: house-gateway-route
        reason: the gateway is attached by hand before
```

| rule | what it wants | otherwise, on AWS |
|---|---|---|
"""


def text() -> str:
    """The page."""
    return HEAD + "".join(f"| [`{rule.id}`]({rule.page}) | {rule.wants} | {rule.outcome} |\n" for rule in RULES)


def main() -> None:
    """Write the page if it changed."""
    if not FILE.exists() or FILE.read_text(encoding="utf-8") != text():
        whole.write(FILE, text())


if __name__ == "__main__":
    main()
