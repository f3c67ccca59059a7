"""What candidates write: starting code and what they leave there, in a few languages."""

from __future__ import annotations

import random

import attrs

from .problems import PROBLEMS


@attrs.frozen
class Language:
    """How a language's file is called, what stands in it at first, and what candidates leave there."""

    file: str
    template: str
    solutions: tuple[str, ...]


_BESIDES = {
    "javascript": """\
// débounce – last call wins 🎯
function debounce(fn, wait) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...args), wait);
  };
}
""",
    "ruby": """\
class Stack
  def initialize
    @items = []
  end

  def push(item)
    @items << item
    self
  end
end
""",
    "postgresql": """\
SELECT depot, COUNT(*) AS late
FROM deliveries
WHERE arrived_at > promised_at
GROUP BY depot
ORDER BY late DESC;
""",
}
"""What is written in a pad without a task to it."""


def _language(name: str, file: str, template: str) -> Language:
    solved = (problem.programs[name] for problem in PROBLEMS if name in problem.programs)
    return Language(file, template, (*solved, *filter(None, [_BESIDES.get(name)])))


_FILES = {
    "python": ("main.py", 'print("Start here")\n'),
    "javascript": ("main.js", 'console.log("Start here");\n'),
    "ruby": ("main.rb", 'puts "Start here"\n'),
    "java": ("Solution.java", "class Solution {\n  // start here\n}\n"),
    "postgresql": ("main.sql", "SELECT 1;\n"),
    "go": ("main.go", "package main\n\nfunc main() {\n\t// start here\n}\n"),
}
LANGUAGES = {name: _language(name, *file) for name, file in _FILES.items()}
"""The languages that the base population works in."""


def program(language: str) -> Language:
    """The language's file; for those without examples, a plain one."""
    return LANGUAGES.get(language) or Language(f"main.{language}", "", (f"-- written in {language}\n",))


def solution(language: str, rng: random.Random) -> str:
    """What one candidate leaves in the file."""
    return rng.choice(program(language).solutions)
