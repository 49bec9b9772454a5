#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Several care-of addresses of one binding (RFC 5648): each flow goes by one of them, all its packets by the same one, and the flows are shared
out by the weights; IPv6 and IPv4 inside, in IPv6 and in UDP outside."""
import collections
import ipaddress
import json
import pathlib
import sys
import tempfile

import cases
import replaying
import tunnel_cases
from scapy.all import IP, UDP, IPv6, Raw

sys.path.insert(0, str(replaying.SOURCE / "tests" / "oracle"))
import pcap  # noqa: E402  pylint: disable=wrong-import-position

FLOWS, PACKETS_A_FLOW, TOLERANCE = 2000, 3, 0.05
THIRD = {"care_of": "2001:db8:100::31", "inner_mtu": 1400, "expires_ms": cases.START_MS + 3_600_000}


def binding(key, length, kind, weights):
    """Three care-of addresses: the binding's own in IPv6, one in UDP, one more in IPv6."""
    in_udp = "ip4-in-udp4" if kind == "ip4-in-ip6" else "ip6-in-udp4"
    return tunnel_cases.bound(key, length, kind, cases.CARE_OF2) | {"weight": weights[0], "care_ofs": [
        tunnel_cases.UDP_SECOND | {"kind": in_udp, "weight": weights[1]}, THIRD | {"kind": kind, "weight": weights[2]}]}


def frames_of(is_ipv4):
    """Flows that differ in one port alone, packet after packet of all of them."""
    udp = UDP(sport=1024, dport=443, chksum=0) / Raw(bytes(20))
    frame = bytes(tunnel_cases.frame4(IP(src=tunnel_cases.CORRESPONDENT4, dst=tunnel_cases.HOME4_IN_IP6) / udp) if is_ipv4 else
                  cases.frame(IPv6(src=cases.CORRESPONDENT, dst=cases.NODE2) / udp))
    at = 14 + (20 if is_ipv4 else 40)
    flows = [frame[:at] + (1024 + flow).to_bytes(2, "big") + frame[at + 2:] for flow in range(FLOWS)]
    return flows * PACKETS_A_FLOW


def way_of(frame):
    """(care-of address, source port of the inner packet)."""
    in_ipv4 = frame[12:14] == b"\x08\x00"
    care_of, inner = (frame[30:34], frame[42:]) if in_ipv4 else (frame[38:54], frame[54:])
    at = 40 if inner[0] >> 4 == 6 else 20
    return str(ipaddress.ip_address(care_of)), int.from_bytes(inner[at:at + 2], "big")


def check(is_ipv4, weights):
    row = binding(tunnel_cases.HOME4_IN_IP6, 32, "ip4-in-ip6", weights) if is_ipv4 else binding("2001:db8:aa:2::", 64, "ip6-in-ip6", weights)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "scenario.json").write_text(json.dumps(cases.scenario_of(cases.Case("", [], [], scenario=tunnel_cases.world(bindings=[row])))))
        pcap.write(folder / "in.pcap", [(cases.START_MS * 10 ** 6, frame) for frame in frames_of(is_ipv4)])
        output, counters = replaying.deterministic(folder / "in.pcap", folder / "scenario.json", folder)
        left = [way_of(frame) for _, frame in pcap.read(output)]
    assert counters["transmitted"] == FLOWS * PACKETS_A_FLOW, counters
    ways = collections.defaultdict(set)
    for care_of, port in left:
        ways[port].add(care_of)
    assert len(ways) == FLOWS and all(len(taken) == 1 for taken in ways.values()), "packets of one flow went by several ways"
    shares = collections.Counter(taken for found in ways.values() for taken in found)
    addresses = (cases.CARE_OF2, tunnel_cases.NAT, THIRD["care_of"])
    for address, weight in zip(addresses, weights):
        share, wanted = shares[address] / FLOWS, weight / sum(weights)
        print(f"{'IPv4' if is_ipv4 else 'IPv6'} weight {weight}: {share:.3f} of the flows by {address}")
        assert abs(share - wanted) < TOLERANCE, f"{share} of the flows by {address}, not {wanted}"
    assert counters["other_care_of"] == sum(shares[address] for address in addresses[1:]) * PACKETS_A_FLOW, counters["other_care_of"]


def main():
    for is_ipv4 in (False, True):
        for weights in ((1, 1, 1), (6, 3, 1), (1, 65535, 1)):
            check(is_ipv4, weights)


main()
