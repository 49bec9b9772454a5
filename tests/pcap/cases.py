# SPDX-License-Identifier: BSD-3-Clause
"""The cases of tests/pcap: a world, frames made by scapy, and what the rules demand of them.

`check.py --record [NAME…]` writes NAME/{scenario.json,in.pcap,out.pcap,counters.json} from here and from what a replay
gives; `check.py` replays the recorded files. So out.pcap holds every octet, and the expectations below (which kinds of frames leave, which
drops are counted) are written by hand from the rules, not recorded.
"""
import dataclasses

from scapy.all import (HAO, ICMPv6DestUnreach, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr,
                       ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig, ICMPv6ParamProblem, Ether, HBHOptUnknown, IPv6,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, MIP6MH_BU, PadN, Raw, UDP)

SERVICE, PORT, GATEWAY = "2001:db8:1::1", "2001:db8:f3::2", "2001:db8:f3::1"
MAC, GATEWAY_MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:fe", "02:00:00:00:00:99"
NODE, NODE2, CARE_OF, CARE_OF2, NEW_CARE_OF = "2001:db8:aa:1::7", "2001:db8:aa:2::7", "2001:db8:100::10", "2001:db8:100::20", "2001:db8:200::10"
CORRESPONDENT = "2001:db8:c::10"
START_MS = 1_700_000_000_000


@dataclasses.dataclass
class Case:
    """frames: [(milliseconds after the start, frame)]; leaves: words for the frames that must leave, in order (see word_of);
    drops: by name, all of them."""

    rules: str
    frames: list
    leaves: list
    drops: dict = dataclasses.field(default_factory=dict)
    scenario: dict = dataclasses.field(default_factory=dict)
    punted: int = 0
    consumed: int = 0


def binding(key="2001:db8:aa:1::", care_of=CARE_OF, inner_mtu=1400, lives_ms=3_600_000, **more):
    return {"key": key, "key_length": 64, "care_of": care_of, "inner_mtu": inner_mtu, "expires_ms": START_MS + lives_ms} | more


def scenario_of(case):
    values = {"format": 1, "start_ms": START_MS, "handover_grace_ms": 1000, "hop_limit": 64,
              "port": {"name": "core0", "mac": MAC, "mtu": 1500, "gateway": GATEWAY, "addresses": [PORT + "/64", "fe80::2/64"]},
              "service_addresses": [SERVICE], "neighbours": {GATEWAY: GATEWAY_MAC},
              "service_prefixes": [{"prefix": "2001:db8:aa::/48", "key_length": 64}],
              "bindings": [binding(), binding("2001:db8:aa:2::", CARE_OF2)], "changes": []}
    return values | case.scenario


def frame(packet, to=MAC, source=GATEWAY_MAC):
    return Ether(dst=to, src=source, type=0x86dd) / packet


def down(to=NODE, size=100, **fields):
    return frame(IPv6(src=CORRESPONDENT, dst=to, **fields) / UDP(sport=5000, dport=53) / Raw(bytes(size - 48)))


def inner(source=NODE, to=CORRESPONDENT, size=100, **fields):
    return IPv6(src=source, dst=to, **fields) / UDP(sport=53, dport=5000) / Raw(bytes(size - 48))


def up(packet=None, care_of=CARE_OF, tc=0):
    return frame(IPv6(src=care_of, dst=SERVICE, tc=tc) / (packet or inner()))


def at_once(*frames):
    return [(i, one) for i, one in enumerate(frames)]


