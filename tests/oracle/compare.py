#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what a data plane did with what it must do.

    compare.py FOLDER OUTPUT.pcap [COUNTERS.json]
FOLDER is what generate.py wrote; OUTPUT.pcap holds all frames that left, in order; COUNTERS.json is described in
README.md. Prints each difference, exits with 1 if there is one.
"""
import argparse
import collections
import dataclasses
import ipaddress
import json
import pathlib
import struct
import sys

import generate
import mobile_ip
import packets
import pcap
import reassembly

# Whether an expired entry is still in the table is the data plane's affair; without a host port its packets are dropped.
INTERCHANGEABLE = (('destination_unbound', 'destination_expired'), ('inner_source_unbound', 'inner_source_expired'))
INSTEAD_OF_HOST = ('local_unserved', 'icmp_unserved', 'inner_not_served', 'multicast_unserved')
SINKS = ('received', 'injected', 'from_host', 'originated', 'transmitted', 'punted', 'to_host', 'consumed')
LONGEST_LIST = 20
FRAGMENT, SMALLEST_STEP = 44, 1 << 16


def cut(frame):
    """A frame without what stands behind its IP packet."""
    if frame[12:14] == packets.ETHERTYPE_IPV4 and len(frame) >= packets.ETHERNET + 20:
        return frame[:packets.ETHERNET + struct.unpack('>H', frame[16:18])[0]]
    if frame[12:14] == packets.ETHERTYPE_ARP:
        return frame[:packets.ETHERNET + 28]
    if len(frame) < packets.ETHERNET + 40 or frame[12:14] != packets.ETHERTYPE_IPV6:
        return frame
    return frame[:packets.ETHERNET + 40 + struct.unpack('>H', frame[18:20])[0]]


@dataclasses.dataclass
class Joined:
    """A frame with the place where it (its first piece) stood; a packet that came in fragments is put together, and
    `cut` says where it was cut."""
    index: int
    frame: bytes
    cut: tuple = ()
    identification: int = None


def pieces_of(frames):
    """{(head of the IPv6 header without length, identification): [(offset, more, index, payload)]}, in order."""
    found = {}
    for index, frame in enumerate(frames):
        packet = cut(frame)[packets.ETHERNET:]
        if frame[12:14] == packets.ETHERTYPE_IPV6 and len(packet) > 48 and packet[6] == FRAGMENT:
            _, _, offset, identification = struct.unpack('>BBHI', packet[40:48])
            key = frame[:packets.ETHERNET] + packet[:4] + packet[7:41], identification
            found.setdefault(key, []).append((offset & 0xfff8, offset & 1, index, packet[48:]))
    return found


def joined(frames):
    """All frames as Joined; fragments that are no whole packet stay as they are."""
    result = {index: Joined(index, frame) for index, frame in enumerate(frames)}
    for (head, identification), pieces in pieces_of(frames).items():
        pieces.sort()
        ends = [offset + len(payload) for offset, _, _, payload in pieces]
        if [offset for offset, _, _, _ in pieces] != [0] + ends[:-1] or [more for _, more, _, _ in pieces] != \
                [1] * (len(pieces) - 1) + [0]:
            continue
        for _, _, index, _ in pieces:
            del result[index]
        first = min(index for _, _, index, _ in pieces)
        payload = b''.join(payload for _, _, _, payload in pieces)
        whole = head[:18] + struct.pack('>HB', len(payload), head[-1]) + head[18:-1] + payload
        result[first] = Joined(first, whole, tuple(ends), identification)
    return [result[index] for index in sorted(result)]


def without_label(packet):
    return packet[:1] + bytes([packet[1] & 0xf0]) + bytes(2) + packet[4:]


def without_class_and_label(packet):
    return b'\x60\x00\x00\x00' + packet[4:]


def neutral_icmp(packet, own):
    """An ICMPv6 message of ours with all that is free set to zero: class, label, the quoted hop limit, the router
    flag of an advertisement; the checksum becomes whether it was right. Other packets are returned as they are."""
    if packet[6] != packets.ICMPV6 or packet[8:24] not in own or len(packet) < 48:
        return packet, False
    kind = packet[40]
    if kind >= 128 and kind not in (packets.ECHO_REPLY, packets.NEIGHBOUR_ADVERTISEMENT):
        return packet, False
    right = mobile_ip.checksum(packet[8:24], packet[24:40], packets.ICMPV6, packet[40:]) == 0
    packet = bytearray(without_class_and_label(packet))
    packet[42:44] = b'ok' if right else b'!!'
    if kind < 128 and len(packet) > 48 + 8:
        packet[48 + 7] = 0
    if kind == packets.NEIGHBOUR_ADVERTISEMENT:
        packet[44] &= 0x7f
    return bytes(packet), True


def flow_of(inner):
    try:
        return packets.packet_of(inner).flow()
    except packets.Drop:
        return None


def neutral_udp4(frame, own):
    """The same for a UDP tunnel over IPv4: its checksum becomes whether it was right, and where it may be fragmented
    its identification is free; then whether the header's checksum was right."""
    head, outer, inner = frame[:packets.ETHERNET], bytearray(frame[packets.ETHERNET:packets.ETHERNET + 28]), \
        frame[packets.ETHERNET + 28:]
    pseudo_header = bytes(outer[12:20]) + struct.pack('>HH', packets.UDP, len(outer) - 20 + len(inner))
    if outer[26:28] != bytes(2):
        outer[26:28] = b'!!' if packets.internet_checksum(pseudo_header + bytes(outer[20:]) + inner) else b'ok'
    if not outer[6] & 0x40 and not packets.internet_checksum(bytes(outer[:20])):
        outer[4:6], outer[10:12] = bytes(2), b'ok'
    inner, ours = neutral_icmp(inner, own) if inner[:1] and inner[0] >> 4 == 6 else (inner, False)
    return head + bytes(outer) + inner, (b'ours' if ours else b'inner') + inner[8:40], None, None


