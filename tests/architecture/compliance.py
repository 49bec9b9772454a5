#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks docs/rfc-compliance.md: verdicts, the tests that are named, the counts.

    compliance.py           says what is wrong, exit 1 if anything is
    compliance.py --write   renews the counts
"""
import collections
import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(os.environ.get("KEDGE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
PAGE = SOURCE / "docs" / "rfc-compliance.md"
BEGIN, END = "<!-- counts -->\n", "<!-- end of counts -->\n"
MUSTS = ["section", "requirement", "who", "verdict", "shown by"]
SECTIONS = ["section", "subject", "state", "shown by"]
WHO = {"MN", "HA", "PAA", "AS", "data plane", "-"}
VERDICTS = ("met", "not yet", "deviates", "not applicable")
STATES = ("whole", "part", "absent")
VERDICT = re.compile(r"met|not yet(: .+)?|not applicable: .+|deviates ([A-Z]-\d+|architecture\.md \d): .+")
STATE = re.compile(r"whole|part: .+|absent(: .+)?")
TEST = re.compile(r"`([\w/-]+\.(?:c|py))` `(\w+)`")


def rows_of(text):
    """(heading, kind of table, line number, cells) for each row of the page's tables."""
    heading, columns = None, None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            heading, columns = line[3:], None
        if not line.startswith("|"):
            columns = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if columns is None:
            columns = cells
        elif not set("".join(cells)) <= {"-"}:
            yield heading, columns, number, cells


def runs(path, function):
    """Whether this test file has the function and something runs it."""
    text = path.read_text()
    if path.suffix == ".py":
        return re.search(rf"^\s*def {function}\(|^    \"{function}\": Case\(", text, re.M) is not None
    defined = re.search(rf"^static void {function}\(void \*\*state\)", text, re.M)
    return defined is not None and len(re.findall(rf"\b{function}\b", text)) > 1


def files_called(name):
    """The files under tests/ whose path ends so."""
    return [path for path in (SOURCE / "tests").rglob(pathlib.PurePath(name).name) if path.as_posix().endswith("/" + name)]


def faults_of_tests(cell):
    if TEST.sub("", cell).replace(",", "").strip():
        yield f"'{cell}' is not a row of `file` `function`"
    for name, function in TEST.findall(cell):
        found = files_called(name)
        if len(found) != 1:
            yield f"{len(found)} files under tests/ are called {name}"
        elif not runs(found[0], function):
            yield f"{name} has no test {function}"


def faults_of_must(cells):
    _, requirement, who, verdict, shown_by = cells
    if not requirement:
        yield "no requirement"
    if not set(who.split(", ")) <= WHO:
        yield f"nobody is called '{who}'"
    if not VERDICT.fullmatch(verdict):
        yield f"'{verdict}' is no verdict"
    if verdict == "met" and not TEST.search(shown_by):
        yield "met without a test"
    if verdict.startswith(("not yet", "not applicable")) and shown_by:
        yield f"'{verdict}', but there is a test"


def faults_of_section(cells):
    _, subject, state, shown_by = cells
    if not subject:
        yield "no subject"
    if not STATE.fullmatch(state):
        yield f"'{state}' is no state"
    if state == "whole" and not TEST.search(shown_by):
        yield "whole without a test"


def faults(text):
    for _, columns, number, cells in rows_of(text):
        if columns not in (MUSTS, SECTIONS):
            continue
        if len(cells) != len(columns):
            yield number, f"{len(cells)} cells instead of {len(columns)}"
            continue
        check = faults_of_must if columns == MUSTS else faults_of_section
        for fault in list(check(cells)) + list(faults_of_tests(cells[-1])):
            yield number, fault


def counts_of(text):
    """The table of counts as it should stand."""
    found = collections.OrderedDict()
    for heading, columns, _, cells in rows_of(text):
        if columns == MUSTS:
            verdict = next((known for known in VERDICTS if cells[3].startswith(known)), None)
            found.setdefault(heading.split(":")[0], collections.Counter())[verdict] += 1
    total = sum(found.values(), collections.Counter())
    lines = ["| | rows | " + " | ".join(VERDICTS) + " |", "|---|---|" + "---|" * len(VERDICTS)]
    for name, counter in list(found.items()) + [("all", total)]:
        lines.append(f"| {name} | {sum(counter.values())} | " + " | ".join(str(counter[verdict]) for verdict in VERDICTS) + " |")
    return "\n".join(lines) + "\n"


def main(arguments):
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    stated, tail = rest.split(END)
    counts = counts_of(head + tail)
    if arguments == ["--write"]:
        PAGE.write_text(head + BEGIN + counts + END + tail)
        return 0
    wrong = list(faults(head + tail))
    for number, fault in wrong:
        after = number >= head.count("\n") + 1
        print(f"docs/rfc-compliance.md:{number + (stated.count(chr(10)) + 2 if after else 0)}: {fault}")
    if stated != counts:
        print("docs/rfc-compliance.md: the counts are not right; compliance.py --write renews them")
    return 1 if wrong or stated != counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
