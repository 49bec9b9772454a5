#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The session AMBR from the subscriber's record to the policer: by the Access-Accept to the mobility server, by the feed to the data plane.
A subscriber with rates is held to them, one without is not touched; a change comes with the next authentication; neither a new control plane
nor a new data plane forgets. The node is the oracle's."""
import ipaddress
import os
import signal
import socket
import struct

import daemons
import programs
import story
import topology
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import node  # noqa: E402
import tunnel  # noqa: E402

K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
MATTI, TEPPO = "001010000000001", "001010000000002"
CORRESPONDENT = "2001:db8:c::10"
ACCESS = topology.ACCESSES["cellular"]
DOWN_BPS, UP_BPS = 8000, 16000  # so little that what comes in while a story runs is less than one flood
FLOOD_PACKETS, FLOOD_PAYLOAD_OCTETS, NO_NEXT_HEADER = 100, 1000, 59
devices = {}


def stats():
    return story.kedge("--server", "dataplane", "stats", "show")["dataplane"]


def row_of(imsi, *command):
    key = str(ipaddress.ip_network((str(devices[imsi].association.home_address), 64), strict=False))
    return next((row for row in story.kedge(*command)["rows"] if row["key"] == key), None)


def told(imsi):
    """The rates that the control plane publishes, down and up."""
    row = row_of(imsi, "binding", "show")
    return row["ambr_down_bps"], row["ambr_up_bps"]


def flood_down(imsi):
    with topology.inside("cn"), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        for _ in range(FLOOD_PACKETS):
            one.sendto(bytes(FLOOD_PAYLOAD_OCTETS), (str(devices[imsi].association.home_address), 9))


def flood_up(imsi):
    """Of packets that nobody answers (No Next Header, RFC 8200 4.7)."""
    device = devices[imsi]
    header = struct.pack("!IHBB", 6 << 28, FLOOD_PAYLOAD_OCTETS, NO_NEXT_HEADER, 64)
    inner = header + device.association.home_address.packed + ipaddress.IPv6Address(CORRESPONDENT).packed + bytes(FLOOD_PAYLOAD_OCTETS)
    for _ in range(FLOOD_PACKETS):
        device.tunnel.send(tunnel.encapsulated(inner, device.tunnel.care_of, device.association.home_agent))


def passed(imsi, flood, direction):
    """How many packets of a flood passed; the others must have been dropped as rate_exceeded_… of this direction, and by no other name."""
    reason = f"rate_exceeded_{direction}"
    before, drops = row_of(imsi, "dataplane", "bindings")[f"{direction}_packets"], stats()["drops"]
    flood(imsi)

    def outcome():
        after = stats()["drops"]
        return (row_of(imsi, "dataplane", "bindings")[f"{direction}_packets"] - before, after.get(reason, 0) - drops.get(reason, 0))

    programs.wait_until(lambda: sum(outcome()) >= FLOOD_PACKETS, f"the end of a flood {direction}")
    forwarded, dropped = outcome()
    assert forwarded == FLOOD_PACKETS - dropped, outcome()
    return forwarded


def is_limited(imsi):
    """What is left of the burst goes through, which may be nothing; the rest does not."""
    return passed(imsi, flood_down, "down") < FLOOD_PACKETS


def restart(name, *, is_back):
    os.kill(programs.running_pid(name), signal.SIGKILL)
    programs.wait_until(lambda: programs.running_pid(name) is None, f"the end of {name}")
    daemons.start(next(daemon for daemon in daemons.DAEMONS if daemon.name == name))
    programs.wait_until(is_back, f"a {name} that has caught up")


def in_sync():
    shown = story.kedge("dataplane", "show")["dataplane"]
    return shown["in_sync"] and shown["owner_heard"] and not shown["shards_behind"]


