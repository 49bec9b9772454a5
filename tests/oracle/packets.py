# SPDX-License-Identifier: BSD-3-Clause
"""What a data plane must do with a packet: architecture.md 3 in Python, for one port.

Forwarder.handle(frame, now_ms) gives an Expectation: the frames that leave, the sink of the packet in the equation of
the counters, and the reason if it is dropped. Sources: RFC 8200, RFC 791, RFC 768, RFC 826, RFC 2473, RFC 2983,
RFC 4443, RFC 4861, RFC 5555, RFC 5648, RFC 2697, RFC 6040; rules M-13, M-16, M-18, M-19, M-22 to M-24. The flow label of an outer header
is not computed: it is left at zero here, and compare.py demands that it is a function of the inner flow. Rate limits
are not modelled. IP packets are ip_packet.py's.
"""
import dataclasses
import ipaddress
import struct

import mobile_ip
import tunnel
from ip_packet import (DESTINATION_OPTIONS, FRAGMENT, HIP, ICMPV6, IPV4_IN_IP, IPV6_IN_IPV6, MOBILITY, TCP,  # noqa: F401
                       UDP, Drop, Packet, Packet4, internet_checksum, ipv4_header, is_confined, packet_of, udp4)
from reassembly import WAITS, Malformed, Reassembly, piece_of

ETHERNET = 14
ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_IPV6 = b'\x08\x00', b'\x08\x06', b'\x86\xdd'
UDP_DSMIPV6 = 4191
# kind of tunnel: IP version inside, outside
KINDS = {'ip6-in-ip6': (6, 6), 'ip4-in-ip6': (4, 6), 'ip6-in-udp4': (6, 4), 'ip4-in-udp4': (4, 4)}
UDP_PANA, UDP_HIP = 716, 10500
PACKET_TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM = 2, 3, 4
ECHO_REQUEST, ECHO_REPLY, NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 128, 129, 135, 136
SMALLEST_MTU = 1280
TUNNEL_OVERHEAD = 40
ARP_REQUEST, ARP_REPLY = 1, 2
NOT_ECT, ECT1, ECT0, CE = 0, 1, 2, 3

BROADCAST = ipaddress.IPv4Address('255.255.255.255')

UNREACHABLE, ICMPV4, ICMPV4_ERRORS = 1, 1, (3, 4, 5, 11, 12)
SMALLEST_MTU_IPV4 = 576
TOO_BIG, OTHER = 'too big', 'other'

TRANSMITTED, CONSUMED, PUNTED, TO_HOST, DROPPED = 'transmitted', 'consumed', 'punted', 'to_host', 'dropped'
WAITING = 'waiting'  # a fragment whose packet is not whole yet: it is counted once its fate is known


class Meter:
    """A single-rate three-colour marker, colour-blind (RFC 2697 3); red is dropped. A rate of 0 does not limit."""

    def __init__(self, octets_per_s=0, burst_octets=0, excess_octets=0, now_ms=0):
        self.rate = octets_per_s, burst_octets, excess_octets
        self.committed, self.excess, self.filled_ms = burst_octets, excess_octets, now_ms

    def takes(self, octets, now_ms):
        octets_per_s, burst_octets, excess_octets = self.rate
        if not octets_per_s:
            return True
        self.committed += (now_ms - self.filled_ms) * octets_per_s // 1000
        self.filled_ms = now_ms
        over = max(self.committed - burst_octets, 0)
        self.committed -= over
        self.excess = min(self.excess + over, excess_octets)
        if self.committed >= octets:
            self.committed -= octets
        elif self.excess >= octets:
            self.excess -= octets
        else:
            return False
        return True


@dataclasses.dataclass
class Way:
    """A care-of address beside the first (RFC 5648)."""
    kind: str
    end: tuple
    own: object
    expires_ms: int
    inner_mtu: int


@dataclasses.dataclass
class Binding:
    """end is where the tunnel goes: a care-of address, in UDP with a port. The binding expires with the last of its ways."""
    key: object                     # IPv6Address or IPv4Address
    key_length: int
    kind: str
    end: tuple                      # (address, port or None)
    inner_mtu: int
    expires_ms: int
    own: object
    previous_end: tuple = None
    previous_until_ms: int = 0
    ways: list = dataclasses.field(default_factory=list)            # beside the first
    own_expires_ms: int = 0                                         # of the first care-of address
    up: Meter = dataclasses.field(default_factory=Meter)
    down: Meter = dataclasses.field(default_factory=Meter)
    down_packets: int = 0
    down_octets: int = 0
    up_packets: int = 0
    up_octets: int = 0

    @property
    def care_of(self):
        return self.end[0]

    def alive(self, now_ms):
        """All ways that a packet may go: itself, and those beside it; each has a lifetime of its own (RFC 5648 4.2, 5.5)."""
        own = [self] if now_ms < self.own_expires_ms else []
        return own + [way for way in self.ways if now_ms < way.expires_ms]


