# SPDX-License-Identifier: BSD-3-Clause
"""The cases for the kinds of tunnels beside ip6-in-ip6: IPv4 inside, UDP 4191 over IPv4 outside (RFC 5555), and what goes with them."""
from scapy.all import ARP, ICMP, IP, MIP6MH_BU, UDP, Ether, IPOption_NOP, IPv6, IPv6ExtHdrDestOpt, Raw

from cases import (CARE_OF, CARE_OF2, CORRESPONDENT, ECN, GATEWAY, GATEWAY_MAC, MAC, NODE, NODE2, OTHER_MAC, PORT, SERVICE, START_MS, Case, at_once,
                   binding, down, frame, inner, outer_too_big)

SERVICE4, PORT4, GATEWAY4, CORRESPONDENT4 = "198.51.100.1", "192.0.2.2", "192.0.2.1", "198.51.100.77"
NAT, NAT_PORT, OTHER_PORT = "203.0.113.7", 40001, 40002
HOME4, HOME4_IN_IP6, HOME4_OTHER = "10.1.0.7", "10.1.0.8", "10.1.0.9"
WIDE, SINGLE = "2001:db8:ac:100:5::7", "2001:db8:ab::9"
EVERYBODY = "ff:ff:ff:ff:ff:ff"


def bound(key, length, kind, care_of, port=0, **more):
    return binding(key, care_of, **more) | {"key_length": length, "kind": kind} | ({"port": port} if port else {})


IN_IP6 = bound("2001:db8:aa:2::", 64, "ip6-in-ip6", CARE_OF2)
IN_UDP = bound("2001:db8:aa:1::", 64, "ip6-in-udp4", NAT, NAT_PORT)
IPV4_IN_UDP = bound(HOME4, 32, "ip4-in-udp4", NAT, NAT_PORT)
IPV4_IN_IP6 = bound(HOME4_IN_IP6, 32, "ip4-in-ip6", CARE_OF2)
BINDINGS = [IN_IP6, IN_UDP, IPV4_IN_UDP, IPV4_IN_IP6, bound(SINGLE, 128, "ip6-in-udp4", NAT, OTHER_PORT),
            bound("2001:db8:ac:100::", 56, "ip6-in-ip6", CARE_OF), bound(HOME4_OTHER, 32, "ip4-in-udp4", NAT, OTHER_PORT)]


def world(**more):
    return {"port": {"name": "core0", "mac": MAC, "mtu": 1500, "gateway": GATEWAY, "gateway_ipv4": GATEWAY4,
                     "addresses": [PORT + "/64", "fe80::2/64", PORT4 + "/24"]},
            "service_addresses": [SERVICE, SERVICE4], "neighbours": {GATEWAY: GATEWAY_MAC, GATEWAY4: GATEWAY_MAC},
            "service_prefixes": [{"prefix": "2001:db8:aa::/48", "key_length": 64}, {"prefix": "2001:db8:ab::/48", "key_length": 128},
                                 {"prefix": "2001:db8:ac::/48", "key_length": 56}, {"prefix": "10.1.0.0/16", "key_length": 32}],
            "bindings": BINDINGS} | more


def frame4(packet, to=MAC):
    return Ether(dst=to, src=GATEWAY_MAC, type=0x0800) / packet


def inner4(source=HOME4, to=CORRESPONDENT4, size=100, **fields):
    return IP(src=source, dst=to, id=1, **fields) / UDP(sport=53, dport=5000) / Raw(bytes(size - 28))


def down4(to=HOME4, size=100, **fields):
    return frame4(inner4(CORRESPONDENT4, to, size, **fields))


def up6(packet, care_of=CARE_OF2, tc=0):
    return frame(IPv6(src=care_of, dst=SERVICE, tc=tc) / packet)


def up_udp(packet, port=NAT_PORT, care_of=NAT, tos=0, **udp):
    return frame4(IP(src=care_of, dst=SERVICE4, tos=tos) / UDP(sport=port, dport=4191, **udp) / packet)


