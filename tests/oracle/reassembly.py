# SPDX-License-Identifier: BSD-3-Clause
"""Fragments for us (RFC 8200 4.5, RFC 791 3.2, RFC 5722). Forwarder asks Reassembly.add(), which gives a whole packet's octets, or WAITS, or
raises Malformed or Drop. How many packets in pieces are held is free, and not modelled; nor are time-outs."""
import dataclasses
import struct

from ip_packet import EXTENSION_HEADERS, FRAGMENT, LONGEST_EXTENSION_CHAIN, Drop, internet_checksum

REASSEMBLY_MS = 60_000
WAITS = None
LENGTH_FIELD = {6: 4, 4: 2}  # where the packet's length stands in its header


class Malformed(Exception):
    """The fragment is wrong in the field at this offset."""

    def __init__(self, field):
        super().__init__('fragment_malformed')
        self.field = field


@dataclasses.dataclass
class Piece:
    identity: tuple
    begin: int
    more: bool
    head: bytes      # of the packet, up to what is cut
    data: bytes
    named_at: int    # IPv6: where the head names the fragment header
    next_header: int
    field: int       # where offset and flag stand

    def whole(self, payload):
        """The packet with this head."""
        head = bytearray(self.head)
        if head[0] >> 4 == 4:
            head[2:4] = struct.pack('>H', len(head) + len(payload))
            head[6:8] = head[10:12] = bytes(2)
            head[10:12] = struct.pack('>H', internet_checksum(bytes(head)))
        else:
            head[self.named_at] = self.next_header
            head[4:6] = struct.pack('>H', len(head) - 40 + len(payload))
        return bytes(head) + payload


def piece_of(packet):
    """The Piece that an ip_packet.Packet or Packet4 is, or None. In IPv6 one that says that it is all counts as none (RFC 6946)."""
    octets, identity = packet.octets, (packet.source, packet.destination)
    if packet.version == 4:
        if not packet.is_fragment:
            return None
        head = octets[:packet.header_length]
        return Piece(identity + (octets[9], octets[4:6]), (packet.fragment & 0x1fff) * 8, bool(packet.fragment & 0x2000), head,
                     octets[len(head):], 0, 0, 6)
    next_header, position, named_at = octets[6], 40, 6
    for _ in range(LONGEST_EXTENSION_CHAIN):
        if next_header not in EXTENSION_HEADERS or position + 8 > len(octets):
            return None
        if next_header == FRAGMENT:
            offset = struct.unpack('>H', octets[position + 2:position + 4])[0]
            if offset & 0xfff9:
                return Piece(identity + (octets[position + 4:position + 8],), offset & 0xfff8, bool(offset & 1), octets[:position],
                             octets[position + 8:], named_at, octets[position], position + 2)
            length = 8
        else:
            length = (octets[position + 1] + 1) * 8
        next_header, named_at, position = octets[position], position, position + length
    return None


class Reassembly:
    def __init__(self):
        self.packets = {}  # identity -> ({begin: Piece}, since when); no pieces: refused

    def waiting(self):
        return sum(len(pieces) for pieces, _ in self.packets.values() if pieces)

    def add(self, piece, now_ms):
        """(octets of the whole packet or WAITS, number of pieces that were here before). On an overlap all pieces are lost: then it is
        (False, number of pieces that were here before)."""
        version = piece.head[0] >> 4
        if not piece.data:
            raise Drop('fragment_malformed')
        if piece.more and len(piece.data) % 8:
            raise Malformed(LENGTH_FIELD[version])
        if len(piece.head) - (40 if version == 6 else 0) + piece.begin + len(piece.data) > 65535:
            raise Malformed(piece.field)
        pieces, since_ms = self.packets.setdefault(piece.identity, ({}, now_ms))
        assert now_ms < since_ms + REASSEMBLY_MS, 'time-outs are not modelled'
        if pieces is None:
            raise Drop('fragment_overlap')
        before = len(pieces)
        if piece.begin in pieces and len(pieces[piece.begin].data) == len(piece.data):
            raise Drop('fragment_duplicate')
        overlaps = piece.begin in pieces
        pieces[piece.begin] = piece
        order = [pieces[begin] for begin in sorted(pieces)]
        ends = [one.begin + len(one.data) for one in order]
        overlaps |= any(end > one.begin for end, one in zip(ends, order[1:])) or not all(one.more for one in order[:-1])
        if overlaps:
            self.packets[piece.identity] = None, since_ms
            return False, before
        if [one.begin for one in order] != [0] + ends[:-1] or order[-1].more:
            return WAITS, before
        del self.packets[piece.identity]
        return order[0].whole(b''.join(one.data for one in order)), before
