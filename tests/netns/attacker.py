# SPDX-License-Identifier: BSD-3-Clause
"""Binding Updates that somebody in the access network sends, who can read and forge packets but has no key."""
import ipaddress
import os
import socket
import struct

import topology
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import mobile_ip  # noqa: E402

ETHERNET_BYTES, PCAP_HEADER_BYTES = 14, 24
MOBILITY, DESTINATION_OPTIONS = 135, 60
BINDING_UPDATE = 5


def recorded_updates(capture):
    """The packets of all Binding Updates in a capture that has ended, without their Ethernet headers."""
    octets, found, at = capture.path.read_bytes(), [], PCAP_HEADER_BYTES
    while at < len(octets):
        length = struct.unpack_from("=I", octets, at + 8)[0]
        packet = octets[at + 16 + ETHERNET_BYTES:at + 16 + length]
        at += 16 + length
        if len(packet) > 40 and packet[0] >> 4 == 6 and packet[6] in (MOBILITY, DESTINATION_OPTIONS):
            header, _ = mobile_ip.mobility_header_of(packet)
            if header is not None and header[2] == BINDING_UPDATE:
                found.append(packet)
    return found


class Attacker:
    """Sends whole packets from a router of an access network, whatever their source."""

    def __init__(self, network):
        with topology.inside(network):
            self.socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def send(self, packet):
        self.socket.sendto(packet, (str(ipaddress.IPv6Address(packet[24:40])), 0))

    def close(self):
        self.socket.close()


def forged(packet, home_address, number):
    """A recorded Binding Update with a sequence number that is newer by `number` and a guessed MAC; its checksum is right."""
    header = bytearray(mobile_ip.mobility_header_of(packet)[0])
    front = packet[:len(packet) - len(header)]
    header[4:6] = bytes(2)
    header[6:8] = struct.pack("!H", (struct.unpack_from("!H", header, 6)[0] + number) & 0xFFFF)
    header[-12:] = os.urandom(12)
    header[4:6] = struct.pack("!H", mobile_ip.checksum(ipaddress.IPv6Address(home_address), ipaddress.IPv6Address(packet[24:40]), MOBILITY, bytes(header)))
    return front + bytes(header)
