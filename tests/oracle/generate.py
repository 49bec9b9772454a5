#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Random packets for a data plane, with what must become of them.

    generate.py FOLDER [--seed N] [--count N]
writes scenario.json, in.pcap, expected.pcap and expected.json (README.md). Each packet has one peculiarity at most, so
that the order in which a data plane looks for faults does not matter. The same seed gives the same octets.
"""
import argparse
import ipaddress
import json
import pathlib
import random
import struct
import sys

import ip_packet
import mobile_ip
import packets
import pcap
import tunnel

EPOCH_MS = 1_700_000_000_000
STEP_MS = 2
LIFETIME_MS = 3_600_000
MTUS = (1240, 1260, 1280, 1400, 1440, 1452, 1460)
PORT_MAC, GATEWAY_MAC, STRANGER_MAC = '02:00:00:00:00:01', '02:00:00:00:00:fe', '02:00:00:00:00:99'
SERVICE, PORT_ADDRESS, PORT_LINK_LOCAL = '2001:db8:1::1', '2001:db8:2::2', 'fe80::2'
GATEWAY = '2001:db8:2::ff'
SERVICE4, PORT_ADDRESS4, GATEWAY4 = '198.51.100.1', '192.0.2.2', '192.0.2.1'
HOME_64, HOME_128, HOME_56, HOME_IPV4 = '2001:db8:aa::/48', '2001:db8:ab::/48', '2001:db8:ac::/48', '10.1.0.0/16'
NATS = ('203.0.113.7', '203.0.113.8')   # several nodes behind each
ON_LINK4 = {'192.0.2.%d' % (0x80 + i): '02:00:00:00:02:%02x' % i for i in range(4)}
ON_LINK = {'2001:db8:2::%x' % (0x100 + i): '02:00:00:00:01:%02x' % i for i in range(8)}


def address(text):
    return ipaddress.ip_address(text)


class Generator:
    """Makes the scenario, then frames; every random choice comes from one seeded source."""

    def __init__(self, seed, binding_count=64):
        self.random = random.Random(seed)
        self.serial = 0
        self.pieces = []  # fragments to come
        self.records = []
        bindings = [self.binding_row(i) for i in range(binding_count)]
        for row in bindings[:4]:
            row['expires_ms'] = EPOCH_MS - 1
        for row in bindings[4:8]:
            row['expires_ms'] = EPOCH_MS + 2000
        neighbours = dict(ON_LINK) | ON_LINK4 | {GATEWAY: GATEWAY_MAC, GATEWAY4: GATEWAY_MAC}
        self.values = {
            'format': 1, 'start_ms': EPOCH_MS,
            'port': {'name': 'core0', 'mac': PORT_MAC, 'mtu': 1500, 'gateway': GATEWAY, 'gateway_ipv4': GATEWAY4,
                     'addresses': [PORT_ADDRESS + '/64', PORT_LINK_LOCAL + '/64', PORT_ADDRESS4 + '/24']},
            'service_addresses': [SERVICE, SERVICE4], 'neighbours': neighbours, 'handover_grace_ms': 1000, 'hop_limit': 64,
            'service_prefixes': [{'prefix': HOME_64, 'key_length': 64}, {'prefix': HOME_128, 'key_length': 128},
                                 {'prefix': HOME_56, 'key_length': 56}, {'prefix': HOME_IPV4, 'key_length': 32}],
            'dscp': ('copy', 'copy', 'pipe', 'uniform')[seed % 4], 'dscp_value': seed % 64,
            'udp_checksum': seed % 2 == 0, 'outer_dont_fragment': ('path-mtu', 'copy', 'never')[seed % 3], 'bindings': bindings}
        # the generator has a table of its own, to know what is live; the expectation comes from a second one
        self.table = packets.Forwarder(packets.Scenario.from_json(self.values))

    # -- addresses --

    def binding_row(self, index):
        prefix = index % 8
        if prefix in (0, 1):
            key, length = '10.1.%d.%d' % (index // 250 % 256, index % 250 + 1), 32
        elif prefix == 2:
            key, length = '2001:db8:ac:%x00::' % (index % 240), 56
        elif prefix in (3, 4):
            key, length = '2001:db8:ab:%x::%x' % (index, self.random.randrange(1, 0xffff)), 128
        else:
            key, length = '2001:db8:aa:%x::' % index, 64
        return {'key': key, 'key_length': length, 'inner_mtu': self.random.choice(MTUS),
                'expires_ms': EPOCH_MS + LIFETIME_MS} | self.end_row('.' in key) | self.extras_row('.' in key)

    def extras_row(self, is_ipv4):
        """What few bindings have: more care-of addresses (then at first with a common inner MTU over 1280), and rates."""
        row = {}
        if self.random.random() < 0.15:
            row['weight'] = self.random.randrange(1, 5)
            row['inner_mtu'] = self.random.choice((1400, 1440))
            row['expires_ms'] = EPOCH_MS + self.random.choice((1000, 3000, LIFETIME_MS, LIFETIME_MS))
            row['care_ofs'] = [self.end_row(is_ipv4) | {
                'inner_mtu': row['inner_mtu'], 'weight': self.random.randrange(1, 9),
                'expires_ms': EPOCH_MS + self.random.choice((1000, LIFETIME_MS, LIFETIME_MS))}
                for _ in range(self.random.randrange(1, 4))]
        if self.random.random() < 0.1:
            row['rates'] = {direction: {'octets_per_s': self.random.choice((1000, 2000, 5000)),
                                        'burst_octets': self.random.randrange(1500, 4000),
                                        'excess_octets': self.random.choice((0, 0, 1500))}
                            for direction in self.random.choice((('up',), ('down',), ('up', 'down')))}
        return row

    def end_row(self, is_ipv4):
        """Where a tunnel goes, and what kind it is therefore."""
        inner = 'ip4' if is_ipv4 else 'ip6'
        if self.random.random() < 0.35:
            return {'kind': inner + '-in-udp4', 'care_of': str(self.care_of4()), 'port': self.random.randrange(1024, 65536)}
        return {'kind': inner + '-in-ip6', 'care_of': str(self.care_of())}

    def care_of(self):
        if self.random.random() < 0.1:
            return address(self.random.choice(sorted(ON_LINK)))
        return address('2001:db8:%x:%x::%x' % (self.random.randrange(0x100, 0x200), self.random.randrange(0xffff),
                                               self.random.randrange(1, 0xffff)))

    def care_of4(self):
        """Often the same few: nodes behind a NAT differ by port."""
        if self.random.random() < 0.1:
            return address(self.random.choice(sorted(ON_LINK4)))
        return address(self.random.choice(NATS + ('203.0.113.%d' % self.random.randrange(20, 250),)))

    def other_end(self, end):
        """An end that is not this one: another address, another port, another kind of tunnel."""
        care_of, port = end
        choice = self.random.randrange(3)
        if choice == 0 and port is not None:
            return care_of, port ^ self.random.randrange(1, 0x400)
        return (self.care_of4(), self.random.randrange(1024, 65536)) if choice == 1 else (self.care_of(), None)

    def correspondent_of(self, binding):
        return self.correspondent() if binding.key.version == 6 else self.correspondent4()

    def correspondent4(self):
        if self.random.random() < 0.2:
            return address(self.random.choice(sorted(ON_LINK4)))
        return address('198.51.100.%d' % self.random.randrange(100, 140))

    def correspondent(self):
        if self.random.random() < 0.2:
            return address(self.random.choice(sorted(ON_LINK)))
        return address('2001:db8:%x::%x' % (self.random.randrange(0x300, 0x310), self.random.randrange(1, 40)))

    def live(self):
        """Bindings that hold now and for the next second."""
        return [b for b in self.table.bindings.values() if b.expires_ms > self.now_ms + 1000]

    def dead(self):
        """Bindings that have expired at least a second ago."""
        return [b for b in self.table.bindings.values() if b.expires_ms < self.now_ms - 1000] or \
            [b for b in self.table.bindings.values() if b.expires_ms < self.now_ms]

    def home_address(self, binding):
        if binding.key_length in (128, 32):
            return binding.key
        return ipaddress.IPv6Address(int(binding.key) | self.random.choice((1, 0x77, self.random.getrandbits(64))))

    def largest(self, binding):
        """What goes by each of its ways."""
        return min(way.inner_mtu for way in binding.alive(self.now_ms - 1000))

    def even(self, version=None):
        """A live binding all whose ways carry the same."""
        return self.random.choice([b for b in self.live() if version in (None, b.key.version)
                                   and len({way.inner_mtu for way in [b] + b.ways}) == 1])

    def one(self, version=None):
        """A live binding, of this IP version if there is one."""
        return self.random.choice([b for b in self.live() if version in (None, b.key.version)])

    # -- packets --

    def payload(self, size):
        """size octets that begin with a serial number, so that no two packets are alike."""
        self.serial += 1
        return (struct.pack('>I', self.serial) + self.random.randbytes(max(size - 4, 0)))[:max(size, 4)]

    def packet4(self, source, destination, size, hop_limit, traffic_class, largest, dont_fragment):
        size = size or self.random.choice((48, 64, 100, 576, largest, self.random.randrange(60, largest + 1)))
        options = self.random.choice((b'', b'', b'', bytes((1, 1, 1, 0)), bytes((148, 4, 0, 0)) * 2))
        body = self.payload(max(size - 20 - 8 - len(options), 4))
        ports = struct.pack('>HH', self.random.randrange(1024, 1040), self.random.choice((53, 80, 443)))
        upper, protocol = ports + struct.pack('>HH', 8 + len(body), 0) + body, packets.UDP
        fragment = ip_packet.DONT_FRAGMENT if dont_fragment else self.random.choice((0, 0, 0x2000, 0x2040, 0x0040))
        if fragment & 0x3fff:
            upper = upper[:len(upper) // 8 * 8]
        if self.random.random() < 0.3:
            protocol = self.random.choice((packets.TCP, 1, 50))
        hop_limit = self.random.choice((2, 64, 255, self.random.randrange(2, 256))) if hop_limit is None else hop_limit
        traffic_class = self.random.getrandbits(8) if traffic_class is None else traffic_class
        return ip_packet.ipv4_header(source, destination, protocol, len(upper), hop_limit, traffic_class, fragment,
                                     self.random.getrandbits(16), options) + upper

    def packet(self, source, destination, size=None, hop_limit=None, traffic_class=None, largest=1280,
               dont_fragment=None):
        """A packet of some upper protocol; size and largest are of the whole packet."""
        source, destination = address(source), address(destination)
        if source.version == 4:
            dont_fragment = self.random.random() < 0.6 if dont_fragment is None else dont_fragment
            return self.packet4(source, destination, size, hop_limit, traffic_class, largest, dont_fragment)
        size = size or self.random.choice((48, 64, 100, 576, largest, self.random.randrange(60, largest + 1)))
        body = self.payload(max(size - 40 - 8, 4))
        kind = self.random.choice(('udp', 'udp', 'tcp', 'echo', 'none'))
        label = self.random.choice((0, 0, self.random.getrandbits(20)))
        ports = struct.pack('>HH', self.random.randrange(1024, 1040), self.random.choice((53, 80, 443)))
        if kind == 'echo':
            upper = struct.pack('>BBHHH', 128, 0, 0, 7, self.serial & 0xffff) + body
            value = mobile_ip.checksum(source, destination, packets.ICMPV6, upper)
            upper, protocol = upper[:2] + struct.pack('>H', value) + upper[4:], packets.ICMPV6
        elif kind == 'tcp' and len(body) >= 12:
            upper, protocol = ports + struct.pack('>I', self.serial) + body, packets.TCP
        elif kind == 'none':
            upper, protocol = struct.pack('>II', self.serial, 0) + body, self.random.choice((59, 50, 132))
        else:
            upper, protocol = ports + struct.pack('>HH', 8 + len(body), 0) + body, packets.UDP
        return self.header(source, destination, protocol, len(upper), hop_limit, traffic_class, label) + upper

    def header(self, source, destination, protocol, length, hop_limit=None, traffic_class=None, label=0):
        hop_limit = self.random.choice((2, 64, 255, self.random.randrange(2, 256))) if hop_limit is None else hop_limit
        traffic_class = self.random.getrandbits(8) if traffic_class is None else traffic_class
        return mobile_ip.ipv6_header(source, destination, protocol, length, hop_limit, traffic_class, label)

    def outer(self, inner, end, ecn=None, options=b''):
        """A tunnel packet to us from this end. ecn None copies the inner one."""
        if ecn is None:
            ecn = inner[1] & 3 if inner[:1] and inner[0] >> 4 == 4 else inner[1] >> 4 & 3
        traffic_class = self.random.getrandbits(6) << 2 | ecn
        source, port = address(end[0]), end[1]
        if port is not None:
            return ip_packet.udp4(source, address(SERVICE4), port, packets.UDP_DSMIPV6, inner,
                                  self.random.randrange(1, 256), traffic_class, self.random.random() < 0.5,
                                  self.random.random() < 0.5)
        protocol = packets.IPV4_IN_IP if inner[:1] and inner[0] >> 4 == 4 else packets.IPV6_IN_IPV6
        if options:
            options, protocol = bytes([protocol]) + options[1:], packets.DESTINATION_OPTIONS
        return self.header(source, address(SERVICE), protocol, len(options) + len(inner), None,
                           traffic_class, self.random.getrandbits(20)) + options + inner

    def udp(self, source, destination, port, hop_limit=None, size=24):
        body = self.payload(size)
        head = struct.pack('>HHHH', 50000, port, 8 + len(body), 0)
        value = mobile_ip.checksum(source, destination, packets.UDP, head + body)
        upper = head[:6] + struct.pack('>H', value) + body
        return self.header(address(source), address(destination), packets.UDP, len(upper), hop_limit) + upper

    # -- kinds of packets; each returns an IP packet, or a whole frame --

    def downlink(self):
        binding = self.one()
        return self.packet(self.correspondent_of(binding), self.home_address(binding), largest=self.largest(binding))

    def downlink_fragmented(self):
        """Not larger than an IPv6 link must carry, or IPv4 without Don't Fragment; and larger than one outer packet of
        the path carries (M-19)."""
        narrow = [b for b in self.live() if not b.ways and (b.inner_mtu < packets.SMALLEST_MTU or
                                                            b.key.version == 4 and b.inner_mtu <= 1400)]
        if not narrow:
            return self.downlink()
        binding = self.random.choice(narrow)
        if binding.key.version == 4:
            return self.packet(self.correspondent4(), binding.key, self.random.randrange(binding.inner_mtu + 20, 1460),
                               dont_fragment=False)
        size = self.random.choice((binding.inner_mtu, binding.inner_mtu + 1, self.random.randrange(1241, 1281), 1280))
        return self.packet(self.correspondent(), self.home_address(binding), size)

    def downlink_extension_headers(self):
        binding = self.one(6)
        inner = self.packet(self.correspondent(), self.home_address(binding), 400)
        options = struct.pack('>BBBB', inner[6], 0, 1, 4) + bytes(4)
        return inner[:4] + struct.pack('>H', len(inner) - 40 + 8) + b'\x3c' + inner[7:40] + options + inner[40:]

    def downlink_too_big(self):
        binding = self.even()
        size = self.random.choice((binding.inner_mtu + 1, 1500, self.random.randrange(binding.inner_mtu + 1, 1501)))
        if binding.key.version == 4:
            return self.packet(self.correspondent4(), binding.key, size, dont_fragment=True)
        return self.packet(self.correspondent(), self.home_address(binding), max(size, packets.SMALLEST_MTU + 1))

    def downlink_too_big_error(self):
        """An ICMPv6 error that is too big is not answered (RFC 4443 2.4 (e.1))."""
        binding = self.even(6)
        source, destination = self.correspondent(), self.home_address(binding)
        size = max(binding.inner_mtu, packets.SMALLEST_MTU)
        return tunnel.icmp6(source, destination, 1, 0, bytes(4) + self.payload(size - 40))

    def downlink_hop_limit(self):
        binding = self.one()
        return self.packet(self.correspondent_of(binding), self.home_address(binding),
                           hop_limit=self.random.choice((0, 1)))

    def downlink_unbound(self):
        if self.random.random() < 0.3:
            return self.packet(self.correspondent4(), '10.1.255.%d' % self.random.randrange(1, 255))
        return self.packet(self.correspondent(), '2001:db8:%s:f%03x::%x' % (
            self.random.choice(('aa', 'ab', 'ac')), self.random.getrandbits(12), self.random.randrange(1, 99)))

    def downlink_expired(self):
        binding = self.random.choice(self.dead())
        return self.packet(self.correspondent_of(binding), self.home_address(binding))

    def downlink_spoofed(self):
        target = self.one()
        return self.packet(self.home_address(self.one(target.key.version)), self.home_address(target))

    def downlink_source(self):
        target = self.one()
        sources = ('fe80::77', '::', '::1', 'ff02::1', SERVICE, PORT_ADDRESS)
        if target.key.version == 4:
            sources = ('127.0.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255', '169.254.1.1', SERVICE4, PORT_ADDRESS4)
        return self.packet(self.random.choice(sources), self.home_address(target))

    def not_ours(self):
        if self.random.random() < 0.3:
            return self.packet(self.correspondent4(), '10.2.0.%d' % self.random.randrange(1, 255))
        return self.packet(self.correspondent(), '2001:db8:4000::%x' % self.random.randrange(1, 999))

    def uplink(self):
        binding = self.one()
        inner = self.packet(self.home_address(binding), self.correspondent_of(binding), largest=1440)
        return self.outer(inner, binding.end)

    def uplink_fragment(self):
        """Pieces of tunnelled and control packets, in any order and mingled with all else: one a call. Some are lost, come twice, or
        overlap; those that stay make sets full in the long run, so that others must make room."""
        if len(self.pieces) < 4:
            binding = self.one()
            inner = self.packet(self.home_address(binding), self.correspondent_of(binding), self.random.randrange(200, 1400))
            stranger = self.care_of(), None
            whole = self.random.choice((self.outer(inner, binding.end), self.outer(inner, binding.end), self.outer(inner, stranger),
                                        self.udp(stranger[0], SERVICE, packets.UDP_PANA, size=1000)))
            self.pieces += self.cut(whole)
        return self.pieces.pop(self.random.choice((0, 0, 0, self.random.randrange(len(self.pieces)))))

    def cut_ipv4(self, whole, places, identification):
        pieces, payload = [], whole[20:]
        for begin, end in zip([0] + places, places + [len(payload)]):
            pieces.append(ip_packet.ipv4_header(
                address(whole[12:16]), address(whole[16:20]), whole[9], end - begin, whole[8], whole[1],
                begin // 8 | (ip_packet.MORE_FRAGMENTS if end < len(payload) else 0), identification & 0xffff) + payload[begin:end])
        return pieces

    def cut(self, whole):
        identification, payload = self.random.getrandbits(32), whole[20 if whole[0] >> 4 == 4 else 40:]
        places = sorted(self.random.sample(range(48, len(payload), 8), self.random.choice((1, 1, 2))))
        if whole[0] >> 4 == 4:
            return self.cut_ipv4(whole, places, identification)
        pieces = []
        for begin, end in zip([0] + places, places + [len(payload)]):
            header = struct.pack('>BBHI', whole[6], 0, begin | (end < len(payload)), identification)
            pieces.append(whole[:4] + struct.pack('>HBB', 8 + end - begin, packets.FRAGMENT, whole[7]) + whole[8:40] +
                          header + payload[begin:end])
        strange = self.random.random()
        if strange < 0.2:
            if strange < 0.1:
                pieces.pop()
            elif strange < 0.15:
                pieces.insert(1, pieces[0])
            else:
                wrong = struct.unpack('>H', pieces[1][42:44])[0] - 8
                pieces[1] = pieces[1][:42] + struct.pack('>H', wrong) + pieces[1][44:]
        return pieces

    def uplink_fragment_malformed(self):
        """Not the last, and no multiple of eight."""
        inner = self.packet(self.home_address(self.one(6)), self.correspondent(), 400)
        piece = self.cut(self.outer(inner, (self.care_of(), None)))[0]
        return piece[:4] + struct.pack('>H', len(piece) - 40 - 3) + piece[6:-3]

    def uplink_other_care_of(self):
        """From an address beside the first, alive or expired."""
        several = [b for b in self.live() if b.ways and all(abs(w.expires_ms - self.now_ms) > STEP_MS for w in b.ways)]
        if not several:
            return self.uplink()
        binding = self.random.choice(several)
        return self.outer(self.packet(self.home_address(binding), self.correspondent_of(binding)),
                          self.random.choice(binding.ways).end)

    def uplink_ecn(self):
        binding = self.one()
        inner = self.packet(self.home_address(binding), self.correspondent_of(binding), largest=1400)
        return self.outer(inner, binding.end, ecn=self.random.getrandbits(2))

    def uplink_encapsulation_limit(self):
        outer_ipv6 = [b for b in self.live() if b.care_of.version == 6]
        binding = self.random.choice(outer_ipv6)
        inner = self.packet(self.home_address(binding), self.correspondent_of(binding), largest=1400)
        options = bytes([packets.IPV6_IN_IPV6, 0, 4, 1, self.random.randrange(0, 5), 1, 1, 0])
        return self.outer(inner, binding.end, options=options)

    def uplink_previous_care_of(self):
        moved = [b for b in self.live() if b.previous_end is not None
                 and abs(b.previous_until_ms - self.now_ms) > STEP_MS]
        if not moved:
            return self.uplink()
        binding = self.random.choice(moved)
        return self.outer(self.packet(self.home_address(binding), self.correspondent_of(binding)), binding.previous_end)

    def node_to_node(self):
        source = self.one()
        target = self.one(source.key.version)
        inner = self.packet(self.home_address(source), self.home_address(target),
                            largest=min(1440, self.largest(target)))
        return self.outer(inner, source.end)

    def node_to_node_too_big(self):
        targets = [b for b in self.live() if b.inner_mtu < 1400 and not b.ways]
        if not targets:
            return self.uplink()
        target = self.random.choice(targets)
        source = self.one(target.key.version)
        inner = self.packet(self.home_address(source), self.home_address(target),
                            self.random.randrange(max(target.inner_mtu, packets.SMALLEST_MTU) + 20, 1441),
                            dont_fragment=True)
        return self.outer(inner, source.end)

    def node_to_node_unbound(self):
        source = self.one()
        target = '2001:db8:aa:f%03x::1' % self.random.getrandbits(12) if source.key.version == 6 else '10.1.255.9'
        return self.outer(self.packet(self.home_address(source), target), source.end)

    def uplink_hop_limit(self):
        binding = self.one()
        inner = self.packet(self.home_address(binding), self.correspondent_of(binding), hop_limit=self.random.choice((0, 1)))
        return self.outer(inner, binding.end)

    def uplink_care_of(self):
        binding = self.one()
        end = self.other_end(binding.end)
        return self.outer(self.packet(self.home_address(binding), self.correspondent_of(binding)), end)

    def uplink_unbound(self):
        inner = self.packet('2001:db8:aa:f%03x::1' % self.random.getrandbits(12), self.correspondent())
        if self.random.random() < 0.3:
            inner = self.packet('10.1.255.%d' % self.random.randrange(1, 255), self.correspondent4())
        return self.outer(inner, self.other_end((self.care_of(), None)))

    def uplink_expired(self):
        binding = self.random.choice(self.dead())
        return self.outer(self.packet(self.home_address(binding), self.correspondent_of(binding)), binding.end)

    def uplink_not_ours(self):
        inner = self.packet(self.correspondent(), self.correspondent()) if self.random.random() < 0.7 else \
            self.packet(self.correspondent4(), self.correspondent4())
        return self.outer(inner, self.one().end)

    def uplink_source(self):
        if self.random.random() < 0.3:
            source = self.random.choice(('127.0.0.1', '0.0.0.0', '224.0.0.1', '169.254.9.9', SERVICE4, PORT_ADDRESS4))
            return self.outer(self.packet(source, self.correspondent4()), self.one().end)
        source = self.random.choice(('fe80::77', '::', '::1', 'ff02::1', SERVICE, PORT_ADDRESS))
        return self.outer(self.packet(source, self.correspondent()), self.one().end)

    def uplink_destination(self):
        binding = self.one()
        destinations = ('ff02::1', 'ff0e::5', 'fe80::5', '::', '::1')
        if binding.key.version == 4:
            destinations = ('224.0.0.5', '255.255.255.255', '127.0.0.1', '0.0.0.0', '169.254.1.1')
        return self.outer(self.packet(self.home_address(binding), self.random.choice(destinations)), binding.end)

    def uplink_malformed(self):
        binding = self.one()
        inner = self.packet(self.home_address(binding), self.correspondent_of(binding), 200)
        if binding.key.version == 4:
            inner = self.random.choice((inner[:19], b'\x44' + inner[1:], b'\x4f' + inner[1:], inner[:60],
                                        inner[:10] + bytes((inner[10] ^ 1,)) + inner[11:]))
        else:
            inner = self.random.choice((
                inner[:39], b'\x56' + inner[1:], inner[:4] + struct.pack('>H', len(inner) - 39) + inner[6:], inner[:60],
                inner[:8] + bytes(10) + b'\xff\xff' + inner[20:]))
        return self.outer(inner, binding.end, ecn=0)

    def uplink_too_many_headers(self):
        binding = self.one(6)
        inner = self.packet(self.home_address(binding), self.correspondent(), 200)
        chain = bytes([packets.DESTINATION_OPTIONS, 0, 1, 4, 0, 0, 0, 0]) * 8
        chain += bytes([packets.IPV6_IN_IPV6, 0, 1, 4, 0, 0, 0, 0])
        return self.header(self.care_of(), address(SERVICE), packets.DESTINATION_OPTIONS, len(chain) + len(inner)) + \
            chain + inner

    def uplink_echo(self):
        binding = self.one(6)
        inner = tunnel.echo_request(self.home_address(binding), address(SERVICE), 9, self.serial & 0xffff,
                                    self.payload(64))
        return self.outer(inner, binding.end)

    def echo(self):
        return tunnel.echo_request(self.correspondent(), address(self.random.choice((SERVICE, PORT_ADDRESS))), 8,
                                   self.serial & 0xffff, self.payload(self.random.randrange(4, 1000)))

    def echo_checksum(self):
        packet = bytearray(self.echo())
        packet[-1] ^= 1
        return bytes(packet)

    def punted(self):
        source = self.correspondent()
        kind = self.random.choice(('pana', 'hip-udp', 'hip', 'mobility', 'binding-update'))
        if kind in ('pana', 'hip-udp'):
            return self.udp(source, address(SERVICE), packets.UDP_PANA if kind == 'pana' else packets.UDP_HIP)
        if kind == 'hip':
            return self.header(source, address(SERVICE), packets.HIP, 44) + self.payload(44)
        binding = self.one(6)
        update = mobile_ip.BindingUpdate(self.home_address(binding), address(SERVICE), self.care_of(),
                                         self.random.getrandbits(16), 600, self.random.randbytes(16), 0x1234,
                                         b'a@b.example')
        return update.packet(with_home_address_option=kind == 'binding-update')

    def to_host(self):
        source, own = self.correspondent(), address(self.random.choice((SERVICE, PORT_ADDRESS)))
        body = struct.pack('>HHI', 40000, self.random.choice((22, 179)), 1) + self.payload(12)
        return self.header(source, own, packets.TCP, len(body)) + body

    def outer_error(self, binding, trouble, size, way=None, own=None, care_of=None, home=None, protocol=None):
        """An error about an outer packet of `size` octets into the tunnel of a binding, by any of its ways, as a router quotes it. trouble:
        the MTU that is too small for it, or (type, code) of ICMPv6."""
        way = way or self.random.choice(binding.alive(self.now_ms + 2 * STEP_MS))
        own_address = way.own
        own, care_of, home = own or way.own, care_of or way.end[0], home or self.home_address(binding)
        inner = self.packet(self.correspondent_of(binding), home, 1200)
        router = address('2001:db8:500::1' if care_of.version == 6 else '198.51.100.250')
        kind, code, mtu = (*trouble, 0) if isinstance(trouble, tuple) else (packets.PACKET_TOO_BIG, 0, trouble)
        if care_of.version == 6:
            protocol = protocol or (packets.IPV6_IN_IPV6 if home.version == 6 else packets.IPV4_IN_IP)
            quoted = self.header(own, care_of, protocol, size - 40, 60) + inner
            return tunnel.icmp6(router, own_address, kind, code, struct.pack('>I', mtu) + quoted[:1232])
        quoted = ip_packet.ipv4_header(own, care_of, protocol or packets.UDP, size - 20, 60)
        quoted += struct.pack('>HHHH', packets.UDP_DSMIPV6, way.end[1], size - 20, 0) + inner
        kind, code = (3, 4) if kind == packets.PACKET_TOO_BIG else (11, 0) if kind == packets.TIME_EXCEEDED else (3, code and 1)
        return packets.icmp4(router, own_address, kind, code, struct.pack('>I', mtu) + quoted[:548])

    def packet_too_big(self):
        """By none of several ways an error to the node may be cut: whether it is would depend on the way."""
        binding = self.one()
        return self.outer_error(binding, self.random.choice((1320 if binding.ways else 1280, 1320, 1400, 1450)), self.random.choice((1300, 1440, 1460)))

    def outer_unreachable(self):
        return self.outer_error(self.one(), self.random.choice(((1, 0), (1, 3), (3, 0))), 1240)

    def packet_too_big_strange(self):
        """It quotes another care-of address, another source, an unbound home address or no tunnel packet; or says too little."""
        binding, kind = self.one(), self.random.randrange(5)
        stranger = self.care_of() if binding.care_of.version == 6 else self.care_of4()
        unbound = address('2001:db8:aa:f%03x::1' % self.random.getrandbits(12) if binding.key.version == 6 else '10.1.255.254')
        return self.outer_error(binding, 0 if kind == 4 else 1320, 1440, binding, care_of=stranger if kind == 0 else None,
                                own=stranger if kind == 1 else None, home=unbound if kind == 2 else None,
                                protocol=packets.TCP if kind == 3 else None)

    def outer_error_other(self):
        """Parameter Problem, administratively prohibited: it changes nothing."""
        binding = self.random.choice([b for b in self.live() if b.care_of.version == 6])
        return self.outer_error(binding, self.random.choice(((4, 1), (1, 1), (1, 4))), 1240, binding)

    def solicitation_frame(self, target, source, hop_limit=255, unicast=False):
        source, target = address(source), address(target)
        destination = target if unicast else packets.solicited_node(target)
        mac = bytes.fromhex(PORT_MAC.replace(':', '')) if unicast else b'\x33\x33' + destination.packed[12:]
        body = bytes(4) + target.packed
        if not source.is_unspecified:
            body += b'\x01\x01' + bytes.fromhex(GATEWAY_MAC.replace(':', ''))
        packet = tunnel.icmp6(source, destination, packets.NEIGHBOUR_SOLICITATION, 0, body, hop_limit)
        return mac + bytes.fromhex(GATEWAY_MAC.replace(':', '')) + packets.ETHERTYPE_IPV6 + packet

    def solicitation(self):
        source = self.random.choice((GATEWAY, 'fe80::ff', '::'))
        target = self.random.choice((PORT_ADDRESS, PORT_LINK_LOCAL))
        return self.solicitation_frame(target, source, unicast=source != '::' and self.random.random() < 0.5)

    def solicitation_wrong(self):
        return self.solicitation_frame(PORT_ADDRESS, GATEWAY, hop_limit=64)

    def malformed(self):
        packet = self.packet(self.correspondent(), self.home_address(self.one(6)), 200)
        return self.random.choice((b'\x46' + packet[1:], packet[:30], packet[:120],
                                   packet[:4] + struct.pack('>H', 4000) + packet[6:]))

    def malformed_ipv4(self):
        packet = self.packet(self.correspondent4(), self.one(4).key, 200)
        position = self.random.choice((10, 11, 15, 3))
        broken = packet[:position] + bytes((packet[position] ^ 0x10,)) + packet[position + 1:]
        return self.random.choice((packet[:19], packet[:120], b'\x44' + packet[1:], broken))

    def mapped(self):
        """An IPv4 address in IPv6's clothes is nobody's."""
        packet = self.packet(self.correspondent(), self.home_address(self.one(6)), 200)
        position = self.random.choice((8, 24))
        return packet[:position] + bytes(10) + b'\xff\xff' + self.one(4).key.packed + packet[position + 16:]

    def ipv4_tunnel_without_udp(self):
        binding = self.one()
        inner = self.packet(self.home_address(binding), self.correspondent_of(binding), 200)
        return ip_packet.ipv4_header(self.care_of4(), address(SERVICE4), 4 if binding.key.version == 4 else 41,
                                     len(inner)) + inner

    def udp_malformed(self):
        """A wrong checksum, or a length that is not that of the IPv4 payload."""
        binding = self.one()
        inner = self.packet(self.home_address(binding), self.correspondent_of(binding), 200)
        packet = ip_packet.udp4(self.care_of4(), address(SERVICE4), 4000, packets.UDP_DSMIPV6, inner)
        position = self.random.choice((24, 25, 26, 40, len(packet) - 1))
        return packet[:position] + bytes((packet[position] ^ 1,)) + packet[position + 1:]

    def udp_empty(self):
        return ip_packet.udp4(self.care_of4(), address(SERVICE4), 4000, packets.UDP_DSMIPV6, b'')

    def udp_fragment(self):
        body = self.payload(128)
        return ip_packet.ipv4_header(self.care_of4(), address(SERVICE4), packets.UDP, len(body),
                                     fragment=self.random.choice((0x2000, 0x2010, 0x0020))) + body

    def punted_udp(self):
        """M-22: a Binding Update of a node in an IPv4 network; PANA there."""
        if self.random.random() < 0.3:
            return ip_packet.udp4(self.care_of4(), address(self.random.choice((SERVICE4, PORT_ADDRESS4))), 5000,
                                  packets.UDP_PANA, self.payload(30))
        update = mobile_ip.BindingUpdate(address('2001:db8:aa:f123::1'), address(SERVICE), self.care_of(),
                                         self.random.getrandbits(16), 600, self.random.randbytes(16), 0x1234,
                                         b'a@b.example')
        return self.outer(update.packet(with_home_address_option=False),
                          (self.care_of4(), self.random.randrange(1024, 65536)))

    def to_host_ipv4(self):
        own = address(self.random.choice((SERVICE4, PORT_ADDRESS4)))
        if self.random.random() < 0.5:
            return ip_packet.udp4(self.correspondent4(), own, 5000, 53, self.payload(30))
        return ip_packet.ipv4_header(self.correspondent4(), own, packets.TCP, 40) + self.payload(40)

    def arp_frame(self, sender, target, operation, head=b'\x00\x01\x08\x00\x06\x04'):
        mac, own = bytes.fromhex(GATEWAY_MAC.replace(':', '')), bytes.fromhex(PORT_MAC.replace(':', ''))
        body = head + struct.pack('>H', operation) + mac + address(sender).packed + bytes(6) + address(target).packed
        return (b'\xff' * 6 if operation == packets.ARP_REQUEST else own) + mac + packets.ETHERTYPE_ARP + body

    def arp(self):
        target = self.random.choice((PORT_ADDRESS4, PORT_ADDRESS4, SERVICE4, '192.0.2.200'))
        return self.arp_frame(self.random.choice((GATEWAY4, '0.0.0.0')), target, packets.ARP_REQUEST)

    def arp_reply(self):
        return self.arp_frame(self.random.choice((GATEWAY4, '192.0.2.201')), PORT_ADDRESS4, packets.ARP_REPLY)

    def arp_wrong(self):
        return self.arp_frame(GATEWAY4, PORT_ADDRESS4, self.random.choice((0, 3, 9)))

    KINDS = {
        'downlink': 30, 'downlink_fragmented': 4, 'downlink_extension_headers': 2, 'downlink_too_big': 4, 'downlink_too_big_error': 1,
        'downlink_hop_limit': 2, 'downlink_unbound': 3, 'downlink_expired': 2, 'downlink_spoofed': 2,
        'downlink_source': 2, 'not_ours': 2, 'uplink': 20, 'uplink_ecn': 6, 'uplink_other_care_of': 4, 'uplink_fragment': 8,
        'uplink_fragment_malformed': 1, 'uplink_encapsulation_limit': 1,
        'uplink_previous_care_of': 3, 'node_to_node': 6, 'node_to_node_too_big': 2, 'node_to_node_unbound': 1,
        'uplink_hop_limit': 2, 'uplink_care_of': 3, 'uplink_unbound': 2, 'uplink_expired': 1, 'uplink_not_ours': 2,
        'uplink_source': 3, 'uplink_destination': 2, 'uplink_malformed': 3, 'uplink_too_many_headers': 1,
        'uplink_echo': 2, 'echo': 2, 'echo_checksum': 1, 'punted': 3, 'to_host': 2, 'packet_too_big': 2, 'outer_unreachable': 2, 'outer_error_other': 1,
        'packet_too_big_strange': 2, 'solicitation': 2, 'solicitation_wrong': 1, 'malformed': 2,
        'malformed_ipv4': 2, 'mapped': 1, 'ipv4_tunnel_without_udp': 1, 'udp_malformed': 3, 'udp_empty': 1,
        'udp_fragment': 1, 'punted_udp': 2, 'to_host_ipv4': 1, 'arp': 2, 'arp_reply': 1, 'arp_wrong': 1}

    # -- the run --

    def change(self, index):
        """A feed record before packet `index`: mostly a move, sometimes a withdrawal or a new binding."""
        choice = self.random.random()
        if choice < 0.6:
            old = self.one()
            row = {'op': 'set', 'key': str(old.key), 'key_length': old.key_length,
                   'inner_mtu': self.random.choice(MTUS), 'expires_ms': EPOCH_MS + LIFETIME_MS}
            row.update(self.end_row(old.key.version == 4))
            row.update(self.extras_row(old.key.version == 4))
            if old.end[1] is not None and self.random.random() < 0.4:
                row.update(kind=old.kind, care_of=str(old.care_of), port=old.end[1] ^ 1)
        elif choice < 0.8 and len(self.live()) > 16:
            old = self.one()
            row = {'op': 'withdraw', 'key': str(old.key), 'key_length': old.key_length}
        else:
            row = dict(self.binding_row(1000 + index), op='set')
        row.update({'before_packet': index, 'at_ms': self.now_ms})
        self.records.append(row)
        self.table.change(row)

    def frames(self, count):
        """[(kind, time in ms, frame)]; the records go to self.records."""
        kinds, weights = list(self.KINDS), list(self.KINDS.values())
        result = []
        for index in range(count):
            self.now_ms = EPOCH_MS + index * STEP_MS
            self.table.now_ms = self.now_ms
            if index and index % 50 == 0:
                self.change(index)
            kind = self.random.choices(kinds, weights)[0]
            if kind.endswith('expired') and not self.dead():
                kind = 'downlink'
            made = getattr(self, kind)()
            if not kind.startswith(('solicitation', 'arp')):
                ethertype = packets.ETHERTYPE_IPV4 if made[0] >> 4 == 4 and kind != 'malformed' else packets.ETHERTYPE_IPV6
                made = bytes.fromhex((PORT_MAC + GATEWAY_MAC).replace(':', '')) + ethertype + made
            padded = not kind.startswith('malformed') and self.random.random() < 0.5
            made += bytes(max(0, 60 - len(made))) if padded else b''
            result.append((kind, self.now_ms, made))
            self.table.handle(made, self.now_ms)
        return result


def expectations(values, records, frames, reassembly_set_of=None):
    """(JSON of what must happen, frames that must leave) computed from scenario, records and frames alone; and from the set of each
    source of fragments, if that is known."""
    forwarder = packets.Forwarder(packets.Scenario.from_json(values), reassembly_set_of)
    pending = list(records)
    listed, outputs, out_frames = [], [], []
    counters = dict.fromkeys(('received', 'injected', 'from_host', 'originated', packets.TRANSMITTED, packets.PUNTED,
                              packets.TO_HOST, packets.CONSUMED), 0)
    drops = {}
    for index, (kind, now_ms, frame) in enumerate(frames):
        while pending and pending[0]['before_packet'] == index:
            forwarder.change(pending.pop(0))
        found = forwarder.handle(frame, now_ms)
        counters['received'] += 1
        if found.sink == packets.DROPPED:
            drops[found.drop] = drops.get(found.drop, 0) + 1
        elif found.sink not in (packets.TRANSMITTED, packets.WAITING):
            counters[found.sink] += 1
        for name, count in found.others.items():
            to = counters if name in counters else drops
            if count:
                to[name] = to.get(name, 0) + count
        counters[packets.TRANSMITTED] += len(found.outputs)
        counters['originated'] += sum(output.originated for output in found.outputs)
        listed.append({'kind': kind, 'sink': found.sink, 'drop': found.drop, 'first_output': len(outputs),
                       'outputs': len(found.outputs)})
        for output in found.outputs:
            outputs.append({'input': index, 'originated': output.originated} | (
                {'alternatives': [one.hex() for one in output.alternatives]} if output.alternatives else {}))
            out_frames.append((now_ms * 10 ** 6, output.frame))
    if forwarder.fragments.waiting():
        drops['reassembly_time_out'] = drops.get('reassembly_time_out', 0) + forwarder.fragments.waiting()
    counters['drops'] = dict(sorted(drops.items()))
    bindings = [{'key': str(b.key), 'key_length': b.key_length, 'down_packets': b.down_packets,
                 'down_octets': b.down_octets, 'up_packets': b.up_packets, 'up_octets': b.up_octets,
                 'inner_mtu': b.inner_mtu} for b in forwarder.bindings.values()]
    return {'format': 1, 'packets': listed, 'outputs': outputs, 'counters': counters, 'bindings': bindings}, out_frames


def generate(folder, seed, count):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    generator = Generator(seed)
    frames = generator.frames(count)
    expected, out_frames = expectations(generator.values, generator.records, frames)
    scenario = dict(generator.values, changes=generator.records)
    (folder / 'scenario.json').write_text(json.dumps(scenario, indent=1))
    (folder / 'expected.json').write_text(json.dumps(expected, indent=1))
    pcap.write(folder / 'in.pcap', [(now_ms * 10 ** 6, frame) for _, now_ms, frame in frames])
    pcap.write(folder / 'expected.pcap', out_frames)
    return expected


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, default=4000)
    options = parser.parse_args(arguments)
    expected = generate(options.folder, options.seed, options.count)
    print(json.dumps(expected['counters'], indent=1))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