def is_udp4_tunnel(packet, own):
    return len(packet) > 48 and packet[0] == 0x45 and packet[9] == packets.UDP and packet[12:16] in own and \
        struct.unpack('>H', packet[20:22])[0] == packets.UDP_DSMIPV6


def neutral(frame, own):
    """(comparable form of a frame, its stream, outer flow label or None, inner flow or None)."""
    frame = cut(frame)
    head, packet = frame[:packets.ETHERNET], frame[packets.ETHERNET:]
    if head[12:] == packets.ETHERTYPE_ARP:
        return frame, b'ours', None, None
    if head[12:] == packets.ETHERTYPE_IPV4:
        if is_udp4_tunnel(packet, own):
            return neutral_udp4(frame, own)
        return frame, b'plain' + packet[12:20], None, None
    if len(packet) < 40 or head[12:] != packets.ETHERTYPE_IPV6:
        return frame, b'', None, None
    if packet[6] not in (packets.IPV6_IN_IPV6, packets.IPV4_IN_IP) or packet[8:24] not in own or len(packet) < 60:
        packet, ours = neutral_icmp(packet, own)
        return head + packet, (b'ours' if ours else b'plain') + packet[8:40], None, None
    label = struct.unpack('>I', packet[:4])[0] & 0xfffff
    inner = packet[40:]
    flow = flow_of(inner)
    inner, ours = neutral_icmp(inner, own) if inner[0] >> 4 == 6 else (inner, False)
    outer = without_class_and_label(packet[:40]) if ours else without_label(packet[:40])
    return head + outer + inner, (b'ours' if ours else b'inner') + inner[8:40], label, flow


