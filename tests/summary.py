# SPDX-License-Identifier: BSD-3-Clause
"""summary.py select FOLDER PREFIX…   names of the tests of a build folder that begin with one of the prefixes
summary.py print FOLDER            what the last `meson test` there brought: failed and skipped tests with the reason, then the counts"""
import json
import pathlib
import subprocess
import sys

GOOD = {"OK", "EXPECTEDFAIL"}


def select(folder, prefixes):
    tests = json.loads(subprocess.run(["meson", "introspect", folder, "--tests"], check=True, capture_output=True, text=True).stdout)
    for test in tests:
        if test["name"].startswith(tuple(prefixes)):
            print(test["name"])
    return 0


def last_line(result):
    """The last line that a test printed: where it skips, the reason by agreement (exit code 77)."""
    lines = ((result.get("stdout") or "") + "\n" + (result.get("stderr") or "")).split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else "gave no reason"


def print_counts(folder):
    log = pathlib.Path(folder, "meson-logs", "testlog.json")
    results = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    skipped = [result for result in results if result["result"] == "SKIP"]
    passed = [result for result in results if result["result"] in GOOD]
    failed = [result for result in results if result["result"] not in GOOD | {"SKIP"}]
    print()
    for result in skipped:
        print(f"skipped: {result['name']}: {last_line(result)}")
    for result in failed:
        print(f"failed: {result['name']}: {result['result'].lower()} after {result['duration']:.1f} s ({folder}/meson-logs/testlog.txt)")
    if not results:
        print("failed: no test was run")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or not results else 0


def main(arguments):
    if len(arguments) >= 3 and arguments[0] == "select":
        return select(arguments[1], arguments[2:])
    if len(arguments) == 2 and arguments[0] == "print":
        return print_counts(arguments[1])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
