"""Fills the generated parts of README.md and docs/ from the code: `python docs/generate.py`, or `--check` to compare.

A generated part stands between `<!-- generated: NAME ARGUMENTS -->` and `<!-- /generated -->`.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

from interviewkit import errors, model
from interviewkit.capabilities import Capabilities, Feature, Support
from interviewkit.http.wire import Call
from interviewkit.providers.codility import InviteCandidate

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
EXAMPLES = DOCS / "examples"
VENDORS = {"coderpad": "CoderPad", "remoteinterview": "RemoteInterview", "codility": "Codility"}
MARKS = {Support.NATIVE: "yes", Support.EMULATED: "emulated", Support.UNSUPPORTED: "no"}
ARGUMENTS: dict[str, Any] = {
    "email": "robin@example.com",
    "content": "[PRIVATE_TEST_LINK]",
    "reply_to": ["hr@example.com"],
    "candidates": [InviteCandidate(id="X")],
}
"""What a call is given where its table is made and an `X` will not do."""
UPDATES: dict[str, Any] = {
    "update_pad": {"title": "X"},
    "update_question": {"title": "X"},
    "update_question_variant": {"contents": "X"},
}
"""Calls that refuse to change nothing."""
SIGNATURE_WIDTH = 100
LANGUAGES = {".py": "python", ".toml": "toml"}
ECHO = re.compile(r" \(`[A-Z]+ [^`]*`\)|\s*Sources?: .*")
"""What a call's docstring says of its route: the table has that already."""
BLOCK = re.compile(r"(<!-- generated: ([\w-]+)((?: [^\s>]+)*) -->\n)(.*?)(<!-- /generated -->)", re.DOTALL)


def first_sentence(doc: str | None) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join(inspect.cleandoc(doc or "").split("\n\n")[0].split())


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fenced(text: str, language: str = "text") -> str:
    """A fenced code block."""
    return f"```{language}\n{text.rstrip()}\n```"


def capabilities_of(vendor: str) -> Capabilities:
    """What a built-in provider declares."""
    module = importlib.import_module(f"interviewkit.providers.{vendor}")
    found: Capabilities = getattr(module, VENDORS[vendor]).capabilities
    return found


def matrix() -> str:
    """Every feature at every vendor."""
    declared = [capabilities_of(vendor) for vendor in VENDORS]
    rows = [
        (feature.value.replace("_", " "), *(MARKS[found[feature].support] for found in declared)) for feature in Feature
    ]
    return table(("", *VENDORS.values()), *rows)


def capabilities(vendor: str) -> str:
    """Every feature at one vendor, with its note and limit."""
    rows = []
    for feature, found in capabilities_of(vendor).items():
        limit = (f"limit: {found.limit}",) if found.limit else ()
        rows.append((f"`{feature.name}`", found.support.value, "; ".join([found.note, *limit])))
    return table(("feature", "support", "note"), *rows)


def _children(parent: type[Exception]) -> list[type[Exception]]:
    return [found for found in vars(errors).values() if isinstance(found, type) and parent in found.__bases__]


def _tree(parent: type[Exception], indent: str = "") -> Iterator[str]:
    found = _children(parent)
    for place, child in enumerate(found):
        last = place == len(found) - 1
        yield f"{indent}{'└── ' if last else '├── '}{child.__name__}"
        yield from _tree(child, indent + ("    " if last else "│   "))


def error_tree() -> str:
    """The tree of error classes."""
    return fenced("\n".join([errors.InterviewKitError.__name__, *_tree(errors.InterviewKitError)]))


def _all_errors(parent: type[errors.InterviewKitError]) -> Iterator[type[errors.InterviewKitError]]:
    yield parent
    for child in _children(parent):
        yield from _all_errors(child)  # type: ignore[arg-type]


def error_table() -> str:
    """Each error: its promise, whether it is retryable unless told otherwise, and what it carries."""
    rows = []
    for kind in _all_errors(errors.InterviewKitError):
        inherited = {name for base in kind.__mro__[1:] for name in getattr(base, "_state_names", ())}
        carried = getattr(kind, "_state_names")  # noqa: B009 - what pickling keeps is what an error carries
        own = [f"`.{name}`" for name in carried if name not in inherited]
        if kind is errors.InterviewKitError:
            own.insert(0, "`.message`")
        builtin = [f"`{base.__name__}`" for base in kind.__mro__ if base in {ValueError, TimeoutError}]
        rows.append((
            f"`{kind.__name__}`", first_sentence(kind.__doc__), "yes" if kind.default_retryable else "no",
            ", ".join(own) or "-", ", ".join(builtin) or "-",
        ))  # fmt: skip
    return table(("class", "meaning", "retryable", "adds", "is also a"), *rows)


