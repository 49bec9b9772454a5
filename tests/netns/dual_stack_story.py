#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A node in IPv4 access networks (RFC 5555): Binding Updates in UDP 4191, with and without a NAT on the way, bound to the address and port that
the data plane sees. The node is the oracle's, written from the RFC; the NAT is the kernel's (nftables); tshark reads all that is said."""
import contextlib
import ipaddress
import os
import shutil
import signal

import daemons
import programs
import story
import topology
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import node  # noqa: E402
import pana  # noqa: E402
import tunnel  # noqa: E402

K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
MATTI, TEPPO = "001010000000001", "001010000000002"
CORRESPONDENT = "2001:db8:c::10"
HOME_AGENT, HOME_AGENT_GATEWAY = "203.0.113.10", "203.0.113.9"
OPEN, BEHIND_NAT = topology.ACCESSES["wlan"], topology.ACCESSES["cellular"]
NAT_ADDRESS = "203.0.113.2"  # of cellular, to the Internet
NO_NAT, NAT_REFRESH_S, NAT_LIFETIME_MAX_S = 0xFFFFFFFF, 110, 120
DECODE = ("-d", "udp.port==4191,ipv6")
captures = contextlib.ExitStack()
seen = []
devices = {}


def write_configuration(daemon, written=daemons.write_configuration):
    """The lab's, but that the mobility server offers the service, and the data plane has an IPv4 address on its port."""
    path = written(daemon)
    text = path.read_text()
    if daemon.name == "controlplane":
        text += "services: [mip6, dsmip6]\n"
    if daemon.name == "dataplane":
        gateway = f"gateway: {topology.DATA_PLANE_GATEWAY}\n"
        text = (text.replace(f'"{topology.DATA_PLANE_ADDRESS}/64"', f'"{topology.DATA_PLANE_ADDRESS}/64", "{HOME_AGENT}/30"')
                .replace(gateway, f"{gateway}    gateway-ipv4: {HOME_AGENT_GATEWAY}\n"))
    path.write_text(text)
    return path


def stats(daemon):
    return story.kedge("--server", daemon, "stats", "show")[daemon]


def grown(before, after):
    return {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}


def bound():
    """(care-of address, port) in the control plane's row and in the data plane's, which must agree."""
    rows = [story.kedge(*words)["rows"] for words in (("binding", "show"), ("dataplane", "bindings"))]
    if not rows[0] and not rows[1]:
        return None
    places = [(row[0]["care_of_address"].removeprefix("::ffff:"), row[0]["port"]) for row in rows]
    assert places[0] == places[1], rows
    return places[0]


def attach(imsi, access):
    devices[imsi].attach_ipv4(access.address_ipv4, HOME_AGENT)
    return devices[imsi]


def ping_passes(device):
    """Echo through the tunnel, both ways. The correspondent's own request finds the node, too."""
    assert len(device.ping(CORRESPONDENT, 3, timeout_s=programs.PATIENCE_S)[1]) == 3


def in_sync():
    shown = story.kedge("dataplane", "show")["dataplane"]
    return shown["in_sync"] and shown["owner_heard"] and not shown["shards_behind"]


def story_the_home_agent_has_an_ipv4_address():
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    if not shutil.which("nft"):
        raise story.Skip("nft is not installed")
    topology.attach("wlan")
    for where in (("mn", OPEN.interface), ("mn", BEHIND_NAT.interface), ("internet", "home0")):
        seen.append(captures.enter_context(story.Capture(*where)))
    story.import_subscribers([{"imsi": MATTI, "k": K, "opc": OPC, "services": ["mip6", "dsmip6"]}, {"imsi": TEPPO, "k": K, "opc": OPC}])
    for imsi, services in ((MATTI, pana.MIP6 | pana.DSMIP6), (TEPPO, pana.MIP6)):
        devices[imsi] = node.Node(node.Settings(topology.SERVICE_ADDRESS, "ha.mob.example", imsi, bytes.fromhex(K), bytes.fromhex(OPC),
                                                services=services, network_namespace="kedge-mn"))
        assert devices[imsi].bootstrap().final, devices[imsi].report()


def story_without_a_nat():
    """M-22 to M-24: bound to the outer source and port; option 31 with F, and no need of keepalives."""
    device = attach(MATTI, OPEN)
    result = device.binding_update()
    assert result.accepted and result.nat_detection == (True, NO_NAT) and result.ipv4_acknowledgement is None, result
    assert result.lifetime_s > NAT_LIFETIME_MAX_S, result
    assert bound() == (OPEN.address_ipv4, device.tunnel.port)
    ping_passes(device)
    row = story.kedge("dataplane", "bindings")["rows"][0]
    assert (row["up_packets"], row["down_packets"]) == (3, 3) and row["care_of_verified"] is True, row


def story_behind_a_nat():
    """M-23 to M-25: bound to what the NAT made of address and port, for two minutes at most."""
    for rule in ("add table ip nat", "add chain ip nat out { type nat hook postrouting priority srcnat; }",
                 "add rule ip nat out oifname internet0 meta l4proto udp masquerade to :40000-40999 random"):
        story.run("cellular", "nft", rule)
    device = attach(MATTI, BEHIND_NAT)
    result = device.binding_update()
    assert result.accepted and result.nat_detection == (True, NAT_REFRESH_S) and 0 < result.lifetime_s <= NAT_LIFETIME_MAX_S, result
    address, port = bound()
    assert address == NAT_ADDRESS and 40000 <= port <= 40999, (address, port)
    ping_passes(device)


