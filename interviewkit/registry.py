"""Providers by name: built in, registered in code, or installed as entry points of the group `interviewkit.providers`.

Names are listed without importing anything. A plugin is imported when asked for: a broken one stops nobody else.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import attrs

from interviewkit.errors import ConfigurationError

if TYPE_CHECKING:
    from interviewkit.provider import InterviewProvider

GROUP = "interviewkit.providers"
BUILT_IN: Mapping[str, str] = {
    "coderpad": "interviewkit.providers.coderpad:CoderPad",
    "remoteinterview": "interviewkit.providers.remoteinterview:RemoteInterview",
    "codility": "interviewkit.providers.codility:Codility",
}
"""The package's own providers, which need no installed metadata (a source tree has none)."""
ALIASES: Mapping[str, str] = {"codeinterview": "remoteinterview"}
_OURS = "interviewkit"
_IN_CODE = "this program, by register()"


@attrs.frozen
class Entry:
    """Who offers a provider under a name: `package` is the distribution, `target` its `module:attribute`."""

    name: str
    package: str
    target: str


_registered: dict[str, Any] = {}


def register(name: str, provider: Any, *, replace: bool = False) -> None:
    """Make a provider class known under `name` in this process.

    Raises `ConfigurationError` when the name is taken by something else, unless told to replace it.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ConfigurationError("a provider's name is a plain word, such as acme_interviews")
    if not callable(provider):
        raise ConfigurationError(f"the provider {name} is not a class")
    if not replace:
        others = [entry.package for entry in entries().get(name, ())]
        if name in ALIASES or (others and _registered.get(name) is not provider):
            raise ConfigurationError(
                f"the provider name {name} is taken by {', '.join(others) or 'an alias of ' + ALIASES[name]}",
                hint="choose another name, or register(..., replace=True)",
            )
    _registered[name] = provider


def entries() -> dict[str, tuple[Entry, ...]]:
    """Every known name with everyone who offers it, without importing any; more than one is a conflict."""
    from importlib.metadata import entry_points

    found = {name: [Entry(name, _OURS, target)] for name, target in BUILT_IN.items()}
    for point in entry_points(group=GROUP):
        package = point.dist.name if point.dist is not None else point.value.partition(".")[0]
        entry = Entry(point.name, package, point.value)
        if package == _OURS and point.name in BUILT_IN:
            continue  # the table above is this release's own; installed metadata may be of an older one
        known = found.setdefault(point.name, [])
        if entry not in known:
            known.append(entry)
    for name, provider in _registered.items():
        found[name] = [Entry(name, _IN_CODE, f"{provider.__module__}:{provider.__qualname__}")]
    return {name: tuple(offers) for name, offers in found.items()}


def names() -> tuple[str, ...]:
    """The names of all known providers, in order; nothing is imported."""
    return tuple(sorted(entries()))


def canonical(name: str) -> str:
    """The name behind an alias: `codeinterview` is `remoteinterview`."""
    return ALIASES.get(name, name)


def find(name: str) -> Any:
    """The provider class of this name, imported now.

    Raises `ConfigurationError` for a name that nobody has, that two packages claim, or whose package is broken.
    """
    wanted = canonical(name)
    if wanted in _registered:
        return _registered[wanted]
    known = entries()
    offers = known.get(wanted, ())
    if not offers:
        close = difflib.get_close_matches(str(wanted), [*known, *ALIASES], n=1)
        raise ConfigurationError(
            f"no provider is called {name!r}",
            hint=(f"did you mean {close[0]}? " if close else "") + f"known: {', '.join(sorted(known))}",
        )
    if len(offers) > 1:
        raise ConfigurationError(
            f"the provider name {wanted} is claimed by the packages {' and '.join(entry.package for entry in offers)}",
            hint="uninstall one of them",
        )
    return _load(offers[0])


def _load(entry: Entry) -> Any:
    module, _, attribute = entry.target.partition(":")
    problem: str
    try:
        found: Any = importlib.import_module(module.strip())
        for part in attribute.split("[")[0].strip().split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin does wrong, it must not stop the others
        problem = f"it cannot be imported ({type(error).__name__}: {error})"
    else:
        if callable(found):
            return found
        problem = f"{entry.target} is not a class"
    raise ConfigurationError(
        f"the provider {entry.name} of the package {entry.package} is broken: {' '.join(problem.split())}",
        hint=f"reinstall or uninstall {entry.package}",
    )


def broken() -> dict[str, ConfigurationError]:
    """Names that cannot be used, each with the error that `find` raises; imports every plugin to find out."""
    problems: dict[str, ConfigurationError] = {}
    for name in names():
        try:
            find(name)
        except ConfigurationError as error:
            problems[name] = error
    return problems


def keywords(provider: Any) -> dict[str, inspect.Parameter] | None:
    """The keywords that a provider's constructor takes; `None`: any."""
    taken: dict[str, inspect.Parameter] = {}
    try:
        parameters = inspect.signature(provider).parameters
    except (TypeError, ValueError):
        return None
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            settings = _unpacked(provider, parameter.annotation)
            if settings is None:
                return None
            taken |= {key: inspect.Parameter(key, parameter.KEYWORD_ONLY, default=None) for key in settings}
        elif parameter.kind in {parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD}:
            taken[name] = parameter
    return taken


def _unpacked(provider: Any, annotation: Any) -> Mapping[str, Any] | None:
    """The keys of the TypedDict of `**settings: Unpack[Settings]`, also where the annotation is still text."""
    if isinstance(annotation, str):
        home = sys.modules.get(getattr(provider, "__init__", provider).__module__)
        shape = getattr(home, annotation.rpartition("[")[2].rstrip("]").rpartition(".")[2], None)
    else:
        shape = next(iter(get_args(annotation)), None)
    return getattr(shape, "__annotations__", None)


def hints(provider: Any) -> dict[str, Any]:
    """The types of a constructor's own keywords, as far as they can be told."""
    try:
        return get_type_hints(provider.__init__ if inspect.isclass(provider) else provider)
    except (NameError, TypeError, AttributeError):
        return {}


def check_keywords(
    name: str, provider: Any, given: Mapping[str, Any], *, what: str, untold: Collection[str] = ()
) -> None:
    """Raise `ConfigurationError` for a keyword that the provider does not know, or one that it needs and did not get.

    `what` begins the error's text: who gave the keywords. `untold` are known keywords that the text does not offer.
    """
    known = keywords(provider)
    if known is None:
        return
    for keyword in given:
        if keyword not in known:
            offered = [one for one in known if one not in untold]
            close = difflib.get_close_matches(keyword, offered, n=1)
            raise ConfigurationError(
                f"{what}: {name} knows no keyword {keyword!r}",
                hint=f"did you mean {close[0]}?" if close else f"known: {', '.join(offered)}",
            )
    for keyword, parameter in known.items():
        if parameter.default is parameter.empty and keyword not in given:
            raise ConfigurationError(f"{what}: {name} needs {keyword}")


def connect(name: str, /, **keywords: Any) -> InterviewProvider:
    """A provider by its name: `connect("codility", token=...)`, or with credentials from the environment.

    Raises `ConfigurationError` for a name or keyword that nobody knows, and what the provider's constructor raises.
    """
    found = find(name)
    check_keywords(canonical(name), found, keywords, what="connect")
    provider: InterviewProvider = found(**keywords)
    return provider
