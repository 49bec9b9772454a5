# SPDX-License-Identifier: BSD-3-Clause
"""What a frame is, in a word, for the `leaves` of a case."""
import struct

from scapy.all import (ARP, Ether, ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6PacketTooBig, ICMPv6ParamProblem,
                       ICMPv6TimeExceeded, IP, IPv6, IPv6ExtHdrFragment)

MAC, DSMIPV6 = "02:00:00:00:00:01", 4191


def checksum_is_right(octets):
    """RFC 1071: over a right sum there is nothing left."""
    octets += bytes(len(octets) % 2)
    return sum(struct.unpack(f">{len(octets) // 2}H", octets)) % 0xffff == 0


def word_of_packet(packet):
    return word_of(bytes(Ether(dst=MAC, src=MAC, type=0x0800 if packet[0] >> 4 == 4 else 0x86dd)) + packet)


def word_of_icmp4(packet, message):
    if not checksum_is_right(message) or len(packet) > 576:
        return "wrong-icmp4"
    names = {(0, 0): "echo-reply4", (3, 0): "net-unreachable4", (3, 1): "host-unreachable4", (11, 0): "time-exceeded4",
             (11, 1): "reassembly-time-exceeded4", (3, 4): f"fragmentation-needed({int.from_bytes(message[6:8], 'big')})"}
    return names.get((message[0], message[1]), f"icmp4({message[0]},{message[1]})")


def word_of_ipv4(packet):
    header = packet[:(packet[0] & 0xf) * 4]
    ip, udp = IP(packet), packet[len(header):]
    if not checksum_is_right(header):
        return "wrong-header-checksum"
    if ip.proto == 17 and udp[:2] == DSMIPV6.to_bytes(2, "big"):
        right = checksum_is_right(header[12:20] + struct.pack(">HH", 17, len(udp)) + udp)
        summed = "" if udp[6:8] == bytes(2) else "+sum" if right else "+wrong-sum"
        cut = "" if ip.flags.DF else "+may-be-cut"
        return f"udp-tunnel{summed}{cut}:{ip.dst}:{int.from_bytes(udp[2:4], 'big')} " + word_of_packet(udp[8:])
    if ip.proto == 1 and ip.src != "198.51.100.10":
        return word_of_icmp4(packet, udp)
    return f"packet4(hop={ip.ttl},class={ip.tos:02x})"


def word_of(octets):
    packet = Ether(octets)
    if packet.type == 0x0806:
        return f"arp-{'request' if packet[ARP].op == 1 else 'reply'}({packet[ARP].psrc} to {packet[ARP].pdst})"
    if packet.type == 0x0800:
        return word_of_ipv4(octets[14:])
    ip = packet[IPv6]
    if ip.nh in (4, 41):
        return "tunnel:" + str(ip.dst) + " " + word_of_packet(octets[54:54 + ip.plen])
    if ip.nh == 44:
        piece = ip[IPv6ExtHdrFragment]
        return f"fragment:{ip.dst} {piece.offset * 8}+{ip.plen - 8}{' and more' if piece.m else ''}"
    for layer, word in ((ICMPv6ND_NS, "solicitation"), (ICMPv6ND_NA, "advertisement"), (ICMPv6PacketTooBig, "too-big"),
                        (ICMPv6TimeExceeded, "time-exceeded"), (ICMPv6ParamProblem, "parameter-problem"), (ICMPv6EchoReply, "echo-reply"),
                        (ICMPv6DestUnreach, "unreachable")):
        if layer in ip:
            return f"{word}({ip[layer].mtu})" if layer is ICMPv6PacketTooBig else word
    return f"packet(hop={ip.hlim},class={ip.tc:02x})"