def story_rates_stand_in_the_subscriber_record():
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers([{"imsi": MATTI, "k": K, "opc": OPC, "ambr_down_bps": DOWN_BPS, "ambr_up_bps": UP_BPS},
                              {"imsi": TEPPO, "k": K, "opc": OPC}])
    shown = {row["imsi"]: (row["ambr_down_bps"], row["ambr_up_bps"]) for row in story.kedge("subscriber", "show")["rows"]}
    assert shown == {MATTI: (DOWN_BPS, UP_BPS), TEPPO: (0, 0)}, shown


def story_a_binding_has_the_rates_of_its_subscriber():
    for imsi in (MATTI, TEPPO):
        device = node.Node(node.Settings(topology.SERVICE_ADDRESS, "ha.mob.example", imsi, bytes.fromhex(K), bytes.fromhex(OPC),
                                         network_namespace="kedge-mn", use_reauthentication=True))
        devices[imsi] = device
        assert device.bootstrap().final, device.report()
        device.attach(ACCESS.address, ACCESS.interface)
        assert device.binding_update().accepted
    assert told(MATTI) == (DOWN_BPS, UP_BPS)
    assert told(TEPPO) == (0, 0)


def story_he_is_held_to_them_and_others_are_not():
    """RFC 2697: the burst passes, both ways, each direction by itself."""
    assert passed(TEPPO, flood_up, "up") == FLOOD_PACKETS  # the first packet up verifies the care-of address (M-17)
    assert passed(TEPPO, flood_down, "down") == FLOOD_PACKETS
    assert 0 < passed(MATTI, flood_up, "up") < FLOOD_PACKETS
    assert 0 < passed(MATTI, flood_down, "down") < FLOOD_PACKETS


def story_a_changed_profile_holds_from_the_next_authentication_on():
    device = devices[MATTI]
    story.kedge("subscriber", "set", MATTI, "--ambr_down_bps", "0", "--ambr_up_bps", "0")
    assert told(MATTI) == (DOWN_BPS, UP_BPS)
    assert device.reauthenticate().success, device.report()
    programs.wait_until(lambda: told(MATTI) == (0, 0), "a binding without rates")
    assert passed(MATTI, flood_down, "down") == FLOOD_PACKETS
    story.kedge("subscriber", "set", MATTI, "--ambr_down_bps", str(DOWN_BPS))
    assert device.reauthenticate().success, device.report()
    programs.wait_until(lambda: told(MATTI) == (DOWN_BPS, 0), "a binding with a rate down")
    assert passed(MATTI, flood_up, "up") == FLOOD_PACKETS
    assert is_limited(MATTI)


def story_a_wrong_rate_is_refused():
    shown = story.kedge("subscriber", "set", MATTI, "--ambr_up_bps", "64", check=False)
    assert "ambr_up_bps" in shown["error"]["message"], shown
    assert told(MATTI) == (DOWN_BPS, 0)


def story_a_new_control_plane_has_not_forgotten():
    """M-9: the rates are as durable as the association; the data plane hears them again with the bindings."""
    restart("controlplane", is_back=in_sync)
    assert told(MATTI) == (DOWN_BPS, 0) and told(TEPPO) == (0, 0)
    assert is_limited(MATTI)


def story_a_new_data_plane_hears_them_by_catch_up():
    restart("dataplane", is_back=in_sync)
    flood_up(MATTI)  # verifies the care-of address for the new one (M-17)
    flood_up(TEPPO)
    assert is_limited(MATTI)
    assert passed(TEPPO, flood_down, "down") == FLOOD_PACKETS


def story_the_rates_go_with_the_binding():
    device = devices[MATTI]
    assert device.binding_update(lifetime_s=0).accepted
    assert row_of(MATTI, "binding", "show") is None and row_of(MATTI, "dataplane", "bindings") is None
    assert device.binding_update().accepted
    assert told(MATTI) == (DOWN_BPS, 0)


def story_the_counters_add_up():
    shown = stats()
    assert shown["adds_up"] is True, shown


story.main(__name__)
