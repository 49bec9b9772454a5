#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks docs/architecture.md: every path that it names exists, and every function() is defined in the sources."""
import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(os.environ.get("KEDGE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
PAGE = SOURCE / "docs" / "architecture.md"
FOLDERS = ("proto", "dataplane", "controlplane", "bench", "tests/simulation")
PATH = re.compile(r"`((?:proto|dataplane|controlplane|bench|tests|docs)/[\w./-]*)`|\]\(([\w./-]+)\)")
# a definition at the margin, or an inline function of a header
DEFINITION = re.compile(r"^(?:static inline |static )?[a-z][\w *]*?\b(\w+)\((?!\))[^;]*?\)\s*\{", re.M)


def functions_of_the_sources():
    names = set()
    for folder in FOLDERS:
        for path in (SOURCE / folder).rglob("*.[ch]"):
            names.update(DEFINITION.findall(path.read_text()))
    return names


def faults(text):
    functions = functions_of_the_sources()
    for number, line in enumerate(text.splitlines(), 1):
        for named, linked in PATH.findall(line):
            path = SOURCE / named if named else PAGE.parent / linked
            if not path.exists():
                yield number, f"{named or linked} does not exist"
        for function in re.findall(r"\b(\w+)\(\)", line):
            if function not in functions:
                yield number, f"{function}() is defined nowhere"


def main():
    text = PAGE.read_text()
    found = list(faults(text))
    for number, fault in found:
        print(f"docs/architecture.md:{number}: {fault}")
    if not PATH.search(text) or "()" not in text:
        print("docs/architecture.md: names nothing")
        return 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