class Comparison:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.scenario = json.loads((folder / 'scenario.json').read_text())
        self.expected = json.loads((folder / 'expected.json').read_text())
        self.expected_frames = [frame for _, frame in pcap.read(folder / 'expected.pcap')]
        parsed = packets.Scenario.from_json(self.scenario)
        self.own = {address.packed for address in parsed.service_addresses}
        self.own |= {interface.ip.packed for interface in parsed.port_addresses}
        self.folder, self.problems = folder, []

    def problem(self, text, *arguments):
        self.problems.append(text % arguments)

    def learn_reassembly_sets(self, told):
        """What must happen follows from the sets of the sources of fragments, which the data plane chose by a secret. {source: set}"""
        sets = {ipaddress.ip_address(source): number for source, number in told.items()}
        if any(not 0 <= number < reassembly.SETS for number in sets.values()):
            self.problem('there are sets of reassembly beside the %d', reassembly.SETS)
        if len(sets) > 20 and len(set(sets.values())) < min(len(sets), reassembly.SETS) / 4:
            self.problem('%d sources of fragments share %d sets of reassembly', len(sets), len(set(sets.values())))
        kinds = [packet['kind'] for packet in self.expected['packets']]
        frames = [(kind, time_ns // 10 ** 6, frame) for kind, (time_ns, frame) in zip(kinds, pcap.read(self.folder / 'in.pcap'))]
        self.expected, out = generate.expectations(self.scenario, self.scenario['changes'], frames, sets.__getitem__)
        self.expected_frames = [frame for _, frame in out]

    def form_of(self, one):
        form, stream, _, _ = neutral(one.frame, self.own)
        return form + repr(one.cut).encode(), stream

    def identifications(self, actual):
        """RFC 8200 4.5, RFC 7739: each fragmented packet has one of its own, which does not follow from the last."""
        found = [one.identification for one in joined(actual) if one.cut]
        if len(set(found)) != len(found):
            self.problem('%d fragmented packets have %d identifications', len(found), len(set(found)))
        steps = [(b - a) % 2 ** 32 for a, b in zip(found, found[1:])]
        if len(steps) > 4 and all(step < SMALLEST_STEP for step in steps):
            self.problem('the identifications of fragments are counted up')

    def frames(self, actual):
        """Every expected frame once, nothing else, in order within each stream of forwarded packets."""
        wanted, got = collections.Counter(), collections.Counter()
        origin, streams = {}, ({}, {})
        canonical = {}  # a frame by another care-of address of the binding is as good
        assert len(self.expected_frames) == len(self.expected['outputs'])
        for one in joined(self.expected_frames):
            form, stream = self.form_of(one)
            wanted[form] += 1
            origin.setdefault(form, self.expected['outputs'][one.index]['input'])
            streams[0].setdefault(stream, []).append(form)
            for other in self.expected['outputs'][one.index].get('alternatives', ()):
                canonical[self.form_of(Joined(one.index, bytes.fromhex(other)))[0]] = form
        for one in joined(actual):
            form, stream = self.form_of(one)
            form = canonical.get(form, form)
            got[form] += 1
            streams[1].setdefault(stream, []).append(form)
        for form in wanted - got:
            index = origin[form]
            self.problem('missing: output of packet %d (%s): %s', index, self.expected['packets'][index]['kind'],
                         form.hex())
        for form in got - wanted:
            self.problem('not expected: %s', form.hex())
        if wanted == got:
            for stream, forms in streams[0].items():
                if not stream.startswith(b'ours') and streams[1][stream] != forms:
                    self.problem('order within the stream %s', stream.hex())

    def flow_labels(self, actual):
        """RFC 6438: never zero, one label a flow, and not one label for all."""
        labels = {}
        for one in joined(actual):
            _, _, label, flow = neutral(one.frame, self.own)
            if label is None or flow is None:
                continue
            if label == 0:
                self.problem('flow label 0 for %s', flow)
            if labels.setdefault(flow, label) != label:
                self.problem('flow labels %05x and %05x for one flow %s', labels[flow], label, flow)
        if len(labels) > 20 and len(set(labels.values())) < len(labels) / 2:
            self.problem('%d flow labels for %d flows', len(set(labels.values())), len(labels))

    def counters(self, actual):
        expected, drops = dict(self.expected['counters']), dict(actual.get('drops', {}))
        left = sum(actual.get(name, 0) for name in ('received', 'injected', 'from_host', 'originated'))
        right = sum(actual.get(name, 0) for name in ('transmitted', 'punted', 'to_host', 'consumed'))
        if left != right + sum(drops.values()):
            self.problem('the counters do not add up: %d in, %d out, %d dropped', left, right, sum(drops.values()))
        sinks = {name: actual.get(name, 0) for name in SINKS}
        sinks['to_host'] += sum(drops.pop(name, 0) for name in INSTEAD_OF_HOST)
        for name in SINKS:
            if sinks[name] != expected[name]:
                self.problem('counter %s: %d, expected %d', name, sinks[name], expected[name])
        wanted = dict(expected['drops'])
        for counts in (wanted, drops):
            for first, *others in INTERCHANGEABLE:
                counts[first] = counts.get(first, 0) + sum(counts.pop(name, 0) for name in others)
        for name in sorted(set(wanted) | set(drops)):
            if wanted.get(name, 0) != drops.get(name, 0):
                self.problem('drops %s: %d, expected %d', name, drops.get(name, 0), wanted.get(name, 0))
        self.bindings(actual.get('bindings'))

    def bindings(self, actual):
        if actual is None:
            return
        found = {(row['key'], row['key_length']): row for row in actual}
        for row in self.expected['bindings']:
            other = found.get((row['key'], row['key_length']), {})
            for name in ('down_packets', 'down_octets', 'up_packets', 'up_octets'):
                if other.get(name, 0) != row[name]:
                    self.problem('binding %s/%d: %s is %s, expected %d', row['key'], row['key_length'], name,
                                 other.get(name), row[name])


def compare(folder, output, counters=None):
    """The list of differences between FOLDER's expectation and a pcap file and counters (a dict or None)."""
    comparison = Comparison(folder)
    if counters is not None and counters.get('reassembly_sets'):
        comparison.learn_reassembly_sets(counters['reassembly_sets'])
    actual = [frame for _, frame in pcap.read(output)]
    comparison.frames(actual)
    comparison.flow_labels(actual)
    comparison.identifications(actual)
    if counters is not None:
        comparison.counters(counters)
    return comparison.problems


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder')
    parser.add_argument('output')
    parser.add_argument('counters', nargs='?')
    options = parser.parse_args(arguments)
    counters = json.loads(pathlib.Path(options.counters).read_text()) if options.counters else None
    problems = compare(options.folder, options.output, counters)
    for text in problems[:LONGEST_LIST]:
        print(text)
    print('%d difference%s' % (len(problems), '' if len(problems) == 1 else 's'))
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
