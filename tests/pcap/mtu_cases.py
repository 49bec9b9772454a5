# SPDX-License-Identifier: BSD-3-Clause
"""Cases of check.py: fragments and errors where the outer packet is IPv4. As in cases.py, what must leave is written by hand."""
from scapy.all import IP, UDP, IPv6, Raw

from cases import NODE, Case, at_once, inner
from tunnel_cases import HOME4, NAT, NAT_PORT, OTHER_PORT, SERVICE4, frame4, inner4, out, up_udp, world


def cut4(frame, *at, number=7, tos=None):
    """The frames of an IPv4 packet in fragments, cut behind so many octets of its payload; `tos`: of the pieces in turn."""
    whole = IP(bytes(frame[IP]))
    payload, result = bytes(whole.payload), []
    for i, (begin, end) in enumerate(zip((0,) + at, at + (len(payload),))):
        head = IP(src=whole.src, dst=whole.dst, tos=tos[i] if tos else whole.tos, id=number, frag=begin // 8, proto=whole.proto,
                  flags="MF" if end < len(payload) else 0)
        result.append(frame4(head / Raw(payload[begin:end])))
    return result


PANA4 = IP(src=NAT, dst=SERVICE4) / UDP(sport=40000, dport=716) / Raw(bytes(1500))

CASES = {
    "reassembly_ipv4": Case(
        "RFC 791 3.2, RFC 3168 5.3: tunnelled packets in IPv4 fragments, in any order; another protocol with the same number is another packet",
        at_once(*cut4(up_udp(inner(NODE)), 64), *reversed(cut4(up_udp(inner4()), 64, 96, number=8)), *cut4(up_udp(inner(NODE), OTHER_PORT), 64, number=9),
                *cut4(frame4(PANA4), 1480, number=10), *cut4(up_udp(inner(NODE, tc=2)), 64, number=11, tos=(1, 3)),
                frame4(IP(src=NAT, dst=SERVICE4, id=12, flags="MF", proto=99) / Raw(bytes(64))), *cut4(up_udp(inner(NODE)), 64, number=12),
                *cut4(up_udp(inner(NODE)), 60, number=13), *cut4(up_udp(inner(NODE), chksum=0x1234), 64, number=14)),
        [out(), out(4), out(tc=3), out()],
        {"care_of_mismatch": 1, "fragment_malformed": 1, "reassembly_time_out": 2, "udp_malformed": 1}, world(), punted=1, consumed=8),
}
