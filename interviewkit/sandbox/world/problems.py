"""Tasks that candidates are set, each with programs that solve it: a report's title belongs to its code."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class Problem:
    """What a task is called and asks for, what a right program prints, and such programs by language."""

    title: str
    body: str
    output: str
    programs: Mapping[str, str] = attrs.field(repr=False)


PROBLEMS = (
    Problem(
        title="The most common stop",
        body="Of many trips, find the stop that most of them call at.",
        output="Markt\n",
        programs={
            "python": """\
from collections import Counter


def most_common_stop(trips):
    # count every stop once per trip 🚌
    stops = Counter(stop for trip in trips for stop in set(trip))
    return min(stops, key=lambda stop: (-stops[stop], stop))


print(most_common_stop([["Nord", "Markt"], ["Markt", "Hafen"]]))
""",
            "javascript": """\
function mostCommonStop(trips) {
  const seen = new Map();
  for (const trip of trips) {
    for (const stop of new Set(trip)) seen.set(stop, (seen.get(stop) ?? 0) + 1);
  }
  return [...seen].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0][0];
}

console.log(mostCommonStop([["Nord", "Markt"], ["Markt", "Hafen"]]));
""",
        },
    ),
    Problem(
        title="Rotate a list",
        body="Move the last values of a list to its front.",
        output="[4, 5, 1, 2, 3]\n",
        programs={
            "python": """\
def rotate(values, by):
    if not values:
        return values
    by %= len(values)
    return values[-by:] + values[:-by]


print(rotate([1, 2, 3, 4, 5], 2))
""",
            "ruby": """\
p [1, 2, 3, 4, 5].rotate(-2)
""",
        },
    ),
    Problem(
        title="Balanced brackets",
        body="Say whether every bracket of a text is closed.",
        output="true\n",
        programs={
            "java": """\
class Solution {
  static boolean balanced(String text) {
    int depth = 0;
    for (char letter : text.toCharArray()) {
      depth += letter == '(' ? 1 : letter == ')' ? -1 : 0;
      if (depth < 0) return false;
    }
    return depth == 0;
  }

  public static void main(String[] args) {
    System.out.println(balanced("(a (b) c)"));
  }
}
""",
            "python": """\
def balanced(text):
    depth = 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            return False
    return depth == 0


print(str(balanced('(a (b) c)')).lower())
""",
        },
    ),
    Problem(
        title="Runs of letters",
        body="Write a text as its letters and how often each comes in a row.",
        output='[["a", 2], ["b", 1], ["c", 3]]\n',
        programs={
            "ruby": """\
def runs(text)
  text.chars.slice_when { |a, b| a != b }.map { |run| [run.first, run.size] }
end

p runs("aabccc")
""",
            "python": """\
import json
from itertools import groupby


def runs(text):
    return [[letter, len(list(same))] for letter, same in groupby(text)]


print(json.dumps(runs("aabccc")))
""",
        },
    ),
    Problem(
        title="The longest rise",
        body="Count the longest climb in a list of heights.",
        output="2\n",
        programs={
            "java": """\
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
            "go": """\
package main

import "fmt"

func longestRise(heights []int) int {
	best, run := 0, 0
	for i := 1; i < len(heights); i++ {
		if heights[i] > heights[i-1] {
			run++
		} else {
			run = 0
		}
		best = max(best, run)
	}
	return best
}

func main() { fmt.Println(longestRise([]int{3, 5, 8, 2, 4})) }
""",
        },
    ),
    Problem(
        title="Merge two queues",
        body="Merge two sorted queues into one.",
        output="[1 2 3 4]\n",
        programs={
            "go": """\
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
            "python": """\
from heapq import merge

print("[" + " ".join(map(str, merge([1, 4], [2, 3]))) + "]")
""",
        },
    ),
    Problem(
        title="Gates of arrivals",
        body="Group arrivals by their gate.",
        output='{"A":1,"B":2}\n',
        programs={
            "javascript": """\
const groupBy = (rows, key) =>
  rows.reduce((groups, row) => {
    (groups[row[key]] ||= []).push(row);
    return groups;
  }, {});

const gates = groupBy([{ gate: "A" }, { gate: "B" }, { gate: "B" }], "gate");
console.log(JSON.stringify(Object.fromEntries(Object.entries(gates).map(([gate, rows]) => [gate, rows.length]))));
""",
            "ruby": """\
require "json"

puts %w[A B B].tally.to_json
""",
        },
    ),
)
