#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A path of 1280 octets to the node, which is what IPv6 demands of a link at least: inner packets of up to 1280 pass in outer fragments, both
ways; the path's MTU is learnt from the router in between, told to the correspondent, and published."""
import re

import daemons
import home_tunnel
import mobile_node
import programs
import story
import topology
import traffic

IMSI, K, OPC = "001010000000001", "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
CORRESPONDENT = "2001:db8:c::10"
PATH_BYTES = 1280
SIZES = (1240, 1241, 1260, 1280)  # of inner packets: the first still fits into one outer packet
matti = None


def home_address():
    return str(matti.association.home_address)


def counters():
    return story.kedge("--server", "dataplane", "stats", "show")["dataplane"]["walk"]


def inner_mtu():
    """What one outer packet carries, as the control plane has it and as the data plane has it."""
    return [story.kedge(*words)["rows"][0]["inner_mtu_bytes"] for words in (("binding", "show"), ("dataplane", "bindings"))]


def story_a_node_is_bound_behind_a_path_of_1280_octets():
    global matti  # pylint: disable=global-statement
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers([{"imsi": IMSI, "k": K, "opc": OPC}])
    matti = mobile_node.bound_device(IMSI, K, OPC)
    for where, interface in (("internet", "cellular0"), ("cellular", "internet0")):
        topology.ip(where, "link", "set", interface, "mtu", str(PATH_BYTES))
    assert min(inner_mtu()) > PATH_BYTES


def story_the_path_is_learnt_and_told():
    """M-19, RFC 8201, RFC 2473 8: the router's Packet Too Big reaches the correspondent, and both tables."""
    with home_tunnel.HomeTunnel(matti, PATH_BYTES):
        told = story.too_big("cn", home_address(), 1400)
        assert re.search(r"Packet too big: mtu=1280", told), told
        programs.wait_until(lambda: inner_mtu() == [1240, 1240], "a path MTU of 1280 in both tables")
    assert counters()["path_mtu_learnt"] >= 1


def story_inner_packets_of_up_to_1280_octets_pass():
    """M-19, RFC 2473 7.1, RFC 8200 4.5: in fragments, down and up."""
    before = counters()
    with home_tunnel.HomeTunnel(matti, PATH_BYTES):
        for size in SIZES:
            for where, to, source in (("cn", home_address(), None), ("mn", CORRESPONDENT, home_address())):
                assert story.ping(where, to, 3, source=source, payload_bytes=size - story.ECHO_HEADERS) == 3, (where, size)
    after = counters()
    # three requests and three answers of each of the three sizes that do not fit, down as well as up
    assert after["fragmented"] - before["fragmented"] == 18, after
    assert after["reassembled"] - before["reassembled"] == 18, after


def story_tcp_passes_both_ways():
    with home_tunnel.HomeTunnel(matti, PATH_BYTES):
        for client, server, address in (("cn", "mn", home_address()), ("mn", "cn", CORRESPONDENT)):
            sent = traffic.bulk(client, server, address, 200_000, home_address() if client == "mn" else None)
            assert sent == 200_000, (client, sent)


def story_the_counters_add_up():
    shown = story.kedge("--server", "dataplane", "stats", "show")["dataplane"]
    assert shown["adds_up"] is True, shown


story.main(__name__)
