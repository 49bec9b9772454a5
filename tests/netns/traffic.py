# SPDX-License-Identifier: BSD-3-Clause
"""Traffic that runs while something happens to the network, and what became of it: echo requests and a TCP stream, each in a thread of its own."""
import os
import select
import socket
import struct
import threading
import time

import topology

ECHO_REQUEST, ECHO_REPLY = 128, 129
ICMP6_FILTER, ICMPV6_BLOCK_ALL = 1, [0xFFFFFFFF] * 8
PATIENCE_S = 40  # with one that does not answer


class Running:
    """Something that runs in a thread while a `with` block does, and is read afterwards."""

    def __init__(self):
        self.ending = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.guarded, daemon=True)

    def guarded(self):
        try:
            self.work()
        except Exception as error:  # pylint: disable=broad-except  (handed to the thread that waits)
            self.error = error

    def work(self):
        raise NotImplementedError

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        self.end()

    def end(self):
        """Ends it before the `with` block does; raises what went wrong in the thread."""
        self.ending.set()
        self.thread.join()
        if self.error is not None:
            raise self.error


class Echo(Running):
    """Echo requests from a node, from its address `source` if that is given, to an IPv6 address, one each interval_s. `sent` and `received` are
    {sequence number: monotonic time}; last_s is how long answers that are missing are waited for at the end. With `count` it
    sends no more than that; finish() waits for the answers."""

    def __init__(self, node, address, interval_s=0.01, payload_bytes=56, last_s=10.0, source=None, count=None):
        super().__init__()
        self.interval_s, self.last_s, self.count = interval_s, last_s, count
        self.payload = os.urandom(payload_bytes)
        self.identifier = int.from_bytes(os.urandom(2), "big")
        self.sent, self.received = {}, {}
        with topology.inside(node):
            self.socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        only_replies = list(ICMPV6_BLOCK_ALL)
        only_replies[ECHO_REPLY >> 5] &= ~(1 << (ECHO_REPLY & 31)) & 0xFFFFFFFF
        self.socket.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, struct.pack("=8I", *only_replies))
        if source:
            self.socket.bind((source, 0))
        self.socket.connect((address, 0))

    def work(self):
        next_sending = time.monotonic()
        while not self.ending.is_set() and len(self.sent) != self.count:
            self.send()
            next_sending += self.interval_s
            self.receive_until(next_sending)
        end = time.monotonic() + self.last_s
        while len(self.received) < len(self.sent) and time.monotonic() < end:
            self.receive_until(min(end, time.monotonic() + 0.02))
        self.socket.close()

    def send(self):
        number = len(self.sent) + 1
        self.sent[number] = time.monotonic()
        try:
            self.socket.send(struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, self.identifier, number & 0xFFFF) + self.payload)
        except OSError:
            pass  # no way out at this moment: the request is lost, and counted as such

    def receive_until(self, end):
        while True:
            patience = end - time.monotonic()
            if not select.select([self.socket], [], [], max(0, patience))[0]:
                return
            try:
                packet = self.socket.recv(2048)
            except OSError:
                continue  # an error that the network sent back
            identifier, number = struct.unpack_from("!HH", packet, 4)
            if identifier == self.identifier and packet[8:] == self.payload:
                self.received.setdefault(number, time.monotonic())

    def finish(self):
        """Returns when `count` requests are sent, and answered or last_s over."""
        self.thread.join()
        self.end()

    @property
    def lost(self):
        return len(self.sent) - len(self.received)

    @property
    def longest_gap_ms(self):
        """The longest time between two answers that followed each other."""
        times = sorted(self.received.values())
        return max((after - before for before, after in zip(times, times[1:])), default=0.0) * 1000


class Stream(Running):
    """A TCP connection from one node to an address of another, which sends each record back; the client checks that all come, in order.
    `records` is how many did; longest_gap_ms the longest time between two of them."""

    RECORD = struct.Struct("!Q56x")

    def __init__(self, client, server, address, port=7777, interval_s=0.01):
        super().__init__()
        self.interval_s = interval_s
        self.records, self.times = 0, []
        with topology.inside(server):
            self.listener = socket.create_server((address, port), family=socket.AF_INET6)
        with topology.inside(client):
            self.client = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self.client.settimeout(PATIENCE_S)
        self.client.connect((address, port))
        self.server, _ = self.listener.accept()
        self.echo = threading.Thread(target=self.send_back, daemon=True)
        self.echo.start()

    def send_back(self):
        while True:
            try:
                octets = self.server.recv(65536)
            except OSError:
                return
            if not octets:
                return
            self.server.sendall(octets)

    def work(self):
        while not self.ending.is_set():
            begun = time.monotonic()
            self.client.sendall(self.RECORD.pack(self.records))
            answer = b""
            while len(answer) < self.RECORD.size:
                octets = self.client.recv(self.RECORD.size - len(answer))
                if not octets:
                    raise AssertionError(f"the stream ended after {self.records} records")
                answer += octets
            if self.RECORD.unpack(answer)[0] != self.records:
                raise AssertionError(f"record {self.records} came back as {answer.hex()}")
            self.records += 1
            self.times.append(time.monotonic())
            self.ending.wait(max(0, begun + self.interval_s - time.monotonic()))
        self.client.close()
        self.echo.join()
        self.server.close()
        self.listener.close()

    @property
    def longest_gap_ms(self):
        return max((after - before for before, after in zip(self.times, self.times[1:])), default=0.0) * 1000


def bulk(client, server, address, octets, source=None):
    """So many octets by one TCP connection, in as large segments as the path gives; returns how many came."""
    with topology.inside(server):
        listener = socket.create_server((address, 0), family=socket.AF_INET6)
    with topology.inside(client):
        sender = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    came = 0
    with listener, sender:
        listener.settimeout(PATIENCE_S)
        sender.settimeout(PATIENCE_S)
        if source:
            sender.bind((source, 0))
        sender.connect((address, listener.getsockname()[1]))
        accepted, _ = listener.accept()
        with accepted:
            accepted.settimeout(PATIENCE_S)
            sending = threading.Thread(target=lambda: (sender.sendall(bytes(octets)), sender.shutdown(socket.SHUT_WR)), daemon=True)
            sending.start()
            while part := accepted.recv(65536):
                came += len(part)
            sending.join()
    return came
