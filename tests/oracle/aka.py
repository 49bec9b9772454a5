# SPDX-License-Identifier: BSD-3-Clause
"""The SIM's side of UMTS AKA, and the keys that EAP-AKA and EAP-AKA' make of it.

Sources: TS 35.206 (MILENAGE), TS 33.102 6.3 and annex C (AUTN, AUTS, sequence numbers), TS 55.205 (GSM
functions), RFC 4187 7, RFC 9048 3.3 and 3.4, FIPS 186-2 change notice 1, RFC 7296 2.13; rules K-1, K-4, E-14.
Octet strings everywhere; an SQN is an int unless its name says octets.
"""
import dataclasses
import hashlib
import hmac
import json
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

IND_BITS = 5
JUMP_LIMIT = 1 << 28


class AuthenticationFailure(Exception):
    """MAC-A of the AUTN is wrong (TS 33.102 6.3.3)."""


class SynchronisationFailure(Exception):
    """The SQN is out of the window; .auts answers the challenge."""

    def __init__(self, auts):
        super().__init__('SQN out of range')
        self.auts = auts


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def aes128(key, block):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def opc_from_op(k, op):
    return xor(op, aes128(k, op))


@dataclasses.dataclass(frozen=True)
class Milenage:
    """f1..f5* of one (K, OPc, RAND, SQN, AMF)."""
    mac_a: bytes
    mac_s: bytes
    res: bytes
    ck: bytes
    ik: bytes
    ak: bytes
    ak_star: bytes


