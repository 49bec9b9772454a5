#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes small.pcap: what `./run bench` replays. 512 frames to and from 256 nodes in the addresses of the lab: 50 % to nodes, 40 % from nodes,
10 % from node to node; 120 octets inside. The same octets each time."""
import pathlib
import random
import sys

import replaying

sys.path.insert(0, str(replaying.SOURCE / "tests" / "oracle"))
import ipaddress  # noqa: E402

import mobile_ip  # noqa: E402  pylint: disable=wrong-import-position
import pcap  # noqa: E402  pylint: disable=wrong-import-position

FRAMES, NODES, INNER_OCTETS = 512, 256, 120
HEAD = bytes.fromhex("020000000001" "0200000000fe" "86dd")
SERVICE, CORRESPONDENT = "2001:db8:1::1", "2001:db8:c::10"
START_NS, STEP_NS = 1_700_000_000 * 10 ** 9, 10_000


def header(source, destination, protocol, octets):
    return mobile_ip.ipv6_header(ipaddress.IPv6Address(source), ipaddress.IPv6Address(destination), protocol, octets, 64, 0, 0)


def inner(source, destination, serial):
    ports = (1024 + serial % 64).to_bytes(2, "big") + (443).to_bytes(2, "big")
    udp = ports + (INNER_OCTETS - 40).to_bytes(2, "big") + bytes(2) + serial.to_bytes(4, "big")
    return header(source, destination, 17, INNER_OCTETS - 40) + udp.ljust(INNER_OCTETS - 40, b"\0")


def home(number):
    return f"2001:db8:aa:{number:x}::7"


def one(serial, source):
    number, other, kind = source.randrange(NODES), source.randrange(NODES), source.random()
    if kind < 0.5:
        return HEAD + inner(CORRESPONDENT, home(number), serial)
    packet = inner(home(number), CORRESPONDENT if kind < 0.9 else home(other), serial)
    return HEAD + header(f"2001:db8:100::{number + 16:x}", SERVICE, 41, len(packet)) + packet


def main():
    source = random.Random(1)
    pcap.write(pathlib.Path(__file__).with_name("small.pcap"), [(START_NS + i * STEP_NS, one(i, source)) for i in range(FRAMES)])


main()
