#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Bad days of the forwarder in small, by the benchmark that shows them in large: a flood of control packets, and a table whose bindings all expire
in one second. What is judged is that nothing is lost, unnamed or left undone, and no figure."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(os.environ["KEDGE_BUILD"]) / "bench" / "kedge-bench"


def run(folder, *arguments):
    """Notes and figures of a command. That it ends well says that counters add up and that all was applied: it looks at that itself."""
    report = folder / "report.json"
    done = subprocess.run((str(BENCH),) + arguments + ("--json", str(report)), capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(report.read_text())
    return found["notes"], {name: figure["median"] for name, figure in found["figures"].items()}


def a_flood_of_control_packets(folder):
    """Offered far above the rate of each class: dropped by the class's name before the ring, or punted; each change of the feed becomes visible."""
    notes, figures = run(folder, "flood", "--bindings", "10K", "--milliseconds", "200", "--repeat", "2")
    for reason in ("punt_rate_pana", "punt_rate_mobility", "punt_rate_hip"):
        assert notes["drops"][reason] > 0, notes
    assert set(notes["drops"]) <= {"punt_rate_pana", "punt_rate_mobility", "punt_rate_hip", "punt_ring_full"}, notes
    assert notes["adds_up"] is True and 0 < notes["punted"] < sum(notes["drops"].values()), notes
    assert notes["changes_applied"] > 10000 and figures["flood_change_to_visible_p99_ms"] > 0, (notes, figures)


def everything_expires_in_one_second(folder):
    notes, figures = run(folder, "expire", "--bindings", "200K", "--packets", "5000", "--repeat", "3")
    assert notes["bindings"] == 200_000 and notes["turns"] >= 200_000 // (32 * 512), notes
    assert figures["expire_withdrawals_per_s"] > 0 and figures["expire_longest_turn_ms"] > 0, figures


def main():
    with tempfile.TemporaryDirectory() as folder:
        a_flood_of_control_packets(pathlib.Path(folder))
        everything_expires_in_one_second(pathlib.Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
