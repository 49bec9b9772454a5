#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what a data plane did with what it must do.

    compare.py FOLDER OUTPUT.pcap [COUNTERS.json]
FOLDER is what generate.py wrote; OUTPUT.pcap holds all frames that left, in order; COUNTERS.json is described in
README.md. Prints each difference, exits with 1 if there is one.
"""
import argparse
import collections
import json
import pathlib
import struct
import sys

import mobile_ip
import packets
import pcap

# Whether an expired entry is still in the table is the data plane's affair; without a host port its packets are dropped.
INTERCHANGEABLE = (('destination_unbound', 'destination_expired'), ('inner_source_unbound', 'inner_source_expired'))
INSTEAD_OF_HOST = ('local_unserved', 'icmp_unserved', 'inner_not_served', 'multicast_unserved')
SINKS = ('received', 'injected', 'from_host', 'originated', 'transmitted', 'punted', 'to_host', 'consumed')
LONGEST_LIST = 20


def cut(frame):
    """A frame without what stands behind its IPv6 packet."""
    if len(frame) < packets.ETHERNET + 40 or frame[12:14] != packets.ETHERTYPE_IPV6:
        return frame
    return frame[:packets.ETHERNET + 40 + struct.unpack('>H', frame[18:20])[0]]


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


def neutral(frame, own):
    """(comparable form of a frame, its stream, outer flow label or None, inner flow or None)."""
    frame = cut(frame)
    head, packet = frame[:packets.ETHERNET], frame[packets.ETHERNET:]
    if len(packet) < 40 or head[12:] != packets.ETHERTYPE_IPV6:
        return frame, b'', None, None
    if packet[6] != packets.IPV6_IN_IPV6 or packet[8:24] not in own or len(packet) < 80:
        packet, ours = neutral_icmp(packet, own)
        return head + packet, (b'ours' if ours else b'plain') + packet[8:40], None, None
    label = struct.unpack('>I', packet[:4])[0] & 0xfffff
    inner = packet[40:]
    try:
        flow = packets.Packet(inner).flow()
    except packets.Drop:
        flow = None
    inner, ours = neutral_icmp(inner, own)
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
        self.problems = []

    def problem(self, text, *arguments):
        self.problems.append(text % arguments)

    def frames(self, actual):
        """Every expected frame once, nothing else, in order within each stream of forwarded packets."""
        wanted, got = collections.Counter(), collections.Counter()
        origin, streams = {}, ({}, {})
        for frame, output in zip(self.expected_frames, self.expected['outputs'], strict=True):
            form, stream, _, _ = neutral(frame, self.own)
            wanted[form] += 1
            origin.setdefault(form, output['input'])
            streams[0].setdefault(stream, []).append(form)
        for frame in actual:
            form, stream, _, _ = neutral(frame, self.own)
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
        for frame in actual:
            _, _, label, flow = neutral(frame, self.own)
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
    actual = [frame for _, frame in pcap.read(output)]
    comparison.frames(actual)
    comparison.flow_labels(actual)
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
