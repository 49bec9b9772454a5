# SPDX-License-Identifier: BSD-3-Clause
"""What passes an interface, written to a file that tshark reads. The kernel queues each packet at the time it passes, and the queue is
read to its end when the capture ends: so nothing that was on the wire before is missing, which dumpcap does not promise."""
import selectors
import socket
import struct
import subprocess
import threading
import time

import programs
import topology

FOLDER = programs.STATE / "story"
ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
QUEUE_BYTES = 64 << 20
PCAP_NANOSECONDS = 0xA1B23C4D
LINKTYPE_ETHERNET = 1


class Capture:
    """`with Capture("home", "core0") as capture:` takes all that passes in both directions; then packets() and malformed() read it."""

    def __init__(self, node, interface):
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.path = FOLDER / f"{node}-{interface}-{time.monotonic_ns()}.pcap"
        with topology.inside(node):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES)
            self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self.socket.bind((interface, ETH_P_ALL))
        self.socket.setblocking(False)
        self.ending, self.end = socket.socketpair()
        self.thread = threading.Thread(target=self.take, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        self.end.close()
        self.thread.join()
        self.socket.close()
        self.ending.close()

    def take(self):
        """The capture's thread: packets until the end is told, then what is still queued."""
        with open(self.path, "wb") as file, selectors.DefaultSelector() as selector:
            file.write(struct.pack("=IHHiIII", PCAP_NANOSECONDS, 2, 4, 0, 0, 1 << 18, LINKTYPE_ETHERNET))
            selector.register(self.socket, selectors.EVENT_READ)
            selector.register(self.ending, selectors.EVENT_READ)
            while not any(key.fileobj is self.ending for key, _ in selector.select()):
                self.drain(file)
            self.drain(file)

    def drain(self, file):
        while True:
            try:
                packet, ancillary, _, _ = self.socket.recvmsg(1 << 18, socket.CMSG_SPACE(16))
            except BlockingIOError:
                return
            except OSError:
                continue  # told once when the interface goes down
            seconds, nanoseconds = struct.unpack("=qq", ancillary[0][2])
            file.write(struct.pack("=IIII", seconds, nanoseconds, len(packet), len(packet)) + packet)

    def tshark(self, *arguments):
        """What tshark prints about the capture."""
        done = subprocess.run(("tshark", "-n", "-r", str(self.path)) + arguments, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"tshark {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def packets(self, display_filter=""):
        """One line for each packet that a display filter lets pass."""
        return self.tshark("-Y", display_filter).splitlines() if display_filter else self.tshark().splitlines()

    def fields(self, display_filter, *names):
        """A list of the named fields for each packet that a display filter lets pass."""
        asked = [word for name in names for word in ("-e", name)]
        return [line.split("\t") for line in self.tshark("-Y", display_filter, "-T", "fields", *asked).splitlines()]

    def malformed(self):
        """The packets in which tshark finds a malformed field, one line each."""
        return self.packets("_ws.malformed")
