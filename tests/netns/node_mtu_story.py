#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""kedge-mobilenode behind a path of 1280 octets: inner packets of up to 1280 pass in outer fragments both ways, larger ones are told so."""
import re

import daemons
import kedge_node
import programs
import story
import topology
import traffic

IMSI, K, OPC = "001010000000001", "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
CORRESPONDENT = "2001:db8:c::10"
PATH_BYTES = 1280
SIZES = (1240, 1241, 1260, 1280)  # of inner packets: the first still fits into one outer packet
node = None


def home_address():
    return node.facts["home_address"]


def tunnel_counters():
    return node.status()["counters"]["tunnel"]


def story_a_node_is_bound_behind_a_path_of_1280_octets():
    global node  # pylint: disable=global-statement
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers([{"imsi": IMSI, "k": K, "opc": OPC}])
    node = kedge_node.Node(IMSI, K, OPC)
    node.start()
    for where, interface in (("internet", "cellular0"), ("cellular", "internet0")):
        topology.ip(where, "link", "set", interface, "mtu", str(PATH_BYTES))


def story_the_path_is_learnt_and_told():
    """M-19, RFC 2473 7.1, RFC 8201: whoever sends more than 1280 octets through the tunnel learns what it carries, on both sides."""
    told = story.too_big("cn", home_address(), 1400)
    assert re.search(r"mtu[ =]1280", told), told
    with traffic.Echo("mn", CORRESPONDENT, source=home_address(), payload_bytes=1400 - story.ECHO_HEADERS, last_s=0.1) as echo:
        programs.wait_until(lambda: tunnel_counters()["up_too_big"], "the node to know the path's MTU")
        programs.wait_until(lambda: echo.received, "answers")
    assert tunnel_counters()["up_too_big"] >= 1


def story_inner_packets_of_up_to_1280_octets_pass():
    """M-19, RFC 2473 7.1, RFC 8200 4.5: in fragments, which the kernel of the node makes and puts together."""
    before = tunnel_counters()
    for size in SIZES:
        for where, to, source in (("cn", home_address(), None), ("mn", CORRESPONDENT, home_address())):
            assert story.ping(where, to, 3, source=source, payload_bytes=size - story.ECHO_HEADERS) == 3, (where, size)
    after = tunnel_counters()
    for counter in ("up_packets", "down_packets"):
        assert after[counter] - before[counter] >= 2 * 3 * len(SIZES), (counter, before, after)
    assert after["up_errors"] == before["up_errors"], after


def story_larger_ones_pass_in_fragments_of_their_own():
    """Their senders know the tunnel's MTU by now, and cut (RFC 8200 5)."""
    for size in (1281, 1320, 1400):
        for where, to, source in (("cn", home_address(), None), ("mn", CORRESPONDENT, home_address())):
            assert story.ping(where, to, 3, source=source, payload_bytes=size - story.ECHO_HEADERS) == 3, (where, size)


def story_tcp_passes_both_ways():
    for client, server, address in (("cn", "mn", home_address()), ("mn", "cn", CORRESPONDENT)):
        sent = traffic.bulk(client, server, address, 200_000, home_address() if client == "mn" else None)
        assert sent == 200_000, (client, sent)


def story_the_counters_add_up():
    shown = story.kedge("--server", "dataplane", "stats", "show")["dataplane"]
    assert shown["adds_up"] is True, shown
    node.stop()


story.main(__name__)