def words(module: str, name: str) -> str:
    """The members of an enumeration with the text that stands below each in the source."""
    source = importlib.import_module(module)
    kind: type[Enum] = getattr(source, name)
    classes = [node for node in ast.parse(inspect.getsource(kind)).body if isinstance(node, ast.ClassDef)]
    (found,) = [node for node in classes if node.name == name]
    said = {}
    for member, below in zip(found.body, [*found.body[1:], None], strict=True):
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name):
            text = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else ""
            said[member.targets[0].id] = " ".join(str(text).split())
    return table((name, "value", "meaning"), *((f"`{one.name}`", f"`{one.value}`", said[one.name]) for one in kind))


def calls_of(vendor: str) -> dict[str, Callable[..., Call[Any]]]:
    """The functions of a vendor that return a `Call`, by name."""
    module = importlib.import_module(f"interviewkit.providers.{vendor}")
    found = {name: getattr(module, name) for name in module.__all__ if inspect.isfunction(getattr(module, name))}
    return {name: call for name, call in found.items() if "Call[" in str(inspect.signature(call).return_annotation)}


def _typed(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", text)


def fields(*names: str) -> str:
    """The fields of classes of the shared model, each with its type."""
    parts = []
    for title in names:
        kind = getattr(model, title)
        optional = {one.name: "" if one.default is attrs.NOTHING else "yes" for one in attrs.fields(kind)}
        rows = [(f"`{name}`", f"`{_typed(kind.__annotations__[name])}`", told) for name, told in optional.items()]
        derived = [
            (f"`.{member}`", f"`{_typed(inspect.signature(found.fget).return_annotation)}`", "derived")
            for member, found in vars(kind).items()
            if isinstance(found, property) and found.fget is not None
        ]
        found = table(("field", "type", "may be left out"), *rows, *derived)
        parts += [f"### {title}", first_sentence(kind.__doc__), found]
    return "\n\n".join(parts)


def members(*names: str) -> str:
    """The words of enumerations of the shared model."""
    rows = []
    for name in names:
        kind = getattr(model, name)
        rows.append((f"`{name}`", first_sentence(kind.__doc__), ", ".join(f"`{one.name}`" for one in kind)))
    return table(("enumeration", "what it tells", "members"), *rows)


def _parameter(one: inspect.Parameter) -> str:
    text = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(one.kind.name, "") + one.name
    text = text if one.annotation is one.empty else f"{text}: {_typed(one.annotation)}"
    default = repr(one.default)
    if isinstance(one.default, Enum):
        default = f"{type(one.default).__name__}.{one.default.name}"
    return text if one.default is one.empty else f"{text} = {default}"


def _signature(name: str, function: Callable[..., Any]) -> str:
    """A method's head as it would be written, without `self`."""
    signature = inspect.signature(function)
    parameters = [one for one in signature.parameters.values() if one.name not in {"self", "cls"}]
    taken = [_parameter(one) for one in parameters]
    named = [place for place, one in enumerate(parameters) if one.kind is one.KEYWORD_ONLY]
    if named:
        taken.insert(named[0], "*")
    word, result = "async def" if inspect.iscoroutinefunction(function) else "def", _typed(signature.return_annotation)
    line = f"{word} {name}({', '.join(taken)}) -> {result}"
    split = ",\n    ".join(taken)
    return line if len(line) <= SIGNATURE_WIDTH else f"{word} {name}(\n    {split},\n) -> {result}"


def methods(module: str, name: str, *names: str) -> str:
    """Methods of a class with their signatures and promises: those that are named, or all public ones."""
    kind = getattr(importlib.import_module(module), name)
    chosen = names or [one for one in vars(kind) if not one.startswith("_") and callable(getattr(kind, one))]
    found = {one: getattr(kind, one) for one in chosen}
    return "\n\n".join(
        f"{fenced(_signature(one, function), 'python')}\n\n{first_sentence(function.__doc__)}"
        for one, function in found.items()
    )


def endpoints(vendor: str) -> str:
    """A vendor's endpoints: the request as the call itself makes it, the call's name, and its promise."""
    rows = []
    for name, make in calls_of(vendor).items():
        required = [one.name for one in inspect.signature(make).parameters.values() if one.default is one.empty]
        request = make(**{one: ARGUMENTS.get(one, "X") for one in required}, **UPDATES.get(name, {})).request
        promise = ECHO.sub("", first_sentence(make.__doc__))
        host = "" if request.endpoint == "api" else f" ({request.endpoint} host)"
        rows.append((f"`{request.method} {request.path.template}`{host}", f"`{name}`", promise))
    rows.sort(key=lambda row: row[0].partition(" ")[2].split("`")[0])
    return table(("request", "call", "what it does"), *rows)


def checks() -> str:
    """The named checks of the conformance suite, by theme."""
    from interviewkit.testing import ConformanceSuite

    parts = []
    for theme in ConformanceSuite.__bases__:
        names = [name for name in vars(theme) if name.startswith("test_")]
        parts.append(f"**{first_sentence(theme.__doc__)}**\n\n" + "\n".join(f"- `{name}`" for name in names))
    return "\n\n".join(parts)


def faults() -> str:
    """The ways in which the sandbox can be told to fail: the constructors of `Fault`, and their form in JSON."""
    from interviewkit.sandbox import Fault, FaultKind

    rows = []
    for name, made in vars(Fault).items():
        if isinstance(made, classmethod) and name != "from_json":
            call = getattr(Fault, name)
            taken = ", ".join(inspect.signature(call).parameters)
            rows.append((f"`Fault.{name}({taken})`", first_sentence(call.__doc__)))
    kinds = ", ".join(f"`{kind.value}`" for kind in FaultKind)
    return table(("fault", "what happens"), *rows) + f"\n\nKinds in JSON: {kinds}."


COMMON_GROUP = "Accounts and output"


def _options(arguments: Iterable[Any]) -> str:
    rows = []
    for one in arguments:
        default = one.field_info.default
        silent = default is None or default is False or default == ()
        told = "required" if one.required else "" if silent else f"`{default}`"
        rows.append((", ".join(f"`{name}`" for name in one.names), told, one.parameter.help or ""))
    return table(("option", "default", "meaning"), *rows)


def _commands(app: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Every command below an app with its whole name, each before its own commands; a mere group is none."""
    for name in (one for one in app if not one.startswith("-")):
        if app[name].default_command is not None:
            yield " ".join((*path, name)), app[name]
        yield from _commands(app[name], *path, name)


def command_line() -> str:
    """Every command of `interviewkit` with its arguments and options, and once what many have in common."""
    from interviewkit.cli.app import app

    common: list[Any] = []
    parts = []
    for name, command in _commands(app):
        arguments: Iterable[Any] = command.assemble_argument_collection(parse_docstring=True)
        shown = [one for one in arguments if one.show]
        shared = [one for one in shown if any(group.name == COMMON_GROUP for group in one.parameter.group)]
        own = [one for one in shown if one not in shared]
        common = common or shared
        also = ["Takes the common options too."] if shared else []
        told = [_options(own)] if own else []
        parts.append("\n\n".join([f"### interviewkit {name}", first_sentence(command.help), *told, *also]))
    return "\n\n".join([*parts, "### Common options", _options(common)])


def example(name: str, section: str | None = None) -> str:
    """A file of docs/examples without its docstring, or one marked section of it."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    if section is not None:
        marks = rf"^ *# \[start:{section}\]\n(.*?)^ *# \[end:{section}\]"
        (text,) = re.findall(marks, text, re.DOTALL | re.MULTILINE)
        return fenced(textwrap.dedent(text), "python")
    return fenced(re.sub(r'\A""".*?"""\n+', "", text, flags=re.DOTALL), LANGUAGES[Path(name).suffix])


def output(name: str) -> str:
    """What an example printed when its test ran."""
    return fenced((EXAMPLES / "output" / f"{Path(name).stem}.txt").read_text(encoding="utf-8"))


PARTS: dict[str, Callable[..., str]] = {
    "matrix": matrix,
    "capabilities": capabilities,
    "error-tree": error_tree,
    "error-table": error_table,
    "words": words,
    "fields": fields,
    "members": members,
    "methods": methods,
    "endpoints": endpoints,
    "checks": checks,
    "faults": faults,
    "command-line": command_line,
    "example": example,
    "output": output,
}


def pages() -> list[Path]:
    """README.md and every page of docs/."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def fill(text: str) -> str:
    """The page with every generated part made anew."""
    return BLOCK.sub(lambda found: f"{found[1]}{PARTS[found[2]](*found[3].split())}\n{found[5]}", text)


def stale(*, write: bool) -> list[str]:
    """The pages whose generated parts do not agree with the code, brought up to date when told to."""
    found = []
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = fill(before)
        if after != before:
            found.append(str(page.relative_to(ROOT)))
            if write:
                page.write_text(after, encoding="utf-8")
    return found


def main() -> int:
    """Write the generated parts, or say which are stale."""
    parser = argparse.ArgumentParser(description=textwrap.dedent(__doc__ or ""))
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 when a page is stale")
    options = parser.parse_args()
    found = stale(write=not options.check)
    for page in found:
        print(f"{'stale' if options.check else 'updated'}: {page}")
    return 1 if options.check and found else 0


if __name__ == "__main__":
    sys.exit(main())
