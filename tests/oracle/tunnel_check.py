#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The Python node's Mobile IPv6 side on real sockets, against a small home agent of this folder in another namespace.

Shows that its AF_PACKET and raw sockets do what N-9 asks for on this kernel: Binding Updates leave with headers of
its own, acknowledgements with a type 2 routing header and tunnelled packets are seen, and the kernel stays silent.
Run it by tests/netns/isolated.
"""
import dataclasses
import ipaddress
import socket
import struct
import subprocess
import threading
import unittest

import homeagent_conformance
import homeagent_model
import mobile_ip
import node
import transport
import tunnel

CARE_OF, HOME_AGENT = ipaddress.IPv6Address('2001:db8:2::77'), ipaddress.IPv6Address('2001:db8:2::1')
HOME_ADDRESS, CORRESPONDENT = ipaddress.IPv6Address('2001:db8:aa:1::77'), ipaddress.IPv6Address('2001:db8:3::3')
SPI, KEY, NAI = 0x1001, bytes(range(16)), b'matti@mob.example'


def run(*words):
    subprocess.run(words, check=True)


class HomeAgent(threading.Thread):
    """Answers Binding Updates with the next of `answers` (functions of the BU's number and care-of address that give
    a Mobility Header, or None), and tunnelled echo requests with tunnelled replies."""

    def __init__(self, namespace, interface):
        super().__init__(daemon=True)
        with transport.namespace(namespace):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(tunnel.ETH_P_IPV6))
            self.socket.bind((interface, tunnel.ETH_P_IPV6))
        self.answers = []
        self.updates = []
        self.model = None               # a HomeAgentModel that answers instead
        self.parameter_problems = 0
        self.stopped = False

    def run(self):
        while True:
            frame, address = self.socket.recvfrom(65535)
            if self.stopped:
                return
            if address[2] != tunnel.PACKET_OUTGOING and len(frame) >= 54:
                self.handle(frame[:14], frame[14:])

    def reply(self, ethernet, packet):
        self.socket.send(ethernet[6:12] + ethernet[:6] + ethernet[12:] + packet)

    def handle(self, ethernet, packet):
        if packet[6] == mobile_ip.ICMPV6 and packet[40] == 4:
            self.parameter_problems += 1
        if packet[24:40] != HOME_AGENT.packed:
            return
        header, _ = mobile_ip.mobility_header_of(packet)
        if header is not None and self.model is not None:
            answer = self.model.handle(packet)
            if answer is not None:
                self.reply(ethernet, answer)
        elif header is not None:
            self.updates.append(packet)
            answer = self.answers.pop(0)(struct.unpack('>H', header[6:8])[0]) if self.answers else None
            if answer is not None:
                routing = struct.pack('>BBBBI', mobile_ip.MOBILITY, 2, 2, 1, 0) + HOME_ADDRESS.packed
                self.reply(ethernet, mobile_ip.ipv6_header(HOME_AGENT, CARE_OF, mobile_ip.ROUTING,
                                                           len(routing) + len(answer)) + routing + answer)
        elif packet[6] == mobile_ip.IPV6_IN_IPV6:
            inner = packet[40:]
            source, destination = ipaddress.IPv6Address(inner[8:24]), ipaddress.IPv6Address(inner[24:40])
            reply = tunnel.icmp6(destination, source, tunnel.ECHO_REPLY, 0, inner[44:])
            self.reply(ethernet, tunnel.encapsulated(reply, HOME_AGENT, CARE_OF))


def acknowledgement(status=0, key=KEY, spi=SPI, number=None, care_of=CARE_OF):
    return lambda sequence: mobile_ip.encode_binding_acknowledgement(
        HOME_ADDRESS, HOME_AGENT, sequence if number is None else number, status, 150, key, spi, NAI, care_of)


class Sockets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name in ('oracle-mn', 'oracle-ha'):
            run('ip', 'netns', 'add', name)
        run('ip', 'link', 'add', 'mn0', 'netns', 'oracle-mn', 'type', 'veth', 'peer', 'name', 'ha0', 'netns',
            'oracle-ha')
        for name, interface, address in (('oracle-mn', 'mn0', CARE_OF), ('oracle-ha', 'ha0', HOME_AGENT)):
            run('ip', '-n', name, 'address', 'add', '%s/64' % address, 'dev', interface, 'nodad')
            run('ip', '-n', name, 'link', 'set', interface, 'up')
        run('ip', 'netns', 'exec', 'oracle-mn', 'sysctl', '-q', 'net.ipv6.conf.mn0.accept_dad=0')
        cls.agent = HomeAgent('oracle-ha', 'ha0')
        cls.agent.start()

    def setUp(self):
        self.agent.model = None
        self.agent.answers.clear()
        self.agent.updates.clear()
        settings = node.Settings(paa='::1', paa_id='', imsi='001010000000001', k=bytes(16), opc=bytes(16),
                                 network_namespace='oracle-mn')
        self.node = node.Node(settings)
        self.node.association = node.Association('matti.mob.example', HOME_ADDRESS, 64, HOME_AGENT, SPI, KEY, 41)
        self.node.attach(CARE_OF, 'mn0', rebind=False)

    def tearDown(self):
        self.node.close()

    def test_binding(self):
        self.agent.answers.append(acknowledgement())
        result = self.node.binding_update(timeout_s=20)
        self.assertEqual((result.status, result.sequence, result.lifetime_s, result.attempts), (0, 42, 600, 1))
        self.assertEqual(self.agent.updates, [result.packet])

    def test_answers_that_do_not_count(self):
        """N-4, N-5: repeated under a new number after wrong MAC, wrong SPI, wrong number."""
        self.agent.answers += [acknowledgement(key=bytes(16)), acknowledgement(spi=SPI + 1), acknowledgement(number=7),
                               acknowledgement()]
        result = self.node.binding_update(attempts=4, timeout_s=1)
        self.assertEqual((result.status, result.attempts, result.acknowledged_sequence), (0, 4, 45))
        self.assertEqual(self.node.counters['N-5: SPI, MAC or number of BA'], 3)

    def test_sequence(self):
        """N-6: after 135 it goes on once at its number + 1."""
        self.agent.answers += [acknowledgement(135, number=1000), acknowledgement()]
        result = self.node.binding_update(timeout_s=20)
        self.assertEqual((result.status, result.sequence), (0, 1001))

    def test_authentication(self):
        """N-6: 146 counts for two different outstanding numbers only."""
        self.agent.answers += [acknowledgement(146), acknowledgement(146), acknowledgement()]
        result = self.node.binding_update(attempts=5, timeout_s=20)
        self.assertEqual((result.status, result.attempts), (146, 2))

    def test_misbehaviour(self):
        self.agent.answers += [lambda sequence: None] * 3
        self.node.binding_update(attempts=1, timeout_s=0.5, wrong_mac=True)
        self.node.replay_update(self.node.sent_updates[0])
        self.node.binding_update(attempts=1, timeout_s=0.5, sequence=5, spi=77)
        self.assertEqual(len(self.agent.updates), 3)
        self.assertEqual(self.agent.updates[0], self.agent.updates[1])
        header, _ = mobile_ip.mobility_header_of(self.agent.updates[0])
        self.assertEqual(mobile_ip.checksum(HOME_ADDRESS, HOME_AGENT, mobile_ip.MOBILITY, header), 0)
        covered = header[:4] + bytes(2) + header[6:-12]
        self.assertNotEqual(mobile_ip.authenticator(KEY, CARE_OF, HOME_ADDRESS, covered), header[-12:])

    def test_conformance(self):
        """The checks for a home agent, over the wire."""
        self.agent.model = homeagent_model.HomeAgentModel(dataclasses.replace(self.node.association))
        names = ('registration', 'octet_identical_update', 'old_numbers', 'wrong_mac', 'deregistration')
        self.assertEqual(homeagent_conformance.run(self.node, names, lambda text: None), {})

    def test_ping(self):
        """N-9: the kernel does not answer protocol 41."""
        before = self.agent.parameter_problems
        sent, round_trips = self.node.ping(CORRESPONDENT, 5)
        self.assertEqual((sent, len(round_trips)), (5, 5))
        self.assertEqual(self.agent.parameter_problems, before)


if __name__ == '__main__':
    unittest.main(verbosity=2)
