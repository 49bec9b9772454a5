#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The whole benchmark: runs the commands of kedge-bench, writes the bars with their verdicts, all figures and the machine to a JSON file, draws
cycles per packet over the number of bindings, and prints a table.

    suite.py [--bindings N] [--quick] [--only COMMAND,…] [--results FILE.json] [--plot FILE.svg]
    suite.py --readme            puts the table of bench/results.json into README.md
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import bars

SOURCE = pathlib.Path(os.environ.get("KEDGE_SOURCE", pathlib.Path(__file__).resolve().parents[1]))
BUILD = pathlib.Path(os.environ.get("KEDGE_BUILD", SOURCE / "build"))
RESULTS, PLOT = SOURCE / "bench" / "results.json", SOURCE / "docs" / "walk_cycles.svg"
REPETITIONS_LEAST = 7
PATIENCE_S = 300  # with a command
README_BEGIN, README_END = "<!-- figures of bench/results.json -->", "<!-- end of figures -->"
SIZES = (("1k", 1e3), ("10k", 1e4), ("100k", 1e5), ("1m", 1e6), ("10m", 1e7))
CURVES = (("walk_cycles", "worker, everything on"), ("bare_cycles", "bare loop, same octets"),
          ("memory_cycles", "memory limit: one cold cache line a packet"))


def commands(options):
    """(name, arguments) of each command, in order."""
    repeat = ("--repeat", 7) if options.quick else ()
    packets = ("--packets", 2000) if options.quick else ()
    slices = ("--packets", 20000) if options.quick else ()
    return (("walk", ("--bindings", options.bindings) + repeat + packets),
            ("churn", ("--bindings", options.bindings) + repeat + slices),
            ("table", ("--bindings", options.bindings) + repeat),
            ("feed", ("--bindings", options.bindings) + repeat))


