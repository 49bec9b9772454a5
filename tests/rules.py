# SPDX-License-Identifier: BSD-3-Clause
"""rules.py: which of the numbered rules that the first whole needs (docs/protocols.md, section 3) no test cites. Prints one line or two.

A test cites a rule by its number anywhere in its source, as in `/* B-22, B-23 */`; `B-1 to B-5` cites five."""
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parent
SOURCES = {".c", ".h", ".py", ".sh", ""}

# (letter, ranges), as docs/protocols.md names them in section 3.
FIRST_WHOLE = (
    ("B", ((1, 52),)),
    ("K", ((1, 8), (10, 16))),
    ("E", ((1, 5), (7, 14), (16, 18))),
    ("L", ((1, 8), (10, 11))),
    ("F", ((1, 10),)),
    ("P", ((2, 4),)),
    ("M", ((1, 10), (12, 14), (16, 21))),
    ("D", ((1, 11), (14, 14))),
    ("A", ((1, 8), (10, 10))),
    ("R", ((1, 8), (12, 12))),
    ("S", ((1, 5), (7, 8), (10, 10))),
    ("C", ((1, 3), (5, 7))),
    ("N", ((1, 1), (3, 9))),
)
CITATION = re.compile(r"\b([A-Z])-(\d+)(?: to (?:\1-)?(\d+))?\b")


def wanted_rules():
    return [(letter, number) for letter, ranges in FIRST_WHOLE for first, last in ranges for number in range(first, last + 1)]


def cited_rules():
    """All rules that a source under tests/ names; this file's own text is none."""
    cited = set()
    for path in TESTS.rglob("*"):
        if path == pathlib.Path(__file__).resolve() or path.suffix not in SOURCES or not path.is_file() or "seeds" in path.parts:
            continue
        for letter, first, last in CITATION.findall(path.read_text(errors="ignore")):
            cited.update((letter, number) for number in range(int(first), int(last or first) + 1))
    return cited


def main():
    wanted, cited = wanted_rules(), cited_rules()
    open_rules = [f"{letter}-{number}" for letter, number in wanted if (letter, number) not in cited]
    print(f"rules of the first whole: {len(wanted) - len(open_rules)} of {len(wanted)} are cited by a test, {len(open_rules)} by none")
    if open_rules:
        print(f"cited by none: {', '.join(open_rules)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
