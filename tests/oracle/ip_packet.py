# SPDX-License-Identifier: BSD-3-Clause
"""IPv6 and IPv4 packets as octets with what their headers say (RFC 8200, RFC 791, RFC 768)."""
import ipaddress
import struct

HOP_BY_HOP, TCP, UDP, ROUTING, FRAGMENT, ICMPV6, DESTINATION_OPTIONS = 0, 6, 17, 43, 44, 58, 60
IPV4_IN_IP, IPV6_IN_IPV6, MOBILITY, HIP = 4, 41, 135, 139
EXTENSION_HEADERS = (HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS)
LONGEST_EXTENSION_CHAIN = 8
DONT_FRAGMENT, MORE_FRAGMENTS = 0x4000, 0x2000


class Drop(Exception):
    """The packet is dropped for this reason, a name of proto/drop.def."""


def internet_checksum(octets):
    """RFC 1071; 0 over octets that hold their own right checksum."""
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack('>%dH' % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ipv4_header(source, destination, protocol, length, time_to_live=64, traffic_class=0, fragment=DONT_FRAGMENT,
                identification=0, options=b''):
    """length: of the payload."""
    words = 5 + len(options) // 4
    header = struct.pack('>BBHHHBBH', 0x40 | words, traffic_class, words * 4 + length, identification, fragment,
                         time_to_live, protocol, 0) + source.packed + destination.packed + options
    return header[:10] + struct.pack('>H', internet_checksum(header)) + header[12:]


def udp4(source, destination, source_port, port, payload, time_to_live=64, traffic_class=0, with_checksum=True,
         dont_fragment=True):
    """A UDP datagram over IPv4; a checksum of zero says that there is none (RFC 768)."""
    head = struct.pack('>HHHH', source_port, port, 8 + len(payload), 0)
    if with_checksum:
        pseudo_header = source.packed + destination.packed + struct.pack('>HH', UDP, 8 + len(payload))
        head = head[:6] + struct.pack('>H', internet_checksum(pseudo_header + head + payload) or 0xffff)
    return ipv4_header(source, destination, UDP, 8 + len(payload), time_to_live, traffic_class,
                       DONT_FRAGMENT if dont_fragment else 0) + head + payload


def is_confined(address):
    """Scopes that are never tunnelled (architecture.md 3)."""
    if address.version == 4:
        return address.packed[0] in (0, 127) or address.packed[0] >= 224 or address.packed[:2] == bytes((169, 254))
    return address.is_multicast or address.is_link_local or address.is_unspecified or address.is_loopback


class Packet:
    """An IPv6 packet, cut to its payload length; Drop if it is none. An IPv4 address in mapped form is nobody's."""
    version = 6

    def __init__(self, octets, reason='ip_malformed'):
        if len(octets) < 40 or octets[0] >> 4 != 6:
            raise Drop(reason)
        end = 40 + struct.unpack('>H', octets[4:6])[0]
        if end > len(octets):
            raise Drop(reason)
        self.octets = octets[:end]
        self.source = ipaddress.IPv6Address(octets[8:24])
        self.destination = ipaddress.IPv6Address(octets[24:40])
        if self.source.ipv4_mapped or self.destination.ipv4_mapped:
            raise Drop(reason)
        self.hop_limit = octets[7]
        self.traffic_class = struct.unpack('>H', octets[:2])[0] >> 4 & 0xff
        self.flow_label = struct.unpack('>I', octets[:4])[0] & 0xfffff

    def upper(self):
        """(protocol, offset) behind the extension headers; a non-first fragment is protocol FRAGMENT."""
        next_header, position = self.octets[6], 40
        for _ in range(LONGEST_EXTENSION_CHAIN + 1):
            if next_header not in EXTENSION_HEADERS:
                return next_header, position
            if position + 8 > len(self.octets):
                raise Drop('ip_malformed')
            if next_header == FRAGMENT:
                if struct.unpack('>H', self.octets[position + 2:position + 4])[0] & 0xfff8:
                    return FRAGMENT, position
                length = 8
            else:
                length = (self.octets[position + 1] + 1) * 8
            next_header, position = self.octets[position], position + length
            if position > len(self.octets):
                raise Drop('ip_malformed')
        raise Drop('ip_too_many_extensions')

    def flow(self):
        """The finest key of an inner flow: addresses, label, protocol, ports."""
        next_header, position = self.octets[6], 40
        ports = self.octets[position:position + 4] if next_header in (TCP, UDP) else b''
        return (str(self.source), str(self.destination), self.flow_label, next_header, ports.hex())

    def with_hop_limit(self, hop_limit):
        return self.octets[:7] + bytes([hop_limit]) + self.octets[8:]

    def with_traffic_class(self, traffic_class):
        first = struct.unpack('>I', self.octets[:4])[0] & 0xf00fffff | traffic_class << 20
        return struct.pack('>I', first) + self.octets[4:]


class Packet4:
    """An IPv4 packet, cut to its total length; Drop if it is none, or its header's checksum is wrong."""
    version = 4

    def __init__(self, octets, reason='ip_malformed'):
        self.header_length = (octets[0] & 0xf) * 4 if octets else 0
        if self.header_length < 20 or len(octets) < self.header_length or octets[0] >> 4 != 4 or \
                internet_checksum(octets[:self.header_length]):
            raise Drop(reason)
        end, _, self.fragment = struct.unpack('>HHH', octets[2:8])
        if not self.header_length <= end <= len(octets):
            raise Drop(reason)
        self.octets = octets[:end]
        self.source = ipaddress.IPv4Address(octets[12:16])
        self.destination = ipaddress.IPv4Address(octets[16:20])
        self.traffic_class, self.hop_limit = octets[1], octets[8]
        self.dont_fragment = bool(self.fragment & DONT_FRAGMENT)
        self.is_fragment = bool(self.fragment & 0x3fff)

    def upper(self):
        return self.octets[9], self.header_length

    def flow(self):
        """RFC 6438 2: a fragment has no ports."""
        ports = b''
        if self.octets[9] in (TCP, UDP) and not self.is_fragment and len(self.octets) >= self.header_length + 4:
            ports = self.octets[self.header_length:self.header_length + 4]
        return (str(self.source), str(self.destination), 0, self.octets[9], ports.hex())

    def changed(self, position, value):
        header = bytearray(self.octets[:self.header_length])
        header[position] = value
        header[10:12] = bytes(2)
        header[10:12] = struct.pack('>H', internet_checksum(bytes(header)))
        return bytes(header) + self.octets[self.header_length:]

    def with_hop_limit(self, hop_limit):
        return self.changed(8, hop_limit)

    def with_traffic_class(self, traffic_class):
        return self.changed(1, traffic_class)


def packet_of(octets, version=None, reason='ip_malformed'):
    """A packet of this IP version, or of the one in its first octet."""
    if version is None:
        version = 4 if octets[:1] and octets[0] >> 4 == 4 else 6
    return Packet4(octets, reason) if version == 4 else Packet(octets, reason)
