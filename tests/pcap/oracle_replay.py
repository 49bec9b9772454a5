#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A few thousand random packets through the worker's code, compared with what the packet oracle of tests/oracle, written from the
documents alone, says must become of them: frames, drops by name, counters of the bindings. Twice the same octets.

    oracle_replay.py [--seeds FIRST-LAST] [--count N]
For the long run: a few hundred seeds of 8,000 packets, in which many packets in pieces crowd each other out."""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import replaying

ORACLE = replaying.SOURCE / "tests" / "oracle"
SEEDS, COUNT = "1-4", 2000


def oracle(program, *arguments):
    return subprocess.run((sys.executable, "-B", program) + tuple(map(str, arguments)), cwd=ORACLE, capture_output=True, text=True,
                          check=False, timeout=120)


def compare(seed, count, folder):
    """The differences that compare.py prints, empty if there are none."""
    made = oracle("generate.py", folder, "--seed", seed, "--count", count)
    assert made.returncode == 0, made.stderr
    output, _ = replaying.deterministic(folder / "in.pcap", folder / "scenario.json", folder)
    once = output.read_bytes()
    output, _ = replaying.deterministic(folder / "in.pcap", folder / "scenario.json", folder)
    assert output.read_bytes() == once, f"seed {seed}: a second replay gave other octets"
    compared = oracle("compare.py", folder, output, folder / "counters.json")
    return "" if compared.returncode == 0 else compared.stdout + compared.stderr


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default=SEEDS)
    parser.add_argument("--count", type=int, default=COUNT)
    options = parser.parse_args(arguments)
    first, last = map(int, options.seeds.split("-"))
    faults = 0
    for seed in range(first, last + 1):
        with tempfile.TemporaryDirectory() as folder:
            differences = compare(seed, options.count, pathlib.Path(folder))
        print(f"seed {seed}: {options.count} packets, {differences or 'no difference'}", flush=True)
        faults += bool(differences)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
