#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks the table of features in README.md: each row has a state; what is whole lacks nothing and is shown by tests that exist; what is
part or absent says what is missing."""
import re
import sys

import compliance

PAGE = compliance.SOURCE / "README.md"
COLUMNS = ["feature", "RFC", "state", "what is missing", "shown by"]


def faults(cells):
    if len(cells) != len(COLUMNS):
        yield f"{len(cells)} cells instead of {len(COLUMNS)}"
        return
    feature, _, state, missing, shown_by = cells
    tests = re.findall(r"`([\w/-]+\.(?:c|py))`", shown_by)
    if state not in compliance.STATES:
        yield f"{feature}: '{state}' is no state"
    if state == "whole" and (missing or not tests):
        yield f"{feature}: whole, but something is missing or no test shows it"
    if state == "part" and not missing:
        yield f"{feature}: part, and not said what is missing"
    if state == "absent" and shown_by:
        yield f"{feature}: absent, and shown by a test"
    for name in tests:
        if len(compliance.files_called(name)) != 1:
            yield f"{feature}: {len(compliance.files_called(name))} files under tests/ are called {name}"


def main():
    table = PAGE.read_text().split("<!-- features -->")[1].split("<!-- end of features -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")]
    found = [fault for cells in rows[2:] for fault in faults(cells)]
    if rows[0] != COLUMNS or len(rows) < 10:
        found.append("the table of features is not there")
    for fault in found:
        print(f"README.md: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