def arp(target, sender=GATEWAY4, op=1, mac=GATEWAY_MAC, to=EVERYBODY):
    return Ether(dst=to, src=mac, type=0x0806) / ARP(op=op, hwsrc=mac, psrc=sender, pdst=target)


def out(family=6, hop=63, tc=0):
    return f"packet{'4' if family == 4 else ''}(hop={hop},class={tc:02x})"


IN6, IN6_WIDE = f"tunnel:{CARE_OF2} ", f"tunnel:{CARE_OF} "
UDP_NODE, UDP_OTHER = f"udp-tunnel:{NAT}:{NAT_PORT} ", f"udp-tunnel:{NAT}:{OTHER_PORT} "


def ecn_case(kind, rules, frames, family):
    merged = [ecn for ecn in ECN.values() if ecn is not None]
    return {f"ecn_out_of_{kind}": Case(f"RFC 6040 4.2, {rules}: all sixteen combinations", at_once(*frames), [out(family, tc=ecn) for ecn in merged],
                                       {"inner_not_ecn_capable": 1}, world())}


SECOND = {"care_of": "2001:db8:100::30", "inner_mtu": 1400, "expires_ms": START_MS + 3_600_000}
UDP_SECOND = {"care_of": NAT, "kind": "ip6-in-udp4", "port": OTHER_PORT, "inner_mtu": 1400, "expires_ms": START_MS + 3_600_000}


def rate(octets_per_s, burst, excess=0):
    return {"octets_per_s": octets_per_s, "burst_octets": burst, "excess_octets": excess}