@dataclasses.dataclass
class Scenario:
    """The world of a run, as scenario.json holds it (README.md)."""
    mac: bytes
    port_addresses: list            # ip_interface
    service_addresses: list         # the first of each family ends its tunnels
    gateways: dict                  # IP version -> address
    neighbours: dict                # address -> MAC
    service_prefixes: list          # (network, key length)
    bindings: list
    port_mtu: int = 1500
    handover_grace_ms: int = 1000
    hop_limit: int = 64             # of outer headers and of what is originated
    dscp: str = 'copy'              # copy, pipe, uniform (RFC 2983)
    dscp_value: int = 0
    udp_checksum: bool = False
    outer_dont_fragment: str = 'path-mtu'   # of outer IPv4 headers: path-mtu, copy, never (operation.md)

    @classmethod
    def from_json(cls, values):
        address = ipaddress.ip_address
        port = values['port']
        service_addresses = [address(text) for text in values['service_addresses']]
        bindings = [binding_from_json(row, service_addresses) for row in values['bindings']]
        gateways = {6: address(port['gateway'])}
        if 'gateway_ipv4' in port:
            gateways[4] = address(port['gateway_ipv4'])
        return cls(mac=bytes.fromhex(port['mac'].replace(':', '')),
                   port_addresses=[ipaddress.ip_interface(text) for text in port['addresses']],
                   service_addresses=service_addresses, gateways=gateways,
                   neighbours={address(ip): bytes.fromhex(mac.replace(':', ''))
                               for ip, mac in values['neighbours'].items()},
                   service_prefixes=[(ipaddress.ip_network(row['prefix']), row['key_length'])
                                     for row in values['service_prefixes']],
                   bindings=bindings, port_mtu=port['mtu'], handover_grace_ms=values['handover_grace_ms'],
                   hop_limit=values['hop_limit'], dscp=values.get('dscp', 'copy'),
                   dscp_value=values.get('dscp_value', 0), udp_checksum=values.get('udp_checksum', False),
                   outer_dont_fragment=values.get('outer_dont_fragment', 'path-mtu'))


def first_of(addresses, version):
    """The address that ends tunnels in this IP version."""
    return next((one for one in addresses if one.version == version), None)


def end_from_json(row):
    """(kind, (care-of address, port or None)) of a binding or of one of its care_ofs."""
    kind = row.get('kind', 'ip6-in-ip6')
    return kind, (ipaddress.ip_address(row['care_of']), row['port'] if KINDS[kind][1] == 4 else None)


def binding_from_json(row, service_addresses):
    binding = first_way_from_json(row, service_addresses)
    for way in row.get('care_ofs', ()):
        kind, end = end_from_json(way)
        binding.ways.append(Way(kind, end, first_of(service_addresses, KINDS[kind][1]), way['expires_ms'], way['inner_mtu']))
    binding.own_expires_ms = row['expires_ms']
    binding.expires_ms = max([row['expires_ms']] + [way.expires_ms for way in binding.ways])
    rates, now_ms = row.get('rates', {}), row.get('at_ms', 0)
    binding.up = Meter(**rates.get('up', {}), now_ms=now_ms)
    binding.down = Meter(**rates.get('down', {}), now_ms=now_ms)
    return binding


def first_way_from_json(row, service_addresses):
    kind, end = end_from_json(row)
    outer = KINDS[kind][1]
    return Binding(ipaddress.ip_address(row['key']), row['key_length'], kind,
                   end, row['inner_mtu'], row['expires_ms'],
                   ipaddress.ip_address(row['own']) if 'own' in row else first_of(service_addresses, outer))


@dataclasses.dataclass
class Output:
    """One frame that must leave. flow: the inner flow of a tunnelled packet, else None. originated: made here, so
    that traffic class and flow label are free."""
    frame: bytes
    flow: tuple = None
    originated: bool = False
    alternatives: list = dataclasses.field(default_factory=list)    # the same by other care-of addresses


@dataclasses.dataclass
class Expectation:
    sink: str
    drop: str = None
    outputs: list = dataclasses.field(default_factory=list)
    others: dict = dataclasses.field(default_factory=dict)  # what became of fragments that waited: sink or reason, count


class Answered(Exception):
    """The packet is dropped and its source is told so."""

    def __init__(self, reason, kind, code, field):
        super().__init__(reason)
        self.kind, self.code, self.field = kind, code, field