def cut(packet, *at, number=7, link=None):
    """The frames of a packet (Ethernet or not) in fragments, cut behind so many octets of its payload."""
    whole = packet[IPv6] if Ether in packet else packet
    payload, result = bytes(IPv6(bytes(whole)).payload), []
    for begin, end in zip((0,) + at, at + (len(payload),)):
        head = IPv6(src=whole.src, dst=whole.dst, tc=whole.tc) / IPv6ExtHdrFragment(nh=whole.nh, offset=begin // 8, m=int(end < len(payload)), id=number)
        result.append(head / Raw(payload[begin:end]))
    return [frame(one) for one in result]


def piece(offset, octets, more, number=7):
    """Any fragment of a UDP packet for us."""
    return frame(IPv6(src=CORRESPONDENT, dst=SERVICE) / IPv6ExtHdrFragment(nh=17, offset=offset // 8, m=more, id=number) / Raw(bytes(octets)))


def flood(number):
    """Pieces of forged sources: firsts of tunnelled packets whose source is not bound there, and others."""
    return cut(up(care_of=f"2001:db8:{0x300 + number:x}::1"), 64, number=1)[number % 2]


def ecn_pieces(first, second, number):
    """A packet of an ECN-capable flow in two pieces whose outer fields are these."""
    return [cut(up(inner(tc=2), tc=ecn), 64, number=number)[i] for i, ecn in enumerate((first, second))]


def echo_request(data):
    """From the node to the service address."""
    return IPv6(src=NODE, dst=SERVICE) / ICMPv6EchoRequest(data=bytes(data))


def pieces(care_of, inner_octets):
    """The words of an outer packet that had to be cut in two."""
    return [f"fragment:{care_of} 0+1232 and more", f"fragment:{care_of} 1232+{inner_octets - 1232}"]


# RFC 6040 figure 4, by inner and outer ECN; None: dropped
NOT_ECT, ECT1, ECT0, CE = range(4)
ECN = {(NOT_ECT, NOT_ECT): NOT_ECT, (NOT_ECT, ECT0): NOT_ECT, (NOT_ECT, ECT1): NOT_ECT, (NOT_ECT, CE): None,
       (ECT0, NOT_ECT): ECT0, (ECT0, ECT0): ECT0, (ECT0, ECT1): ECT1, (ECT0, CE): CE,
       (ECT1, NOT_ECT): ECT1, (ECT1, ECT0): ECT1, (ECT1, ECT1): ECT1, (ECT1, CE): CE,
       (CE, NOT_ECT): CE, (CE, ECT0): CE, (CE, ECT1): CE, (CE, CE): CE}


def solicitation(target, source="fe80::1", to=None, hlim=255, option=True):
    packet = IPv6(src=source, dst=to or "ff02::1:ff00:2", hlim=hlim) / ICMPv6ND_NS(tgt=target)
    return frame(packet / ICMPv6NDOptSrcLLAddr(lladdr=GATEWAY_MAC) if option else packet, to="33:33:ff:00:00:02")


def advertisement(mac=GATEWAY_MAC, **flags):
    return frame(IPv6(src=GATEWAY, dst=PORT, hlim=255) / ICMPv6ND_NA(tgt=GATEWAY, **flags) / ICMPv6NDOptDstLLAddr(lladdr=mac))


def outer_too_big(mtu, care_of=CARE_OF, to=NODE):
    quoted = IPv6(src=SERVICE, dst=care_of, nh=41, plen=1400) / IPv6(src=CORRESPONDENT, dst=to, nh=17, plen=1360) / Raw(bytes(1100))
    return frame(IPv6(src="2001:db8:500::1", dst=SERVICE) / ICMPv6PacketTooBig(mtu=mtu) / quoted)


def options_header(packet, *options):
    """The packet with a destination options header in front of its payload."""
    return IPv6(src=packet.src, dst=packet.dst) / IPv6ExtHdrDestOpt(options=list(options)) / packet.payload


def chained(count):
    """A tunnel packet behind so many extension headers."""
    packet = IPv6(src=CARE_OF, dst=SERVICE)
    for _ in range(count):
        packet = packet / IPv6ExtHdrDestOpt()
    return packet / inner()


TUNNEL, TUNNEL2 = f"tunnel:{CARE_OF} packet(hop=63,class=00)", f"tunnel:{CARE_OF2} packet(hop=63,class=00)"
OUT = "packet(hop=63,class=00)"

CASES = {
    "downlink": Case(
        "architecture.md 3, M-18, RFC 2473, RFC 6040 3.2: hop limit once less, class copied",
        at_once(down(), down(tc=0xb9), down(tc=0x03, hlim=2), down(NODE2), down("2001:db8:aa:3::1"), frame(inner(CORRESPONDENT, "2001:db8:77::1"))),
        [TUNNEL, f"tunnel:{CARE_OF} packet(hop=63,class=b9)", f"tunnel:{CARE_OF} packet(hop=1,class=03)", TUNNEL2],
        {"destination_unbound": 1, "destination_foreign": 1}),
    "downlink_hop_limit": Case(
        "M-18, RFC 4443 3.3: from the tunnel's end to the source; an error is not answered",
        at_once(down(hlim=1), down(hlim=0), frame(IPv6(src=CORRESPONDENT, dst=NODE, hlim=1) / ICMPv6DestUnreach() / Raw(bytes(60)))),
        ["time-exceeded", "time-exceeded"], {"hop_limit_exceeded": 3}),
    "too_big": Case(
        "M-19, RFC 4443 3.2, RFC 8201: told to the source; an outer Packet Too Big counts if it quotes a live tunnel, and never raises",
        at_once(down(size=1400), down(size=1401), outer_too_big(1360), down(size=1321), down(size=1320), outer_too_big(1500), down(size=1321),
                outer_too_big(1300, care_of=NEW_CARE_OF), outer_too_big(1300, to="2001:db8:aa:9::1"), outer_too_big(1000),
                frame(IPv6(src=CARE_OF, dst=SERVICE) / ICMPv6ParamProblem(code=1) / IPv6(src=SERVICE, dst=CARE_OF) / Raw(bytes(20)))),
        [TUNNEL, "too-big(1400)", "too-big(1320)", "too-big(1320)", TUNNEL, "too-big(1320)"],
        {"too_big": 3, "icmp_error_unmatched": 4, "icmp_error_ignored": 1}, consumed=1),
    "fragmentation": Case(
        "M-19, RFC 2473 7.1, RFC 8200 4.5: the outer packet goes in pieces for inner ones up to 1280 alone, also of our own and from node to node",
        at_once(down(size=1240), down(size=1241), down(size=1280, tc=0xb9), down(size=1281), down(NODE2, size=1280), outer_too_big(1280, CARE_OF2, NODE2),
                down(NODE2, size=1280), up(inner(to=NODE2, size=1280)), up(echo_request(1280 - 48))),
        [TUNNEL, *pieces(CARE_OF, 1241), *pieces(CARE_OF, 1280), "too-big(1280)", TUNNEL2, "too-big(1280)", *pieces(CARE_OF2, 1280), *pieces(CARE_OF2, 1280),
         *pieces(CARE_OF, 1280)],
        {"too_big": 1}, {"bindings": [binding(inner_mtu=1240), binding("2001:db8:aa:2::", CARE_OF2)]}, consumed=2),
    "reassembly": Case(
        "RFC 8200 4.5, RFC 2473 3.3: in any order, behind other headers; the whole packet takes the walk from its begin",
        at_once(*cut(up(), 64), *reversed(cut(up(), 64, 88, number=8)), *cut(up(inner(to=NODE2, size=1400)), 1232, number=9),
                *cut(up(care_of=CARE_OF2), 64, number=10), *cut(IPv6(src=CARE_OF, dst=SERVICE, nh=17) / UDP(sport=40000, dport=716) / Raw(bytes(1500)), 1232),
                *cut(IPv6(src=CORRESPONDENT, dst=SERVICE, nh=58) / ICMPv6EchoRequest(data=bytes(100)), 48),
                *(up(one[IPv6]) for one in cut(IPv6(src=NODE, dst=SERVICE, nh=58) / ICMPv6EchoRequest(data=bytes(100)), 48)),
                *(frame(options_header(one[IPv6], PadN(optdata=bytes(4)))) for one in cut(up(), 64, number=11))),
        [OUT, OUT, TUNNEL2, "echo-reply", f"tunnel:{CARE_OF} echo-reply", OUT], {"care_of_mismatch": 1}, punted=1, consumed=11),
    "reassembly_refused": Case(
        "RFC 8200 4.5, RFC 5722, RFC 7112: wrong lengths, no headers in the first, overlaps, doubles, too many, too large; the source is told what it can mend",
        at_once(*cut(up(), 60), *cut(up(inner(size=500)), 24, number=8), piece(65528, 16, 0), piece(8, 0, 1), piece(0, 100, 1),
                *(piece(at, 64, more, 20) for at, more in ((0, 1), (56, 1), (64, 1), (64, 0))), *(piece(at, 64, 1, 21) for at in (64, 64)),
                *(piece(64 * i, 64, 1, 22) for i in range(9)), *(piece(1200 * i, 1200, i < 3, 23) for i in range(4))),
        ["parameter-problem"] * 3,
        {"fragment_malformed": 5, "fragment_overlap": 4, "fragment_duplicate": 1, "fragment_too_many": 9, "reassembly_too_big": 4, "reassembly_crowded_out": 1,
         "reassembly_time_out": 2}),
    "reassembly_time_out": Case(
        "RFC 8200 4.5: 60 s from the first that came; the source is told if the first piece is there",
        [(0, cut(up(), 64)[0]), (1, cut(up(), 64, number=8)[1]), (59999, cut(up(), 64, number=9)[0]), (59999, cut(up(), 64, number=8)[0]), (60100, down()),
         (60150, cut(up(), 64)[1]), (119998, cut(up(), 64, number=9)[1])],
        [OUT, TUNNEL, "time-exceeded", OUT], {"reassembly_time_out": 2}, consumed=2),
    "reassembly_ecn": Case(
        "RFC 3168 5.3: one marked piece marks the whole, unless another is not ECN-capable",
        at_once(*ecn_pieces(1, 3, 1), *ecn_pieces(2, 3, 2), *ecn_pieces(0, 3, 3), *ecn_pieces(0, 2, 4), *ecn_pieces(1, 2, 5)),
        ["packet(hop=63,class=03)", "packet(hop=63,class=03)", "packet(hop=63,class=02)", "packet(hop=63,class=01)"], {"fragment_ecn_mixed": 2}, consumed=4),
    "reassembly_flood": Case(
        "who floods us with fragments crowds out unproven ones alone: forged sources, and pieces without their first",
        at_once(cut(up(inner(size=1300)), 1232, number=1)[0], *(flood(i) for i in range(1000)), cut(up(inner(size=1300)), 1232, number=1)[1]),
        [OUT], {"reassembly_crowded_out": 872, "reassembly_time_out": 128}, consumed=1),
    "uplink": Case(
        "architecture.md 3: the inner source is bound to the outer one; every other inner source by its name",
        at_once(up(), up(care_of=CARE_OF2), up(inner(source="2001:db8:aa:9::1")), up(inner(source=CORRESPONDENT)), up(inner(source="fe80::7")),
                up(inner(source=SERVICE)), up(inner(to="ff0e::1")), up(inner(to="fe80::9")), up(inner(hlim=1)), up(inner(size=1501))),
        [OUT, f"tunnel:{CARE_OF} time-exceeded", f"tunnel:{CARE_OF} too-big(1500)"],
        {"care_of_mismatch": 1, "inner_source_unbound": 1, "inner_source_foreign": 1, "inner_source_confined": 1, "inner_source_own": 1,
         "inner_destination_confined": 2, "hop_limit_exceeded": 1, "too_big": 1}),
    "uplink_ecn": Case(
        "RFC 6040 4.2: all sixteen combinations",
        at_once(*(up(inner(tc=i), tc=o) for i, o in ECN)),
        [f"packet(hop=63,class={merged:02x})" for merged in ECN.values() if merged is not None], {"inner_not_ecn_capable": 1}),
    "node_to_node": Case(
        "architecture.md 3: out of one tunnel into the other",
        at_once(up(inner(to=NODE2)), up(inner(source=NODE2, to=NODE), CARE_OF2), up(inner(to="2001:db8:aa:9::1")), up(inner(to=NODE2, size=1401))),
        [TUNNEL2, TUNNEL, f"tunnel:{CARE_OF} too-big(1400)"], {"destination_unbound": 1, "too_big": 1}),
    "spoofed": Case(
        "architecture.md 3: core-side sources in a service prefix, of our own, or of no global scope",
        at_once(frame(inner(NODE2, NODE)), frame(inner(SERVICE, NODE)), frame(inner("fe80::1", NODE)), frame(inner("ff02::1", NODE)),
                frame(IPv6(src=NODE2, dst=SERVICE) / inner())),
        [], {"source_spoofed": 3, "ip_source_confined": 2}),
    "handover": Case(
        "handover-grace-ms: the address just left is good for what is under way, for a second",
        [(0, down()), (10, down()), (11, up()), (12, up(care_of=NEW_CARE_OF)), (1009, up()), (1010, up()), (1020, down())],
        [TUNNEL, f"tunnel:{NEW_CARE_OF} packet(hop=63,class=00)", OUT, OUT, OUT], {"care_of_mismatch": 1, "destination_unbound": 1},
        {"changes": [binding(care_of=NEW_CARE_OF) | {"op": "set", "before_packet": 1, "at_ms": START_MS + 10},
                     {"op": "withdraw", "key": "2001:db8:aa:1::", "key_length": 64, "before_packet": 6, "at_ms": START_MS + 1020}]}),
    "credit": Case(
        "M-17: 64 kB to a care-of address that nobody has answered from; a valid uplink packet ends it, one of another address does not",
        at_once(*(down(size=1000) for _ in range(65)), up(care_of=NEW_CARE_OF), down(size=1000), up(), *(down(size=1000) for _ in range(3))),
        [TUNNEL] * 64 + [OUT] + [TUNNEL] * 3, {"credit_used_up": 2, "care_of_mismatch": 1},
        {"bindings": [binding(unverified=True)]}),
    "expiry": Case(
        "M-13: at the exact bound, both ways",
        [(0, down()), (99, up()), (100, down()), (101, up())], [TUNNEL, OUT], {"destination_expired": 1, "inner_source_expired": 1},
        {"bindings": [binding(lives_ms=100)]}),
    "extension_headers": Case(
        "architecture.md 3, RFC 8200 4.2, 4.4, RFC 2473 4.1.1, M-18: at most eight; what a destination must refuse; a limit of zero",
        at_once(frame(options_header(inner(CORRESPONDENT, NODE)[IPv6], PadN(optdata=bytes(4)))),
                frame(options_header(inner(CORRESPONDENT, NODE)[IPv6], HBHOptUnknown(otype=4, optdata=b"\x01"))),
                frame(options_header(inner(CORRESPONDENT, NODE)[IPv6], HBHOptUnknown(otype=4, optdata=b"\x00"))),
                frame(options_header(up()[IPv6], HBHOptUnknown(otype=4, optdata=b"\x00"))),
                frame(options_header(up()[IPv6], HBHOptUnknown(otype=0xc7, optdata=b"\x00"))),
                frame(IPv6(src=CARE_OF, dst=SERVICE) / IPv6ExtHdrRouting(type=0, segleft=1, addresses=[NODE]) / inner()),
                frame(IPv6(src=CARE_OF, dst=SERVICE) / IPv6ExtHdrFragment(m=1, id=7) / inner(size=104)),
                frame(IPv6(src=CARE_OF, dst=SERVICE) / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / inner()),
                frame(chained(9)), frame(chained(8))),
        [TUNNEL, TUNNEL, "parameter-problem", OUT, OUT, OUT],
        {"encapsulation_limit": 1, "ip_option_refused": 2, "reassembly_time_out": 1, "ip_too_many_extensions": 1}),
    "local": Case(
        "architecture.md 3: echo is answered, also through the tunnel; what proves itself is punted, also out of a tunnel without a binding",
        at_once(frame(IPv6(src=CORRESPONDENT, dst=SERVICE) / ICMPv6EchoRequest(id=1, seq=2, data=b"data")),
                frame(IPv6(src=CORRESPONDENT, dst=PORT) / ICMPv6EchoRequest(data=bytes(1200))),
                up(IPv6(src=NODE, dst=SERVICE) / ICMPv6EchoRequest(id=3)),
                frame(IPv6(src=CORRESPONDENT, dst=SERVICE) / ICMPv6EchoRequest(cksum=1)),
                frame(IPv6(src=CARE_OF, dst=SERVICE) / UDP(sport=40000, dport=716) / Raw(b"pana")),
                frame(IPv6(src=CARE_OF, dst=SERVICE) / IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(2)), HAO(hoa=NODE)]) / MIP6MH_BU(seq=1)),
                frame(IPv6(src=CARE_OF, dst=SERVICE, nh=139) / Raw(bytes(40))),
                up(IPv6(src="2001:db8:aa:9::1", dst=SERVICE) / MIP6MH_BU(seq=1), care_of="2001:db8:300::1"),
                frame(IPv6(src=CORRESPONDENT, dst=SERVICE) / UDP(dport=22) / Raw(b"x")), up(inner(to=SERVICE))),
        ["echo-reply", "echo-reply", f"tunnel:{CARE_OF} echo-reply"],
        {"icmp_malformed": 1, "local_unserved": 1, "inner_not_served": 1}, punted=4, consumed=3),
    "neighbour_discovery": Case(
        "RFC 4861 7.2: answers for its own addresses alone; checks of 7.1; duplicate address detection goes to all nodes",
        at_once(solicitation(PORT), solicitation("fe80::2"), solicitation(PORT, source="::", option=False), solicitation("2001:db8:f3::9"),
                solicitation(SERVICE), solicitation(PORT, hlim=64), advertisement(S=1, R=1),
                frame(IPv6(src=GATEWAY, dst=PORT, hlim=255) / ICMPv6ND_NA(tgt="2001:db8:f3::77", S=1))),
        ["advertisement"] * 3, {"neighbour_foreign": 2, "neighbour_malformed": 1, "neighbour_unknown": 1}, consumed=4),
    "neighbour_resolution": Case(
        "RFC 4861 7.2.2: three packets wait, the others are dropped by name; the advertisement lets them go; a new address needs Override",
        [(0, down()), (1, down()), (2, down()), (3, down()), (500, advertisement(S=1, O=1)), (501, down()),
         (502, advertisement(OTHER_MAC, S=1, O=0)), (503, down())],
        ["solicitation", TUNNEL, TUNNEL, TUNNEL, TUNNEL, TUNNEL], {"neighbour_unresolved": 1}, {"neighbours": {}}, consumed=2),
    "neighbour_silence": Case(
        "RFC 4861 7.2.2: asked once a second; who does not answer within three is given up by name",
        [(0, down()), (1100, frame(inner(CORRESPONDENT, "2001:db8:77::1"))), (2200, frame(inner(CORRESPONDENT, "2001:db8:77::1"))),
         (3001, frame(inner(CORRESPONDENT, "2001:db8:77::1")))],
        ["solicitation"] * 3, {"neighbour_unresolved": 1, "destination_foreign": 3}, {"neighbours": {}}),
    "strange_frames": Case(
        "hostile octets are counted by name and change nothing",
        at_once(frame(inner(CORRESPONDENT, NODE), to=OTHER_MAC), Ether(dst=MAC, src=GATEWAY_MAC, type=0x0806) / Raw(bytes(28)),
                Ether(dst=MAC, src=GATEWAY_MAC, type=0x0800) / Raw(bytes(28)), Raw(bytes(13)), frame(Raw(bytes(40))),
                frame(Raw(bytes(down()[IPv6])[:60])), frame(IPv6(src=CARE_OF, dst=SERVICE, nh=41) / Raw(bytes(10))),
                frame(IPv6(src=CARE_OF, dst=SERVICE, nh=41) / Raw(bytes(inner())[:60])), frame(IPv6(src=GATEWAY, dst="ff02::2") / UDP()),
                frame(IPv6(src=CARE_OF, dst=SERVICE, nh=4) / Raw(bytes(20))), down()),
        [TUNNEL], {"frame_foreign": 1, "ipv4_unserved": 2, "frame_truncated": 1, "ip_malformed": 2, "inner_malformed": 3,
                   "multicast_unserved": 1}),
}
