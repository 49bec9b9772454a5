# SPDX-License-Identifier: BSD-3-Clause
"""`kedge-bench replay` as tests call it."""
import json
import os
import pathlib
import subprocess

SOURCE = pathlib.Path(os.environ.get("KEDGE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("KEDGE_BUILD", SOURCE / "build"))
BENCH = BUILD / "bench" / "kedge-bench"


def run(*arguments, check=True):
    """The finished process; with check a failure is an AssertionError that shows its words."""
    done = subprocess.run((str(BENCH),) + tuple(str(a) for a in arguments), capture_output=True, text=True, check=False, timeout=120)
    if check and done.returncode != 0:
        raise AssertionError(f"kedge-bench {' '.join(map(str, arguments))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def deterministic(pcap, scenario, folder):
    """Replays packet by packet; returns (path of what left, counters), both in `folder`. The long way must give the same as the short one."""
    short_output, short_counters = replayed(pcap, scenario, folder)
    octets = short_output.read_bytes()
    long_output, long_counters = replayed(pcap, scenario, folder, "--long-way")
    assert long_output.read_bytes() == octets, f"{pcap}: the short way and the long way give other octets"
    assert long_counters == short_counters, f"{pcap}: the short way and the long way count otherwise: {short_counters}, {long_counters}"
    return long_output, long_counters


def replayed(pcap, scenario, folder, *options):
    output, counters = pathlib.Path(folder) / "out.pcap", pathlib.Path(folder) / "counters.json"
    done = run("replay", pcap, "--scenario", scenario, "--deterministic", "--output", output, "--json", counters, *options)
    assert "the counters add up" in done.stdout, done.stdout
    return output, json.loads(counters.read_text())
