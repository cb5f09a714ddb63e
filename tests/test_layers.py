"""Imports go downwards only, and the generate path stays light."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.platforms import ROOT

# From the ground up. A module may import from its own layer and those below; the longest matching name decides.
LAYERS = (
    ("sendy_cfn.errors", "sendy_cfn.names", "sendy_cfn.whole", "sendy_cfn.yamlfile"),
    (
        "sendy_cfn.config.fields",
        "sendy_cfn.config.patterns",
        "sendy_cfn.config.regions",
        "sendy_cfn.config.words",
        "sendy_cfn.config.model",
    ),
    ("sendy_cfn.config.routing", "sendy_cfn.config.rules", "sendy_cfn.config"),
    ("sendy_cfn.parameters", "sendy_cfn.wires", "sendy_cfn.knobs"),
    (
        "sendy_cfn.config.schema",
        "sendy_cfn.config.reference",
        "sendy_cfn.config.timing",
        "sendy_cfn.config.layers",
        "sendy_cfn.config.release_values",
        "sendy_cfn.config.firewall",
        "sendy_cfn.config.environment_values",
    ),
    ("sendy_cfn.blocks",),
    ("sendy_cfn.strategies",),
    ("sendy_cfn.services",),
    ("sendy_cfn.stacks",),
    ("sendy_cfn.config.values",),
    ("sendy_cfn.scalars", "sendy_cfn.unwrap", "sendy_cfn.fresh", "sendy_cfn.frozen", "sendy_cfn.stop"),
    ("sendy_cfn.render", "sendy_cfn.turn", "sendy_cfn.write"),
    ("sendy_cfn.generator",),
    ("sendy_cfn.checks",),
    ("sendy_cfn.pictures",),
    ("sendy_cfn",),  # commands
    ("emulator", "benchmarks"),
    ("rehearsal",),
    # The walkthrough is an emulator's tool, done with the rehearsal's parts.
    (
        "emulator.walk_world",
        "emulator.walk_pipeline",
        "emulator.walk_actions",
        "emulator.walk_release",
        "emulator.walk_sides",
        "emulator.walk_standing",
        "emulator.walk_monitoring",
        "emulator.walk_alarm",
        "emulator.walk_switch",
        "emulator.walkthrough",
    ),
)


def modules() -> dict[str, Path]:
    found = {}
    for top in ("sendy_cfn", "emulator", "rehearsal", "benchmarks"):
        for path in (ROOT / top).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def layer(module: str) -> int:
    matches = [
        (len(name), rank)
        for rank, names in enumerate(LAYERS)
        for name in names
        if module == name or module.startswith(f"{name}.")
    ]
    return max(matches)[1]


def imports(path: Path, known: set[str]) -> Iterator[str]:
    """Modules of ours that this one imports when it runs; what only a type checker sees doesn't count."""
    for node in runtime(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in known or node.module in known:
                    yield inner if inner in known else node.module


def runtime(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from runtime(node)


def test_imports_go_downwards() -> None:
    found = modules()
    assert len(found) > 40
    upwards = [
        f"{name} imports {other}"
        for name, path in found.items()
        for other in imports(path, set(found))
        if layer(other) > layer(name)
    ]
    assert upwards == []


def test_no_module_imports_itself_by_a_detour() -> None:
    found = modules()
    graph = {name: set(imports(path, set(found))) - {name} for name, path in found.items()}

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        todo = list(graph[start])
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += graph[name]
        return seen

    assert [name for name in graph if name in reachable(name)] == []


def test_the_product_does_not_know_its_emulator() -> None:
    found = modules()
    for name, path in found.items():
        if name.startswith("sendy_cfn"):
            assert not [
                o for o in imports(path, set(found)) if o.startswith(("emulator", "rehearsal", "benchmarks"))
            ], name


def test_modules_can_be_read_in_one_go() -> None:
    paths = [*modules().values(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "requirements").glob("*.py")]
    long = {str(p): n for p in paths if (n := len(p.read_text().splitlines())) > 320}
    assert long == {}
