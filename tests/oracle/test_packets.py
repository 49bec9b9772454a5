# SPDX-License-Identifier: BSD-3-Clause
"""The packet oracle itself: single packets worked out by hand, and that compare.py finds what is wrong."""
import ipaddress
import json
import pathlib
import re
import struct
import tempfile
import unittest
import zlib

import compare
import generate
import ip_packet
import mobile_ip
import packets
import pcap
import tunnel

HOME, CARE_OF, SERVICE = (ipaddress.IPv6Address(text) for text in (
    '2001:db8:aa:1::77', '2001:db8:100::5', '2001:db8:1::1'))
OTHER_HOME, OTHER_CARE_OF = ipaddress.IPv6Address('2001:db8:ab::9'), ipaddress.IPv6Address('2001:db8:2::100')
CORRESPONDENT = ipaddress.IPv6Address('2001:db8:300::3')
UDP_HOME, HOME4 = ipaddress.IPv6Address('2001:db8:aa:9::1'), ipaddress.IPv4Address('10.1.0.7')
NAT, SERVICE4 = ipaddress.IPv4Address('203.0.113.7'), ipaddress.IPv4Address('198.51.100.1')
NOW = generate.EPOCH_MS


def scenario():
    values = generate.Generator(1, 0).values
    values['bindings'] = [
        {'key': '2001:db8:aa:1::', 'key_length': 64, 'care_of': str(CARE_OF), 'inner_mtu': 1400,
         'expires_ms': NOW + 1000},
        {'key': str(OTHER_HOME), 'key_length': 128, 'care_of': str(OTHER_CARE_OF), 'inner_mtu': 1300,
         'expires_ms': NOW + 10 ** 6},
        {'key': '2001:db8:aa:9::', 'key_length': 64, 'kind': 'ip6-in-udp4', 'care_of': str(NAT), 'port': 40001,
         'inner_mtu': 1400, 'expires_ms': NOW + 10 ** 6},
        {'key': str(HOME4), 'key_length': 32, 'kind': 'ip4-in-ip6', 'care_of': str(CARE_OF), 'inner_mtu': 1400,
         'expires_ms': NOW + 10 ** 6}]
    values['dscp'] = 'copy'
    values['udp_checksum'] = False
    return packets.Scenario.from_json(values)


def udp(source, destination, size=100, hop_limit=64, traffic_class=0, label=0):
    body = struct.pack('>HHHH', 1024, 80, size - 40, 0) + bytes(size - 48)
    return mobile_ip.ipv6_header(source, destination, 17, len(body), hop_limit, traffic_class, label) + body


def framed(packet, ethertype=packets.ETHERTYPE_IPV6):
    head = bytes.fromhex((generate.PORT_MAC + generate.GATEWAY_MAC).replace(':', ''))
    return head + ethertype + packet


def outer(inner, source=CARE_OF, traffic_class=0):
    return mobile_ip.ipv6_header(source, SERVICE, 41, len(inner), 60, traffic_class) + inner


