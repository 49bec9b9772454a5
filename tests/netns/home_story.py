#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""All three daemons together: the oracle's node bootstraps through data plane, control plane and authentication server, binds, and its traffic
goes through the tunnel, both ways, whatever is forged, replayed, or killed."""
import contextlib
import ipaddress
import os
import re
import signal
import threading

import daemons
import home_tunnel
import programs
import story
import topology
import traffic
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import node  # noqa: E402

K, OPC = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"), bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
MATTI, TEPPO = "001010000000001", "001010000000002"
NAME = "matti-virtanen.mob.example"
CORRESPONDENT = "2001:db8:c::10"
CARE_OF, INTERFACE = topology.ACCESSES["cellular"].address, topology.ACCESSES["cellular"].interface
# What tshark must have seen, by node and interface. At home core0 what the data plane sends would be missing: it goes past the taps.
TO_AND_FRO = ("pana", "mip6.mhtype == 5", "mip6.mhtype == 6", "icmpv6.type == 128", "ipv6.nxt == 41")
SAID = {
    ("mn", INTERFACE): TO_AND_FRO,
    ("internet", "home0"): TO_AND_FRO + ("icmpv6.type == 2", "icmpv6.type == 135", "icmpv6.type == 136"),
    ("home", "lo"): ("radius.code == 1", "radius.code == 2", "radius.code == 11", "eap"),
    ("home", "mgmt0"): ("dns.flags.opcode == 5 && dns.flags.response == 0", "dns.flags.opcode == 5 && dns.flags.response == 1", "dns.qry.type == 252"),
}
captures = contextlib.ExitStack()
seen = {}  # (node, interface): Capture
matti = None
updates = []  # packets of accepted Binding Updates


def make_device(imsi):
    return node.Node(node.Settings(topology.SERVICE_ADDRESS, "ha.mob.example", imsi, K, OPC, network_namespace="kedge-mn"))


def stats(daemon):
    return story.kedge("--server", daemon, "stats", "show")[daemon]


def changes_of(before, after):
    """What grew in a group of counters."""
    return {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}


def kept_bindings():
    """(key, care-of address) of the control plane's bindings and of the data plane's."""
    return tuple([(row["key"], row["care_of_address"]) for row in story.kedge(*words)["rows"]]
                 for words in (("binding", "show"), ("dataplane", "bindings")))


def bind(**arguments):
    result = matti.binding_update(**arguments)
    assert result.accepted, result
    updates.append(result.packet)
    return result


def kill(name):
    os.kill(programs.running_pid(name), signal.SIGKILL)
    programs.wait_until(lambda: programs.running_pid(name) is None, f"the end of {name}")


def restart(name):
    daemons.start(next(daemon for daemon in daemons.DAEMONS if daemon.name == name))


def in_sync():
    shown = story.kedge("dataplane", "show")["dataplane"]
    return shown["in_sync"] and shown["owner_heard"] and not shown["shards_behind"]


def home_address():
    return str(matti.association.home_address)


def unbound_is_dropped():
    before = stats("dataplane")["drops"]
    assert story.ping("cn", home_address(), timeout_s=1) == 0
    programs.wait_until(lambda: changes_of(before, stats("dataplane")["drops"]).get("destination_unbound") == 1, "the drop of the echo request")


def story_the_service_answers_echo():
    """architecture.md 3: addresses of the data plane alone answer."""
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    for where in SAID:
        seen[where] = captures.enter_context(story.Capture(*where))
    for address in (topology.DATA_PLANE_ADDRESS, topology.SERVICE_ADDRESS):
        assert story.ping("mn", address, 3) == 3, address
    story.import_subscribers([{"imsi": imsi, "k": K.hex(), "opc": OPC.hex(), "name": name, "name_consent": True}
                              for imsi, name in ((MATTI, "Matti Virtanen"), (TEPPO, "Teppo Tulppu"))])


def story_a_node_bootstraps_through_the_data_plane():
    """B-1 to B-52"""
    global matti  # pylint: disable=global-statement
    matti = make_device(MATTI)
    assert matti.bootstrap().status == 0 and matti.association.fqdn == NAME, matti.report()
    assert kept_bindings() == ([], [])


def story_no_binding_no_traffic():
    unbound_is_dropped()


def story_a_binding_update_is_accepted():
    """M-8, M-13, M-20: acknowledged, and then in both tables at once."""
    matti.attach(CARE_OF, INTERFACE)
    result = bind()
    assert 0 < result.lifetime_s <= 600, result
    key = str(ipaddress.ip_network((home_address(), 64), strict=False))
    assert kept_bindings() == ([(key, CARE_OF)], [(key, CARE_OF)])


def story_traffic_goes_both_ways_and_is_counted():
    """M-17: the tunnel's first packet from the node verifies its address. The binding counts inner packets and their octets."""
    with home_tunnel.HomeTunnel(matti):
        assert story.ping("mn", CORRESPONDENT) == 1  # not through the tunnel: the node's own address
        assert story.ping("mn", CORRESPONDENT, 5, source=home_address()) == 5
        assert story.ping("cn", NAME, 7) == 7
    row = story.kedge("dataplane", "bindings")["rows"][0]
    octets = 40 + 8 + 56
    assert row["care_of_verified"] is True, row
    assert (row["up_packets"], row["up_octets"], row["down_packets"], row["down_octets"]) == (12, 12 * octets, 12, 12 * octets), row


