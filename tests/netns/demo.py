#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The demo: kedge's story, told on real parts in a network of its own. Each step prints what it shows, how long it took and its evidence;
the first one that fails ends the demo with its name and the place of the logs. `./run demo` runs it isolated."""
import os
import sys
import time
import traceback

import demo_steps
import lab
import programs

LINE = "{number:2}. {title:70} {seconds:7.2f} s"


def where_logs_are():
    """The logs' folder as it is called outside of the demo's isolation."""
    return os.environ.get("KEDGE_LAB_LOGS", str(programs.LOGS))


def tell(number, title, step):
    """Runs one step and prints it. Its evidence is what it returns: one line, or a list of lines."""
    begun = time.monotonic()
    evidence = step()
    print(LINE.format(number=number, title=title, seconds=time.monotonic() - begun))
    for line in [evidence] if isinstance(evidence, str) else evidence:
        print(f"    {line}")
    sys.stdout.flush()


def main():
    begun = time.monotonic()
    title = "start"
    try:
        for number, (title, step) in enumerate(demo_steps.STEPS):
            tell(number, title, step)
    except Exception as error:  # pylint: disable=broad-except  (whatever goes wrong, the reader is told where)
        print(f"\nFAILED in step \"{title}\": {error}\nlogs: {where_logs_are()}", flush=True)
        with open(programs.LOGS / "demo.log", "a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        return 1
    finally:
        demo_steps.cast.leave()
        lab.down()
    if programs.sanitizer_reports():
        print("\nFAILED: " + "\n".join(programs.sanitizer_reports()))
        return 1
    print(f"\nall {len(demo_steps.STEPS) - 1} steps held, {time.monotonic() - begun:.1f} s; cleaned up; logs: {where_logs_are()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