class SinglePackets(unittest.TestCase):
    def setUp(self):
        self.forwarder = packets.Forwarder(scenario())

    def handle(self, packet, now_ms=NOW):
        return self.forwarder.handle(framed(packet), now_ms)

    def sent(self, packet, **arguments):
        found = self.handle(packet, **arguments)
        self.assertEqual(len(found.outputs), 1, found)
        return found, found.outputs[0].frame

    def dropped(self, packet, reason, now_ms=NOW):
        found = self.handle(packet, now_ms)
        self.assertEqual((found.sink, found.drop, found.outputs), (packets.DROPPED, reason, []))

    def test_downlink(self):
        """Octet for octet: class copied, hop limit of the inner packet less one."""
        found, frame = self.sent(udp(CORRESPONDENT, HOME, traffic_class=0xb9, label=0x12345))
        self.assertEqual(found.sink, packets.TRANSMITTED)
        self.assertEqual(frame.hex(), (
            '0200000000fe' '020000000001' '86dd'
            '6b900000' '0064' '29' '40' '20010db8000100000000000000000001' '20010db8010000000000000000000005'
            '6b912345' '003c' '11' '3f' '20010db8030000000000000000000003' '20010db800aa00010000000000000077'
            '0400' '0050' '003c' '0000' + '00' * 52))

    def test_uplink(self):
        inner = udp(HOME, CORRESPONDENT, traffic_class=0x02)
        for ecn, expected in ((0, 2), (2, 2), (1, 1), (3, 3)):
            _, frame = self.sent(outer(inner, traffic_class=0xfc | ecn))
            self.assertEqual(frame[14:].hex(), udp(HOME, CORRESPONDENT, hop_limit=63, traffic_class=expected).hex())
            self.assertEqual(frame[:6].hex(), '0200000000fe')

    def test_ecn_table(self):
        """RFC 6040 figure 4; rows inner, columns outer Not-ECT, ECT(0), ECT(1), CE."""
        table = {0: (0, 0, 0, None), 2: (2, 2, 1, 3), 1: (1, 1, 1, 3), 3: (3, 3, 3, 3)}
        for inner, row in table.items():
            for outer_ecn, expected in zip((0, 2, 1, 3), row):
                if expected is None:
                    with self.assertRaises(packets.Drop):
                        packets.ecn_after_decapsulation(inner, outer_ecn)
                else:
                    self.assertEqual(packets.ecn_after_decapsulation(inner, outer_ecn), expected)

    def test_node_to_node(self):
        _, frame = self.sent(outer(udp(HOME, OTHER_HOME)))
        self.assertEqual(frame[:6].hex(), '020000000100')
        self.assertEqual(frame[38:54], OTHER_CARE_OF.packed)
        self.assertEqual(frame[54:].hex(), udp(HOME, OTHER_HOME, hop_limit=63).hex())

    def test_too_big(self):
        """M-19: from the home agent's address, at most 1280 octets, the inner MTU in it."""
        packet = udp(CORRESPONDENT, HOME, 1401)
        found, frame = self.sent(packet)
        self.assertEqual((found.sink, found.drop), (packets.DROPPED, 'too_big'))
        self.assertEqual(len(frame), 14 + 1280)
        self.assertEqual(frame[22:38], SERVICE.packed)
        self.assertEqual(frame[38:54], CORRESPONDENT.packed)
        self.assertEqual(struct.unpack('>BB', frame[54:56]), (2, 0))
        self.assertEqual(struct.unpack('>I', frame[58:62])[0], 1400)
        self.assertEqual(frame[62:], packet[:1232])
        self.assertEqual(mobile_ip.checksum(SERVICE, CORRESPONDENT, 58, frame[54:]), 0)
        self.assertEqual(self.handle(udp(CORRESPONDENT, HOME, 1400)).sink, packets.TRANSMITTED)

    def test_too_big_between_nodes(self):
        """The error goes to the source through its own tunnel."""
        _, frame = self.sent(outer(udp(HOME, OTHER_HOME, 1301)))
        self.assertEqual(frame[38:54], CARE_OF.packed)
        inner = frame[54:]
        self.assertEqual((inner[8:24], inner[24:40]), (SERVICE.packed, HOME.packed))
        self.assertEqual(struct.unpack('>I', inner[44:48])[0], 1300)

    def test_fragments(self):
        """M-19: in pieces up to 1280 octets of inner packet; the pieces are multiples of eight and make the whole."""
        self.forwarder.bindings[(64, ipaddress.IPv6Address('2001:db8:aa:1::'))].inner_mtu = 1240
        found = self.handle(udp(CORRESPONDENT, HOME, 1280, traffic_class=0xb9))
        self.assertEqual([(len(one.frame), one.originated) for one in found.outputs],
                         [(14 + 1280, False), (14 + 48 + 48, True)])
        self.assertEqual([one.frame[54:58].hex() for one in found.outputs], ['29000001', '290004d0'])
        whole, = compare.joined([one.frame for one in found.outputs])
        self.assertEqual(whole.frame[:14], found.outputs[0].frame[:14])
        outer_header = packets.Packet(whole.frame[14:])
        self.assertEqual((outer_header.source, outer_header.destination, outer_header.traffic_class),
                         (SERVICE, CARE_OF, 0xb9))
        self.assertEqual(whole.frame[54:], udp(CORRESPONDENT, HOME, 1280, 63, 0xb9))
        self.assertEqual(len(self.handle(udp(CORRESPONDENT, HOME, 1240)).outputs), 1)
        self.assertEqual(self.handle(udp(CORRESPONDENT, HOME, 1281)).drop, 'too_big')

    def test_reassembly(self):
        """RFC 8200 4.5: whole in any order; RFC 5722: an overlap ends it, also for pieces to come."""
        whole, pieces = outer(udp(HOME, CORRESPONDENT, 300)), []
        for begin, end in ((0, 64), (64, 128), (128, 300)):
            header = struct.pack('>BBHI', 41, 0, begin | (end < 300), 9)
            pieces.append(whole[:4] + struct.pack('>HB', 8 + end - begin, 44) + whole[7:40] + header + whole[40 + begin:40 + end])
        self.assertEqual([self.handle(pieces[i]).sink for i in (2, 0)], [packets.WAITING] * 2)
        self.assertEqual(self.forwarder.fragments.waiting(), 2)
        found, frame = self.sent(pieces[1])
        self.assertEqual((found.sink, found.others), (packets.TRANSMITTED, {packets.CONSUMED: 2}))
        self.assertEqual(frame[14:], udp(HOME, CORRESPONDENT, 300, 63))
        self.assertEqual(self.handle(pieces[0]).sink, packets.WAITING)
        self.dropped(pieces[0], 'fragment_duplicate')
        shifted = pieces[1][:42] + struct.pack('>H', 56 | 1) + pieces[1][44:]
        found = self.handle(shifted)
        self.assertEqual((found.drop, found.others), ('fragment_overlap', {'fragment_overlap': 1}))
        self.dropped(pieces[2], 'fragment_overlap')

    def piece(self, source, number, begin=0, more=1):
        """A fragment of a tunnelled packet of HOME, from any outer source; 56 octets."""
        inner = (outer(udp(HOME, CORRESPONDENT, 300))[40:] * 2)[begin:begin + 56]
        header = struct.pack('>BBHI', 41, 0, begin | more, number)
        return mobile_ip.ipv6_header(source, SERVICE, 44, 8 + len(inner)) + header + inner

    def test_crowding(self):
        """architecture.md 3: two places of a set for those that have not proven themselves, and no other place is theirs to take."""
        self.forwarder.fragments.set_of = lambda source: 0
        stranger = ipaddress.IPv6Address('2001:db8:700::1')

        def crowded(found):
            return found.others.get('reassembly_crowded_out', 0)
        for number in range(2):
            self.assertEqual(crowded(self.handle(self.piece(stranger, number))), 0)
        self.assertEqual(crowded(self.handle(self.piece(stranger, 2))), 1)
        for number in range(3, 9):
            self.assertEqual(crowded(self.handle(self.piece(CARE_OF, number))), 0)
        self.assertEqual(crowded(self.handle(self.piece(CARE_OF, 9))), 1)
        self.assertEqual(crowded(self.handle(self.piece(CARE_OF, 10))), 1)
        self.dropped(self.piece(stranger, 11), 'reassembly_crowded_out')
        self.assertEqual(crowded(self.handle(self.piece(CARE_OF, 12))), 1)
        self.assertEqual(self.forwarder.fragments.waiting(), 8)

    def test_crowding_by_pieces(self):
        """Sixteen in a set, eight of a packet."""
        self.forwarder.fragments.set_of = lambda source: 0
        for number in range(2):
            for index in range(8):
                self.assertEqual(self.handle(self.piece(CARE_OF, number, 56 * index)).sink, packets.WAITING)
        found = self.handle(self.piece(CARE_OF, 2))
        self.assertEqual((found.sink, found.others), (packets.WAITING, {'reassembly_crowded_out': 8}))
        self.assertEqual(self.handle(self.piece(CARE_OF, 1, 448)).others, {'fragment_too_many': 8})

    def test_path_mtu(self):
        quoted = mobile_ip.ipv6_header(SERVICE, CARE_OF, 41, 1400) + udp(CORRESPONDENT, HOME, 1360)
        wrong = mobile_ip.ipv6_header(SERVICE, OTHER_CARE_OF, 41, 1400) + udp(CORRESPONDENT, HOME, 1360)

        def report(mtu, packet):
            router = ipaddress.IPv6Address('2001:db8:5::5')
            return tunnel.icmp6(router, SERVICE, 2, 0, struct.pack('>I', mtu) + packet[:1232])

        self.dropped(report(1300, wrong), 'icmp_error_unmatched')
        self.dropped(report(1279, quoted), 'icmp_error_unmatched')
        self.assertEqual(self.handle(report(1400, quoted)).sink, packets.CONSUMED)
        _, frame = self.sent(udp(CORRESPONDENT, HOME, 1361))
        self.assertEqual(struct.unpack('>I', frame[58:62])[0], 1360)
        self.dropped(report(1500, quoted), 'icmp_error_unmatched')
        self.assertEqual(self.handle(udp(CORRESPONDENT, HOME, 1361)).drop, 'too_big')

    def test_hop_limits(self):
        for hop_limit in (0, 1):
            _, frame = self.sent(udp(CORRESPONDENT, HOME, hop_limit=hop_limit))
            self.assertEqual(frame[54:56], b'\x03\x00')
            _, frame = self.sent(outer(udp(HOME, CORRESPONDENT, hop_limit=hop_limit)))
            self.assertEqual(frame[38:54], CARE_OF.packed)

    def test_source_check(self):
        self.dropped(outer(udp(HOME, CORRESPONDENT), OTHER_CARE_OF), 'care_of_mismatch')
        self.dropped(outer(udp('2001:db8:aa:2::1', CORRESPONDENT)), 'inner_source_unbound')
        self.dropped(outer(udp(CORRESPONDENT, CORRESPONDENT)), 'inner_source_foreign')
        self.dropped(outer(udp('fe80::1', CORRESPONDENT)), 'inner_source_confined')
        self.dropped(outer(udp(SERVICE, CORRESPONDENT)), 'inner_source_own')
        self.dropped(outer(udp(HOME, 'ff02::1')), 'inner_destination_confined')
        self.dropped(udp(OTHER_HOME, HOME), 'source_spoofed')
        self.dropped(udp('fe80::9', HOME), 'ip_source_confined')

    def test_expiry(self):
        """M-13: the entry expires at the exact bound."""
        self.assertEqual(self.handle(udp(CORRESPONDENT, HOME), NOW + 999).sink, packets.TRANSMITTED)
        self.dropped(udp(CORRESPONDENT, HOME), 'destination_unbound', NOW + 1000)
        self.dropped(outer(udp(HOME, CORRESPONDENT)), 'inner_source_unbound', NOW + 1000)

    def test_move_and_withdrawal(self):
        record = {'op': 'set', 'key': '2001:db8:aa:1::', 'key_length': 64, 'care_of': '2001:db8:100::6',
                  'inner_mtu': 1400, 'expires_ms': NOW + 10 ** 6, 'at_ms': NOW}
        self.forwarder.change(record)
        self.assertEqual(self.sent(udp(CORRESPONDENT, HOME))[1][38:54],
                         ipaddress.IPv6Address('2001:db8:100::6').packed)
        inner = udp(HOME, CORRESPONDENT)
        self.assertEqual(self.handle(outer(inner), NOW + 999).sink, packets.TRANSMITTED)
        self.dropped(outer(inner), 'care_of_mismatch', NOW + 1000)
        self.forwarder.change({'op': 'withdraw', 'key': '2001:db8:aa:1::', 'key_length': 64})
        self.dropped(udp(CORRESPONDENT, HOME), 'destination_unbound')

    def test_encapsulation_limit(self):
        """M-18, RFC 2473 4.1.1: a limit of 0 is answered with Parameter Problem at the limit."""
        options = bytes([17, 0, 4, 1, 0, 1, 1, 0])
        packet = udp(CORRESPONDENT, HOME)
        packet = packet[:4] + struct.pack('>H', 68) + b'\x3c' + packet[7:40] + options + packet[40:]
        _, frame = self.sent(packet)
        self.assertEqual(struct.unpack('>BB', frame[54:56]), (4, 0))
        self.assertEqual(struct.unpack('>I', frame[58:62])[0], 44)

    def test_to_us(self):
        found, frame = self.sent(tunnel.echo_request(CORRESPONDENT, SERVICE, 1, 2, b'abc'))
        self.assertEqual(found.sink, packets.CONSUMED)
        self.assertEqual((frame[54], frame[58:]), (129, b'\x00\x01\x00\x02abc'))
        _, frame = self.sent(outer(tunnel.echo_request(HOME, SERVICE, 1, 2, b'abc')))
        self.assertEqual((frame[38:54], frame[94]), (CARE_OF.packed, 129))
        update = mobile_ip.BindingUpdate(HOME, SERVICE, CARE_OF, 1, 600, bytes(16), 300, b'a@b.example')
        self.assertEqual(self.handle(update.packet()).sink, packets.PUNTED)
        found = self.handle(outer(update.packet(with_home_address_option=False), '2001:db8:9::9'))
        self.assertEqual(found.sink, packets.PUNTED)
        self.assertEqual(self.handle(udp(CORRESPONDENT, SERVICE)).sink, packets.TO_HOST)

    def test_udp_over_ipv4(self):
        """RFC 5555 2.3.2.2, octet for octet: header checksum, no identification where nobody fragments, no UDP checksum."""
        found, frame = self.sent(udp(CORRESPONDENT, UDP_HOME, traffic_class=0xb9))
        self.assertEqual(found.sink, packets.TRANSMITTED)
        self.assertEqual(frame.hex(), (
            '0200000000fe' '020000000001' '0800'
            '45b9' '0080' '0000' '4000' '40' '11' 'd377' 'c6336401' 'cb007107' '105f' '9c41' '006c' '0000'
            + udp(CORRESPONDENT, UDP_HOME, traffic_class=0xb9, hop_limit=63).hex()))
        self.forwarder.scenario.udp_checksum = True
        _, frame = self.sent(udp(CORRESPONDENT, UDP_HOME))
        self.assertEqual(ip_packet.internet_checksum(frame[26:34] + struct.pack('>HH', 17, 108) + frame[34:]), 0)
        self.assertNotEqual(frame[40:42], bytes(2))

    def test_out_of_udp(self):
        """M-23: address and port."""
        inner = udp(UDP_HOME, CORRESPONDENT)
        for port, care_of, drop in ((40001, NAT, None), (40002, NAT, 'care_of_mismatch'), (
                40001, ipaddress.IPv4Address('203.0.113.8'), 'care_of_mismatch')):
            outer4 = ip_packet.udp4(care_of, SERVICE4, port, 4191, inner)
            found = self.forwarder.handle(framed(outer4, packets.ETHERTYPE_IPV4), NOW)
            self.assertEqual(found.drop, drop)
        self.dropped(outer(inner), 'care_of_mismatch')
        wrong = outer4[:27] + bytes([outer4[27] ^ 1]) + outer4[28:]
        self.assertEqual(self.forwarder.handle(framed(wrong, packets.ETHERTYPE_IPV4), NOW).drop, 'udp_malformed')

    def test_ipv4_inside(self):
        """RFC 2473 with an IPv4 packet: time to live once less, its checksum renewed, the outer next header 4."""
        inner = ip_packet.ipv4_header(ipaddress.IPv4Address('198.51.100.77'), HOME4, 17, 8, 64, 0x28) + bytes(8)
        found = self.forwarder.handle(framed(inner, packets.ETHERTYPE_IPV4), NOW)
        frame = found.outputs[0].frame
        self.assertEqual((frame[12:14], frame[20], frame[38:54]), (packets.ETHERTYPE_IPV6, 4, CARE_OF.packed))
        self.assertEqual((frame[62], ip_packet.internet_checksum(frame[54:74])), (63, 0))
        self.assertEqual(found.outputs[0].flow[4], '00000000')

    def test_meter(self):
        """RFC 2697 3: committed burst, excess burst, then what the rate brings, the committed bucket first."""
        meter = packets.Meter(1000, 1000, 500)
        self.assertEqual([meter.takes(500, 0) for _ in range(4)], [True, True, True, False])
        self.assertEqual([meter.takes(100, 100), meter.takes(1, 100)], [True, False])
        self.assertEqual([meter.takes(500, 5000) for _ in range(4)], [True, True, True, False])
        self.assertTrue(packets.Meter().takes(10 ** 9, 0))

    def test_several_care_of_addresses(self):
        """RFC 5648 6.5: from any that is alive; to any of them."""
        other = (NAT, 40002)
        self.forwarder.change({'op': 'set', 'key': '2001:db8:aa:1::', 'key_length': 64, 'care_of': str(CARE_OF),
                               'inner_mtu': 1400, 'expires_ms': NOW + 1000, 'at_ms': NOW, 'weight': 1, 'care_ofs': [
                                   {'kind': 'ip6-in-udp4', 'care_of': str(NAT), 'port': 40002, 'weight': 3,
                                    'inner_mtu': 1400, 'expires_ms': NOW + 500}]})
        packet = ip_packet.udp4(*other[:1], SERVICE4, other[1], 4191, udp(HOME, CORRESPONDENT))
        frame = framed(packet, packets.ETHERTYPE_IPV4)
        self.assertEqual(self.forwarder.handle(frame, NOW).sink, packets.TRANSMITTED)
        found, _ = self.sent(udp(CORRESPONDENT, HOME))
        self.assertEqual([one[30:34] for one in found.outputs[0].alternatives], [NAT.packed])
        self.assertEqual(self.forwarder.handle(frame, NOW + 500).drop, 'care_of_mismatch')
        found, _ = self.sent(udp(CORRESPONDENT, HOME), now_ms=NOW + 500)
        self.assertEqual(found.outputs[0].alternatives, [])

    def test_dscp_models(self):
        """RFC 2983 3."""
        self.forwarder.scenario.dscp, self.forwarder.scenario.dscp_value = 'pipe', 10
        self.assertEqual(self.forwarder.outer_class(0xb9), 0x29)
        self.assertEqual(self.forwarder.inner_class(0xb8 | 2, 0x28 | 1), 0xb9)
        self.forwarder.scenario.dscp = 'uniform'
        self.assertEqual((self.forwarder.outer_class(0xb9), self.forwarder.inner_class(0xb8 | 2, 0x28 | 1)), (0xb9, 0x29))

    def test_mapped_addresses(self):
        self.dropped(udp('::ffff:198.51.100.77', HOME), 'ip_malformed')
        self.dropped(outer(udp('::ffff:10.1.0.7', CORRESPONDENT)), 'inner_malformed')

    def test_reasons_have_names(self):
        """Each reason here stands in proto/drop.def."""
        root = pathlib.Path(packets.__file__).resolve().parents[2]
        names = set(re.findall(r'^DROP\((\w+),', (root / 'proto' / 'drop.def').read_text(), re.MULTILINE))
        source = pathlib.Path(packets.__file__).read_text() + pathlib.Path(ip_packet.__file__).read_text()
        used = set(re.findall(r"(?:Drop|Answered)\('(\w+)'", source)) | {'inner_malformed', 'ip_malformed'}
        self.assertGreater(len(used), 15)
        self.assertEqual(used - names, set())
        self.assertEqual({name for group in compare.INTERCHANGEABLE for name in group} - names, set())
        self.assertEqual(set(compare.INSTEAD_OF_HOST) - names, set())

    def test_short_frames_are_cut(self):
        found = self.forwarder.handle(framed(udp(CORRESPONDENT, HOME, 50)) + bytes(20), NOW)
        self.assertEqual(len(found.outputs[0].frame), 14 + 40 + 50)


