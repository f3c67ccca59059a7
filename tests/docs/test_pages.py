"""What the pages say about the code is true of the code, and their links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import interviewkit as ik

from .conftest import DOCS, EXAMPLES, ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"(?<!\!)\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
TRY_IT = 'python -m pip install ".[cli,harvest]" && interviewkit demo'
TEST_IT = "python -m pip install nox && nox -s tests"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as Markdown's `toc` makes them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in titles}


def test_generated_parts_agree_with_the_code(generator: ModuleType) -> None:
    assert generator.stale(write=False) == [], "run: python docs/generate.py"


def test_a_changed_page_is_noticed(generator: ModuleType) -> None:
    text = "<!-- generated: error-tree -->\nold\n<!-- /generated -->"
    assert "InterviewKitError" in generator.fill(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_documentation_resolve(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_included_files_exist(page: Path) -> None:
    names = re.findall(r"<!-- generated: example (\S+)", page.read_text(encoding="utf-8"))
    assert [name for name in names if not (EXAMPLES / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_holds_code_that_no_test_runs(page: Path, generator: ModuleType) -> None:
    by_hand = generator.BLOCK.sub("", page.read_text(encoding="utf-8"))
    assert "```python" not in by_hand


def test_readme_is_short_and_has_both_commands() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert f"`{TRY_IT}`" in text
    assert f"`{TEST_IT}`" in text


def test_readmes_example_says_which_accounts_failed() -> None:
    assert "hub.failures" in (EXAMPLES / "readme.py").read_text(encoding="utf-8")


def test_the_page_on_providers_shows_the_whole_of_its_example(generator: ModuleType) -> None:
    page = (DOCS / "how-to" / "write-a-provider.md").read_text(encoding="utf-8")
    code = (EXAMPLES / "acme.py").read_text(encoding="utf-8").splitlines()[1:]
    missing = [line for line in code if line.strip() and not line.startswith("# [") and line not in page]
    assert missing == []


@pytest.mark.parametrize("page", list(PAGES), ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_install_from_a_clone_as_long_as_nothing_is_published(page: Path) -> None:
    assert not re.search(r"pip install [\"']?interviewkit", page.read_text(encoding="utf-8"))


def test_the_source_distribution_holds_what_its_nox_sessions_need() -> None:
    held = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {".mkdocs.yml", ".ci", "noxfile.py", "tests", "docs"} <= {*held}


def test_readme_shows_the_example_and_its_output() -> None:
    text = README.read_text(encoding="utf-8")
    for stored in (EXAMPLES / "readme.py", EXAMPLES / "output" / "readme.txt"):
        assert stored.read_text(encoding="utf-8").strip() in text


def test_the_matrix_in_the_readme_says_what_the_providers_declare() -> None:
    text = README.read_text(encoding="utf-8")
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[cells[0]] = cells[1:]
    shown = {"yes": ik.Support.NATIVE, "emulated": ik.Support.EMULATED, "no": ik.Support.UNSUPPORTED}
    for feature in ik.Feature:
        declared = [kind.capabilities[feature].support for kind in (ik.CoderPad, ik.RemoteInterview, ik.Codility)]
        assert [shown[cell] for cell in rows[feature.value.replace("_", " ")]] == declared


def test_every_public_name_is_in_the_reference() -> None:
    text = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    assert [name for name in ik.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_every_module_has_its_sentence_on_the_architecture_page() -> None:
    page = (DOCS / "explanation" / "architecture.md").read_text(encoding="utf-8")
    package = Path(ik.__file__).parent
    modules = [path.relative_to(package).as_posix() for place in ("*.py", "http/*.py") for path in package.glob(place)]
    wanted = [name for name in modules if name != "http/__init__.py"]
    assert [name for name in wanted if f"| `{name}` |" not in page] == []


def test_every_error_has_a_row_in_its_table(generator: ModuleType) -> None:
    table = generator.error_table()
    kinds = [name for name in ik.__all__ if name.endswith("Error")]
    assert [name for name in kinds if f"| `{name}` |" not in table] == []


@pytest.mark.parametrize("vendor", ["coderpad", "remoteinterview", "codility"])
def test_every_call_of_a_vendor_is_on_its_page(vendor: str, generator: ModuleType) -> None:
    page = (DOCS / "vendors" / f"{vendor}.md").read_text(encoding="utf-8")
    names = list(generator.calls_of(vendor))
    assert len(names) >= 9
    assert [name for name in names if f"| `{name}` |" not in page] == []
