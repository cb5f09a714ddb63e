"""The two files that a rehearsal leaves."""

from __future__ import annotations

import json
from pathlib import Path

from rehearsal.report.model import Result, as_dict
from rehearsal.report.page import page

HTML = "rehearsal.html"
JSON = "rehearsal.json"


def write(folder: Path, result: Result) -> tuple[Path, Path]:
    """Write the page and the data into `folder`, which is made where it is missing; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    html, data = folder / HTML, folder / JSON
    html.write_text(page(result), encoding="utf-8")
    data.write_text(json.dumps(as_dict(result), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return html, data