CASES = {
    "tunnels_downlink": Case(
        "RFC 2473, RFC 5555 2.3.2.2, M-18, M-23, M-24: each kind, by keys of 64, 128, 56 and 32 bits; hop once less; IPv4's options stay",
        at_once(down(NODE2), down(NODE), down(SINGLE), down(WIDE), down("2001:db8:ac:1ff::1"), down4(), down4(HOME4_IN_IP6),
                down4(options=[IPOption_NOP()] * 4), down4("10.1.9.9"), down4("10.2.0.1"), down("2001:db8:ab::a"), down("2001:db8:ac:200::1")),
        [IN6 + out(), UDP_NODE + out(), UDP_OTHER + out(), IN6_WIDE + out(), IN6_WIDE + out(), UDP_NODE + out(4), IN6 + out(4), UDP_NODE + out(4)],
        {"destination_unbound": 3, "destination_foreign": 1}, world()),
    "tunnels_downlink_ecn": Case(
        "RFC 6040 3.2, normal mode: each ECN field of each kind is copied, and so is the DSCP",
        at_once(*(make(to=to, **{field: 0xb8 | ecn}) for ecn in range(4)
                  for make, to, field in ((down, NODE2, "tc"), (down, NODE, "tc"), (down4, HOME4, "tos"), (down4, HOME4_IN_IP6, "tos")))),
        [tunnel + out(family, tc=0xb8 | ecn) for ecn in range(4) for tunnel, family in ((IN6, 6), (UDP_NODE, 6), (UDP_NODE, 4), (IN6, 4))],
        {}, world()),
    "tunnels_uplink": Case(
        "M-23: each kind out; source and, in UDP, port are checked; what came by another kind of tunnel is none of the binding's",
        at_once(up6(inner(NODE2)), up_udp(inner(NODE)), up_udp(inner4()), up6(inner4(HOME4_IN_IP6)), up_udp(inner(SINGLE), OTHER_PORT),
                up_udp(inner(NODE), OTHER_PORT), up_udp(inner4(), OTHER_PORT), up_udp(inner(NODE), care_of="203.0.113.8"),
                up6(inner(NODE)), up6(inner4()), up_udp(inner(NODE2)), up_udp(inner4(HOME4_IN_IP6)), up6(inner4(HOME4_IN_IP6), CARE_OF),
                up_udp(inner4("10.1.9.9")), up_udp(inner4("10.2.0.1")), up_udp(inner4("127.0.0.1")), up_udp(inner4(SERVICE4)),
                up_udp(inner4(to="224.0.0.5")), up_udp(inner4(to="127.0.0.1"))),
        [out(), out(), out(4), out(4), out()],
        {"care_of_mismatch": 8, "inner_source_unbound": 1, "inner_source_foreign": 1, "inner_source_confined": 1, "inner_source_own": 1,
         "inner_destination_confined": 2}, world()),
    "tunnels_node_to_node": Case(
        "architecture.md 3: out of one tunnel into another of any kind, in one pass",
        at_once(up6(inner(NODE2, NODE)), up_udp(inner(NODE, NODE2)), up_udp(inner(NODE, SINGLE)), up6(inner(NODE2, WIDE)),
                up_udp(inner4(HOME4, HOME4_IN_IP6)), up6(inner4(HOME4_IN_IP6, HOME4)), up_udp(inner4(HOME4, HOME4_OTHER)),
                up6(inner4(HOME4_IN_IP6, HOME4_IN_IP6)), up_udp(inner4(to="10.1.9.9"))),
        [UDP_NODE + out(), IN6 + out(), UDP_OTHER + out(), IN6_WIDE + out(), IN6 + out(4), UDP_NODE + out(4), UDP_OTHER + out(4), IN6 + out(4)],
        {"destination_unbound": 1}, world()),
    "tunnels_udp": Case(
        "RFC 768, RFC 1122 4.1.3.4: a checksum of zero is none, a wrong one drops; lengths that disagree; a tunnel over IPv4 has UDP (M-24)",
        at_once(up_udp(inner(NODE), chksum=0), up_udp(inner(NODE)), up_udp(inner(NODE), chksum=0x1234), up_udp(inner(NODE), len=60),
                up_udp(inner(NODE), len=4), up_udp(Raw(b"")), up_udp(Raw(bytes(39))), up_udp(Raw(bytes(inner(NODE))[:60])),
                frame4(IP(src=NAT, dst=SERVICE4, proto=41) / inner(NODE)), frame4(IP(src=NAT, dst=SERVICE4, proto=4) / inner4()),
                frame4(IP(src=NAT, dst=SERVICE4, flags="MF") / UDP(sport=NAT_PORT, dport=4191) / inner(NODE)),
                frame4(IP(src=NAT, dst=SERVICE4, frag=9, proto=17) / Raw(bytes(64))), up_udp(inner4(options=[IPOption_NOP()] * 4))),
        [out(), out(), out(4)],
        {"udp_malformed": 3, "inner_malformed": 3, "tunnel_unserved": 2, "fragment_malformed": 1, "reassembly_time_out": 1}, world()),
    "tunnels_udp_checksum": Case(
        "RFC 768: computed where it is wanted, over octets of even and of odd number",
        at_once(down(NODE), down(NODE, 101), down4(), down4(size=77), up_udp(inner(NODE, SINGLE, 99))),
        [f"udp-tunnel+sum:{NAT}:{NAT_PORT} " + out(family) for family in (6, 6, 4, 4)] + [f"udp-tunnel+sum:{NAT}:{OTHER_PORT} " + out()],
        {}, world(udp_checksum=True)),
    "tunnels_dscp_pipe": Case(
        "RFC 2983 3.1, pipe: the outer header has a DSCP of its own, the inner one stays; ECN all the same",
        at_once(down(NODE2, tc=0xb9), down4(tos=0x03), up6(inner(NODE2, tc=0xba), tc=0x28), up_udp(inner4(tos=0x01), tos=0x2b)),
        [IN6 + out(tc=0xb9), UDP_NODE + out(4, tc=0x03), out(tc=0xba), out(4, tc=0x03)], {}, world(dscp="pipe", dscp_value=10)),
    "tunnels_dscp_uniform": Case(
        "RFC 2983 3.1, uniform: one DSCP all the way, also what the access network made of it",
        at_once(down(NODE2, tc=0xb9), down4(tos=0x03), up6(inner(NODE2, tc=0xba), tc=0x28), up_udp(inner4(tos=0x01), tos=0x2b)),
        [IN6 + out(tc=0xb9), UDP_NODE + out(4, tc=0x03), out(tc=0x2a), out(4, tc=0x2b)], {}, world(dscp="uniform")),
    "tunnels_nat": Case(
        "M-23: two nodes behind one address differ by port; a port that the NAT changed needs a change of the binding, then the old one has its grace",
        [(0, up_udp(inner(NODE))), (1, up_udp(inner(SINGLE), OTHER_PORT)), (2, up_udp(inner(NODE), 40003)), (10, up_udp(inner(NODE), 40003)),
         (11, down(NODE)), (12, up_udp(inner(NODE))), (13, up_udp(inner(NODE), OTHER_PORT)), (1009, up_udp(inner(NODE))), (1010, up_udp(inner(NODE)))],
        [out(), out(), out(), f"udp-tunnel:{NAT}:40003 " + out(), out(), out()], {"care_of_mismatch": 3},
        world(changes=[bound("2001:db8:aa:1::", 64, "ip6-in-udp4", NAT, 40003) | {"op": "set", "before_packet": 3, "at_ms": START_MS + 10}])),
    "tunnels_handover": Case(
        "handover-grace-ms: from IPv6 into a network of IPv4 and back: the kind that was left is good for a second, address and port",
        [(0, up6(inner(NODE2))), (10, up6(inner(NODE2))), (11, up_udp(inner(NODE2))), (12, down(NODE2)), (13, up_udp(inner(NODE2), OTHER_PORT)),
         (1009, up6(inner(NODE2))), (1010, up6(inner(NODE2))), (2000, up_udp(inner(NODE2))), (2001, up_udp(inner(NODE2), OTHER_PORT)),
         (2002, up6(inner(NODE2))), (2999, up_udp(inner(NODE2))), (3000, up_udp(inner(NODE2)))],
        [out(), out(), out(), UDP_NODE + out(), out(), out(), out(), out()], {"care_of_mismatch": 4},
        world(changes=[bound("2001:db8:aa:2::", 64, "ip6-in-udp4", NAT, NAT_PORT) | {"op": "set", "before_packet": 1, "at_ms": START_MS + 10},
                       IN_IP6 | {"op": "set", "before_packet": 7, "at_ms": START_MS + 2000}])),
    "tunnels_handover_ipv4": Case(
        "handover-grace-ms for an IPv4 home address, from one network to another",
        [(0, up_udp(inner4())), (10, up_udp(inner4())), (11, up6(inner4())), (12, down4()), (1010, up_udp(inner4()))],
        [out(4), out(4), out(4), IN6 + out(4)], {"care_of_mismatch": 1},
        world(changes=[bound(HOME4, 32, "ip4-in-ip6", CARE_OF2) | {"op": "set", "before_packet": 1, "at_ms": START_MS + 10}])),
    "tunnels_credit": Case(
        "M-17: to an unverified address behind a NAT 64 kB; another port does not verify it",
        at_once(*(down(NODE, 1000) for _ in range(65)), up_udp(inner(NODE), OTHER_PORT), down(NODE, 1000), up_udp(inner(NODE)), down(NODE, 1000)),
        [UDP_NODE + out()] * 64 + [out(), UDP_NODE + out()], {"credit_used_up": 2, "care_of_mismatch": 1},
        world(bindings=[IN_UDP | {"unverified": True}])),
    "tunnels_control": Case(
        "M-22: control in UDP 4191 is punted with its outer header, without a binding; PANA also over IPv4",
        at_once(up_udp(IPv6(src="2001:db8:aa:9::1", dst=SERVICE) / MIP6MH_BU(seq=1)), up_udp(IPv6(src="2001:db8:aa:9::1", dst=SERVICE) /
                                                                                        IPv6ExtHdrDestOpt() / MIP6MH_BU(seq=1), 1024),
                frame4(IP(src=NAT, dst=SERVICE4) / UDP(sport=40000, dport=716) / Raw(b"pana")),
                up_udp(IP(src=HOME4, dst=SERVICE4) / UDP(sport=40000, dport=716) / Raw(b"pana")),
                frame4(IP(src=NAT, dst=SERVICE4) / UDP(sport=1, dport=53) / Raw(b"x")),
                frame4(IP(src=NAT, dst=SERVICE4) / UDP(sport=40000, dport=716, chksum=7) / Raw(b"pana"))),
        [], {"local_unserved": 1, "udp_malformed": 1}, world(), punted=4),
    "tunnels_spoofed": Case(
        "architecture.md 3 in IPv4: core-side sources in a service prefix, of our own, of no global scope; broadcast; IPv4 in IPv6's clothes",
        at_once(down4("10.1.0.9"), frame4(inner4(HOME4, HOME4_IN_IP6)), frame4(inner4(SERVICE4, HOME4)), frame4(inner4("127.0.0.1", HOME4)),
                frame4(inner4("224.0.0.1", HOME4)), frame4(inner4(CORRESPONDENT4, "255.255.255.255"), EVERYBODY),
                frame4(inner4(CORRESPONDENT4, "224.0.0.5"), "01:00:5e:00:00:05"), frame(inner("::ffff:198.51.100.77", NODE2)),
                frame(inner(CORRESPONDENT, "::ffff:10.1.0.7")), up6(inner("::ffff:10.1.0.8")), frame4(inner4(CORRESPONDENT4, chksum=1)),
                frame4(Raw(bytes(inner4(CORRESPONDENT4))[:50])), frame4(inner4(CORRESPONDENT4, len=10)),
                Ether(dst=MAC, src=GATEWAY_MAC, type=0x0800) / inner(CORRESPONDENT, NODE2)),
        [UDP_OTHER + out(4)], {"source_spoofed": 2, "ip_source_confined": 2, "multicast_unserved": 2, "ip_malformed": 6, "inner_malformed": 1}, world()),
    "tunnels_refused": Case(
        "M-18: no tunnel into a home prefix or to ourselves; a kind that does not fit key, care-of address or our own addresses",
        at_once(down(NODE), down(NODE2), down4(), down4(HOME4_IN_IP6), up_udp(inner4(HOME4_IN_IP6)), up_udp(inner4(HOME4_OTHER))),
        [], {"care_of_refused": 2, "tunnel_kind_unserved": 3, "care_of_mismatch": 1},
        world(bindings=[bound("2001:db8:aa:1::", 64, "ip6-in-udp4", HOME4_IN_IP6, NAT_PORT), bound("2001:db8:aa:2::", 64, "ip6-in-ip6", SERVICE),
                        bound(HOME4, 32, "ip6-in-udp4", NAT, NAT_PORT), bound(HOME4_IN_IP6, 32, "ip4-in-ip6", NAT),
                        bound(HOME4_OTHER, 32, "ip4-in-ip6", CARE_OF2)])),
    "tunnels_without_ipv4_address": Case(
        "without an IPv4 address of our own there is no UDP tunnel, and no home network of IPv4 is thought to be there",
        at_once(down(NODE), down4(), down(NODE2), arp(PORT4)), [IN6 + out()], {"tunnel_kind_unserved": 1, "ipv4_unserved": 2},
        {"bindings": [IN_IP6, IN_UDP]}),
    "care_of_addresses": Case(
        "RFC 5648: the node sends by any of its care-of addresses that is alive, of any kind, the port included; what is not alive gets nothing",
        [(0, up6(inner(NODE2))), (1, up6(inner(NODE2), "2001:db8:100::30")), (2, up_udp(inner(NODE2), OTHER_PORT)), (3, up_udp(inner(NODE2), NAT_PORT)),
         (4, up6(inner(NODE2), "2001:db8:100::31")), *((10 + i, down(NODE2, 100 + i)) for i in range(8)), (1000, up6(inner(NODE2), "2001:db8:100::31")),
         (2000, up6(inner(NODE2), "2001:db8:100::30"))],
        [out(), out(), out(), out()] + [IN6 + out()] * 8, {"care_of_mismatch": 3},
        world(bindings=[IN_IP6 | {"weight": 1, "care_ofs": [SECOND | {"expires_ms": START_MS + 5}, UDP_SECOND | {"expires_ms": START_MS + 5},
                                                            SECOND | {"care_of": "2001:db8:100::31", "expires_ms": START_MS + 5}]}])),
    "care_of_addresses_lifetimes": Case(
        "RFC 5648 5.5: each care-of address has a lifetime of its own, also the first; the binding lives as long as the last",
        [(0, down(NODE2)), (999, up6(inner(NODE2))), (1000, down(NODE2)), (1001, down(NODE2, 101)), (1002, up6(inner(NODE2))),
         (1003, outer_too_big(1300, CARE_OF2, NODE2)), (1004, up6(inner(NODE2), "2001:db8:100::30")), (4999, down(NODE2)), (5000, down(NODE2)),
         (5001, up6(inner(NODE2), "2001:db8:100::30"))],
        [IN6 + out(), out()] + ["tunnel:2001:db8:100::30 " + out()] * 2 + [out(), "tunnel:2001:db8:100::30 " + out()],
        {"care_of_mismatch": 1, "icmp_error_unmatched": 1, "destination_expired": 1, "inner_source_expired": 1},
        world(bindings=[IN_IP6 | {"expires_ms": START_MS + 1000, "weight": 65535, "care_ofs": [SECOND | {"weight": 1, "expires_ms": START_MS + 5000}]}])),
    "care_of_addresses_unverified_alone": Case(
        "M-17: an address that is not verified gets the credit of the binding once it is the last that is alive",
        [(0, down(NODE2)), (1000, down(NODE2)), (1001, up6(inner(NODE2), "2001:db8:100::30")), (1002, down(NODE2))],
        [IN6 + out(), "tunnel:2001:db8:100::30 " + out(), out(), "tunnel:2001:db8:100::30 " + out()], {},
        world(bindings=[IN_IP6 | {"expires_ms": START_MS + 1000, "care_ofs": [SECOND | {"unverified": True}]}])),
    "care_of_addresses_unverified": Case(
        "M-17: an address beside the first gets nothing until a packet has come from it; a change without it takes it away",
        [*((i, down(NODE2)) for i in range(3)), (10, up6(inner(NODE2), "2001:db8:100::30")), *((11 + i, down(NODE2)) for i in range(2)),
         (20, up6(inner(NODE2), "2001:db8:100::30")), (21, down(NODE2))],
        [IN6 + out()] * 3 + [out()] + ["tunnel:2001:db8:100::30 " + out()] * 2 + [IN6 + out()], {"care_of_mismatch": 1},
        world(bindings=[IN_IP6 | {"weight": 1, "care_ofs": [SECOND | {"weight": 65535, "unverified": True}]}],
              changes=[IN_IP6 | {"op": "set", "before_packet": 6, "at_ms": START_MS + 20}])),
    "policed": Case(
        "RFC 2697: committed and excess burst, then the rate; each direction its own, of inner octets; our own errors are no traffic of the node",
        [*((0, down(NODE2, 500)) for _ in range(5)), (0, up6(inner(NODE2, size=500))), (0, up6(inner(NODE2, size=500))), (0, up6(inner(NODE2, size=500))),
         (100, down(NODE2, 100)), (100, down(NODE2, 100)), (5000, down(NODE2, 500)), (5000, down(NODE2, 500)),
         (5000, down(NODE2, 500)), (5001, up6(inner(NODE2, to="2001:db8:aa:77::1"))), (5002, up6(inner(NODE2, hlim=1)))],
        [IN6 + out()] * 3 + [out(), out()] + [IN6 + out()] + [IN6 + out()] * 3 + [IN6 + "time-exceeded"],
        {"rate_exceeded_down": 3, "rate_exceeded_up": 1, "destination_unbound": 1, "hop_limit_exceeded": 1},
        world(bindings=[IN_IP6 | {"rates": {"up": rate(1000, 1000), "down": rate(1000, 1000, 500)}}])),
    "policed_node_to_node": Case(
        "both rates count: that of the node which sends, and that of the one which gets",
        at_once(*(up6(inner(NODE2, NODE, 500)) for _ in range(4))),
        [UDP_NODE + out()] * 2, {"rate_exceeded_down": 1, "rate_exceeded_up": 1},
        world(bindings=[IN_IP6 | {"rates": {"up": rate(1, 1500)}}, IN_UDP | {"rates": {"down": rate(1, 1000)}}])),
    "arp": Case(
        "RFC 826, RFC 5227: answers for its own addresses of the link alone, to probes too; believes only whom it asked; IPv4 alone",
        at_once(arp(PORT4), arp(PORT4, "0.0.0.0"), arp(SERVICE4), arp("192.0.2.9"), arp(PORT4, op=2, to=MAC), arp(PORT4, "192.0.2.77", op=2, to=MAC),
                Ether(dst=EVERYBODY, src=GATEWAY_MAC, type=0x0806) / Raw(bytes(arp(PORT4)[ARP])[:2] + b"\x86\xdd" + bytes(24)),
                Ether(dst=MAC, src=GATEWAY_MAC, type=0x0806) / Raw(bytes(arp(PORT4)[ARP])[:27]),
                arp(PORT4, to=OTHER_MAC), arp(PORT4, mac="03:00:00:00:00:01")),
        [f"arp-reply({PORT4} to {GATEWAY4})", f"arp-reply({PORT4} to 0.0.0.0)"],
        {"neighbour_foreign": 2, "neighbour_unknown": 1, "neighbour_malformed": 3, "frame_foreign": 1}, world(), consumed=3),
    "arp_resolution": Case(
        "RFC 826: three packets wait for the next hop, the others are dropped by name; the reply lets them go; asked once a second",
        [(0, down(NODE)), (1, down4()), (2, down(NODE)), (3, down(NODE)), (4, down(NODE2)), (500, arp(PORT4, op=2, to=MAC)), (501, down4()),
         (502, arp(PORT4, op=2, mac=OTHER_MAC, to=MAC)), (503, down4())],
        [f"arp-request({PORT4} to {GATEWAY4})", IN6 + out(), UDP_NODE + out(), UDP_NODE + out(4), UDP_NODE + out(), UDP_NODE + out(4), UDP_NODE + out(4)],
        {"neighbour_unresolved": 1}, world(neighbours={GATEWAY: GATEWAY_MAC}), consumed=2),
    "tunnels_local": Case(
        "what is for our IPv4 addresses and neither a tunnel nor control is dropped by name without a host",
        at_once(frame4(IP(src=CORRESPONDENT4, dst=SERVICE4, proto=6) / Raw(bytes(20))), frame4(IP(src=CORRESPONDENT4, dst=SERVICE4, proto=58) / ICMP())),
        [], {"local_unserved": 2}, world()),
}
CASES |= ecn_case("udp4", "ip6-in-udp4", (up_udp(inner(NODE, tc=i), tos=o) for i, o in ECN), 6)
CASES |= ecn_case("udp4_ipv4", "ip4-in-udp4", (up_udp(inner4(tos=i), tos=o) for i, o in ECN), 4)
CASES |= ecn_case("ip6_ipv4", "ip4-in-ip6", (up6(inner4(HOME4_IN_IP6, tos=i), tc=o) for i, o in ECN), 4)
