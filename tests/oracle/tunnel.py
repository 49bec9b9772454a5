# SPDX-License-Identifier: BSD-3-Clause
"""The node's ends of tunnels: ip6-in-ip6 and the Mobility Header by AF_PACKET and raw sockets (N-9, RFC 2473); both in UDP from an IPv4
network by a UDP socket (RFC 5555 4.1, 4.2)."""
import ipaddress
import os
import select
import socket
import struct
import time

import mobile_ip
from transport import namespace

ETH_P_IPV6 = 0x86dd
PACKET_OUTGOING = 4
UDP_PORT_DSMIPV6 = 4191
ECHO_REQUEST, ECHO_REPLY = 128, 129
SO_RCVBUFFORCE, QUEUE_BYTES = 33, 16 << 20     # others' traffic waits here, too, until somebody reads


def encapsulated(inner, care_of, home_agent, hop_limit=64):
    """RFC 2473 with the traffic class copied; the flow label is left at zero."""
    traffic_class = (struct.unpack('>H', inner[:2])[0] >> 4) & 0xff
    return mobile_ip.ipv6_header(care_of, home_agent, mobile_ip.IPV6_IN_IPV6, len(inner), hop_limit,
                                 traffic_class) + inner


def icmp6(source, destination, kind, code, body, hop_limit=64):
    """A whole ICMPv6 packet; body is everything behind the checksum."""
    message = struct.pack('>BBH', kind, code, 0) + body
    value = mobile_ip.checksum(source, destination, mobile_ip.ICMPV6, message)
    message = message[:2] + struct.pack('>H', value) + message[4:]
    return mobile_ip.ipv6_header(source, destination, mobile_ip.ICMPV6, len(message), hop_limit) + message


def echo_request(source, destination, identifier, sequence, data=b'', hop_limit=64):
    return icmp6(source, destination, ECHO_REQUEST, 0, struct.pack('>HH', identifier, sequence) + data, hop_limit)


class Tunnel:
    """Sends packets with headers of its own and reads what the kernel would not show.

    care_of: our address; interface: where it is. Needs CAP_NET_RAW.
    """

    with_home_address_option = True

    def __init__(self, care_of, interface, network_namespace=None):
        self.care_of = ipaddress.IPv6Address(care_of)
        self.interface = interface
        with namespace(network_namespace):
            self.packet_socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IPV6))
            self.packet_socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES)
            self.packet_socket.bind((interface, ETH_P_IPV6))
            # nobody reads it: while it is open the kernel does not answer protocol 41 with Parameter Problem
            self.silencer = socket.socket(socket.AF_INET6, socket.SOCK_RAW, mobile_ip.IPV6_IN_IPV6)
            self.raw_socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self.raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b'\0')
        self.silencer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)

    def update_fields(self, _home_address):
        """What a Binding Update says of where we are."""
        return {'source': self.care_of}

    def send(self, packet):
        """A whole IPv6 packet, header included; the kernel only finds the next hop."""
        destination = str(ipaddress.IPv6Address(packet[24:40]))
        self.raw_socket.sendto(packet, (destination, 0))

    def send_inner(self, inner, home_agent):
        self.send(encapsulated(inner, self.care_of, home_agent))

    def receive(self, deadline_s, next_headers=(mobile_ip.IPV6_IN_IPV6, mobile_ip.ROUTING, mobile_ip.MOBILITY,
                                                mobile_ip.ICMPV6)):
        """The next IPv6 packet to the care-of address with one of these next headers, or None at the deadline
        (time.monotonic())."""
        while True:
            remaining = deadline_s - time.monotonic()
            if remaining <= 0 or not select.select([self.packet_socket], [], [], remaining)[0]:
                return None
            packet, address = self.packet_socket.recvfrom(65535)
            if address[2] == PACKET_OUTGOING or len(packet) < 40 or packet[24:40] != self.care_of.packed:
                continue
            if packet[6] in next_headers:
                return packet[:40 + struct.unpack('>H', packet[4:6])[0]]

    def receive_inner(self, deadline_s, home_agent):
        """The next inner packet tunnelled to us by our home agent, or None at the deadline."""
        home_agent = ipaddress.IPv6Address(home_agent)
        while True:
            packet = self.receive(deadline_s, (mobile_ip.IPV6_IN_IPV6,))
            if packet is None:
                return None
            if packet[8:24] == home_agent.packed and len(packet) >= 80:
                return packet[40:]

    def ping(self, home_address, home_agent, destination, count=1, size=56, timeout_s=2.0):
        """Echo requests from the home address through the tunnel. Returns (sent, [round trip in s])."""
        identifier = struct.unpack('>H', os.urandom(2))[0]
        home_address, destination = ipaddress.IPv6Address(home_address), ipaddress.IPv6Address(destination)
        round_trips = []
        for sequence in range(1, count + 1):
            started = time.monotonic()
            self.send_inner(echo_request(home_address, destination, identifier, sequence, bytes(size)), home_agent)
            while True:
                inner = self.receive_inner(started + timeout_s, home_agent)
                if inner is None:
                    break
                wanted = destination.packed + home_address.packed
                reply = struct.pack('>HH', identifier, sequence)
                if inner[6] == mobile_ip.ICMPV6 and inner[8:40] == wanted and inner[40] == ECHO_REPLY \
                        and inner[44:48] == reply:
                    round_trips.append(time.monotonic() - started)
                    break
        return count, round_trips

    def close(self):
        for one in (self.packet_socket, self.silencer, self.raw_socket):
            one.close()


class UdpTunnel(Tunnel):
    """From an IPv4 network: IPv6 packets in UDP to port 4191 of the home agent (RFC 5555 4.1).

    care_of: our IPv4 address; home_agent: the IPv4 one of our home agent; port: ours, by default any.
    """

    with_home_address_option = False

    def __init__(self, care_of, home_agent, network_namespace=None, port=0):  # pylint: disable=super-init-not-called
        self.care_of = ipaddress.IPv4Address(care_of)
        self.outer_home_agent = (str(ipaddress.IPv4Address(home_agent)), UDP_PORT_DSMIPV6)
        with namespace(network_namespace):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((str(self.care_of), port))
        self.port = self.socket.getsockname()[1]

    def update_fields(self, home_address):
        """RFC 5555 4.4.2: the inner source is the home address, option 32 says where we believe to be."""
        return {'source': home_address, 'ipv4_care_of': self.care_of}

    def send(self, packet):
        self.socket.sendto(packet, self.outer_home_agent)

    def send_inner(self, inner, home_agent):
        self.send(inner)

    def receive(self, deadline_s, next_headers=(mobile_ip.MOBILITY, mobile_ip.ICMPV6)):
        while True:
            remaining = deadline_s - time.monotonic()
            if remaining <= 0 or not select.select([self.socket], [], [], remaining)[0]:
                return None
            packet, source = self.socket.recvfrom(65535)
            if source == self.outer_home_agent and len(packet) >= 40 and packet[0] >> 4 == 6 and packet[6] in next_headers:
                return packet[:40 + struct.unpack('>H', packet[4:6])[0]]

    def receive_inner(self, deadline_s, home_agent):
        return self.receive(deadline_s)

    def close(self):
        self.socket.close()
