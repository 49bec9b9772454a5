# SPDX-License-Identifier: BSD-3-Clause
"""PANA messages, keys and encryption: RFC 5191, RFC 6786, rules B-2, B-3, B-7, B-16, B-30, K-5."""
import dataclasses
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import aka

PORT = 716
LARGEST_PAYLOAD = 1232          # B-4
HEADER_LENGTH = 16

PCI, AUTHENTICATION, TERMINATION, NOTIFICATION = 1, 2, 3, 4
REQUEST, START, COMPLETE, REAUTHENTICATION, PING, IP_RECONFIGURATION = 0x8000, 0x4000, 0x2000, 0x1000, 0x0800, 0x0400

AUTH, EAP_PAYLOAD, INTEGRITY_ALGORITHM, KEY_ID, NONCE, PRF_ALGORITHM, RESULT_CODE = 1, 2, 3, 4, 5, 6, 7
SESSION_LIFETIME, TERMINATION_CAUSE, ENCRYPTION_ENCAP, ENCRYPTION_ALGORITHM = 8, 9, 12, 13
RESULT_SUCCESS, RESULT_AUTHENTICATION_REJECTED, RESULT_AUTHORIZATION_REJECTED = 0, 1, 2
CAUSE_LOGOUT, CAUSE_ADMINISTRATIVE, CAUSE_SESSION_TIMEOUT = 1, 4, 8

PRF_HMAC_SHA2_256, AUTH_HMAC_SHA2_256_128, AES128_CTR = 5, 12, 1
PRF_HMAC_SHA1, AUTH_HMAC_SHA1_160 = 2, 7

VENDOR_ID = 32473               # B-35
MOB_CAPABILITY = 257
MIP6, DSMIP6, HIP, RFC4285, POP, FAST = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


class Malformed(Exception):
    """Octets that are no PANA message, or AVPs that do not add up."""


@dataclasses.dataclass(frozen=True)
class Avp:
    code: int
    value: bytes
    vendor: int = None
    octets: bytes = None        # as received; encode() makes it otherwise

    def encode(self):
        if self.octets is not None:
            return self.octets
        flags = 0 if self.vendor is None else 0x8000
        head = struct.pack('>HHHH', self.code, flags, len(self.value), 0)
        if self.vendor is not None:
            head += struct.pack('>I', self.vendor)
        return head + self.value + bytes(-len(self.value) % 4)

    @property
    def unsigned32(self):
        if len(self.value) != 4:
            raise Malformed('AVP %d is not an Unsigned32' % self.code)
        return struct.unpack('>I', self.value)[0]


def unsigned32(code, value, vendor=None):
    return Avp(code, struct.pack('>I', value), vendor)


def parse_avps(octets):
    result, position = [], 0
    while position < len(octets):
        if len(octets) - position < 8:
            raise Malformed('AVP header cut off')
        code, flags, length, _ = struct.unpack('>HHHH', octets[position:position + 8])
        start, vendor = position + 8, None
        if flags & 0x8000:
            if len(octets) - start < 4:
                raise Malformed('Vendor-Id cut off')
            vendor = struct.unpack('>I', octets[start:start + 4])[0]
            start += 4
        end = start + length + -length % 4
        if end > len(octets):
            raise Malformed('AVP longer than the message')
        result.append(Avp(code, octets[start:start + length], vendor, octets[position:end]))
        position = end
    return result


def encode_avps(avps):
    return b''.join(avp.encode() for avp in avps)