def as_a_data_plane(expected):
    """Expected frames with what is free filled in: a flow label for each inner flow, identifications of fragments."""
    own = ipaddress.IPv6Address(generate.SERVICE).packed
    frames = [frame for _, frame in expected]
    inner = {one.identification: one.frame[54:] for one in compare.joined(frames) if one.cut}
    result = []
    for time_ns, frame in expected:
        if frame[12:14] == packets.ETHERTYPE_IPV6 and frame[20] in (4, 41, 44) and frame[22:38] == own:
            identification = struct.unpack('>I', frame[58:62])[0]
            flow = packets.packet_of(inner[identification] if frame[20] == 44 else frame[54:]).flow()
            label = zlib.crc32(repr(flow).encode()) & 0xfffff | 1
            frame = frame[:14] + struct.pack('>I', struct.unpack('>I', frame[14:18])[0] | label) + frame[18:]
            if frame[20] == 44:
                frame = frame[:58] + struct.pack('>I', zlib.crc32(frame[58:62])) + frame[62:]
        result.append((time_ns, frame))
    return result


class Comparison(unittest.TestCase):
    COUNT = 1500

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.directory.name)
        cls.expected = generate.generate(cls.folder, 7, cls.COUNT)
        cls.frames = as_a_data_plane(pcap.read(cls.folder / 'expected.pcap'))

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def problems(self, frames, counters=None):
        path = self.folder / 'out.pcap'
        pcap.write(path, frames)
        return compare.compare(self.folder, path, counters)

    def right_counters(self):
        counters = json.loads(json.dumps(self.expected['counters']))
        counters['bindings'] = json.loads(json.dumps(self.expected['bindings']))
        return counters

    def test_same(self):
        self.assertEqual(self.problems(self.frames, self.right_counters()), [])

    def test_reproducible(self):
        with tempfile.TemporaryDirectory() as other:
            generate.generate(other, 7, self.COUNT)
            for name in ('in.pcap', 'expected.pcap', 'scenario.json', 'expected.json'):
                self.assertEqual((self.folder / name).read_bytes(), (pathlib.Path(other) / name).read_bytes())

    def test_every_kind_occurs(self):
        kinds = {row['kind'] for row in self.expected['packets']}
        self.assertEqual(kinds, set(generate.Generator.KINDS))

    def test_counters_add_up(self):
        counters = self.expected['counters']
        self.assertEqual(counters['received'] + counters['originated'], sum(counters['drops'].values()) + sum(
            counters[name] for name in ('transmitted', 'punted', 'to_host', 'consumed')))

    def first(self, kind, version=None):
        """Where the first frame of this kind of packet stands; `version`: of the frame's IP."""
        return next(row['first_output'] for row in self.expected['packets'] if row['kind'] == kind and row['outputs'] and
                    version in (None, self.frames[row['first_output']][1][14] >> 4))

    def changed(self, index, position, mask):
        time_ns, frame = self.frames[index]
        frame = frame[:position] + bytes([frame[position] ^ mask]) + frame[position + 1:]
        return self.frames[:index] + [(time_ns, frame)] + self.frames[index + 1:]

    def test_differences_are_found(self):
        downlink, too_big = self.first('downlink'), self.first('downlink_too_big')
        uplink, advertisement = self.first('uplink'), self.first('solicitation')
        for index, position in ((downlink, 0), (downlink, 15), (downlink, 21), (downlink, 37), (downlink, 61),
                                (downlink, -1), (uplink, 21), (too_big, 61), (too_big, 56), (too_big, 100),
                                (advertisement, 84)):
            size = len(self.frames[index][1])
            with self.subTest(position=position):
                self.assertTrue(self.problems(self.changed(index, position % size, 0x10)))

    def test_what_is_free(self):
        too_big, advertisement = self.first('downlink_too_big', 6), self.first('solicitation')
        self.assertEqual(self.problems(self.changed(too_big, 15, 0x10)), [])
        frames = self.changed(advertisement, 58, 0x80)
        frame = frames[advertisement][1]
        if frame[20] == 58:
            packet = frame[14:56] + bytes(2) + frame[58:]
            value = mobile_ip.checksum(packet[8:24], packet[24:40], 58, packet[40:])
            frames[advertisement] = (0, frame[:56] + struct.pack('>H', value) + frame[58:])
        self.assertEqual(self.problems(frames), [])

    def test_lost_and_doubled(self):
        self.assertEqual(len(self.problems(self.frames[1:])), 1)
        self.assertEqual(len(self.problems(self.frames + self.frames[:1])), 1)

    def test_order(self):
        """Two forwarded packets of one stream must not change places."""
        place = {}
        own = {ipaddress.ip_address(one).packed for one in (generate.SERVICE, generate.SERVICE4, generate.PORT_ADDRESS,
                                                             generate.PORT_ADDRESS4, generate.PORT_LINK_LOCAL)}
        for index, (_, frame) in enumerate(self.frames):
            stream = compare.neutral(frame, own)[1]
            if frame[20] == 44:
                continue
            if not stream.startswith(b'ours') and stream in place:
                break
            place[stream] = index
        frames = list(self.frames)
        other = place[stream]
        frames[index], frames[other] = frames[other], frames[index]
        self.assertTrue(any('order' in text for text in self.problems(frames)))

    def test_flow_labels(self):
        zero = [(time_ns, frame[:15] + bytes([frame[15] & 0xf0]) + bytes(2) + frame[18:] if frame[20] == 41 else frame)
                for time_ns, frame in self.frames]
        self.assertTrue(any('label 0' in text for text in self.problems(zero)))
        one = [(time_ns, frame[:17] + b'\x01' + frame[18:] if frame[20] == 41 else frame) for time_ns, frame in zero]
        self.assertTrue(any('flow labels for' in text for text in self.problems(one)))

    def test_identifications(self):
        """Two packets with one, and a counter, are found."""
        def replaced(number):
            count, result = 0, []
            for time_ns, frame in self.frames:
                if frame[20] == 44:
                    frame = frame[:58] + struct.pack('>I', number(count // 2)) + frame[62:]
                    count += 1
                result.append((time_ns, frame))
            return self.problems(result)
        self.assertTrue(any('counted up' in text for text in replaced(lambda packet: 77 + packet)))
        self.assertTrue(replaced(lambda packet: 77))

    def test_counters(self):
        counters = self.right_counters()
        counters['drops']['source_spoofed'] -= 1
        self.assertEqual(len(self.problems(self.frames, counters)), 2)
        counters['drops']['other'] = 1
        self.assertTrue(any('drops other' in text for text in self.problems(self.frames, counters)))
        counters = self.right_counters()
        counters['bindings'][0]['up_packets'] += 1
        self.assertEqual(len(self.problems(self.frames, counters)), 1)


if __name__ == '__main__':
    unittest.main()
