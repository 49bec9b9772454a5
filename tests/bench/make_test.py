#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`kedge-bench make`: the same octets for the same seed, today and as recorded; other ones for another; a table of two numbers is the table that
the list holds; the packet oracle says the same of the traffic as the worker; shares are those of the mix; wrong mixes are told."""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("KEDGE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(SOURCE / "tests" / "pcap"))
sys.path.insert(0, str(SOURCE / "tests" / "oracle"))
import generate  # noqa: E402  pylint: disable=wrong-import-position
import pcap as oracle_pcap  # noqa: E402  pylint: disable=wrong-import-position
import replaying  # noqa: E402  pylint: disable=wrong-import-position

RECORDED = "2043ba65c3890fe2f74adb95a639ec42d1ec34cbbd2332cf9f82dfe24d33d040"


def make(base, *options):
    replaying.run("make", "--output", base, *options)
    return base.with_suffix(".pcap"), base.with_suffix(".json")


def digest(*paths):
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def same_octets(folder):
    options = ("--bindings", 1000, "--packets", 2000, "--mix", "rough")
    once = digest(*make(folder / "once", "--seed", 7, *options))
    assert digest(*make(folder / "again", "--seed", 7, *options)) == once, "a second call made other octets"
    assert digest(*make(folder / "other", "--seed", 8, *options)) != once, "another seed made the same octets"
    assert once == RECORDED, f"other octets than were recorded: {once}"


def list_is_the_table(folder):
    """Replays over both forms of the table, and the oracle over the list."""
    options = ("--bindings", 500, "--packets", 2000, "--mix", "rough", "--seed", 3)
    pcap, numbers = make(folder / "numbers", *options)
    listed_pcap, listed = make(folder / "listed", "--list", *options)
    assert pcap.read_bytes() == listed_pcap.read_bytes()
    output, counters = replaying.deterministic(pcap, numbers, folder)
    octets = output.read_bytes()
    again, listed_counters = replaying.deterministic(listed_pcap, listed, folder)
    assert again.read_bytes() == octets and listed_counters == counters
    assert counters["drops"].keys() == {"destination_unbound", "inner_source_unbound", "care_of_mismatch"}, counters["drops"]
    (folder / "scenario.json").write_bytes(listed.read_bytes())
    frames = [("made", time_ns // 10 ** 6, frame) for time_ns, frame in oracle_pcap.read(listed_pcap)]
    expected, leaving = generate.expectations(json.loads(listed.read_text()), [], frames)
    (folder / "expected.json").write_text(json.dumps(expected))
    oracle_pcap.write(folder / "expected.pcap", leaving)
    compared = subprocess.run((sys.executable, "-B", "compare.py", str(folder), str(again), str(folder / "counters.json")),
                              cwd=SOURCE / "tests" / "oracle", capture_output=True, text=True, check=False, timeout=100)
    assert compared.returncode == 0, compared.stdout + compared.stderr


def shares_are_the_mix(folder):
    mix = folder / "mix.json"
    mix.write_text(json.dumps({"sizes": [[100, 1], [700, 1]], "uplink": 0.5, "hairpin": 0.1, "hits": 0.8, "spoofed": 0.25}))
    pcap, scenario = make(folder / "shares", "--bindings", 5000, "--packets", 20000, "--mix", mix)
    _, counters = replaying.deterministic(pcap, scenario, folder)
    drops = counters["drops"]
    for name, found, wanted in (("no binding", drops["destination_unbound"] + drops["inner_source_unbound"], 0.2),
                                ("spoofed", drops["care_of_mismatch"], 0.6 * 0.8 * 0.25),
                                ("node to node", counters["node_to_node"], 0.1 * 0.8 * 0.75)):
        assert abs(found / 20000 - wanted) < 0.02, f"{name}: {found / 20000}, not {wanted}"


def wrong_mixes_are_told(folder):
    mix = folder / "wrong.json"
    for text, word in (('{"sizes": [[10, 1]]}', "sizes"), ('{"sizes": [[100, 1]], "hits": 2}', "hits"), ('{"sizes": [[100, 1]], "speed": 1}', "speed"),
                       ('{"sizes": [[100, 1]], "uplink": 0.7, "hairpin": 0.4}', "hairpin"), ("{", "wrong.json:1")):
        mix.write_text(text)
        done = replaying.run("make", "--output", folder / "x", "--mix", mix, check=False)
        assert done.returncode == 1 and word in done.stderr, done.stderr
    done = replaying.run("make", "--output", folder / "x", "--mix", "nosuch", check=False)
    assert done.returncode == 1 and "imix" in done.stderr, done.stderr


def main():
    for test in (same_octets, list_is_the_table, shares_are_the_mix, wrong_mixes_are_told):
        with tempfile.TemporaryDirectory() as folder:
            test(pathlib.Path(folder))
        print(f"ok {test.__name__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
