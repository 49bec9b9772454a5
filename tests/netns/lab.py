#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The lab: the demo's network left standing to play in.

usage: lab.py up | status [--json] | move wlan|cellular [--overlap MILLISECONDS] | exec NODE COMMAND… | down

Exit status: 0 good, 1 failed, 2 wrong call, 3 the lab is down.
"""
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import sys
import time

import daemons
import dns_server
import programs
import topology

STANDING = programs.STATE / "standing"  # exists from the time when the network is whole
LOCK = pathlib.Path("/run/lock/kedge-lab")
OVERLAP_MS = 500  # how long both accesses are there in a move: a node sends its Binding Update while the old path still carries
FIRST_ACCESS = "cellular"


class NotRunning(Exception):
    """The lab is down."""


@contextlib.contextmanager
def locked():
    """One change at a time."""
    with open(LOCK, "w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def is_up():
    return STANDING.exists()


def need_up():
    if not is_up():
        raise NotRunning


def up():
    """Makes what is missing of the lab: on a standing one that is nothing, or a program that has ended. Returns notes on what is not there yet."""
    with locked():
        if not is_up():
            remove()
            topology.create()
            topology.attach(FIRST_ACCESS)
            programs.STATE.mkdir(parents=True, exist_ok=True)
            programs.LOGS.mkdir(parents=True, exist_ok=True)
            for log in programs.LOGS.glob("*.log"):  # of an earlier lab
                log.unlink()
            daemons.make_socket_folders()
            daemons.make_keys()
            daemons.write_shell_configuration()
            STANDING.touch()
        if programs.running_pid(dns_server.NAME) is None:
            dns_server.start(daemons.TSIG_KEY)
        notes = []
        for daemon in daemons.DAEMONS:
            reason = daemons.missing(daemon)
            if reason:
                notes.append(f"no {daemon.name} yet: {reason}")
            elif programs.running_pid(daemon.name) is None:
                daemons.start(daemon)
        return notes


def down():
    """Removes the lab but for its logs."""
    with locked():
        remove()


def remove():
    """Ends all programs of the lab, whoever started them, then removes network and state. What is not there is no error."""
    for daemon in reversed(daemons.DAEMONS):
        programs.stop(daemon.name)
    programs.stop(dns_server.NAME)
    standing = topology.standing_namespaces()
    for node in topology.NODES:
        if topology.namespace(node) in standing:
            for pid in programs.processes_in(node):
                programs.end_process(pid)
    topology.destroy()
    for folder in (programs.STATE, daemons.DATA, daemons.SOCKETS):
        remove_contents(folder)
    with contextlib.suppress(OSError):  # another instance may have its sockets beside the lab's
        daemons.SOCKETS.parent.rmdir()


def remove_contents(folder):
    """Empties a folder and removes it; one that is a mount point stays, empty."""
    if not folder.exists():
        return
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not folder.is_mount():
        folder.rmdir()


def move(network, overlap_ms=OVERLAP_MS):
    """Takes the mobile node to an access network: the new one comes, both stand for overlap_ms, the old one goes. Without overlap the old
    one goes first. To be there already is a move without effect."""
    need_up()
    with locked():
        others = [other for other in topology.ACCESSES if other != network and topology.is_attached(other)]
        if overlap_ms == 0:
            for other in others:
                topology.detach(other)
        if not topology.is_attached(network):
            topology.attach(network)
        if overlap_ms > 0 and others:
            time.sleep(overlap_ms / 1000)  # the overlap itself: how long a radio keeps two links is given, not waited for
            for other in others:
                topology.detach(other)


def status():
    """What `lab status --json` prints."""
    if not is_up():
        return {"up": False}
    nodes = {}
    for node in sorted(topology.NODES):
        described = (programs.describe(pid) for pid in programs.processes_in(node))
        nodes[node] = {"namespace": topology.namespace(node), "addresses": topology.addresses_of(node), "programs": [one for one in described if one]}
    return {
        "up": True,
        "nodes": nodes,
        "zone": dns_server.ZONE,
        "reverse_zone": dns_server.REVERSE_ZONE,
        "dns_server": {"address": topology.DNS_ADDRESS, "port": dns_server.PORT, "tsig_key_file": str(daemons.TSIG_KEY)},
        "mobility_server": {"fqdn": "ha." + dns_server.ZONE, "address": topology.SERVICE_ADDRESS, "port": daemons.PANA_PORT},
        "authentication_server": {"address": daemons.AUTHSERVER_ADDRESS, "port": daemons.AUTHSERVER_PORT, "secret_file": str(daemons.RADIUS_SECRET), "node": "home"},
        "sockets": {daemon.name: {audience: daemons.socket_of(daemon, audience) for audience in ("view", "operate")} for daemon in daemons.DAEMONS},
    }


def print_status(facts):
    """The same for people."""
    for node, what in facts["nodes"].items():
        print(f"{node:9} {what['namespace']}")
        for interface, addresses in what["addresses"].items():
            print(f"          {interface:10} {'  '.join(addresses)}")
        for program in what["programs"]:
            print(f"          {program['name']} (process {program['pid']}, user {program['user']})")
    server, mobility, authentication = facts["dns_server"], facts["mobility_server"], facts["authentication_server"]
    print()
    print(f"zones                  {facts['zone']}, {facts['reverse_zone']}")
    print(f"DNS server             {server['address']} port {server['port']}, TSIG key in {server['tsig_key_file']}")
    print(f"mobility server        {mobility['fqdn']}, {mobility['address']} port {mobility['port']}")
    print(f"authentication server  {authentication['address']} port {authentication['port']} in {authentication['node']}, secret in {authentication['secret_file']}")
    print(f"logs                   {programs.LOGS}")


def execute(node, command):
    """Becomes a command in a node."""
    need_up()
    if node not in topology.NODES:
        return wrong_call(f"no node {node}: there are {', '.join(topology.NODES)}")
    line = topology.in_node(node, *command)
    os.execvp(line[0], line)


def wrong_call(sentence):
    print(f"lab: {sentence}", file=sys.stderr)
    return 2


def parse_move(arguments):
    """(network, overlap in milliseconds) of a move's arguments, None if they are wrong."""
    if not arguments or arguments[0] not in topology.ACCESSES:
        return None
    if len(arguments) == 1:
        return arguments[0], OVERLAP_MS
    if len(arguments) == 3 and arguments[1] == "--overlap" and arguments[2].isdigit():
        return arguments[0], int(arguments[2])
    return None


def main(arguments):
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if verb == "up" and not rest:
        for note in up():
            print(note)
        print("the lab is up")
        return 0
    if verb == "down" and not rest:
        down()
        print("the lab is down")
        return 0
    if verb == "status" and rest in ([], ["--json"]):
        facts = status()
        if rest:
            print(json.dumps(facts))
        elif facts["up"]:
            print_status(facts)
        if not facts["up"]:
            raise NotRunning
        return 0
    if verb == "move":
        parsed = parse_move(rest)
        if parsed is None:
            return wrong_call("move takes wlan or cellular, and --overlap MILLISECONDS")
        move(*parsed)
        return 0
    if verb == "exec" and len(rest) >= 2:
        return execute(rest[0], rest[1:])
    return wrong_call("lab knows up, status [--json], move wlan|cellular, exec NODE COMMAND…, down")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NotRunning:
        print("lab: the lab is down", file=sys.stderr)
        sys.exit(3)
    except (RuntimeError, OSError) as error:
        print(f"lab: {error}", file=sys.stderr)
        sys.exit(1)
