# SPDX-License-Identifier: BSD-3-Clause
"""Binding Updates and Acknowledgements with the mobility message authentication option.

Sources: RFC 6275 6.1.7, 6.1.8, 6.2 and 6.3, RFC 4283, RFC 4285, RFC 5555 3.1 and 3.2; rules M-3, M-4, M-6, N-5. Addresses are
ipaddress objects; a Mobility Header is octets from its first (payload protocol) octet on.
"""
import dataclasses
import hmac
import ipaddress
import struct

NO_NEXT_HEADER, MOBILITY, ROUTING, DESTINATION_OPTIONS, IPV6_IN_IPV6, ICMPV6 = 59, 135, 43, 60, 41, 58
BINDING_UPDATE, BINDING_ACKNOWLEDGEMENT, BINDING_ERROR = 5, 6, 7
FLAG_A, FLAG_H, FLAG_L, FLAG_K = 0x8000, 0x4000, 0x2000, 0x1000
PAD1, PADN, OPTION_ALTERNATE_CARE_OF, OPTION_NAI, OPTION_AUTHENTICATION, OPTION_TIMESTAMP = 0, 1, 3, 8, 9, 10
OPTION_IPV4_HOME_ADDRESS, OPTION_IPV4_ACKNOWLEDGEMENT, OPTION_NAT_DETECTION, OPTION_IPV4_CARE_OF = 29, 30, 31, 32
HOME_ADDRESS_OPTION = 0xc9
LIFETIME_UNIT_S = 4


class Malformed(Exception):
    """Octets that are no Mobility Header, or options that do not add up."""


def checksum(source, destination, next_header, octets):
    """Checksum of an upper-layer packet over the IPv6 pseudo-header (RFC 8200 8.1); 0 over a right packet."""
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    data = source.packed + destination.packed + struct.pack('>II', len(octets), next_header) + octets
    data += bytes(len(data) % 2)
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ipv6_header(source, destination, next_header, payload_length, hop_limit=64, traffic_class=0, flow_label=0):
    first = 6 << 28 | traffic_class << 20 | flow_label
    return (struct.pack('>IHBB', first, payload_length, next_header, hop_limit)
            + ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(destination).packed)


# --- options ---

def option(code, value):
    return struct.pack('>BB', code, len(value)) + value


def padding_to(length, modulus, remainder):
    """Pad1 or PadN so that the next option starts at modulus * n + remainder."""
    missing = (remainder - length) % modulus
    if missing == 0:
        return b''
    return bytes(1) if missing == 1 else option(PADN, bytes(missing - 2))


def parse_options(octets):
    """[(offset from the first option, code, value)] without padding options."""
    result, position = [], 0
    while position < len(octets):
        code = octets[position]
        if code == PAD1:
            position += 1
            continue
        if position + 2 > len(octets) or position + 2 + octets[position + 1] > len(octets):
            raise Malformed('mobility option cut off')
        value = octets[position + 2:position + 2 + octets[position + 1]]
        if code != PADN:
            result.append((position, code, value))
        position += 2 + len(value)
    return result


# --- RFC 4285 ---

def authenticator(key, care_of, home_address, covered):
    """First 96 bits of HMAC-SHA1 over care-of address | home address | covered (M-4)."""
    return hmac.digest(key, care_of.packed + home_address.packed + covered, 'sha1')[:12]


def mapped(address):
    """A care-of address as it enters the MAC: IPv4 as ::ffff:a.b.c.d."""
    address = ipaddress.ip_address(address)
    return address if address.version == 6 else ipaddress.IPv6Address(b'\x00' * 10 + b'\xff\xff' + address.packed)


def nai_of(fqdn):
    """M-6."""
    first, _, rest = fqdn.partition('.')
    return ('%s@%s' % (first, rest)).encode()


