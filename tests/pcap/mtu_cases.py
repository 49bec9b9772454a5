# SPDX-License-Identifier: BSD-3-Clause
"""Cases of check.py: fragments and errors where the outer packet is IPv4. As in cases.py, what must leave is written by hand."""
from scapy.all import ICMP, IP, UDP, ICMPv6DestUnreach, ICMPv6ParamProblem, ICMPv6TimeExceeded, IPv6, Raw

from cases import (CARE_OF, CARE_OF2, CORRESPONDENT, NODE, NODE2, SERVICE, START_MS, TUNNEL, Case, at_once, cut, down, flood, frame, inner,
                   outer_too_big, up)
from tunnel_cases import (CORRESPONDENT4, HOME4, IN_IP6, IN_UDP, NAT, NAT_PORT, OTHER_PORT, SECOND, SERVICE4, UDP_NODE, down4, frame4, inner4, out,
                          up_udp, world)

ROUTER, ROUTER4 = "2001:db8:500::1", "198.51.100.250"


def cut4(frame, *at, number=7, tos=None):
    """The frames of an IPv4 packet in fragments, cut behind so many octets of its payload; `tos`: of the pieces in turn."""
    whole = IP(bytes(frame[IP]))
    payload, result = bytes(whole.payload), []
    for i, (begin, end) in enumerate(zip((0,) + at, at + (len(payload),))):
        head = IP(src=whole.src, dst=whole.dst, tos=tos[i] if tos else whole.tos, id=number, frag=begin // 8, proto=whole.proto,
                  flags="MF" if end < len(payload) else 0)
        result.append(frame4(head / Raw(payload[begin:end])))
    return result


def quoting(packet, size=1400, care_of=NAT, port=NAT_PORT, source=SERVICE4, **icmp):
    """ICMP of a router about an outer packet of `size` octets that holds this one."""
    quoted = IP(src=source, dst=care_of, len=size, ttl=9) / UDP(sport=4191, dport=port, len=size - 20, chksum=0) / packet
    return frame4(IP(src=ROUTER4, dst=SERVICE4) / ICMP(**icmp) / Raw(bytes(quoted)[:548]))


def too_small(mtu, packet, **more):
    return quoting(packet, type=3, code=4, nexthopmtu=mtu, **more)


def about(error, packet, care_of=CARE_OF):
    """ICMPv6 of a router about an outer packet that holds this one."""
    return frame(IPv6(src=ROUTER, dst=SERVICE) / error / Raw(bytes(IPv6(src=SERVICE, dst=care_of) / packet)))


BACK, BACK4 = inner(CORRESPONDENT, NODE, 400), inner4(CORRESPONDENT4, HOME4, 400)
CUT_NODE = f"udp-tunnel+may-be-cut:{NAT}:{NAT_PORT} "
TWO_WAYS = IN_IP6 | {"weight": 1, "care_ofs": [SECOND | {"weight": 65535}]}
WAY = "tunnel:2001:db8:100::30 "
PROVEN = cut(up(inner(NODE2), "2001:db8:100::30"), 64), cut4(up_udp(inner(NODE)), 64)
UNPROVEN = cut4(up_udp(inner(NODE), OTHER_PORT), 64, number=8)
PANA4 = IP(src=NAT, dst=SERVICE4) / UDP(sport=40000, dport=716) / Raw(bytes(1500))

