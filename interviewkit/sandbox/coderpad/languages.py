"""The languages that CoderPad takes."""

from __future__ import annotations

from interviewkit.sandbox.world.programs import LANGUAGES

OTHERS = frozenset(
    {
        "angular",
        "bash",
        "c",
        "clojure",
        "coffeescript",
        "cpp",
        "csharp",
        "dart",
        "django",
        "elixir",
        "erlang",
        "fsharp",
        "gin",
        "hack",
        "haskell",
        "html",
        "julia",
        "kotlin",
        "lua",
        "markdown",
        "mysql",
        "node",
        "nodejs",
        "objc",
        "ocaml",
        "perl",
        "php",
        "plaintext",
        "powershell",
        "python3",
        "r",
        "rails",
        "react",
        "rust",
        "scala",
        "solidity",
        "spring",
        "svelte",
        "swift",
        "tcl",
        "typescript",
        "vb",
        "verilog",
        "vue",
        "multifile_python",
        "multifile_java",
        "multifile_typescript",
    }
)
"""Languages the vendor takes as well (front page of its Postman collection, saved answers; read 2026-11)."""


def known(language: str) -> bool:
    """Whether the vendor takes this language."""
    return language in LANGUAGES or language in OTHERS