def ecn_after_decapsulation(inner, outer):
    """RFC 6040 figure 4; Drop for CE outside of Not-ECT."""
    if inner == NOT_ECT:
        if outer == CE:
            raise Drop('inner_not_ecn_capable')
        return NOT_ECT
    if inner == CE or outer == CE:
        return CE
    return ECT1 if ECT1 in (inner, outer) else ECT0


def may_cause_error(packet):
    """RFC 4443 2.4 (e), RFC 1122 3.2.2: whether an error may answer this packet."""
    if packet.version == 4:
        octets = packet.octets[packet.header_length:]
        is_error = packet.octets[9] == ICMPV4 and (not octets or octets[0] in ICMPV4_ERRORS)
        return not (is_error or is_confined(packet.source) or is_confined(packet.destination) or packet.fragment & 0x1fff)
    source = packet.source
    if source.is_multicast or source.is_unspecified or packet.destination.is_multicast:
        return False
    protocol, position = packet.upper()
    return protocol != ICMPV6 or position < len(packet.octets) and packet.octets[position] & 0x80 != 0


def solicited_node(address):
    return ipaddress.IPv6Address(ipaddress.IPv6Address('ff02::1:ff00:0').packed[:13] + address.packed[13:])


def icmp4(source, destination, kind, code, body, time_to_live=64):
    """A whole ICMP packet; body is everything behind the checksum."""
    message = struct.pack('>BBH', kind, code, 0) + body
    message = message[:2] + struct.pack('>H', internet_checksum(message)) + message[4:]
    return ipv4_header(source, destination, ICMPV4, len(message), time_to_live) + message


