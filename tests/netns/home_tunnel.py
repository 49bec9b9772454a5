# SPDX-License-Identifier: BSD-3-Clause
"""The oracle's node with a network stack behind it: a TUN interface in the mobile node carries its home address, and what passes it goes
through the tunnel to the home agent. So ordinary programs there speak from the home address: ping, a TCP stream."""
import fcntl
import os
import select
import socket
import struct
import threading

import topology
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import tunnel  # noqa: E402

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
ETH_P_IPV6, PACKET_OUTGOING = 0x86DD, 4
IPV6_IN_IPV6, FRAGMENT = 41, 44
INTERFACE, TABLE = "home0", 300
OUTER_BYTES = 40
SO_RCVBUFFORCE, QUEUE_BYTES = 33, 16 << 20
MTU_BYTES = 1460  # 1500 of the access less the outer header


class HomeTunnel:
    """`with HomeTunnel(device):` for a bootstrapped and attached node of the oracle. follow() after the acknowledgement of a movement: until
    then packets leave from the address that the home agent knows. What it sends to an address before is taken as well (N-9)."""

    def __init__(self, device, path_bytes=None):
        """path_bytes: the path carries no more. Then what leaves goes in fragments if need be, and what the kernel has put together is taken."""
        self.device, self.path_bytes = device, path_bytes
        self.home_agent = device.association.home_agent
        home_address = str(device.association.home_address)
        with topology.inside("mn"):
            self.device_file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.device_file, TUNSETIFF, struct.pack("16sH22x", INTERFACE.encode(), IFF_TUN | IFF_NO_PI))
            self.incoming = [] if path_bytes else [packet_socket(access.interface) for access in topology.ACCESSES.values()]
            # while it is open the kernel does not answer protocol 41 with Parameter Problem; on a narrow path it is read, as packet sockets
            # show fragments
            self.silencer = socket.socket(socket.AF_INET6, socket.SOCK_RAW, IPV6_IN_IPV6)
        if not path_bytes:
            self.silencer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        topology.ip("mn", "link", "set", INTERFACE, "mtu", str(max(path_bytes - OUTER_BYTES, 1280) if path_bytes else MTU_BYTES), "up")
        topology.ip("mn", "address", "add", home_address + "/128", "dev", INTERFACE)
        topology.ip("mn", "-6", "rule", "add", "from", home_address, "lookup", str(TABLE))
        topology.ip("mn", "-6", "route", "add", "default", "dev", INTERFACE, "table", str(TABLE))
        self.outgoing = None
        self.follow()
        self.ending, self.end = socket.socketpair()
        self.thread = threading.Thread(target=self.carry, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        self.end.close()
        self.thread.join()
        topology.ip("mn", "-6", "rule", "delete", "from", str(self.device.association.home_address))
        os.close(self.device_file)
        for one in self.incoming + [self.silencer, self.ending, self.outgoing]:
            one.close()

    def follow(self):
        """From now on packets leave from where the device is."""
        before, here = self.outgoing, self.device.tunnel
        self.outgoing = tunnel.Tunnel(here.care_of, here.interface, topology.namespace("mn"))
        if before is not None:
            before.close()

    def carry(self):
        while True:
            kernels = [self.silencer] if self.path_bytes else []
            readable, _, _ = select.select([self.device_file, self.ending] + self.incoming + kernels, [], [])
            if self.ending in readable:
                return
            for one in readable:
                if one is self.device_file:
                    self.send_out(os.read(one, 65536))
                elif one is self.silencer:
                    self.take_whole(*one.recvfrom(65536))
                else:
                    self.take_in(one)

    def send_out(self, inner):
        """Packets of the home address; the interface sends others of its own (Neighbour Discovery of the link), which stay here."""
        if inner[8:24] != self.device.association.home_address.packed:
            return
        try:
            for piece in self.pieces(tunnel.encapsulated(inner, self.outgoing.care_of, self.home_agent)):
                self.outgoing.send(piece)
        except OSError:
            pass  # no way out at this moment: lost, as on any link

    def pieces(self, packet):
        """The packet, or its fragments (RFC 8200 4.5) where the path carries no more."""
        if not self.path_bytes or len(packet) <= self.path_bytes:
            return [packet]
        room, identification = (self.path_bytes - OUTER_BYTES - 8) // 8 * 8, os.urandom(4)
        payload, result = packet[OUTER_BYTES:], []
        for offset in range(0, len(payload), room):
            part = payload[offset:offset + room]
            header = struct.pack("!BBH", packet[6], 0, offset | (offset + len(part) < len(payload))) + identification
            result.append(packet[:4] + struct.pack("!HB", len(header) + len(part), FRAGMENT) + packet[7:OUTER_BYTES] + header + part)
        return result

    def take_whole(self, inner, address):
        if address[0] == str(self.home_agent) and inner[24:40] == self.device.association.home_address.packed:
            os.write(self.device_file, inner)

    def take_in(self, one):
        try:
            packet, address = one.recvfrom(65536)
        except OSError:
            return  # its interface has gone down
        if address[2] == PACKET_OUTGOING or packet[6] != IPV6_IN_IPV6 or packet[8:24] != self.home_agent.packed:
            return
        inner = packet[OUTER_BYTES:OUTER_BYTES + struct.unpack("!H", packet[4:6])[0]]
        if inner[24:40] == self.device.association.home_address.packed:
            os.write(self.device_file, inner)


def packet_socket(interface):
    one = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IPV6))
    one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES)
    one.bind((interface, ETH_P_IPV6))
    return one


def spoofed(device, inner_source, outer_source, destination):
    """An echo request through the tunnel, as somebody else's or from somewhere else."""
    inner = tunnel.echo_request(inner_source, destination, 0x5BAD, 1, bytes(56))
    return tunnel.encapsulated(inner, outer_source, device.association.home_agent)
