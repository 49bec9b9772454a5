#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Replays the cases of cases.py: the recorded frames in must give the recorded frames out, octet for octet, and the recorded counters;
and both must be what the case demands by hand.

    check.py [NAME…]             checks
    check.py --record [NAME…]    makes the frames anew, and records what comes out (look at the difference before you commit)
"""
import json
import pathlib
import sys
import tempfile

import cases
import mtu_cases
import replaying
import tunnel_cases
import words

sys.path.insert(0, str(replaying.SOURCE / "tests" / "oracle"))
import pcap  # noqa: E402  pylint: disable=wrong-import-position

CASES = cases.CASES | tunnel_cases.CASES | mtu_cases.CASES
HERE = pathlib.Path(__file__).resolve().parent


def make(case, folder):
    folder.mkdir(exist_ok=True)
    (folder / "scenario.json").write_text(json.dumps(cases.scenario_of(case), indent=1) + "\n")
    pcap.write(folder / "in.pcap", [((cases.START_MS + after_ms) * 10 ** 6, bytes(frame)) for after_ms, frame in case.frames])


def counted(counters):
    """Those that are not zero, so that a new counter leaves the old records as they are; and not what is for the oracle alone."""
    return {name: value for name, value in counters.items() if value != 0 and name != "reassembly_sets"}


def demanded(case, frames, counters):
    """What the case says by hand against what came out."""
    faults = []
    left = [words.word_of(frame) for _, frame in frames]
    if left != case.leaves:
        faults.append(f"left:\n    {left}\n  not:\n    {case.leaves}")
    for name, wanted in (("drops", case.drops), ("punted", case.punted), ("consumed", case.consumed), ("received", len(case.frames)),
                         ("transmitted", len(case.leaves))):
        if counters[name] != wanted:
            faults.append(f"{name}: {counters[name]}, not {wanted}")
    return faults


def check(name, record):
    folder, case = HERE / name, CASES[name]
    if record:
        make(case, folder)
    with tempfile.TemporaryDirectory() as scratch:
        output, counters = replaying.deterministic(folder / "in.pcap", folder / "scenario.json", scratch)
        if record:
            (folder / "out.pcap").write_bytes(output.read_bytes())
            (folder / "counters.json").write_text(json.dumps(counted(counters), indent=1, sort_keys=True) + "\n")
        faults = demanded(case, pcap.read(output), counters)
        if output.read_bytes() != (folder / "out.pcap").read_bytes():
            faults.append("other octets left than were recorded")
        if counted(counters) != counted(json.loads((folder / "counters.json").read_text())):
            faults.append(f"other counters than were recorded: {counters}")
    return faults


def main(arguments):
    record = arguments[:1] == ["--record"]
    names = arguments[1 if record else 0:] or sorted(CASES)
    failed = 0
    for name in names:
        faults = check(name, record)
        failed += bool(faults)
        print(f"{'not ' if faults else ''}ok {name}: {CASES[name].rules}")
        for fault in faults:
            print(f"  {fault}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