def run(name, arguments, folder):
    """What a command measured, or why not: (JSON or None, sentence, command line)."""
    report = folder / f"{name}.json"
    line = ["kedge-bench", name] + [str(a) for a in arguments]
    print(f"== {' '.join(line)}", flush=True)
    begun = time.monotonic()
    try:
        done = subprocess.run([str(BUILD / "bench" / "kedge-bench")] + line[1:] + ["--json", str(report)], check=False, stderr=subprocess.PIPE,
                              text=True, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return None, f"not done after {PATIENCE_S} s", line
    print(f"   {time.monotonic() - begun:.0f} s", flush=True)
    if done.returncode == 0:
        return json.loads(report.read_text()), "", line
    words = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    print(f"   {words}", flush=True)
    return None, "kedge-bench has no such command" if done.returncode == 2 else words, line


def judged(bar, median, wanted, missed):
    met = bars.is_met(bar, median, wanted)
    return met if met is None else met and not missed


def judge(measured, why):
    """name → verdict, for every bar, whether it was measured or not."""
    verdicts = {}
    for bar in bars.BARS:
        figures = (measured.get(bar.command) or {}).get("figures") or {}
        figure = figures.get(bar.name)
        missed = bars.condition_missed(bar.name, figures) if figure else None
        median = figure["median"] if figure else None
        verdicts[bar.name] = {
            "what": bar.what, "command": bar.command, "unit": bar.unit, "median": median,
            "least": figure["least"] if figure else None, "most": figure["most"] if figure else None,
            "repetitions": len(figure["samples"]) if figure else 0, "sense": bar.sense, "must": bar.must, "aim": bar.aim,
            "must_met": judged(bar, median, bar.must, missed), "aim_met": judged(bar, median, bar.aim, missed)}
        if not figure:
            verdicts[bar.name]["why"] = why.get(bar.command) or "not measured with these options"
        elif missed:
            verdicts[bar.name]["why"] = missed
    return verdicts


def commit():
    if not shutil.which("git"):
        return "unknown"
    done = subprocess.run(["git", "-C", str(SOURCE), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def load():
    return [round(value, 2) for value in os.getloadavg()]


def measure(options):
    measured, why, lines, before, begun = {}, {}, [], load(), time.time()
    wanted = options.only.split(",") if options.only else [name for name, _ in commands(options)]
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in commands(options):
            if name not in wanted:
                why[name] = "not asked for"
                continue
            measured[name], why[name], line = run(name, arguments, pathlib.Path(folder))
            lines.append(" ".join(line))
    figures = {}
    for report in measured.values():
        for name, figure in (report or {}).get("figures", {}).items():
            figures[name] = {key: figure[key] for key in ("median", "least", "most", "unit")}
            figures[name]["repetitions"] = len(figure["samples"])
    return {"format": 1, "commit": commit(), "begun_unix_s": int(begun), "seconds": round(time.time() - begun), "commands": lines,
            "load_before": before, "load_after": load(), "quick": options.quick, "bars": judge(measured, why), "figures": figures,
            "machine": {name: report["machine"] for name, report in measured.items() if report}}


def number(value):
    if value is None:
        return "–"
    if abs(value) >= 10000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def verdict(bar):
    if bar["must"] is None:
        return "reported" if bar["median"] is not None else "not measured"
    if bar["median"] is None:
        return "not measured"
    return "aim met" if bar["aim_met"] else "met" if bar["must_met"] else "MISSED"


def rows(results):
    sign = {"most": "≤ ", "least": "≥ ", None: ""}
    for name, bar in results["bars"].items():
        limits = [sign[bar["sense"]] + number(bar[key]) if bar[key] is not None else "" for key in ("must", "aim")]
        yield name, number(bar["median"]), bar["unit"], limits[0], limits[1], verdict(bar), bar["what"]


def print_table(results):
    for name, value, unit, must, aim, judged, _ in rows(results):
        print(f"{name:37} {value:>10} {unit:7} {must:>10} {aim:>12}  {judged}")


def readme_table(results):
    """The lines between the markers of README.md."""
    machines = list(results["machine"].values())
    machine = machines[0] if machines else {}
    lines = ["| figure | median | must | aim | | what |", "|---|---|---|---|---|---|"]
    lines += [f"| `{name}` | {value}{' ' + unit if unit else ''} | {must} | {aim} | {judged} | {what} |"
              for name, value, unit, must, aim, judged, what in rows(results)]
    lines += ["", f"{machine.get('processor', 'unknown processor')}, {machine.get('processors', '?')} virtual processors, "
              f"{machine.get('tsc_hz', 0) / 1e9:.1f} GHz, {machine.get('dpdk', '')}, {machine.get('compiler', '')}; commit {results['commit']}; "
              f"load before and after {results['load_before'][0]} and {results['load_after'][0]}."]
    return lines


def write_readme(readme, results):
    text = readme.read_text()
    if README_BEGIN not in text:
        text = text.replace("## Go on\n", f"## Figures\n\n{README_BEGIN}\n{README_END}\n\n[docs/benchmarks.md](docs/benchmarks.md) says how each was obtained."
                            "\n\n## Go on\n", 1)
    block = README_BEGIN + "\n" + "\n".join(readme_table(results)) + "\n" + README_END
    changed, count = re.subn(re.escape(README_BEGIN) + ".*?" + re.escape(README_END), lambda _: block, text, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"{readme}: no place for the figures")
    readme.write_text(changed)


def draw(results, path):
    """Cycles per packet over the number of bindings, with the memory's limit. True when there was something to draw with and from."""
    points = [[size] + [results["figures"].get(f"{curve}_{word}", {}).get("median") for curve, _ in CURVES] for word, size in SIZES]
    points = [point for point in points if None not in point]
    if not points or not shutil.which("gnuplot"):
        return False
    data = "\n".join(" ".join(f"{value:g}" for value in point) for point in points)
    plots = ", ".join(f"$points using 1:{i + 2} with linespoints linewidth 2 pointtype 7 title '{title}'" for i, (_, title) in enumerate(CURVES))
    script = f"""$points << END
{data}
END
set terminal svg size 800,480 font 'sans,14' background '#ffffff'
set output '{path}'
set logscale x
set format x '10^{{%T}}'
set xlabel 'bindings'
set ylabel 'cycles per packet (time-stamp counter)'
set yrange [0:*]
set key top left
set grid
plot {plots}
"""
    return subprocess.run(["gnuplot"], input=script, text=True, check=False).returncode == 0


def main():
    parser = argparse.ArgumentParser(description="the whole benchmark", allow_abbrev=False)
    parser.add_argument("--bindings", default="10M", help="for the large tables (default 10M)")
    parser.add_argument("--quick", action="store_true", help="seven short repetitions: to try the suite, not to publish")
    parser.add_argument("--only", help="walk,churn,table,feed")
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS)
    parser.add_argument("--plot", type=pathlib.Path, default=PLOT)
    parser.add_argument("--readme", action="store_true", help="put the table of the results into README.md, measure nothing")
    options = parser.parse_args()
    if options.readme:
        write_readme(SOURCE / "README.md", json.loads(options.results.read_text()))
        return 0
    results = measure(options)
    options.results.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    print_table(results)
    drawn = draw(results, options.plot)
    print(f"{results['seconds']} s; load {results['load_before'][0]} before, {results['load_after'][0]} after; "
          f"{options.results}{f', {options.plot}' if drawn else ''}")
    return 0 if any(bar["median"] is not None for bar in results["bars"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
