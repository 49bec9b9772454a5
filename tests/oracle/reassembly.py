# SPDX-License-Identifier: BSD-3-Clause
"""Fragments for us (RFC 8200 4.5, RFC 791 3.2, RFC 5722). Forwarder asks Reassembly.add(), which gives a whole packet's octets, or WAITS, or
raises Malformed or Drop. How many packets in pieces are held is bounded as architecture.md 3 says: a set of places for each source, by a secret
hash. Which set that is is free, so a data plane must tell it (`set_of`); while it has not, no packet makes room for another. Time-outs are
not modelled."""
import dataclasses
import struct

from ip_packet import EXTENSION_HEADERS, FRAGMENT, LONGEST_EXTENSION_CHAIN, Drop, internet_checksum

REASSEMBLY_MS = 60_000
WAITS = None
LENGTH_FIELD = {6: 4, 4: 2}  # where the packet's length stands in its header
SETS, PLACES, UNPROVEN_PLACES, SET_PIECES, PACKET_PIECES = 64, 8, 2, 16, 8


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


@dataclasses.dataclass
class Place:
    """A packet that is not whole yet. One that is refused holds no pieces, and its place."""
    since_ms: int
    proven: bool
    pieces: dict = dataclasses.field(default_factory=dict)  # begin: Piece
    refused: bool = False


class Reassembly:
    def __init__(self, set_of=None):
        self.set_of = set_of
        self.packets = {}       # identity: Place
        self.crowded_out = 0    # pieces that have made room since somebody asked

    def waiting(self):
        return sum(len(place.pieces) for place in self.packets.values())

    def take_crowded_out(self):
        count, self.crowded_out = self.crowded_out, 0
        return count

    def neighbours(self, identity):
        """The identities that share a set with this one, the oldest first."""
        if self.set_of is None:
            return []
        return sorted((one for one in self.packets if self.set_of(one[0]) == self.set_of(identity[0])),
                      key=lambda one: self.packets[one].since_ms)

    def make_room(self, identity):
        self.crowded_out += len(self.packets.pop(identity).pieces)

    def begin(self, identity, proven, now_ms):
        """A place for a new packet. Those whose first fragment has shown that they come from a subscriber make room for such alone; of
        the others there are two in a set at most."""
        neighbours = self.neighbours(identity)
        unproven = [one for one in neighbours if not self.packets[one].proven]
        if not proven and len(unproven) >= UNPROVEN_PLACES:
            self.make_room(unproven[0])
        elif len(neighbours) == PLACES:
            if not unproven and not proven:
                raise Drop('reassembly_crowded_out')
            self.make_room((unproven or neighbours)[0])
        self.packets[identity] = Place(now_ms, proven)
        return self.packets[identity]

    def make_room_for_piece(self, identity):
        """False when there is none, as all pieces of the set are this packet's."""
        neighbours = self.neighbours(identity)
        while sum(len(self.packets[one].pieces) for one in neighbours) >= SET_PIECES:
            oldest = next((one for one in neighbours if one != identity and self.packets[one].pieces), None)
            if oldest is None:
                return False
            self.make_room(oldest)
            neighbours.remove(oldest)
        return True

    def add(self, piece, now_ms, proven=False):
        """(octets of the whole packet, or WAITS, or the reason why all its pieces are lost; number of pieces that were here before).
        proven: it is a first fragment, and its inner source is bound to where it comes from."""
        version = piece.head[0] >> 4
        if not piece.data:
            raise Drop('fragment_malformed')
        if piece.more and len(piece.data) % 8:
            raise Malformed(LENGTH_FIELD[version])
        if len(piece.head) - (40 if version == 6 else 0) + piece.begin + len(piece.data) > 65535:
            raise Malformed(piece.field)
        place = self.packets.get(piece.identity) or self.begin(piece.identity, proven, now_ms)
        assert now_ms < place.since_ms + REASSEMBLY_MS, 'time-outs are not modelled'
        place.proven |= proven
        if place.refused:
            raise Drop('fragment_overlap')
        pieces = place.pieces
        if piece.begin in pieces and len(pieces[piece.begin].data) == len(piece.data):
            raise Drop('fragment_duplicate')
        order = [one for _, one in sorted(list(pieces.items()) + [(piece.begin, piece)], key=lambda one: one[0])]
        ends = [one.begin + len(one.data) for one in order]
        if any(end > one.begin for end, one in zip(ends, order[1:])) or not all(one.more for one in order[:-1]):
            return self.refuse(place, 'fragment_overlap')
        if len(pieces) == PACKET_PIECES or not self.make_room_for_piece(piece.identity):
            return self.refuse(place, 'fragment_too_many')
        before, pieces[piece.begin] = len(pieces), piece
        if [one.begin for one in order] != [0] + ends[:-1] or order[-1].more:
            return WAITS, before
        del self.packets[piece.identity]
        return order[0].whole(b''.join(one.data for one in order)), before

    @staticmethod
    def refuse(place, reason):
        """RFC 5722 4: nothing of this packet is good any more, also not what is still to come."""
        before, place.pieces, place.refused = len(place.pieces), {}, True
        return reason, before
