#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark's suite on a small table: its file holds every bar with a verdict or with why there is none, and the machine; the file that is
published does so, too, and README.md's figures are the ones in it."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("KEDGE_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(SOURCE / "bench"))
import bars  # noqa: E402  pylint: disable=wrong-import-position
import suite  # noqa: E402  pylint: disable=wrong-import-position

MACHINE = ("processor", "processors", "tsc_hz", "caches", "governor", "kernel", "pages", "dpdk", "compiler", "compiler_flags", "instructions")


def check_bar(bar, found):
    assert (found["must"], found["aim"], found["sense"], found["unit"]) == (bar.must, bar.aim, bar.sense, bar.unit), bar.name
    if found["median"] is None:
        assert found["why"], f"{bar.name}: neither measured nor said why"
    else:
        assert found["least"] <= found["median"] <= found["most"], bar.name
    for met, wanted in (("must_met", bar.must), ("aim_met", bar.aim)):
        expected = bars.is_met(bar, found["median"], wanted)
        assert found[met] == (expected if expected is None else expected and "why" not in found), f"{bar.name}: {met}"
    assert (found["must_met"] is None) == (bar.must is None), bar.name


def check_file(results):
    assert results["format"] == 1 and results["commit"] and results["commands"] and len(results["load_before"]) == 3
    assert list(results["bars"]) == [bar.name for bar in bars.BARS]
    for bar in bars.BARS:
        check_bar(bar, results["bars"][bar.name])
    for name, machine in results["machine"].items():
        missing = [key for key in MACHINE if key not in machine]
        assert not missing, f"{name}: the machine's {missing} are missing"


def small_run(folder):
    results = folder / "results.json"
    done = subprocess.run([sys.executable, "-B", str(SOURCE / "bench" / "suite.py"), "--quick", "--bindings", "10K", "--only", "walk",
                           "--results", str(results), "--plot", str(folder / "plot.svg")], check=False, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(results.read_text())
    check_file(found)
    assert {"walk_cycles_1k", "bare_cycles_10k", "memory_cycles_10k"} <= set(found["figures"]), found["figures"].keys()
    assert found["bars"]["walk_cycles_1k"]["repetitions"] >= suite.REPETITIONS_LEAST
    assert found["bars"]["walk_10m_over_1k"]["median"] is None and found["bars"]["resync_10m_s"]["why"] == "not asked for"


def verdicts_follow_the_bars():
    for sense, value, must, wanted in (("most", 1.0, 1.0, True), ("most", 1.1, 1.0, False), ("least", 2.0, 2.5, False), ("least", 2.5, 2.5, True)):
        assert bars.is_met(bars.Bar("x", "", "", "", sense, must, must), value, must) == wanted
    assert bars.condition_missed("reader_slowdown_handover_1m", {"handovers_per_s": {"median": 5e5}})
    assert not bars.condition_missed("reader_slowdown_handover_1m", {"handovers_per_s": {"median": 1e6}})
    assert bars.is_met(bars.BARS[0], None, 1.0) is False and bars.is_met(bars.BARS[0], 1.0, None) is None


def table_goes_into_the_readme(folder):
    results = json.loads((folder / "results.json").read_text())
    readme = folder / "README.md"
    readme.write_text("# x\n\n## Go on\n")
    suite.write_readme(readme, results)
    once = readme.read_text()
    suite.write_readme(readme, results)
    assert readme.read_text() == once and "\n".join(suite.readme_table(results)) in once


def published():
    readme = (SOURCE / "README.md").read_text()
    if not suite.RESULTS.exists():
        assert suite.README_BEGIN not in readme, "README.md has figures, but there is no bench/results.json"
        return
    results = json.loads(suite.RESULTS.read_text())
    check_file(results)
    for name, bar in results["bars"].items():
        assert bar["median"] is None or name == "bytes_per_binding" or bar["repetitions"] >= suite.REPETITIONS_LEAST, f"{name}: too few repetitions"
    block = readme.split(suite.README_BEGIN)[1].split(suite.README_END)[0].strip()
    assert block == "\n".join(suite.readme_table(results)), "README.md's figures are not those of bench/results.json: bench/suite.py --readme"


def main():
    verdicts_follow_the_bars()
    published()
    with tempfile.TemporaryDirectory() as folder:
        small_run(pathlib.Path(folder))
        table_goes_into_the_readme(pathlib.Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
