#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks docs/architecture.md: every path that it names exists, and every function() is defined in the sources. And the other way round:
what a comment cites of docs/, as in `architecture.md 3`, is a section there."""
import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(os.environ.get("KEDGE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
PAGE = SOURCE / "docs" / "architecture.md"
FOLDERS = ("proto", "dataplane", "controlplane", "bench", "tests/simulation")
PATH = re.compile(r"`((?:proto|dataplane|controlplane|bench|tests|docs)/[\w./-]*)`|\]\(([\w./-]+)\)")
CITATION = re.compile(r"\b(architecture\.md|operation\.md|protocols\.md) (\d+(?:\.\d+)?)\b")
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


def sections_of(page):
    return set(re.findall(r"^#+ (\d+(?:\.\d+)?)\b", (SOURCE / "docs" / page).read_text(), re.M))


def wrong_citations():
    sections = {page: sections_of(page) for page in ("architecture.md", "operation.md", "protocols.md")}
    for folder in ("proto", "dataplane", "controlplane", "bench", "tests"):
        for path in (SOURCE / folder).rglob("*"):
            if path.suffix not in (".c", ".h", ".py", ".def", ".sql", ".yaml", ".md"):
                continue
            for page, section in CITATION.findall(path.read_text(errors="ignore")):
                if section not in sections[page]:
                    yield f"{path.relative_to(SOURCE)} cites {page} {section}, which does not exist"


def main():
    text = PAGE.read_text()
    found = list(faults(text))
    citations = list(wrong_citations())
    for fault in citations:
        print(fault)
    for number, fault in found:
        print(f"docs/architecture.md:{number}: {fault}")
    if not PATH.search(text) or "()" not in text:
        print("docs/architecture.md: names nothing")
        return 1
    return 1 if found or citations else 0


if __name__ == "__main__":
    sys.exit(main())
