"""Who may import whom, how long a module is, and what it may be called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import interviewkit

ROOT = Path(interviewkit.__file__).parent
HTTP = "http"
OWN = "<own>"
"""The package that the module lies in."""

# The first row whose module (or package) fits holds. `http` alone means all of it, `http.wire` that module only; a `*`
# stands for any name or part of one.
MAY_IMPORT: list[tuple[str, set[str]]] = [
    ("errors", set()),
    ("model", {"errors", "model"}),
    ("capabilities", set()),
    ("serialize", {"errors", "model"}),
    ("http.wire", {"errors"}),
    ("http.decode", {"errors", "model", "http.wire"}),
    ("http.retry", {"errors"}),
    ("http.limits", {"errors"}),
    ("http.observe", set()),
    ("http.credentials", {"errors"}),
    ("http.transport", {"errors", "http.wire"}),
    ("http.refusal", {"errors", "http.decode", "http.retry", "http.wire"}),
    ("http.runner", {"errors", "http.credentials", "http.limits", "http.observe", "http.retry", "http.wire"}),
    ("http.connection", {"errors", "ledger", HTTP}),
    ("http.download", {"errors", "http.connection", "http.refusal", "http.retry"}),
    ("http", set()),
    ("fanout", {"errors", "http.limits"}),
    ("pager", {"errors", "http.limits", "http.wire"}),
    ("plan", {"errors", "model", "http.wire"}),
    ("deliveries", {"errors", "model", "http.decode"}),
    ("telemetry", {"errors", "http.observe"}),
    ("protocol", {"errors", "model", "capabilities", "pager", "http.wire"}),
    ("provider", {"errors", "model", "capabilities", "pager", "fanout", "protocol", "ledger", HTTP}),
    (
        "ledger",
        {"errors", "model", "serialize", "http.limits", "http.connection", "harvest.journal", "ledger"},
    ),
    ("registry", {"errors", "provider"}),
    ("config", {"errors", "provider", "registry", HTTP}),
    (
        "hub",
        {"errors", "model", "provider", "capabilities", "pager", "fanout", "registry", "config", "ledger", "http.wire"},
    ),
    ("providers.*.*shapes", {OWN + ".*shapes"}),
    ("providers.*.translate", {"errors", "model", OWN + ".*shapes"}),
    ("providers.*.reports", {"errors", "model", OWN + ".*shapes", OWN + ".translate"}),
    ("providers.*.calls", {"errors", HTTP, OWN}),
    ("providers.*.problems", {"errors", HTTP, OWN + ".*shapes"}),
    ("providers.*.events", {"errors", "model", "deliveries", "http.decode", OWN + ".*shapes", OWN + ".translate"}),
    (
        "providers.*",
        {"errors", "model", "provider", "capabilities", "pager", "fanout", "plan", "deliveries", "ledger", HTTP, OWN},
    ),
    ("providers", set()),
    (
        "webhooks",
        {"errors", "model", "provider", "capabilities", "registry", "hub", "config", "pager", "deliveries", "webhooks"}
        | {"ledger", "harvest", "serialize"},
    ),
    (
        "harvest",
        {"errors", "model", "provider", "capabilities", "registry", "hub", "config", "pager", "serialize", "harvest"}
        | {"fanout", "plan", "ledger", "http.limits", "http.wire"},
    ),
    ("sandbox", {"errors", "model", "provider", HTTP, "sandbox"}),
    ("testing", {"errors", "model", "provider", "capabilities", "pager", "ledger", HTTP, "testing"}),
    ("cli", {""}),
]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
    for path in sorted(ROOT.rglob("*.py"))
}
AIOHTTP = {"http.transport"}
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "core", "manager", "misc"}
LONGEST = 400


def imports(tree: ast.AST, module: str) -> Iterator[tuple[str, str]]:
    """Each imported module: top-level package, and, for ours, the module's name within the package."""
    is_package = module in MODULES and MODULES[module].name == "__init__.py"
    here = ["interviewkit", *module.split(".")] if module else ["interviewkit"]
    package_of = here if is_package else here[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package_of[: len(package_of) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            full = [f"{base}.{alias.name}" for alias in node.names]
            found = [name if name.removeprefix("interviewkit.") in MODULES else base for name in full]
        else:
            continue
        for name in found:
            package, _, rest = name.partition(".")
            yield package, rest


def without_type_checking(tree: ast.Module) -> ast.Module:
    """The module as it runs."""
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]
    return tree


def allowed(module: str) -> set[str]:
    """The row of the table that holds for a module."""
    for pattern, may in MAY_IMPORT:
        parts, own = pattern.split("."), module.split(".")
        if len(own) >= len(parts) and all(fnmatchcase(name, part) for name, part in zip(own, parts, strict=False)):
            if "*" in pattern:
                package = ".".join(own[:2])
                return {name.replace(OWN, package) for name in may}
            return may
    raise AssertionError(f"the table has no row for {module}")


def strangers(module: str, source: str) -> list[str]:
    """What a module imports of ours and may not."""
    may = allowed(module)
    found = []
    for package, name in imports(ast.parse(source), module):
        if package != "interviewkit" or "" in may:
            continue
        if not any(fnmatchcase(name, one) or fnmatchcase(name, f"{one}.*") for one in may):
            found.append(name or "interviewkit")
    return found


@pytest.mark.parametrize("module", [name for name in MODULES if name])
def test_a_module_imports_only_what_the_house_allows(module: str) -> None:
    assert strangers(module, MODULES[module].read_text()) == []


@pytest.mark.parametrize(
    ("module", "line", "found"),
    [
        ("model", "from interviewkit.http.wire import Page", ["http.wire"]),
        ("errors", "import interviewkit.model", ["model"]),
        ("http.wire", "from interviewkit.http import runner", ["http.runner"]),
        (
            "providers.coderpad.calls",
            "from interviewkit.providers.codility import shapes",
            ["providers.codility.shapes"],
        ),
        ("providers.coderpad.shapes", "from interviewkit.model import Session", ["model"]),
        ("providers.coderpad.translate", "from interviewkit.http.decode import plain", ["http.decode"]),
        ("providers.coderpad.reports", "from interviewkit.http.decode import plain", ["http.decode"]),
        ("providers.coderpad", "from interviewkit.hub import Hub", ["hub"]),
        ("sandbox.coderpad", "from interviewkit.providers.coderpad.shapes import Pad", ["providers.coderpad.shapes"]),
        ("sandbox.box", "from interviewkit.cli import app", ["cli.app"]),
        ("sandbox.world.pad", "from ...providers import coderpad", ["providers.coderpad"]),
        ("sandbox.world.pad", "from .people import Person\nfrom ..site import Site", []),
        ("testing.fake", "from interviewkit import providers", ["providers"]),
        ("providers.codility.events", "from interviewkit.webhooks import parse", ["webhooks"]),
        ("providers.codility.events", "from . import calls", ["providers.codility.calls"]),
        ("deliveries", "from interviewkit.http.wire import Call", ["http.wire"]),
        ("webhooks.receive", "from interviewkit.http.wire import Call", ["http.wire"]),
        ("webhooks.parsing", "from ..providers.codility import events", ["providers.codility.events"]),
        ("harvest.plan", "def f():\n    from interviewkit.providers.codility import Codility", ["providers.codility"]),
        ("hub", "from interviewkit import Session", ["interviewkit"]),
        ("cli.app", "from interviewkit.providers import coderpad", []),
    ],
)
def test_the_table_notices_what_it_forbids(module: str, line: str, found: list[str]) -> None:
    assert strangers(module, line) == found


@pytest.mark.parametrize("module", list(MODULES))
def test_aiohttps_client_is_used_in_one_module_and_its_server_in_the_sandbox(module: str) -> None:
    tree = without_type_checking(ast.parse(MODULES[module].read_text()))
    packages = {package for package, _name in imports(tree, module)}
    serves = module.split(".", maxsplit=1)[0] in {"sandbox", "webhooks"}
    assert serves or module in AIOHTTP or not packages & {"aiohttp", "yarl", "multidict"}


@pytest.mark.parametrize("module", list(MODULES))
def test_a_module_can_be_read_in_one_sitting_and_says_what_it_is(module: str) -> None:
    text = MODULES[module].read_text()
    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text))
    assert not NO_NAMES & {part.strip("_") for part in module.split(".")}