def _finished(head, options, start, end_options, security, checksum_addresses):
    """Options, option 9 at 8n+5 as the last one, MAC, then length and checksum.

    security is (key, SPI, care-of address of the MAC, home address) or None.
    """
    body = options
    if security is None:
        body += padding_to(start + len(body), 8, 0) + end_options
    else:
        body += padding_to(start + len(body), 8, 5)
        body += struct.pack('>BBBI', OPTION_AUTHENTICATION, 17, 1, security[1])
        body += bytes(12)
    body += end_options if security is not None else b''
    header = bytearray(head + body)
    if len(header) % 8:
        raise ValueError('Mobility Header of %d octets' % len(header))
    header[1] = len(header) // 8 - 1
    if security is not None:
        key, _, care_of, home_address = security
        end = len(header) - len(end_options)
        header[end - 12:end] = authenticator(key, care_of, home_address, bytes(header[:end - 12]))
    header[4:6] = struct.pack('>H', checksum(*checksum_addresses, MOBILITY, bytes(header)))
    return bytes(header)


@dataclasses.dataclass
class BindingUpdate:
    """What a BU says. mac_care_of: the address in the MAC (M-4), by default that of the options or the source."""
    home_address: ipaddress.IPv6Address
    home_agent: ipaddress.IPv6Address
    source: ipaddress.IPv6Address
    sequence: int
    lifetime_s: int
    key: bytes
    spi: int
    nai: bytes
    flags: int = FLAG_A | FLAG_H
    alternate_care_of: ipaddress.IPv6Address = None
    ipv4_care_of: ipaddress.IPv4Address = None
    ipv4_home_address: ipaddress.IPv4Address = None  # 0.0.0.0 asks for any
    mac_care_of: ipaddress.IPv6Address = None
    trailing: bytes = b''               # octets behind option 9 (to break M-3), a multiple of 8
    extra_options: bytes = b''

    def care_of(self):
        if self.mac_care_of is not None:
            return self.mac_care_of
        if self.alternate_care_of is not None:
            return self.alternate_care_of
        return mapped(self.ipv4_care_of) if self.ipv4_care_of is not None else self.source

    def encode(self):
        """The Mobility Header; checksum source is the home address."""
        head = struct.pack('>BBBBHHHH', NO_NEXT_HEADER, 0, BINDING_UPDATE, 0, 0, self.sequence, self.flags,
                           min(self.lifetime_s // LIFETIME_UNIT_S, 0xffff))
        options = b''
        if self.alternate_care_of is not None:
            options += padding_to(12, 8, 6) + option(OPTION_ALTERNATE_CARE_OF, self.alternate_care_of.packed)
        if self.ipv4_home_address is not None:
            options += padding_to(12 + len(options), 4, 0)
            options += option(OPTION_IPV4_HOME_ADDRESS, struct.pack('>H', 32 << 10) + self.ipv4_home_address.packed)
        if self.ipv4_care_of is not None:
            options += padding_to(12 + len(options), 4, 0)
            options += option(OPTION_IPV4_CARE_OF, bytes(2) + self.ipv4_care_of.packed)
        options += self.extra_options
        if self.nai is not None:
            options += option(OPTION_NAI, b'\x01' + self.nai)
        security = None if self.key is None else (self.key, self.spi, self.care_of(), self.home_address)
        return _finished(head, options, 12, self.trailing, security, (self.home_address, self.home_agent))

    def packet(self, mobility_header=None, with_home_address_option=True):
        """The whole IPv6 packet: Home Address option, then the Mobility Header."""
        header = self.encode() if mobility_header is None else mobility_header
        if not with_home_address_option:
            return ipv6_header(self.source, self.home_agent, MOBILITY, len(header)) + header
        options = padding_to(2, 8, 6) + option(HOME_ADDRESS_OPTION, self.home_address.packed)
        destination = struct.pack('>BB', MOBILITY, (len(options) + 2) // 8 - 1) + options
        return ipv6_header(self.source, self.home_agent, DESTINATION_OPTIONS, len(destination) + len(header)) \
            + destination + header


def encode_binding_acknowledgement(home_address, home_agent, sequence, status, lifetime_units, key, spi, nai, care_of,
                                   flags=0, extra_options=b''):
    """A BA as a home agent would send it (for tests of this oracle)."""
    head = struct.pack('>BBBBHBBHH', NO_NEXT_HEADER, 0, BINDING_ACKNOWLEDGEMENT, 0, 0, status, flags, sequence,
                       lifetime_units)
    options = extra_options + option(OPTION_NAI, b'\x01' + nai)
    return _finished(head, options, 12, b'', (key, spi, care_of, home_address), (home_agent, home_address))


@dataclasses.dataclass
class BindingAcknowledgement:
    status: int
    flags: int
    sequence: int
    lifetime_s: int
    nai: bytes
    spi: int
    octets: bytes
    checksum_is_right: bool
    mac_offset: int
    nat_detection: tuple = None             # (F, refresh time in s), option 31
    ipv4_acknowledgement: tuple = None      # (status, prefix length, IPv4 home address), option 30

    def mac_is_right(self, key, care_of, home_address):
        if self.mac_offset is None:
            return False
        covered = bytearray(self.octets[:self.mac_offset])
        covered[4:6] = bytes(2)
        expected = authenticator(key, care_of, home_address, bytes(covered))
        return hmac.compare_digest(expected, self.octets[self.mac_offset:self.mac_offset + 12])


def nat_detection_of(value):
    """RFC 5555 3.2.2: F, then reserved bits that are ignored, then the refresh time."""
    first, refresh_s = struct.unpack('>HI', value)
    return bool(first & 0x8000), refresh_s


def ipv4_acknowledgement_of(value):
    """RFC 5555 3.2.1: status, prefix length in six bits, address."""
    return value[0], value[1] >> 2, ipaddress.IPv4Address(value[2:6])


IPV4_OPTIONS = {OPTION_NAT_DETECTION: ('nat_detection', nat_detection_of),
                OPTION_IPV4_ACKNOWLEDGEMENT: ('ipv4_acknowledgement', ipv4_acknowledgement_of)}


def parse_binding_acknowledgement(octets, home_address, home_agent):
    """A Mobility Header of type 6; Malformed for anything else, for M-3 and for a wrong length."""
    if len(octets) < 12 or len(octets) != (octets[1] + 1) * 8:
        raise Malformed('length of the Mobility Header')
    if octets[0] != NO_NEXT_HEADER or octets[2] != BINDING_ACKNOWLEDGEMENT:
        raise Malformed('no Binding Acknowledgement')
    status, flags, sequence, lifetime_units = struct.unpack('>BBHH', octets[6:12])
    nai, spi, mac_offset, ipv4 = None, None, None, {}
    options = parse_options(octets[12:])
    for index, (position, code, value) in enumerate(options):
        if code == OPTION_NAI and value[:1] == b'\x01':
            nai = value[1:]
        if code in IPV4_OPTIONS:
            if len(value) != 6 or (12 + position) % 4:
                raise Malformed('RFC 5555 3.2: length or alignment of option %d' % code)
            name, read = IPV4_OPTIONS[code]
            ipv4[name] = read(value)
        if code == OPTION_AUTHENTICATION:
            if len(value) != 17 or value[0] != 1 or index != len(options) - 1:
                raise Malformed('M-3: option 9')
            if (12 + position) % 8 != 5 or 12 + position + 19 != len(octets):
                raise Malformed('M-3: option 9 is not at 8n+5 or not at the end')
            spi = struct.unpack('>I', value[1:5])[0]
            mac_offset = 12 + position + 7
    right = checksum(home_agent, home_address, MOBILITY, octets) == 0
    return BindingAcknowledgement(status, flags, sequence, lifetime_units * LIFETIME_UNIT_S, nai, spi, octets, right,
                                  mac_offset, **ipv4)


def mobility_header_of(packet):
    """(Mobility Header, final destination) of an IPv6 packet that carries one, or (None, None).

    Reads destination options and a type 2 routing header with one segment left (RFC 6275 6.4).
    """
    if len(packet) < 40 or packet[0] >> 4 != 6:
        return None, None
    next_header = packet[6]
    end = 40 + struct.unpack('>H', packet[4:6])[0]
    destination = ipaddress.IPv6Address(packet[24:40])
    position = 40
    while next_header in (0, ROUTING, DESTINATION_OPTIONS):
        if position + 8 > min(end, len(packet)):
            return None, None
        length = (packet[position + 1] + 1) * 8
        if next_header == ROUTING:
            if packet[position + 2] != 2 or packet[position + 3] != 1 or length != 24:
                return None, None
            destination = ipaddress.IPv6Address(packet[position + 8:position + 24])
        next_header = packet[position]
        position += length
    if next_header != MOBILITY or position >= end or end > len(packet):
        return None, None
    return packet[position:end], destination