def milenage(k, opc, rand, sqn_octets=bytes(6), amf=bytes(2)):
    temp = aes128(k, xor(rand, opc))

    def rotated(block, bits):
        return block[bits // 8:] + block[:bits // 8]

    def out(rotation_bits, constant):
        mixed = xor(rotated(xor(temp, opc), rotation_bits), bytes(15) + bytes([constant]))
        return xor(aes128(k, mixed), opc)

    in1 = (sqn_octets + amf) * 2
    out1 = xor(aes128(k, xor(temp, rotated(xor(in1, opc), 64))), opc)
    out2, out3, out4, out5 = out(0, 1), out(32, 2), out(64, 4), out(96, 8)
    return Milenage(mac_a=out1[:8], mac_s=out1[8:], res=out2[8:], ak=out2[:6], ck=out3, ik=out4, ak_star=out5[:6])


def gsm_response(k, opc, rand):
    """(SRES by derivation function 1, Kc): TS 55.205, conversions c2 and c3 of TS 33.102."""
    values = milenage(k, opc, rand)
    sres = xor(values.res[:4], values.res[4:])
    halves = [values.ck[:8], values.ck[8:], values.ik[:8], values.ik[8:]]
    kc = bytes(8)
    for half in halves:
        kc = xor(kc, half)
    return sres, kc


def auts_of(k, opc, rand, sqn_ms):
    """AUTS with AMF* = 0 (TS 33.102 6.3.3)."""
    octets = sqn_ms.to_bytes(6, 'big')
    values = milenage(k, opc, rand, octets, bytes(2))
    return xor(octets, values.ak_star) + values.mac_s


def sqn_of_auts(k, opc, rand, auts):
    """SQN_MS of an AUTS, or None when MAC-S is wrong."""
    octets = xor(auts[:6], milenage(k, opc, rand).ak_star)
    if not hmac.compare_digest(milenage(k, opc, rand, octets, bytes(2)).mac_s, auts[6:]):
        return None
    return int.from_bytes(octets, 'big')


def next_sqn(sqn, ind, ind_bits=IND_BITS):
    """The next SQN that an AuC hands out under an IND (TS 33.102 C.1.2)."""
    return ((sqn >> ind_bits) + 1 << ind_bits) | ind


class Usim:
    """A software USIM: K, OPc, the last SEQ of each IND, and optionally a file that keeps those."""

    def __init__(self, imsi, k, opc, state_file=None, last_seq=None, jump_limit=JUMP_LIMIT):
        self.imsi, self.k, self.opc = imsi, k, opc
        self.jump_limit = jump_limit
        self.state_file = state_file
        self.last_seq = list(last_seq) if last_seq else [0] * (1 << IND_BITS)
        if state_file and os.path.exists(state_file):
            with open(state_file, encoding='ascii') as file:
                self.last_seq = json.load(file)['last_seq']

    def _keep(self):
        if self.state_file:
            with open(self.state_file, 'w', encoding='ascii') as file:
                json.dump({'last_seq': self.last_seq}, file)

    def highest_sqn(self):
        index = max(range(len(self.last_seq)), key=lambda i: self.last_seq[i])
        return self.last_seq[index] << IND_BITS | index

    def authenticate(self, rand, autn):
        """AUTHENTICATE in the 3G context. Returns (RES, CK, IK); raises the two failures above."""
        concealed_sqn, amf, mac_a = autn[:6], autn[6:8], autn[8:]
        sqn_octets = xor(concealed_sqn, milenage(self.k, self.opc, rand).ak)
        values = milenage(self.k, self.opc, rand, sqn_octets, amf)
        if not hmac.compare_digest(values.mac_a, mac_a):
            raise AuthenticationFailure
        sqn = int.from_bytes(sqn_octets, 'big')
        seq, ind = sqn >> IND_BITS, sqn & (1 << IND_BITS) - 1
        if seq <= self.last_seq[ind] or seq - max(self.last_seq) > self.jump_limit:
            raise SynchronisationFailure(auts_of(self.k, self.opc, rand, self.highest_sqn()))
        self.last_seq[ind] = seq
        self._keep()
        return values.res, values.ck, values.ik


def autn_of(k, opc, rand, sqn, amf):
    octets = sqn.to_bytes(6, 'big')
    values = milenage(k, opc, rand, octets, amf)
    return xor(octets, values.ak) + amf + values.mac_a


# --- pseudo-random functions ---

def prf_plus(key, seed, length, hash_name='sha256'):
    """prf+ of IKEv2 with HMAC (RFC 7296 2.13, K-1)."""
    output, block, counter = b'', b'', 0
    while len(output) < length:
        counter += 1
        block = hmac.digest(key, block + seed + bytes([counter]), hash_name)
        output += block
    return output[:length]


def _sha1_compress(block, state=(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)):
    """One raw SHA-1 compression without padding: G() of FIPS 186-2."""
    def rotl(value, bits):
        return (value << bits | value >> 32 - bits) & 0xffffffff

    words = list(struct.unpack('>16I', block))
    for t in range(16, 80):
        words.append(rotl(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1))
    a, b, c, d, e = state
    for t, word in enumerate(words):
        if t < 20:
            f, k = b & c | ~b & d, 0x5a827999
        elif t < 40:
            f, k = b ^ c ^ d, 0x6ed9eba1
        elif t < 60:
            f, k = b & c | b & d | c & d, 0x8f1bbcdc
        else:
            f, k = b ^ c ^ d, 0xca62c1d6
        a, b, c, d, e = (rotl(a, 5) + (f & 0xffffffff) + e + k + word) & 0xffffffff, a, rotl(b, 30), c, d
    return struct.pack('>5I', *((old + new) & 0xffffffff for old, new in zip(state, (a, b, c, d, e))))


def fips186_2_prf(xkey, length):
    """General-purpose generator of FIPS 186-2 change notice 1 (RFC 4187 appendix A)."""
    key, output = int.from_bytes(xkey, 'big'), b''
    while len(output) < length:
        word = _sha1_compress(key.to_bytes(20, 'big') + bytes(44))
        key = (1 + key + int.from_bytes(word, 'big')) % (1 << 160)
        output += word
    return output[:length]


# --- EAP keys (K-4) ---

@dataclasses.dataclass(frozen=True)
class EapKeys:
    k_encr: bytes
    k_aut: bytes
    msk: bytes
    emsk: bytes
    k_re: bytes = b''       # AKA' only
    mk: bytes = b''         # AKA only: fast re-authentication starts from it


def aka_prime_ck_ik(ck, ik, network_name, concealed_sqn):
    """(CK', IK') of TS 33.402 A.2: FC = 0x20."""
    data = b'\x20' + network_name + struct.pack('>H', len(network_name)) + concealed_sqn + b'\x00\x06'
    derived = hmac.digest(ck + ik, data, 'sha256')
    return derived[:16], derived[16:]


def aka_prime_keys(identity, ck_prime, ik_prime):
    mk = prf_plus(ik_prime + ck_prime, b"EAP-AKA'" + identity, 208)
    return EapKeys(k_encr=mk[:16], k_aut=mk[16:48], k_re=mk[48:80], msk=mk[80:144], emsk=mk[144:208])


def aka_keys(identity, ck, ik):
    mk = hashlib.sha1(identity + ik + ck).digest()
    stream = fips186_2_prf(mk, 160)
    return EapKeys(k_encr=stream[:16], k_aut=stream[16:32], msk=stream[32:96], emsk=stream[96:160], mk=mk)


def aka_prime_reauthentication_keys(full, identity, counter, nonce_s):
    seed = b"EAP-AKA' re-auth" + identity + struct.pack('>H', counter) + nonce_s
    mk = prf_plus(full.k_re, seed, 128)
    return dataclasses.replace(full, msk=mk[:64], emsk=mk[64:])


def aka_reauthentication_keys(full, identity, counter, nonce_s):
    xkey = hashlib.sha1(identity + struct.pack('>H', counter) + nonce_s + full.mk).digest()
    stream = fips186_2_prf(xkey, 128)
    return dataclasses.replace(full, msk=stream[:64], emsk=stream[64:])
