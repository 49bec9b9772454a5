# SPDX-License-Identifier: BSD-3-Clause
"""What stories in the lab are written with. A story is a Python file whose functions named story_… are its steps, in the order in which
they stand; each tells of one thing, and fails by an assertion:

    import story

    def story_name_is_known():
        assert story.ask("cn", "ha.mob.example", "AAAA") == ["2001:db8:1::1"]

    story.main(__name__)

Run it by `tests/netns/isolated tests/netns/NAME_story.py`: main() brings a lab up, runs the steps, prints what went wrong with the logs'
tails and the captures, and takes the lab down.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import traceback

import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update

import daemons
import dns_server
import lab
import programs
import topology
import traffic
from capture import Capture  # noqa: F401  (for stories)
from programs import wait_until  # noqa: F401  (for stories)

SKIPPED = 77
DNS_PATIENCE_S = 20
QUESTIONS, SHELL_NOBODY_THERE = {"show", "bindings", "drops", "explain", "check"}, 3
PING_INTERVAL_S = 0.05
ECHO_HEADERS = 40 + 8  # of IPv6 and ICMPv6
WORK = programs.STATE / "story"  # captures and files of the story's own


class Skip(Exception):
    """Raised by a story that cannot be told here; its text is the reason."""


# Commands in nodes

def run(node, *command, check=True, timeout_s=120.0):
    """Runs a command in a node and returns what it printed; with check a failure is an AssertionError that shows all of it."""
    done = subprocess.run(topology.in_node(node, *command), capture_output=True, text=True, timeout=timeout_s, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"in {node}: {' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def ping(node, address, count=1, timeout_s=15, source=None, payload_bytes=56):
    """How many of `count` echo requests from a node are answered; it returns as soon as all are, else timeout_s after the last one was sent. (ping(8)
    waits no longer than two round trips for the rest once something has been answered: too short on a busy machine.)"""
    if ":" not in address:
        address = ask(node, address, "AAAA")[0]
    with traffic.Echo(node, address, PING_INTERVAL_S, payload_bytes, timeout_s, source, count) as echo:
        echo.finish()
    return len(echo.received)


def too_big(node, address, octets):
    """What ping(8) says of an echo request of so many octets that must not be fragmented. The first ICMP error, or an answer, ends it."""
    return run(node, "ping", "-n", "-M", "do", "-c", "1", "-i", "30", "-w", "20", "-s", str(octets - ECHO_HEADERS), address, check=False)


def kedge(*arguments, check=True, timeout_s=120.0):
    """The operators' shell with --json; returns what it answered. The shell is not patient with a daemon that gets no processor: questions are
    repeated, orders are not."""
    program = daemons.build_folder() / "controlplane/shell/kedge"
    command = (str(program), "--config", str(daemons.CONFIGURATION / "shell.yaml"), "--json") + arguments
    is_question, end = not QUESTIONS.isdisjoint(arguments), time.monotonic() + programs.PATIENCE_S
    while True:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
        if not (check and is_question and done.returncode == SHELL_NOBODY_THERE and time.monotonic() < end):
            break
    if check and done.returncode != 0:
        raise AssertionError(f"kedge {' '.join(arguments)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def import_subscribers(rows, timeout_s=30.0):
    """Makes subscribers of rows as `subscriber import` reads them; all are new."""
    path = scratch("subscribers.json")
    path.write_text(json.dumps(rows))
    assert kedge("subscriber", "import", str(path), timeout_s=timeout_s)["created"] == len(rows)


# DNS

def ask(node, name, kind):
    """The texts of the records of a name, asked by a node of the lab's DNS server; an empty list where there are none."""
    question = dns.message.make_query(name, kind)
    with topology.inside(node):
        answer, _ = dns.query.udp_with_fallback(question, topology.DNS_ADDRESS, port=dns_server.PORT, timeout=DNS_PATIENCE_S)
    return sorted(record.to_text() for records in answer.answer for record in records if records.rdtype == dns.rdatatype.from_text(kind))


def tsig_key():
    """(name, secret in base64) of the key of the lab's zones."""
    text = daemons.TSIG_KEY.read_text()
    return re.search(r'key "([^"]+)"', text).group(1), re.search(r'secret "([^"]+)"', text).group(1)


def update(zone, signed=True):
    """An empty update of a zone, to be filled and given to send_update()."""
    if not signed:
        return dns.update.Update(zone)
    name, secret = tsig_key()
    return dns.update.Update(zone, keyring=dns.tsigkeyring.from_text({name: secret}), keyname=name, keyalgorithm=dns.tsig.HMAC_SHA256)


def send_update(node, message):
    """Sends an update from a node; returns the name of the answer's code (NOERROR, REFUSED, …)."""
    with topology.inside(node):
        return dns.rcode.to_text(dns.query.tcp(message, topology.DNS_ADDRESS, port=dns_server.PORT, timeout=DNS_PATIENCE_S).rcode())


# Running the story

def steps(names):
    return [(name, step) for name, step in names.items() if name.startswith("story_") and callable(step)]


def tell_logs():
    """The tails of all logs, for a story that has failed."""
    for path in sorted(programs.LOGS.glob("*.log")):
        print(f"\n--- {path}\n{programs.tail(path)}")
    print("\n--- programs")
    for node in topology.NODES:
        for pid in programs.processes_in(node) if lab.is_up() else ():
            print(node, programs.describe(pid))
    for path in sorted(WORK.glob("*.pcap")) if WORK.is_dir() else ():
        done = subprocess.run(("tshark", "-n", "-r", str(path)), capture_output=True, text=True, check=False)
        print(f"\n--- {path.name}\n" + "\n".join(done.stdout.splitlines()[-20:]))


def main(module_name):
    """Runs the steps of the calling module if it is the program; ends the process with 0, 1, or 77 for a skipped story."""
    if module_name != "__main__":
        return
    status = 0
    try:
        for note in lab.up():
            print(note)
        for name, step in steps(vars(sys.modules["__main__"])):
            begun = time.monotonic()
            step()
            print(f"ok {name} {time.monotonic() - begun:.2f} s", flush=True)
    except Skip as reason:
        print(f"skipped: {reason}")
        status = SKIPPED
    except Exception:  # pylint: disable=broad-except  (whatever a step raises, the logs are wanted)
        traceback.print_exc(file=sys.stdout)
        tell_logs()
        status = 1
    finally:
        lab.down()
    for line in programs.sanitizer_reports():
        print(line)
        status = 1
    sys.stdout.flush()
    os._exit(status)


def requires(daemon_name):
    """Skips the story where a daemon is not there yet."""
    for daemon in daemons.DAEMONS:
        if daemon.name == daemon_name and daemons.missing(daemon):
            raise Skip(daemons.missing(daemon))


def free_port(node, kind=socket.SOCK_DGRAM):
    """A port of ::1 in a node that nobody uses."""
    with topology.inside(node), socket.socket(socket.AF_INET6, kind) as one:
        one.bind(("::1", 0))
        return one.getsockname()[1]


def scratch(name):
    """A path for a file of the story's own."""
    WORK.mkdir(parents=True, exist_ok=True)
    return pathlib.Path(WORK, name)
