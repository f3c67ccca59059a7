"""What candidates write: starting code, good and half-good solutions, in a few languages."""

from __future__ import annotations

import random

import attrs


@attrs.frozen
class Language:
    """How a language's file is called, what stands in it at first, and what candidates leave there."""

    file: str
    template: str
    solutions: tuple[str, ...]


_PYTHON = (
    """\
from collections import Counter


def most_common_stop(trips):
    # count every stop once per trip 🚌
    stops = Counter(stop for trip in trips for stop in set(trip))
    return min(stops, key=lambda stop: (-stops[stop], stop))


print(most_common_stop([["Nord", "Markt"], ["Markt", "Hafen"]]))
""",
    """\
def rotate(values, by):
    if not values:
        return values
    by %= len(values)
    return values[-by:] + values[:-by]


print(rotate([1, 2, 3, 4, 5], 2))
""",
    """\
def balanced(text):
    depth = 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            return False
    return depth == 0


assert balanced('(a (b) c)')
""",
)
_JAVASCRIPT = (
    """\
const groupBy = (rows, key) =>
  rows.reduce((groups, row) => {
    (groups[row[key]] ||= []).push(row);
    return groups;
  }, {});

console.log(groupBy([{ gate: "A" }, { gate: "B" }], "gate"));
""",
    """\
// débounce – last call wins 🎯
function debounce(fn, wait) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...args), wait);
  };
}
""",
)
_RUBY = (
    """\
def runs(text)
  text.chars.slice_when { |a, b| a != b }.map { |run| [run.first, run.size] }
end

p runs("aabccc")
""",
    """\
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
)
_JAVA = (
    """\
import java.util.*;

class Solution {
  static int longestRise(int[] heights) {
    int best = 0, run = 0;
    for (int i = 1; i < heights.length; i++) {
      run = heights[i] > heights[i - 1] ? run + 1 : 0;
      best = Math.max(best, run);
    }
    return best;
  }

  public static void main(String[] args) {
    System.out.println(longestRise(new int[] {3, 5, 8, 2, 4}));
  }
}
""",
)
_SQL = (
    """\
SELECT depot, COUNT(*) AS late
FROM deliveries
WHERE arrived_at > promised_at
GROUP BY depot
ORDER BY late DESC;
""",
)
_GO = (
    """\
package main

import "fmt"

func merge(a, b []int) []int {
	out := make([]int, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0] <= b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

func main() { fmt.Println(merge([]int{1, 4}, []int{2, 3})) }
""",
)

LANGUAGES = {
    "python": Language("main.py", 'print("Start here")\n', _PYTHON),
    "javascript": Language("main.js", 'console.log("Start here");\n', _JAVASCRIPT),
    "ruby": Language("main.rb", 'puts "Start here"\n', _RUBY),
    "java": Language("Solution.java", "class Solution {\n  // start here\n}\n", _JAVA),
    "postgresql": Language("main.sql", "SELECT 1;\n", _SQL),
    "go": Language("main.go", "package main\n\nfunc main() {\n\t// start here\n}\n", _GO),
}
"""The languages that the base population works in."""


def program(language: str) -> Language:
    """The language's file; for those without examples, a plain one."""
    return LANGUAGES.get(language) or Language(f"main.{language}", "", (f"-- written in {language}\n",))


def solution(language: str, rng: random.Random) -> str:
    """What one candidate leaves in the file."""
    return rng.choice(program(language).solutions)