def story_too_large_a_packet_is_told_so():
    """RFC 2473 7.1, RFC 8200 5: the inner packet's own size limit comes back to the correspondent."""
    before = stats("dataplane")
    told = story.too_big("cn", home_address(), 1480)
    assert re.search(rf"From {topology.SERVICE_ADDRESS}.*Packet too big: mtu=1460", told), told
    after = stats("dataplane")
    assert changes_of(before["drops"], after["drops"]).get("too_big") == 1
    with home_tunnel.HomeTunnel(matti):
        assert "bytes from" in story.too_big("cn", home_address(), 1460)


def story_a_spoofed_inner_source_goes_nowhere():
    """M-18: dropped by name, nothing reaches the correspondent."""
    other_subnet = str(ipaddress.IPv6Address(int(matti.association.home_address) ^ 1 << 64))
    for inner, outer, reason in ((home_address(), "2001:db8:100::77", "care_of_mismatch"), (other_subnet, CARE_OF, "inner_source_unbound"),
                                 (CORRESPONDENT, CARE_OF, "inner_source_foreign"), (topology.SERVICE_ADDRESS, CARE_OF, "inner_source_own")):
        before = stats("dataplane")
        with story.Capture("cn", "internet0") as capture:
            matti.tunnel.send(home_tunnel.spoofed(matti, ipaddress.IPv6Address(inner), ipaddress.IPv6Address(outer), ipaddress.IPv6Address(CORRESPONDENT)))
            programs.wait_until(lambda: changes_of(before["drops"], stats("dataplane")["drops"]).get(reason) == 1, f"the drop {reason}")
        assert capture.packets("icmpv6.type == 128") == [], reason


def story_forged_and_replayed_updates_change_nothing():
    """M-2, M-5, M-8: counted by name, one line each."""
    bind()
    before, bindings = stats("controlplane")["home_agent"], story.kedge("binding", "show")["rows"][0]["sequence"]
    forged = [matti.build_update(sequence=(matti.association.sequence + number) & 0xFFFF) for number in range(1, 101)]
    for update in forged:
        matti.send_update(update, wrong_mac=True)
        matti.replay_update(updates[0])
    names = ("mac", "sequence", "rate_of_source", "rate_of_node")

    def all_counted():
        return sum(changes_of(before, stats("controlplane")["home_agent"]).get(name, 0) for name in names) == 200

    programs.wait_until(all_counted, "the count of 200 updates")
    grown = changes_of(before, stats("controlplane")["home_agent"])
    assert grown["packets"] == 200 and "accepted" not in grown and "repeated" not in grown, grown
    assert grown["mac"] > 0 and grown["sequence"] > 0, grown
    assert story.kedge("binding", "show")["rows"][0]["sequence"] == bindings
    with topology.inside("mn"):
        assert len(matti.ping(CORRESPONDENT, 3)[1]) == 3


