# SPDX-License-Identifier: BSD-3-Clause
"""Sockets of the Python node: the UDP side of PANA (B-1), and how to open a socket inside a network namespace."""
import contextlib
import ctypes
import os
import select
import socket
import time

CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def namespace(name):
    """Sockets made inside belong to network namespace `name` (as of `ip netns`); None changes nothing."""
    if name is None:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(descriptor):
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), 'setns %s' % name)

    own = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
    try:
        other = os.open('/run/netns/' + name, os.O_RDONLY)
        try:
            enter(other)
        finally:
            os.close(other)
        try:
            yield
        finally:
            enter(own)
    finally:
        os.close(own)


class UdpTransport:
    """Datagrams to and from one PAA. What comes from another address or port is dropped and counted (B-1).

    sent and received keep every datagram, so that a test can repeat, reflect or compare them.
    """

    def __init__(self, address, port, source=None, source_port=0, network_namespace=None):
        self.peer = (address, port)
        self.network_namespace = network_namespace
        self.sent, self.received = [], []
        self.foreign = 0
        self.socket = None
        self.bind(source, source_port)

    def bind(self, source=None, source_port=0):
        """A new socket: after a move, or to play another host."""
        self.close()
        family = socket.AF_INET6 if ':' in self.peer[0] else socket.AF_INET
        with namespace(self.network_namespace):
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((source or ('::' if family == socket.AF_INET6 else '0.0.0.0'), source_port))
        self.socket.setblocking(False)

    @property
    def port(self):
        return self.socket.getsockname()[1]

    @staticmethod
    def now():
        return time.monotonic()

    def send(self, octets):
        self.sent.append(octets)
        try:
            self.socket.sendto(octets, self.peer)
        except OSError:
            pass    # no route, or an earlier ICMP error: to the protocol a lost datagram

    def receive(self, timeout_s):
        """The next datagram of the PAA, or None after timeout_s."""
        deadline = self.now() + timeout_s
        while True:
            remaining = deadline - self.now()
            if remaining <= 0 or not select.select([self.socket], [], [], remaining)[0]:
                return None
            try:
                octets, source = self.socket.recvfrom(65535)
            except OSError:
                continue
            if source[:2] != self.peer:
                self.foreign += 1
                continue
            self.received.append(octets)
            return octets

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None
