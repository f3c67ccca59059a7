"""Providers by name: lazily, apart from each other, and never two under one name."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import interviewkit as ik
from interviewkit import registry
from tests.fake_vendor import FakeProvider

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution on the import path: `install("acme-kit", "acme = acme_mod:Acme", code)`."""
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(package: str, entry: str, code: str = "class Acme:\n    pass\n") -> None:
        info = tmp_path / f"{package.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[interviewkit.providers]\n{entry}\n")
        module = entry.partition("=")[2].strip().partition(":")[0]
        if "." not in module:
            (tmp_path / f"{module}.py").write_text(code)
            monkeypatch.delitem(sys.modules, module, raising=False)
        importlib.invalidate_caches()

    return put


def test_the_built_in_table_and_the_packages_entry_points_say_the_same() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert project["project"]["entry-points"][registry.GROUP] == dict(registry.BUILT_IN)


def test_the_three_vendors_are_known_without_installed_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: ())
    assert {"coderpad", "codility", "remoteinterview"} <= set(registry.names())


def test_a_plugin_is_listed_without_being_imported_and_found_by_importing_it(install: Install) -> None:
    install("acme-kit", "acme = acme_lazy:Acme")
    assert "acme" in registry.names()
    assert "acme_lazy" not in sys.modules
    assert registry.find("acme").__name__ == "Acme"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise RuntimeError('half installed')", "RuntimeError: half installed"),
        ("raise SystemExit(3)", "SystemExit"),
        ("Other = 1", "no attribute 'Acme'"),
        ("Acme = 1", "is not a class"),
        ("def (", "SyntaxError"),
    ],
)
def test_a_broken_plugin_is_reported_and_stops_nobody_else(install: Install, code: str, said: str) -> None:
    install("acme-kit", "acme = acme_broken:Acme", code)
    install("better-kit", "better = better_mod:Acme")
    with pytest.raises(ik.ConfigurationError, match="acme-kit") as caught:
        registry.find("acme")
    assert said in str(caught.value)
    assert registry.find("better").__name__ == "Acme"
    assert "acme" in registry.broken()
    assert "better" not in registry.broken()


def test_a_name_that_two_packages_claim_is_an_error_that_names_both(install: Install) -> None:
    install("acme-kit", "acme = acme_one:Acme")
    install("acme-fork", "acme = acme_two:Acme")
    with pytest.raises(ik.ConfigurationError) as caught:
        registry.find("acme")
    assert "acme-kit" in str(caught.value)
    assert "acme-fork" in str(caught.value)
    assert {entry.package for entry in registry.entries()["acme"]} == {"acme-kit", "acme-fork"}


def test_a_plugin_cannot_take_a_built_in_name_in_silence(install: Install) -> None:
    install("acme-kit", "codility = acme_codility:Acme")
    with pytest.raises(ik.ConfigurationError, match="interviewkit and acme-kit"):
        registry.find("codility")


def test_stale_metadata_of_this_package_does_not_contradict_the_table(install: Install) -> None:
    install("interviewkit", "codility = interviewkit.old_place:Codility")
    assert [entry.target for entry in registry.entries()["codility"]] == [registry.BUILT_IN["codility"]]


def test_an_unknown_name_lists_the_known_and_the_closest(install: Install) -> None:
    with pytest.raises(ik.ConfigurationError, match=r"did you mean codility\?.*known: coderpad, codility"):
        registry.find("codilty")


def test_codeinterview_is_another_name_of_remoteinterview(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {"remoteinterview": FakeProvider})
    assert registry.find("codeinterview") is FakeProvider


def test_a_registered_class_is_connected_by_name(install: Install) -> None:
    registry.register("fake", FakeProvider)
    assert "fake" in registry.names()
    provider = ik.connect("fake", api_key="k", account="mine")
    assert (provider.name, provider.account) == ("fake", "mine")


def test_registering_over_another_name_is_refused_unless_told(install: Install) -> None:
    install("acme-kit", "acme = acme_three:Acme")
    for taken in ("acme", "codility", "codeinterview"):
        with pytest.raises(ik.ConfigurationError, match="is taken by"):
            registry.register(taken, FakeProvider)
    registry.register("acme", FakeProvider, replace=True)
    assert registry.find("acme") is FakeProvider


@pytest.mark.parametrize(("name", "provider"), [("no name", FakeProvider), ("", FakeProvider), ("fake", 3)])
def test_only_classes_under_plain_words_are_registered(install: Install, name: str, provider: Any) -> None:
    with pytest.raises(ik.ConfigurationError):
        registry.register(name, provider)


def test_a_keyword_that_the_provider_does_not_know_is_named(install: Install) -> None:
    registry.register("fake", FakeProvider)
    with pytest.raises(ik.ConfigurationError, match=r"'api_kye' \(did you mean api_key\?\)"):
        ik.connect("fake", api_kye="k")
    with pytest.raises(ik.ConfigurationError, match="needs api_key"):
        ik.connect("fake")


def test_the_settings_of_every_provider_are_known_keywords() -> None:
    found = registry.keywords(registry.find("coderpad"))
    assert found is not None
    assert {"api_key", "organization", "timeout", "limit", "allow_http"} <= set(found)
    assert "kwargs" not in found