CASES = {
    "errors_ipv4": Case(
        "RFC 792, RFC 1191 4, RFC 1122 3.2.2, RFC 1812 4.3.2: IPv4 sources are told, of at most 576 octets; not about errors, later fragments, broadcasts",
        at_once(down4(size=1473, flags="DF"), down4(size=1473, flags="DF", frag=3), frame4(IP(src=CORRESPONDENT4, dst=HOME4, ttl=1) / ICMP(type=11) / Raw(bytes(40))),
                down4(ttl=1), up_udp(inner4(ttl=1)), up_udp(inner4(size=1501, flags="DF")), frame4(IP(src=CORRESPONDENT4, dst=SERVICE4) / ICMP(id=4) / b"data"),
                up_udp(IP(src=HOME4, dst=SERVICE4) / ICMP(id=5)), frame4(IP(src=CORRESPONDENT4, dst=SERVICE4) / ICMP(chksum=1)),
                frame4(IP(src=CORRESPONDENT4, dst=SERVICE4) / ICMP(type=13))),
        ["fragmentation-needed(1400)", "time-exceeded4", UDP_NODE + "time-exceeded4", UDP_NODE + "fragmentation-needed(1500)", "echo-reply4",
         UDP_NODE + "echo-reply4"],
        {"too_big": 3, "hop_limit_exceeded": 3, "icmp_malformed": 1, "icmp_unserved": 1}, world(), consumed=2),
    "path_mtu_ipv4": Case(
        "M-19, RFC 1191, RFC 8201: learnt from what quotes a packet of the binding, port and all, down to 576; told to the inner source at once",
        at_once(down4(size=1400, flags="DF"), too_small(1400, inner4(CORRESPONDENT4, HOME4, 1472, flags="DF"), size=1500), down4(size=1373, flags="DF"),
                down4(size=1372, flags="DF"), too_small(1300, BACK, size=1400), down(NODE, 1280), too_small(1290, BACK, port=OTHER_PORT),
                too_small(1290, BACK, source="192.0.2.77"), too_small(0, BACK), too_small(1500, BACK), too_small(1290, inner("2001:db8:77::1", NODE2)),
                too_small(68, BACK4, size=700), down4(size=548, flags="DF"), down4(size=549, flags="DF"), down4(size=549)),
        [UDP_NODE + out(4), "fragmentation-needed(1372)", UDP_NODE + out(4), "too-big(1280)", CUT_NODE + out(), UDP_NODE + out(4), "fragmentation-needed(548)",
         CUT_NODE + out(4)],
        {"too_big": 2, "icmp_error_unmatched": 5}, world(), consumed=3),
    "outer_dont_fragment_copy": Case(
        "RFC 2003 3.1: Don't Fragment of the inner IPv4 packet is that of the outer one, and what is learnt of its path counts; IPv6 as ever",
        at_once(down4(flags="DF"), down4(), down(NODE), too_small(1300, inner4(CORRESPONDENT4, HOME4, 1372, flags="DF"), size=1400),
                down4(size=1272, flags="DF"), down4(size=1273, flags="DF"), down4(size=1273)),
        [UDP_NODE + out(4), CUT_NODE + out(4), UDP_NODE + out(), UDP_NODE + out(4), "fragmentation-needed(1272)", CUT_NODE + out(4)],
        {"too_big": 1}, world(outer_dont_fragment="copy"), consumed=1),
    "outer_dont_fragment_never": Case(
        "RFC 4213 3.2.1: routers may cut all outer packets; an error that comes all the same counts",
        at_once(down4(flags="DF"), down4(), down(NODE), too_small(1300, BACK, size=1400), down(NODE, 1273), down(NODE, 1281)),
        [CUT_NODE + out(4), CUT_NODE + out(4), CUT_NODE + out(), "too-big(1280)", CUT_NODE + out(), "too-big(1280)"],
        {"too_big": 1}, world(outer_dont_fragment="never"), consumed=1),
    "path_mtu_care_of_addresses": Case(
        "RFC 5648, RFC 8201: each of several care-of addresses has a path MTU of its own, which a refresh keeps and ten minutes end (5.3)",
        [*at_once(down(NODE2, 1400), outer_too_big(1300, "2001:db8:100::30", NODE2), down(NODE2, 1281), down(NODE2, 1280),
                  outer_too_big(1290, "2001:db8:100::31", NODE2)), (1000, down(NODE2, 1281)), (599_000, down(NODE2, 1281)), (602_000, down(NODE2, 1400)),
         (603_000, outer_too_big(1300, "2001:db8:100::30", NODE2)), (604_000, down(NODE2, 1281))],
        [WAY + out(), "too-big(1280)", "too-big(1280)", "fragment:2001:db8:100::30 0+1248 and more", "fragment:2001:db8:100::30 1248+32",
         "too-big(1280)", "too-big(1280)", WAY + out(), "too-big(1280)", "too-big(1280)"],
        {"too_big": 4, "icmp_error_unmatched": 1}, world(bindings=[TWO_WAYS], changes=[TWO_WAYS | {
            "op": "set", "before_packet": 5, "at_ms": START_MS + 900}]), consumed=2),
    "outer_errors": Case(
        "RFC 2473 8, N-9: an unreachable care-of address is told to the inner source; what the node's own kernel says of tunnels is not",
        at_once(about(ICMPv6DestUnreach(code=0), inner(CORRESPONDENT, NODE)), about(ICMPv6TimeExceeded(code=0), inner(NODE2, NODE)),
                about(ICMPv6DestUnreach(code=3), inner(CORRESPONDENT, NODE), CARE_OF2), about(ICMPv6ParamProblem(code=1), inner(CORRESPONDENT, NODE)),
                about(ICMPv6DestUnreach(code=4), inner(CORRESPONDENT, NODE)), about(ICMPv6TimeExceeded(code=1), inner(CORRESPONDENT, NODE)),
                about(ICMPv6DestUnreach(code=3), IPv6(src=CORRESPONDENT, dst=NODE) / ICMPv6DestUnreach() / Raw(bytes(60))),
                up(IPv6(src=NODE, dst=SERVICE) / ICMPv6DestUnreach() / Raw(bytes(IPv6(src=SERVICE, dst=CARE_OF) / inner(CORRESPONDENT, NODE)))), down()),
        ["unreachable", f"tunnel:{CARE_OF2} unreachable", TUNNEL], {"icmp_error_ignored": 5}, consumed=3),
    "outer_errors_ipv4": Case(
        "RFC 2473 8 for tunnels over IPv4: host unreachable",
        at_once(quoting(BACK4, type=3, code=1), quoting(BACK, type=11, code=0), quoting(BACK4, type=3, code=3), quoting(BACK4, port=OTHER_PORT, type=3, code=1)),
        ["host-unreachable4", "unreachable"], {"icmp_error_ignored": 2}, world(), consumed=2),
    "reassembly_flood_care_of_addresses": Case(
        "a first fragment proves itself by any care-of address of its inner source, and in UDP by the port, too",
        at_once(*(pair[0] for pair in PROVEN), UNPROVEN[0], *(flood(i) for i in range(1000)), *(pair[1] for pair in PROVEN), UNPROVEN[1]),
        [out(), out()], {"reassembly_crowded_out": 874, "reassembly_time_out": 128}, world(bindings=[IN_IP6 | {"care_ofs": [SECOND]}, IN_UDP]),
        consumed=2),
    "reassembly_ipv4": Case(
        "RFC 791 3.2, RFC 3168 5.3: tunnelled packets in IPv4 fragments, in any order; another protocol with the same number is another packet",
        at_once(*cut4(up_udp(inner(NODE)), 64), *reversed(cut4(up_udp(inner4()), 64, 96, number=8)), *cut4(up_udp(inner(NODE), OTHER_PORT), 64, number=9),
                *cut4(frame4(PANA4), 1480, number=10), *cut4(up_udp(inner(NODE, tc=2)), 64, number=11, tos=(1, 3)),
                frame4(IP(src=NAT, dst=SERVICE4, id=12, flags="MF", proto=99) / Raw(bytes(64))), *cut4(up_udp(inner(NODE)), 64, number=12),
                *cut4(up_udp(inner(NODE)), 60, number=13), *cut4(up_udp(inner(NODE), chksum=0x1234), 64, number=14)),
        [out(), out(4), out(tc=3), out()],
        {"care_of_mismatch": 1, "fragment_malformed": 1, "reassembly_time_out": 2, "udp_malformed": 1}, world(), punted=1, consumed=8),
}