def story_another_port_of_the_nat_needs_a_new_update():
    """M-23: until then what comes from it is not the node's."""
    before, dropped = bound(), stats("dataplane")["drops"]
    device = attach(MATTI, BEHIND_NAT)  # another socket, so another mapping
    device.tunnel.send_inner(tunnel.echo_request(device.association.home_address, ipaddress.IPv6Address(CORRESPONDENT), 9, 1), None)
    programs.wait_until(lambda: grown(dropped, stats("dataplane")["drops"]).get("care_of_mismatch") == 1, "the drop of a packet from another port")
    assert bound() == before
    assert device.binding_update().accepted
    after = bound()
    assert after[0] == NAT_ADDRESS and after[1] != before[1], (before, after)
    ping_passes(device)


def story_what_another_sends_moves_nothing():
    """M-2, M-8: neither a recorded update from another address, nor one with another MAC; the node's own traffic goes on."""
    device, before = devices[MATTI], bound()
    recorded = device.sent_updates[-1]
    counted = stats("controlplane")["home_agent"]
    attacker = tunnel.UdpTunnel(OPEN.address_ipv4, HOME_AGENT, "kedge-mn")
    attacker.send(recorded)
    own, device.tunnel = device.tunnel, attacker
    device.send_update(device.build_update(sequence=(device.association.sequence + 5) & 0xFFFF), wrong_mac=True)
    device.tunnel = own
    programs.wait_until(lambda: grown(counted, stats("controlplane")["home_agent"]).get("in_udp") == 2, "both updates")
    names = grown(counted, stats("controlplane")["home_agent"])
    assert names.get("repeated") == 1 and names.get("mac") == 1 and "accepted" not in names, names
    attacker.close()
    assert bound() == before
    ping_passes(device)


def story_an_ipv4_home_address_is_refused_and_the_binding_stands():
    """M-26, RFC 5555 4.5: no lease has one, so there is none to be given (132), and none is right (130)."""
    device = devices[MATTI]
    for asked, status in (("0.0.0.0", 132), ("198.18.0.7", 130)):
        result = device.binding_update(ipv4_home_address=ipaddress.IPv4Address(asked))
        assert result.accepted and result.ipv4_acknowledgement == (status, 0, ipaddress.IPv4Address(asked)), result
    ping_passes(device)


def story_without_the_service_there_is_no_binding():
    result = attach(TEPPO, OPEN).binding_update()
    assert result.status == 129, result
    assert stats("controlplane")["home_agent"]["not_dual_stack"] == 1


def story_a_new_control_plane_knows_the_port():
    before = bound()
    os.kill(programs.running_pid("controlplane"), signal.SIGKILL)
    programs.wait_until(lambda: programs.running_pid("controlplane") is None, "the end of the control plane")
    daemons.start(next(daemon for daemon in daemons.DAEMONS if daemon.name == "controlplane"))
    programs.wait_until(in_sync, "a data plane that has caught up")
    assert bound() == before
    ping_passes(devices[MATTI])


def story_back_to_ipv6_and_again_to_ipv4():
    """M-20: the answer goes as the update came."""
    device = devices[MATTI]
    device.attach(OPEN.address, OPEN.interface, rebind=False)
    assert device.binding_update().accepted
    assert bound() == (OPEN.address, 0)
    assert len(device.ping(CORRESPONDENT, 3)[1]) == 3
    attach(MATTI, BEHIND_NAT)
    assert device.binding_update().accepted
    assert bound()[0] == NAT_ADDRESS
    ping_passes(device)


def story_deregistration_ends_it():
    assert devices[MATTI].binding_update(lifetime_s=0).accepted
    assert bound() is None


def story_all_that_was_said_is_well_formed():
    captures.close()
    for capture in seen:
        assert capture.tshark(*DECODE, "-Y", "_ws.malformed || udp.checksum.status == 0") == "", capture.path
    for capture in seen[:2]:
        assert capture.tshark(*DECODE, "-Y", "udp.dstport == 4191 && mip6.mhtype == 5 && mip6.ipv4coa.addr"), capture.path
        assert capture.tshark(*DECODE, "-Y", "udp.srcport == 4191 && mip6.mhtype == 6 && mip6.natd.f_flag == 1"), capture.path
    assert seen[0].tshark(*DECODE, "-Y", f"mip6.natd.refresh_t == {NO_NAT}") and seen[1].tshark(*DECODE, "-Y", f"mip6.natd.refresh_t == {NAT_REFRESH_S}")
    assert seen[1].tshark(*DECODE, "-Y", "mip6.ipv4aa.sts == 132") and seen[1].tshark(*DECODE, "-Y", "mip6.ipv4aa.sts == 130")


def story_the_counters_add_up():
    shown = stats("dataplane")
    assert shown["adds_up"] is True, shown


daemons.write_configuration = write_configuration
story.main(__name__)
