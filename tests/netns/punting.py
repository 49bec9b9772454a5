# SPDX-License-Identifier: BSD-3-Clause
"""A data plane that forwards nothing: it punts what a Python node sends and gives him what is injected (proto/punt.h). With it the control
plane is tried without DPDK, and as a foreign end of its channels."""
import struct
import time

import zmq
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

VERSION, KIND_PACKET, KIND_INJECT = 1, 1, 1
CLASS_PANA, CLASS_MOBILITY_HEADER = 1, 2


class Punting:
    """One DEALER of the punt channel. `injected` keeps (shard, epoch, sequence, packet) of all that came down."""

    def __init__(self, folder):
        self.context = zmq.Context.instance()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(f"ipc://{folder}/punt")
        self.injected = []

    def punt(self, packet, packet_class):
        head = struct.pack(">BBBBQ", VERSION, KIND_PACKET, packet_class, 0, time.time_ns() // 1_000_000)
        self.socket.send_multipart([head, packet])

    def receive(self, timeout_s):
        """The next injected packet, None after timeout_s."""
        if not self.socket.poll(max(0, timeout_s) * 1000):
            return None
        head, packet = self.socket.recv_multipart()
        version, kind, shard, _, epoch, sequence = struct.unpack(">BBBBIQ", head)
        assert (version, kind) == (VERSION, KIND_INJECT), head
        self.injected.append((shard, epoch, sequence, packet))
        return packet

    def close(self):
        self.socket.close()


class PuntTransport:
    """What node.Node takes for a UDP socket: datagrams to and from the PAA as whole packets through the punt channel."""

    def __init__(self, punting, source, paa, port=716, source_port=50000):
        self.punting, self.source, self.peer, self.source_port = punting, source, (paa, port), source_port
        self.sent, self.received = [], []
        self.foreign = 0

    @staticmethod
    def now():
        return time.monotonic()

    @property
    def port(self):
        return self.source_port

    def bind(self, source=None, source_port=0):
        self.source, self.source_port = source or self.source, source_port or self.source_port

    def send(self, octets):
        self.sent.append(octets)
        packet = IPv6(src=self.source, dst=self.peer[0], hlim=64) / UDP(sport=self.source_port, dport=self.peer[1]) / Raw(octets)
        self.punting.punt(bytes(packet), CLASS_PANA)

    def receive(self, timeout_s):
        end = self.now() + timeout_s
        while True:
            packet = self.punting.receive(end - self.now())
            if packet is None:
                return None
            parsed = IPv6(packet)
            if UDP not in parsed or (parsed.src, parsed[UDP].sport) != self.peer or parsed[UDP].dport != self.source_port:
                self.foreign += 1
                continue
            checksum, parsed[UDP].chksum = parsed[UDP].chksum, None
            assert IPv6(bytes(parsed))[UDP].chksum == checksum, "UDP checksum of an injected packet"
            octets = bytes(parsed[UDP].payload)
            self.received.append(octets)
            return octets
