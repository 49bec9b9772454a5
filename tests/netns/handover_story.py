#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A node that moves, with and without overlap, and back, while a correspondent's stream and echo requests go to its home address."""
import socket

import daemons
import kedge_node
import lab
import programs
import story
import topology
import traffic

IMSI, K, OPC = "001010000000001", "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
CORRESPONDENT = "2001:db8:c::10"
node = None


def bindings():
    return [row["care_of_address"] for row in story.kedge("dataplane", "bindings")["rows"]]


def go(network, echo, **how):
    lab.move(network, **how)
    access = topology.ACCESSES[network]
    node.wait_bound_at(access.address)
    assert bindings() == [access.address]
    answered = len(echo.received)
    programs.wait_until(lambda: len(echo.received) > answered + 20, f"answers through {network}")


def story_a_node_is_bound():
    global node  # pylint: disable=global-statement
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers([{"imsi": IMSI, "k": K, "opc": OPC}])
    node = kedge_node.Node(IMSI, K, OPC)
    node.start()
    assert bindings() == [topology.ACCESSES["cellular"].address]


def story_with_overlap_nothing_is_lost():
    """M-17, N-3: until the acknowledgement the old path carries; behind it, for a moment, both."""
    home_address = node.facts["home_address"]
    with traffic.Stream("cn", "mn", home_address) as stream, traffic.Echo("cn", home_address) as echo:
        go("wlan", echo)
        go("cellular", echo)
    assert echo.lost == 0, f"{echo.lost} of {len(echo.sent)} lost"
    assert stream.records > 0


def story_without_overlap_the_stream_survives():
    """What is lost is what was sent while there was no path and what was on the old one; TCP makes it good."""
    home_address = node.facts["home_address"]
    with traffic.Stream("cn", "mn", home_address) as stream:
        with traffic.Echo("cn", home_address, last_s=1) as echo:
            go("wlan", echo, overlap_ms=0)
            go("cellular", echo, overlap_ms=0)
        records = stream.records
        programs.wait_until(lambda: stream.error or stream.records > records + 10, "more of the stream")
    assert len(echo.received) > 40


def story_the_session_follows():
    """RFC 5191 5.6, B-23: after a handover the PANA session is at the new address, by a ping under AUTH."""
    def source():
        rows = story.kedge("session", "show", "--imsi", IMSI)["rows"]
        assert len(rows) == 1, rows
        return rows[0]["source"]
    for network in ("wlan", "cellular"):
        lab.move(network)
        node.wait_bound_at(topology.ACCESSES[network].address)
        programs.wait_until(lambda: source().startswith(f"[{topology.ACCESSES[network].address}]"), "the session at the new address")  # pylint: disable=cell-var-from-loop


def seen_as(correspondent, bound_to=None):
    """Which address a TCP server at the correspondent sees a program of the node come from."""
    with topology.inside("cn"):
        listener = socket.create_server((correspondent, 0), family=socket.AF_INET6)
    with topology.inside("mn"):
        client = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    with listener, client:
        client.settimeout(traffic.PATIENCE_S)
        if bound_to is not None:
            client.bind((bound_to, 0))
        client.connect((correspondent, listener.getsockname()[1]))
        return listener.accept()[1][0]


def rules():
    """Those of the node; the lab has two of its own at the end."""
    return [line for line in story.run("mn", "ip", "-6", "rule").splitlines() if 0 < int(line.split(":")[0]) < 1000]


def story_all_traffic_follows_the_node():
    """RFC 6275 11.3.1: a program that binds nothing speaks as the home address; one that binds the care-of address stays outside."""
    access = topology.ACCESSES["cellular"]
    assert seen_as(CORRESPONDENT) == node.facts["home_address"]
    assert seen_as(CORRESPONDENT, access.address) == access.address


def story_one_binding_remains_and_the_counters_add_up():
    assert bindings() == [topology.ACCESSES["cellular"].address]
    shown = story.kedge("--server", "dataplane", "stats", "show")["dataplane"]
    assert shown["adds_up"] is True, shown
    node.stop()


def story_without_the_node_nothing_of_it_is_left_in_the_routing():
    assert not rules(), rules()
    assert seen_as(CORRESPONDENT) == topology.ACCESSES["cellular"].address
    node.start()
    assert len(rules()) >= 4, rules()
    node.kill()
    node.start()  # what the killed one left behind neither hinders it nor doubles
    assert seen_as(CORRESPONDENT) == node.facts["home_address"]
    node.stop()
    assert not rules(), rules()


story.main(__name__)