def story_traffic_survives_the_control_plane():
    """M-9, F-rules of the feed: the data plane goes on alone; the control plane comes back with its bindings, and they agree."""
    before = kept_bindings()
    with home_tunnel.HomeTunnel(matti), traffic.Echo("cn", home_address()) as echo:
        programs.wait_until(lambda: len(echo.received) > 20, "answers")
        kill("controlplane")
        answered = len(echo.received)
        programs.wait_until(lambda: len(echo.received) > answered + 50, "answers without a control plane")
        restart("controlplane")
        programs.wait_until(in_sync, "a data plane that has caught up")
    assert echo.lost == 0, f"{echo.lost} of {len(echo.sent)} lost"
    assert kept_bindings() == before
    bind()


def story_bootstraps_wait_for_the_authentication_server():
    """R-10: one that began without it is served when it is back; traffic does not notice."""
    results = []

    def bootstrap():
        try:
            results.append(make_device(TEPPO).bootstrap())
        except Exception as error:  # pylint: disable=broad-except  (shown by the step)
            results.append(error)

    with home_tunnel.HomeTunnel(matti), traffic.Echo("cn", home_address()) as echo:
        kill("authserver")
        before = stats("controlplane")["relay"]
        waiting = threading.Thread(target=bootstrap, daemon=True)
        waiting.start()
        programs.wait_until(lambda: changes_of(before, stats("controlplane")["relay"]).get("retransmissions"), "a repeated question to the server")
        assert not results
        restart("authserver")
        waiting.join(programs.PATIENCE_S)
    assert echo.lost == 0, f"{echo.lost} of {len(echo.sent)} lost"
    assert results and getattr(results[0], "status", None) == 0, results


def usage():
    """What the control plane has summed for the first binding: packets up and down."""
    row = story.kedge("binding", "show")["rows"][0]["usage"]
    return row["up_packets"], row["down_packets"]


def own_data_plane():
    return stats("controlplane")["data_planes"][0]


def story_a_new_data_plane_refills():
    """The feed's catch-up: all bindings from the control plane, no word of the nodes. What the killed one had counted stays (C-5: how it stands is seen)."""
    before = kept_bindings()
    counted = story.kedge("dataplane", "bindings")["rows"][0]
    counted = counted["up_packets"], counted["down_packets"]
    programs.wait_until(lambda: usage() == counted, f"the control plane's sum of {counted}")
    starts = own_data_plane()["restarts"]
    kill("dataplane")
    restart("dataplane")
    programs.wait_until(in_sync, "a data plane that has caught up")
    assert kept_bindings() == before
    with home_tunnel.HomeTunnel(matti):
        assert story.ping("cn", home_address(), 3) == 3
    programs.wait_until(lambda: usage() == (counted[0] + 3, counted[1] + 3), "the sum of both lives")
    programs.wait_until(lambda: own_data_plane()["restarts"] == starts + 1, "word of the new data plane")
    told = own_data_plane()
    assert told["heard"] and told["in_sync"] and not told["lag_rows"] and told["resynchronisations"] >= told["snapshots"] >= told["shards"] > 0, told


def story_two_nodes_speak_through_two_tunnels():
    """DESIGN 3, M-18: out of one tunnel into the other, without leaving the data plane, counted for both."""
    teppo = make_device(TEPPO)
    assert teppo.bootstrap().final, teppo.report()
    teppo.attach(CARE_OF, INTERFACE)
    assert teppo.binding_update().accepted
    before = stats("dataplane")["walk"]["node_to_node"]
    with home_tunnel.HomeTunnel(matti):
        assert len(teppo.ping(home_address(), 5)[1]) == 5
    assert stats("dataplane")["walk"]["node_to_node"] - before == 10
    key = str(ipaddress.ip_network((str(teppo.association.home_address), 64), strict=False))
    row = next(row for row in story.kedge("dataplane", "bindings")["rows"] if row["key"] == key)
    assert (row["up_packets"], row["down_packets"]) == (5, 5), row
    assert teppo.binding_update(lifetime_s=0).accepted


def story_deregistration_ends_it():
    """M-13, M-14"""
    bind(lifetime_s=0)
    assert kept_bindings() == ([], [])
    unbound_is_dropped()


def story_all_that_was_said_is_well_formed():
    captures.close()
    for where, kinds in SAID.items():
        assert seen[where].malformed() == [], where
        for kind in kinds:
            assert seen[where].packets(kind), f"no {kind} on {where}"


def story_the_counters_add_up():
    """architecture.md 3"""
    shown = stats("dataplane")
    assert shown["adds_up"] is True, shown


story.main(__name__)