class Forwarder:
    def __init__(self, scenario, reassembly_set_of=None):
        self.scenario = scenario
        self.bindings = {(binding.key_length, binding.key): binding for binding in scenario.bindings}
        self.own = set(scenario.service_addresses) | {interface.ip for interface in scenario.port_addresses}
        self.now_ms = 0
        self.identification = 0
        self.fragments = Reassembly(reassembly_set_of)

    # -- the table --

    def change(self, record):
        """One feed record of the scenario: set or withdraw."""
        binding = None
        if record['op'] == 'set':
            binding = binding_from_json(record, self.scenario.service_addresses)
            key = binding.key_length, binding.key
            old = self.bindings.get(key)
            if old is not None and old.end != binding.end:
                binding.previous_end = old.end
                binding.previous_until_ms = record['at_ms'] + self.scenario.handover_grace_ms
            elif old is not None:
                binding.previous_end, binding.previous_until_ms = old.previous_end, old.previous_until_ms
            if old is not None:
                for name in ('down_packets', 'down_octets', 'up_packets', 'up_octets'):
                    setattr(binding, name, getattr(old, name))
                for name in ('up', 'down'):     # a rate that stays goes on with what it has
                    if getattr(old, name).rate == getattr(binding, name).rate:
                        setattr(binding, name, getattr(old, name))
            self.bindings[key] = binding
        else:
            self.bindings.pop((record['key_length'], ipaddress.ip_address(record['key'])), None)

    def in_service_prefix(self, address):
        """Key length, or None when the address is not ours."""
        return next((length for network, length in self.scenario.service_prefixes if address in network), None)

    def binding_of(self, address):
        """The live binding of an address in a service prefix, or None."""
        length = self.in_service_prefix(address)
        key = ipaddress.ip_network((address, length), strict=False).network_address
        binding = self.bindings.get((length, key))
        return binding if binding is not None and self.now_ms < binding.expires_ms else None

    # -- sending --

    def frame(self, packet, destination):
        """Ethernet around a packet, by the route to its destination."""
        on_link = any(destination in interface.network for interface in self.scenario.port_addresses
                      if not interface.ip.is_link_local)
        next_hop = destination if on_link or destination.is_link_local else self.scenario.gateways.get(
            destination.version)
        if next_hop is None:
            raise Drop('no_route')
        mac = self.scenario.neighbours.get(next_hop)
        if mac is None:
            raise Drop('neighbour_unresolved')
        return mac + self.scenario.mac + (ETHERTYPE_IPV4 if destination.version == 4 else ETHERTYPE_IPV6) + packet

    def outer_class(self, traffic_class):
        """RFC 6040 3.2: ECN is copied; the DSCP by its model (RFC 2983 3)."""
        if self.scenario.dscp == 'pipe':
            return self.scenario.dscp_value << 2 | traffic_class & 3
        return traffic_class

    def tunnelled(self, inner, binding, originated=False):
        """The frames of an inner packet (a Packet whose hop limit is final) into the tunnel of a binding. In IPv4 what
        does not fit may be fragmented on its way (RFC 4213 3.2.2); its identification is free. Which of several
        care-of addresses it takes is free, too, among those that are alive."""
        first, *others = binding.alive(self.now_ms)
        output = Output(self.outer(inner, first.own, first.end, first.inner_mtu), inner.flow(), originated)
        output.alternatives = [self.outer(inner, way.own, way.end, way.inner_mtu) for way in others]
        return self.into_pieces(output, first)

    def outer(self, inner, own, end, inner_mtu):
        traffic_class, (care_of, port) = self.outer_class(inner.traffic_class), end
        if care_of.version == 6:
            protocol = IPV6_IN_IPV6 if inner.version == 6 else IPV4_IN_IP
            outer = mobile_ip.ipv6_header(own, care_of, protocol, len(inner.octets), self.scenario.hop_limit,
                                          traffic_class) + inner.octets
        else:
            outer = udp4(own, care_of, UDP_DSMIPV6, port, inner.octets, self.scenario.hop_limit, traffic_class,
                         self.scenario.udp_checksum, self.outer_dont_fragment(inner, inner_mtu))
        return self.frame(outer, care_of)

    def outer_dont_fragment(self, inner, inner_mtu):
        """RFC 4213 3.2.1, 3.2.2; RFC 2003 3.1: copied from an inner IPv4 packet; no router fragments IPv6."""
        if self.scenario.outer_dont_fragment == 'never' or len(inner.octets) > inner_mtu:
            return False
        return self.scenario.outer_dont_fragment == 'path-mtu' or inner.version == 6 or inner.dont_fragment

    def originated(self, source, destination, kind, code, body):
        """An ICMP message of ours, through the tunnel when its destination is a bound home address: its frames."""
        make = icmp4 if destination.version == 4 else tunnel.icmp6
        packet = make(source, destination, kind, code, body, self.scenario.hop_limit)
        if self.in_service_prefix(destination) is not None:
            binding = self.binding_of(destination)
            if binding is None:
                raise Drop('destination_unbound')
            return self.tunnelled(packet_of(packet), binding, originated=True)
        return [Output(self.frame(packet, destination), originated=True)]

    def error(self, packet, answered):
        """RFC 4443: as much of the packet as fits in 1280 octets; nothing where no error may be sent."""
        if not may_cause_error(packet):
            return []
        return self.tell(packet.source, packet.octets, answered, packet.destination)

    def tell(self, destination, quoted, answered, offended):
        """An error about a packet to `offended`, from there if it is ours. Over IPv4 by RFC 792, RFC 1191 and RFC 1812 4.3.2.3."""
        source = offended if offended in self.own else first_of(self.scenario.service_addresses, destination.version)
        kind, code, field, room = answered.kind, answered.code, answered.field, SMALLEST_MTU - 48
        if destination.version == 4:
            kind, code = {PACKET_TOO_BIG: (3, 4), TIME_EXCEEDED: (11, code), UNREACHABLE: (3, 1)}[kind]
            room = 576 - 28
        return self.originated(source, destination, kind, code, struct.pack('>I', field) + quoted[:room])

    # -- the walk --

    def handle(self, frame, now_ms):
        self.now_ms = now_ms
        try:
            if len(frame) < ETHERNET:
                raise Drop('frame_truncated')
            if frame[:6] != self.scenario.mac and not frame[0] & 1:
                raise Drop('frame_foreign')
            if frame[12:14] == ETHERTYPE_IPV6:
                return self.native(Packet(frame[ETHERNET:]), frame)
            if frame[12:14] == ETHERTYPE_IPV4:
                return self.native(Packet4(frame[ETHERNET:]), frame)
            if frame[12:14] == ETHERTYPE_ARP:
                return self.arp(frame[ETHERNET:])
            return Expectation(TO_HOST)
        except Drop as reason:
            return Expectation(DROPPED, str(reason))

    def answer_with_error(self, packet, answered):
        return Expectation(DROPPED, str(answered), self.error(packet, answered))

    def native(self, packet, frame):
        destination = packet.destination
        if packet.source.is_multicast or packet.source == BROADCAST:
            raise Drop('ip_source_confined')
        if destination.is_multicast or destination == BROADCAST:
            return self.multicast(packet, frame) if packet.version == 6 else Expectation(TO_HOST)
        if self.in_service_prefix(packet.source) is not None or packet.source in self.own:
            raise Drop('source_spoofed')
        if destination in self.own:
            return self.to_us(packet, frame)
        if self.in_service_prefix(destination) is None:
            raise Drop('destination_foreign')
        return self.downlink(packet)

    def downlink(self, packet):
        if is_confined(packet.source):
            raise Drop('ip_source_confined')
        try:
            return self.into_tunnel(packet)
        except Answered as answered:
            return self.answer_with_error(packet, answered)

    def into_tunnel(self, packet):
        """A packet for a home address goes to its care-of address (also node to node)."""
        binding = self.binding_of(packet.destination)
        if binding is None:
            raise Drop('destination_unbound')
        if packet.hop_limit <= 1:
            raise Answered('hop_limit_exceeded', TIME_EXCEEDED, 0, 0)
        self.check_encapsulation_limit(packet)
        too_small = [way.inner_mtu for way in binding.alive(self.now_ms) if len(packet.octets) > way.inner_mtu]
        if too_small and not self.may_be_cut(packet):
            assert len(set(too_small)) == 1 and len(too_small) == len(binding.alive(self.now_ms)), 'it depends on the way'
            least = SMALLEST_MTU if packet.version == 6 else 0
            raise Answered('too_big', PACKET_TOO_BIG, 0, max(too_small[0], least))
        if not binding.down.takes(len(packet.octets), self.now_ms):
            raise Drop('rate_exceeded_down')
        inner = packet_of(packet.with_hop_limit(packet.hop_limit - 1))
        outputs = self.tunnelled(inner, binding)
        binding.down_packets += 1
        binding.down_octets += len(inner.octets)
        return Expectation(TRANSMITTED, outputs=outputs)

    @staticmethod
    def may_be_cut(packet):
        """M-19: what every IPv6 link carries; RFC 2473 7.2: an IPv4 packet without Don't Fragment."""
        return len(packet.octets) <= SMALLEST_MTU if packet.version == 6 else not packet.dont_fragment

    def into_pieces(self, output, way):
        """RFC 8200 4.5: an outer packet that is larger than its path carries, in as few fragments as do. Those behind
        the first count as originated. The identification is free; here it is a counter."""
        if way.end[0].version == 4:
            return [output]
        path_mtu = max(way.inner_mtu + TUNNEL_OVERHEAD, SMALLEST_MTU)
        link, outer, payload = output.frame[:ETHERNET], output.frame[ETHERNET:ETHERNET + 40], output.frame[ETHERNET + 40:]
        if len(outer) + len(payload) <= path_mtu:
            return [output]
        room = (path_mtu - 48) // 8 * 8
        outputs = []
        self.identification += 1
        for offset in range(0, len(payload), room):
            piece = payload[offset:offset + room]
            more = offset + len(piece) < len(payload)
            header = struct.pack('>BBHI', outer[6], 0, offset | more, self.identification)
            fixed = outer[:4] + struct.pack('>HB', 8 + len(piece), FRAGMENT) + outer[7:]
            outputs.append(Output(link + fixed + header + piece, originated=output.originated or offset > 0))
        return outputs

    @staticmethod
    def check_encapsulation_limit(packet):
        """RFC 2473 4.1.1, M-18: a limit of 0 in the first destination options."""
        if packet.version == 4 or packet.octets[6] != DESTINATION_OPTIONS or len(packet.octets) < 48:
            return
        position, end = 42, 40 + (packet.octets[41] + 1) * 8
        while position + 2 < min(end, len(packet.octets)):
            if packet.octets[position] == 0:
                position += 1
                continue
            if packet.octets[position] == 4 and packet.octets[position + 1] == 1 and packet.octets[position + 2] == 0:
                raise Answered('encapsulation_limit', PARAMETER_PROBLEM, 0, position + 2)
            position += 2 + packet.octets[position + 1]

    # -- packets to our own addresses --

    def to_us(self, packet, frame):
        piece = piece_of(packet)
        if piece is not None and not (packet.version == 4 and packet.octets[9] in (IPV6_IN_IPV6, IPV4_IN_IP)):
            return self.reassembled(packet, piece, frame)
        if packet.version == 4:
            return self.to_us_ipv4(packet)
        protocol, position = packet.upper()
        payload = packet.octets[position:]
        if protocol in (IPV6_IN_IPV6, IPV4_IN_IP):
            inner = packet_of(payload, 6 if protocol == IPV6_IN_IPV6 else 4, 'inner_malformed')
            return self.uplink(packet, (packet.source, None), inner)
        if self.is_punted(protocol, payload):
            return Expectation(PUNTED)
        if protocol == ICMPV6:
            return self.icmp(packet, payload, frame)
        return Expectation(TO_HOST)

    def to_us_ipv4(self, packet):
        """M-24: a tunnel over IPv4 is in UDP."""
        protocol, position = packet.upper()
        if protocol in (IPV6_IN_IPV6, IPV4_IN_IP):
            raise Drop('tunnel_unserved')
        if protocol == ICMPV4:
            return self.icmp4(packet, packet.octets[position:])
        if protocol != UDP:
            return Expectation(TO_HOST)
        datagram = packet.octets[position:]
        if len(datagram) < 8 or struct.unpack('>H', datagram[4:6])[0] != len(datagram):
            raise Drop('udp_malformed')
        pseudo_header = packet.source.packed + packet.destination.packed + struct.pack('>HH', UDP, len(datagram))
        if datagram[6:8] != bytes(2) and internet_checksum(pseudo_header + datagram):
            raise Drop('udp_malformed')
        source_port, port = struct.unpack('>HH', datagram[:4])
        if port == UDP_DSMIPV6:
            return self.uplink(packet, (packet.source, source_port), packet_of(datagram[8:], None, 'inner_malformed'))
        return Expectation(PUNTED if port in (UDP_PANA, UDP_HIP) else TO_HOST)

    def reassembled(self, packet, piece, frame):
        """A fragment for us: the whole packet goes through everything once more."""
        found = self.gathered(packet, piece, frame)
        if self.fragments.crowded_out:
            found.others['reassembly_crowded_out'] = self.fragments.take_crowded_out()
        return found

    def gathered(self, packet, piece, frame):
        try:
            whole, before = self.fragments.add(piece, self.now_ms, self.is_proven(packet, piece))
        except Malformed as malformed:
            return self.answer_with_error(packet, Answered(str(malformed), PARAMETER_PROBLEM, 0, malformed.field))
        except Drop as reason:
            return Expectation(DROPPED, str(reason))
        if isinstance(whole, str):
            return Expectation(DROPPED, whole, others={whole: before})
        if whole is WAITS:
            return Expectation(WAITING)
        found = self.whole(packet_of(whole), frame)
        found.others = {CONSUMED: before}
        return found

    def is_proven(self, packet, piece):
        """Whether a first fragment shows a tunnelled packet whose inner source is bound to where it comes from."""
        port, inner = None, piece.data
        if piece.begin:
            return False
        if packet.version == 4:
            if packet.octets[9] != UDP or len(inner) < 8 or struct.unpack('>H', inner[2:4])[0] != UDP_DSMIPV6:
                return False
            port, inner = struct.unpack('>H', inner[:2])[0], inner[8:]
        elif packet.upper()[0] not in (IPV6_IN_IPV6, IPV4_IN_IP):
            return False
        version = inner[0] >> 4 if inner else 0
        if len(inner) < {6: 40, 4: 20}.get(version, 1 << 16):
            return False
        source = ipaddress.ip_address(inner[8:24] if version == 6 else inner[12:16])
        binding = self.binding_of(source) if self.in_service_prefix(source) is not None else None
        return binding is not None and self.comes_from(binding, (packet.source, port))

    def comes_from(self, binding, end):
        """Whether this is where packets of the binding come from: a care-of address, or the one that it has just left."""
        return any(end == way.end for way in binding.alive(self.now_ms)) or \
            (end == binding.previous_end and self.now_ms < binding.previous_until_ms)

    def whole(self, packet, frame):
        """A packet that was put together, from the begin of the walk."""
        try:
            return self.native(packet, frame)
        except Drop as reason:
            return Expectation(DROPPED, str(reason))

    @staticmethod
    def is_punted(protocol, payload):
        port = struct.unpack('>H', payload[2:4])[0] if protocol == UDP and len(payload) >= 8 else None
        return protocol in (MOBILITY, HIP) or port in (UDP_PANA, UDP_HIP)

    def uplink(self, outer, end, inner):
        """end: the outer source, in UDP with its port (M-23)."""
        source = inner.source
        if inner.destination in self.own and self.is_punted(*self.upper_of(inner)):
            return Expectation(PUNTED)
        if is_confined(source):
            raise Drop('inner_source_confined')
        if source in self.own:
            raise Drop('inner_source_own')
        if self.in_service_prefix(source) is None:
            raise Drop('inner_source_foreign')
        binding = self.binding_of(source)
        if binding is None:
            raise Drop('inner_source_unbound')
        if not self.comes_from(binding, end):
            raise Drop('care_of_mismatch')
        if not binding.up.takes(len(inner.octets), self.now_ms):
            raise Drop('rate_exceeded_up')
        inner = packet_of(inner.with_traffic_class(self.inner_class(inner.traffic_class, outer.traffic_class)))
        expectation = self.from_node(inner, binding)
        binding.up_packets += 1
        binding.up_octets += len(inner.octets)
        return expectation

    def inner_class(self, inner, outer):
        dscp = outer if self.scenario.dscp == 'uniform' else inner
        return dscp & 0xfc | ecn_after_decapsulation(inner & 3, outer & 3)

    @staticmethod
    def upper_of(packet):
        protocol, position = packet.upper()
        return protocol, packet.octets[position:]

    def from_node(self, inner, binding):
        """A decapsulated packet whose source was right."""
        destination = inner.destination
        if destination in self.own:
            protocol, payload = self.upper_of(inner)
            if inner.version == 6 and protocol == ICMPV6 and payload[:1] == bytes([ECHO_REQUEST]):
                return self.echo(inner, payload)
            return self.icmp4(inner, payload) if protocol == ICMPV4 and inner.version == 4 else Expectation(TO_HOST)
        if is_confined(destination):
            raise Drop('inner_destination_confined')
        try:
            if self.in_service_prefix(destination) is not None:
                return self.into_tunnel(inner)
            if inner.hop_limit <= 1:
                raise Answered('hop_limit_exceeded', TIME_EXCEEDED, 0, 0)
            if len(inner.octets) > self.scenario.port_mtu:
                raise Answered('too_big', PACKET_TOO_BIG, 0, self.scenario.port_mtu)
            return Expectation(TRANSMITTED, outputs=[
                Output(self.frame(inner.with_hop_limit(inner.hop_limit - 1), destination))])
        except Answered as answered:
            return self.answer_with_error(inner, answered)

    # -- ARP --

    def arp(self, message):
        """RFC 826: a request for an address of the port is answered; RFC 5227: also that of a probe."""
        if len(message) < 28 or message[:6] != b'\x00\x01\x08\x00\x06\x04' or message[8] & 1:
            raise Drop('neighbour_malformed')
        operation = struct.unpack('>H', message[6:8])[0]
        sender_mac, sender = message[8:14], ipaddress.IPv4Address(message[14:18])
        target = ipaddress.IPv4Address(message[24:28])
        if operation == ARP_REPLY:
            if sender not in self.scenario.neighbours:
                raise Drop('neighbour_unknown')
            return Expectation(CONSUMED)
        if operation != ARP_REQUEST:
            raise Drop('neighbour_malformed')
        if target not in {interface.ip for interface in self.scenario.port_addresses}:
            raise Drop('neighbour_foreign')
        answer = message[:6] + struct.pack('>H', ARP_REPLY) + self.scenario.mac + target.packed + sender_mac + \
            sender.packed
        return Expectation(CONSUMED, outputs=[
            Output(sender_mac + self.scenario.mac + ETHERTYPE_ARP + answer, originated=True)])

    # -- ICMPv6 --

    def icmp(self, packet, message, frame):
        if len(message) < 8:
            raise Drop('icmp_malformed')
        if mobile_ip.checksum(packet.source, packet.destination, ICMPV6, message):
            raise Drop('icmp_malformed')
        if message[0] == ECHO_REQUEST:
            return self.echo(packet, message)
        if message[0] == NEIGHBOUR_SOLICITATION:
            return self.neighbour(packet, message, frame)
        if message[0] == PACKET_TOO_BIG:
            return self.outer_error(message, 6, TOO_BIG, struct.unpack('>I', message[4:8])[0])
        if message[0] < ECHO_REQUEST:
            told = message[:2] in (b'\x01\x00', b'\x01\x02', b'\x01\x03', b'\x03\x00')
            return self.outer_error(message, 6, UNREACHABLE if told else OTHER)
        return Expectation(TO_HOST)

    def echo(self, packet, message):
        if mobile_ip.checksum(packet.source, packet.destination, ICMPV6, message):
            raise Drop('icmp_malformed')
        return Expectation(CONSUMED, outputs=self.originated(packet.destination, packet.source, ECHO_REPLY, 0,
                                                             message[4:]))

    def icmp4(self, packet, message):
        if len(message) < 8 or internet_checksum(message):
            raise Drop('icmp_malformed')
        if is_confined(packet.source):
            raise Drop('ip_source_confined')
        if message[0] == 8:
            return Expectation(CONSUMED, outputs=self.originated(packet.destination, packet.source, 0, 0, message[4:]))
        if message[0] not in ICMPV4_ERRORS:
            return Expectation(TO_HOST)
        if message[:2] == bytes((3, 4)):
            return self.outer_error(message, 4, TOO_BIG, struct.unpack('>H', message[6:8])[0])
        told = message[:2] in (b'\x03\x00', b'\x03\x01', b'\x0b\x00')
        return self.outer_error(message, 4, UNREACHABLE if told else OTHER)

    def outer_error(self, message, version, trouble, mtu=0):
        """M-19: an error about an outer packet counts only if it quotes a tunnel packet of a live binding. That a care-of address is
        unreachable is told to the inner source (RFC 2473 8). The path MTU never grows by it, and the quoted packet must have been larger."""
        quoted = self.quoted(message[8:], version)
        if quoted is None or trouble == OTHER:
            raise Drop('icmp_error_unmatched' if trouble == TOO_BIG else 'icmp_error_ignored')
        way, inner, size = quoted
        if trouble == UNREACHABLE:
            outputs = self.tell_quoted(inner, Answered('', UNREACHABLE, 3, 0))
            return Expectation(CONSUMED, outputs=outputs)
        if not mtu or mtu >= size or version == 6 and mtu < SMALLEST_MTU:
            raise Drop('icmp_error_unmatched')
        overhead = TUNNEL_OVERHEAD if version == 6 else 28
        carried = max(mtu, SMALLEST_MTU_IPV4) - overhead
        way.inner_mtu = min(way.inner_mtu, carried)
        outputs = []
        if inner[0] >> 4 == 6 and size - overhead > SMALLEST_MTU:
            outputs = self.tell_quoted(inner, Answered('', PACKET_TOO_BIG, 0, max(carried, SMALLEST_MTU)))
        return Expectation(CONSUMED, outputs=outputs)

    def tell_quoted(self, inner, answered):
        """To the source of a packet of which only the begin is here."""
        if inner[0] >> 4 == 4:
            packet = Packet4(inner[:2] + struct.pack('>H', len(inner)) + inner[4:10] + self.checksum_for(inner, len(inner)) + inner[12:])
        else:
            packet = Packet(inner[:4] + struct.pack('>H', len(inner) - 40) + inner[6:])
        if not may_cause_error(packet):
            return []
        return self.tell(packet.source, inner, answered, packet.destination)

    @staticmethod
    def checksum_for(inner, length):
        """The header checksum that goes with this total length."""
        header = bytearray(inner[:(inner[0] & 0xf) * 4])
        header[2:4], header[10:12] = struct.pack('>H', length), bytes(2)
        return struct.pack('>H', internet_checksum(bytes(header)))

    def quoted(self, octets, version):
        """(the way that it went, inner octets, size of the outer packet) of a quoted tunnel packet of ours, or None."""
        if version == 6:
            if len(octets) < 60 or octets[0] >> 4 != 6 or octets[6] not in (IPV6_IN_IPV6, IPV4_IN_IP):
                return None
            size, inner, port = 40 + struct.unpack('>H', octets[4:6])[0], octets[40:], None
            own, care_of = ipaddress.IPv6Address(octets[8:24]), ipaddress.IPv6Address(octets[24:40])
        else:
            if len(octets) < 48 or octets[0] != 0x45 or octets[9] != UDP or struct.unpack('>H', octets[20:22])[0] != UDP_DSMIPV6:
                return None
            size, inner, port = struct.unpack('>H', octets[2:4])[0], octets[28:], struct.unpack('>H', octets[22:24])[0]
            own, care_of = ipaddress.IPv4Address(octets[12:16]), ipaddress.IPv4Address(octets[16:20])
        if inner[0] >> 4 == 4:
            home_address = ipaddress.IPv4Address(inner[16:20])
        elif len(inner) >= 40:
            home_address = ipaddress.IPv6Address(inner[24:40])
        else:
            return None
        binding = self.binding_of(home_address) if self.in_service_prefix(home_address) is not None else None
        for way in binding.alive(self.now_ms) if binding is not None else ():
            if (own, (care_of, port)) == (way.own, way.end) and KINDS[way.kind] == (home_address.version, version):
                return way, inner, size
        return None

    def multicast(self, packet, frame):
        protocol, position = packet.upper()
        message = packet.octets[position:]
        if protocol != ICMPV6 or message[:1] != bytes([NEIGHBOUR_SOLICITATION]):
            return Expectation(TO_HOST)
        if mobile_ip.checksum(packet.source, packet.destination, ICMPV6, message):
            raise Drop('icmp_malformed')
        return self.neighbour(packet, message, frame)

    def neighbour(self, packet, message, frame):
        """RFC 4861 7.1.1, 7.2.4: a solicitation for an address of the port is answered."""
        if packet.hop_limit != 255 or len(message) < 24 or message[1] != 0:
            raise Drop('neighbour_malformed')
        target = ipaddress.IPv6Address(message[8:24])
        if target.is_multicast:
            raise Drop('neighbour_malformed')
        if target not in {interface.ip for interface in self.scenario.port_addresses}:
            raise Drop('neighbour_foreign')
        duplicate_detection = packet.source.is_unspecified
        if duplicate_detection and packet.destination != solicited_node(target):
            raise Drop('neighbour_malformed')
        destination = ipaddress.IPv6Address('ff02::1') if duplicate_detection else packet.source
        flags = 0xa0000000 if duplicate_detection else 0xe0000000
        body = struct.pack('>I', flags) + target.packed + b'\x02\x01' + self.scenario.mac
        advertisement = tunnel.icmp6(target, destination, NEIGHBOUR_ADVERTISEMENT, 0, body, 255)
        mac = b'\x33\x33\x00\x00\x00\x01' if duplicate_detection else frame[6:12]
        return Expectation(CONSUMED, outputs=[
            Output(mac + self.scenario.mac + ETHERTYPE_IPV6 + advertisement, originated=True)])
