#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A node that moves, with and without overlap, and back, while a correspondent's stream and echo requests go to its home address."""
import json

import daemons
import kedge_node
import lab
import mobile_node
import programs
import story
import topology
import traffic

IMSI, K, OPC = "001010000000001", "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
actor = kedge_node if kedge_node.is_built() else mobile_node
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
    path = story.scratch("subscribers.json")
    path.write_text(json.dumps([{"imsi": IMSI, "k": K, "opc": OPC}]))
    assert story.kedge("subscriber", "import", str(path))["created"] == 1
    node = actor.Node(IMSI, K, OPC)
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
        with traffic.Echo("cn", home_address) as echo:
            go("wlan", echo, overlap_ms=0)
            go("cellular", echo, overlap_ms=0)
        records = stream.records
        programs.wait_until(lambda: stream.error or stream.records > records + 10, "more of the stream")
    assert len(echo.received) > 40


def story_one_binding_remains_and_the_counters_add_up():
    assert bindings() == [topology.ACCESSES["cellular"].address]
    shown = story.kedge("--server", "dataplane", "stats", "show")["dataplane"]
    assert shown["adds_up"] is True, shown
    node.stop()


story.main(__name__)
