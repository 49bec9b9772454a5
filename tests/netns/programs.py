# SPDX-License-Identifier: BSD-3-Clause
"""Programs that the lab runs in its nodes: started with a log of their own, found again by a later call, ended without leaving anything."""
import os
import pathlib
import pwd
import re
import select
import signal
import subprocess
import time

import topology

STATE = pathlib.Path("/run/kedge-lab")
LOGS = pathlib.Path("/var/log/kedge-lab")
RECORDS = STATE / "programs"


def log_of(name):
    """Where a program's output goes."""
    return LOGS / f"{name}.log"


def start_time(pid):
    """When a process started, in clock ticks since boot: with its number it names it for ever. None if there is no such process."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def running_pid(name):
    """The process number of a program started here that still runs, else None."""
    try:
        pid, started = (int(word) for word in (RECORDS / name).read_text().split())
    except (OSError, ValueError):
        return None
    return pid if start_time(pid) == started else None


def start(node, name, command, environment=None):
    """Starts a program in a node, in a session of its own; returns its process number."""
    RECORDS.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    with open(log_of(name), "ab") as log:
        process = subprocess.Popen(topology.in_node(node, *command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True, env=os.environ | (environment or {}))
    (RECORDS / name).write_text(f"{process.pid} {start_time(process.pid)}\n")
    return process.pid


PATIENCE_S = 40.0  # with an event that comes in a moment where nobody else wants the processors


def wait_until(predicate, what, timeout_s=PATIENCE_S):
    """Waits until the predicate is true and returns its value; TimeoutError with `what` after timeout_s."""
    end = time.monotonic() + timeout_s
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {timeout_s:g} s")
        time.sleep(0.02)


def wait_for_line(name, pattern, offset=0, timeout_s=PATIENCE_S):
    """Waits for a line in a program's log behind `offset` octets; fails at once if the program has ended. Returns the match."""
    expression = re.compile(pattern, re.MULTILINE)

    def look():
        text = log_of(name).read_bytes()[offset:].decode(errors="replace")
        match = expression.search(text)
        if not match and running_pid(name) is None:
            raise RuntimeError(f"{name} ended at its start; its log is {log_of(name)}:\n{tail(log_of(name))}")
        return match

    return wait_until(look, f"line {pattern!r} of {name} in {log_of(name)}", timeout_s)


def tail(path, lines=15):
    """The last lines of a log."""
    try:
        return "\n".join(pathlib.Path(path).read_text(errors="replace").splitlines()[-lines:])
    except OSError as error:
        return str(error)


def sanitizer_reports():
    """Lines of the logs in which a sanitizer speaks: a daemon that ends well for its caller may still have leaked."""
    return [f"{path.name}: {line}" for path in sorted(LOGS.glob("*.log")) for line in path.read_text(errors="replace").splitlines()
            if "Sanitizer" in line or "runtime error:" in line]


def end_process(pid, patience_s=20.0, signals=(signal.SIGTERM, signal.SIGKILL)):
    """Asks a process to end, insists after patience_s, and returns when it is gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        for number in signals:
            signal.pidfd_send_signal(handle, number)
            signal.pidfd_send_signal(handle, signal.SIGCONT)  # one that a story has stopped
            if select.select([handle], [], [], patience_s)[0]:
                break
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def stop(name):
    """Ends a program that was started here, if it runs."""
    pid = running_pid(name)
    if pid is not None:
        end_process(pid)
    (RECORDS / name).unlink(missing_ok=True)


def kill(name):
    """SIGKILL to a program that was started here; returns when it and what it held are gone."""
    end_process(running_pid(name), signals=(signal.SIGKILL,))
    (RECORDS / name).unlink(missing_ok=True)


def processes_in(node):
    """Process numbers of everything that runs in a node, whoever started it."""
    return [int(pid) for pid in topology.run("ip", "netns", "pids", topology.namespace(node)).split()]


def describe(pid):
    """{name, pid, user} of a process, None if it has ended."""
    folder = pathlib.Path(f"/proc/{pid}")
    try:
        name = pathlib.Path(os.readlink(folder / "exe")).name  # the kernel's own name for it is cut off after 15 letters
        uid = folder.stat().st_uid
    except OSError:
        return None
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    return {"name": name, "pid": pid, "user": user}