@dataclasses.dataclass
class Message:
    kind: int
    flags: int
    session_id: bytes = bytes(4)
    sequence: int = 0
    avps: list = dataclasses.field(default_factory=list)
    reserved: int = 0
    octets: bytes = None        # as received or sent

    def encode(self, auth_key=None):
        """Octets of the message; with auth_key the AUTH AVP is appended (RFC 5191 5.4)."""
        body = encode_avps(self.avps)
        if auth_key is not None:
            body += Avp(AUTH, bytes(auth_length(auth_key))).encode()
        head = struct.pack('>HHHH', self.reserved, HEADER_LENGTH + len(body), self.flags, self.kind)
        octets = head + self.session_id + struct.pack('>I', self.sequence) + body
        if auth_key is not None:
            octets = octets[:-auth_length(auth_key)] + auth_value(auth_key, octets)
        return octets

    def values(self, code, vendor=None):
        return [avp.value for avp in self.avps if (avp.code, avp.vendor) == (code, vendor)]

    def value(self, code, vendor=None):
        """The value of the only AVP of a code, None if there is none; Malformed if there are several."""
        found = self.values(code, vendor)
        if len(found) > 1:
            raise Malformed('AVP %d twice' % code)
        return found[0] if found else None

    def number(self, code, vendor=None):
        value = self.value(code, vendor)
        if value is None:
            return None
        if len(value) != 4:
            raise Malformed('AVP %d is not an Unsigned32' % code)
        return struct.unpack('>I', value)[0]

    def is_request(self):
        return bool(self.flags & REQUEST)

    def auth_is_right(self, auth_key):
        """True if the last AVP is the only AUTH and its value is right (B-2, B-21)."""
        if not self.avps or (self.avps[-1].code, self.avps[-1].vendor) != (AUTH, None) or len(self.values(AUTH)) != 1:
            return False
        length = auth_length(auth_key)
        if len(self.avps[-1].value) != length:
            return False
        zeroed = self.octets[:-length] + bytes(length)
        return hmac.compare_digest(auth_value(auth_key, zeroed), self.octets[-length:])


def parse(octets):
    if len(octets) < HEADER_LENGTH:
        raise Malformed('shorter than a header')
    reserved, length, flags, kind = struct.unpack('>HHHH', octets[:8])
    if length != len(octets):
        raise Malformed('B-2: Message Length %d, payload %d' % (length, len(octets)))
    if flags & START and flags & COMPLETE:
        raise Malformed('B-2: S and C together')
    if kind == NOTIFICATION and bool(flags & REAUTHENTICATION) == bool(flags & PING):
        raise Malformed('B-2: not exactly one of A and P')
    message = Message(kind, flags, octets[8:12], struct.unpack('>I', octets[12:16])[0],
                      parse_avps(octets[HEADER_LENGTH:]), reserved, octets)
    if any(avp.code == AUTH and avp.vendor is None for avp in message.avps[:-1]):
        raise Malformed('B-2: AUTH is not the last AVP')
    return message


# --- keys (K-5); an Integrity 12 key has 32 octets, a 7 key 20 ---

def auth_length(auth_key):
    return 16 if len(auth_key) == 32 else 20


def auth_value(auth_key, octets):
    return hmac.digest(auth_key, octets, 'sha256' if len(auth_key) == 32 else 'sha1')[:auth_length(auth_key)]


@dataclasses.dataclass(frozen=True)
class Keys:
    """Everything that hangs on one MSK of a session."""
    key_id: int
    msk: bytes
    pac_nonce: bytes
    paa_nonce: bytes
    auth_key: bytes
    pac_encr_key: bytes
    paa_encr_key: bytes


def key_seed(label, i_par, i_pan, pac_nonce, paa_nonce, key_id):
    return label + i_par + i_pan + pac_nonce + paa_nonce + struct.pack('>I', key_id)


def derive_keys(msk, i_par, i_pan, pac_nonce, paa_nonce, key_id):
    def key(label, length):
        return aka.prf_plus(msk, key_seed(label, i_par, i_pan, pac_nonce, paa_nonce, key_id), length)

    return Keys(key_id, msk, pac_nonce, paa_nonce, key(b'IETF PANA', 32), key(b'IETF PANA PaC Encr', 16),
                key(b'IETF PANA PAA Encr', 16))


def first_counter_block(key_id, session_id, sequence):
    return b'\x02' + struct.pack('>I', key_id) + session_id + struct.pack('>I', sequence) + b'\x00\x00\x01'


def crypt(key, key_id, session_id, sequence, octets):
    """AES128_CTR of RFC 6786 4.1; the same for both directions of work."""
    mode = modes.CTR(first_counter_block(key_id, session_id, sequence))
    worker = Cipher(algorithms.AES(key), mode).encryptor()
    return worker.update(octets) + worker.finalize()
