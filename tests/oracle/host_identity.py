# SPDX-License-Identifier: BSD-3-Clause
"""Host keys, their wire forms, HITs and signatures: RFC 8005, RFC 7401 5.2.9, RFC 7343, rules B-35, B-37, K-12
and K-13."""
import hashlib
import ipaddress
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

ALGORITHM_RSA, ALGORITHM_ECDSA = 2, 3           # HIP RR
SIGNATURE_RSA, SIGNATURE_ECDSA = 5, 7           # RFC 7401 5.2.9
SUITE_SHA256, SUITE_SHA384 = 1, 2
CONTEXT_ID = bytes.fromhex('F0EFF02FBFF43D0FE7930C3C6E6174EA')
CURVES = {64: (ec.SECP256R1(), 1, hashes.SHA256()), 96: (ec.SECP384R1(), 2, hashes.SHA384())}
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


class KeyRefused(Exception):
    """B-37: what a server answers with 202."""


def generate(key_type):
    """A new private key: 'p256', 'p384', 'rsa' (2048 bits) or 'rsa3072'."""
    if key_type == 'p256':
        return ec.generate_private_key(ec.SECP256R1())
    if key_type == 'p384':
        return ec.generate_private_key(ec.SECP384R1())
    return rsa.generate_private_key(65537, {'rsa': 2048, 'rsa3072': 3072}[key_type])


def from_scalar(scalar):
    return ec.derive_private_key(scalar, ec.SECP256R1())


def rr_key(public_key):
    """The key in HIP RR form: x|y, or exponent length, exponent, modulus."""
    numbers = public_key.public_numbers()
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        size = (public_key.curve.key_size + 7) // 8
        return numbers.x.to_bytes(size, 'big') + numbers.y.to_bytes(size, 'big')
    exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, 'big')
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, 'big')
    return bytes([len(exponent)]) + exponent + modulus


def hi_value(public_key):
    """The value of AVP 259: alg8 suite8 0x0000 key."""
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        head = struct.pack('>BBH', ALGORITHM_ECDSA, SUITE_SHA384, 0)
    else:
        head = struct.pack('>BBH', ALGORITHM_RSA, SUITE_SHA256, 0)
    return head + rr_key(public_key)


def parse_hi_value(value):
    """The public key of an AVP 259 or 267 value; KeyRefused as B-37 says."""
    if len(value) < 5:
        raise KeyRefused('too short')
    algorithm, suite, zero = struct.unpack('>BBH', value[:4])
    key = value[4:]
    if (algorithm, suite) not in ((ALGORITHM_RSA, SUITE_SHA256), (ALGORITHM_ECDSA, SUITE_SHA384)) or zero:
        raise KeyRefused('algorithm and suite')
    if algorithm == ALGORITHM_ECDSA:
        if len(key) not in CURVES:
            raise KeyRefused('curve')
        half = len(key) // 2
        try:
            return ec.EllipticCurvePublicNumbers(int.from_bytes(key[:half], 'big'), int.from_bytes(key[half:], 'big'),
                                                 CURVES[len(key)][0]).public_key()
        except ValueError as error:
            raise KeyRefused('point not on the curve') from error
    exponent_length = key[0]
    exponent = int.from_bytes(key[1:1 + exponent_length], 'big')
    modulus = int.from_bytes(key[1 + exponent_length:], 'big')
    if not 2048 <= modulus.bit_length() <= 3072 or not modulus & 1:
        raise KeyRefused('modulus')
    if not 3 <= exponent <= 0xffffffff or not exponent & 1:
        raise KeyRefused('exponent')
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def host_id_form(value):
    """The HOST_ID form of a 259 value, which is what a HIT hashes (K-13)."""
    key = value[4:]
    if value[0] == ALGORITHM_ECDSA:
        return struct.pack('>H', CURVES[len(key)][1]) + key
    return key


def hit(value):
    """The HIT of a 259 value: 0x2001002 | suite | middle 96 bits of the hash."""
    suite = value[1]
    digest = (hashlib.sha256 if suite == SUITE_SHA256 else hashlib.sha384)(CONTEXT_ID + host_id_form(value)).digest()
    skipped = (len(digest) - 12) // 2
    number = 0x2001002 << 4 | suite
    return ipaddress.IPv6Address(struct.pack('>I', number) + digest[skipped:skipped + 12])


def sign(private_key, octets):
    """The value of AVP 260 or 272: sigalg16 signature (K-12)."""
    if isinstance(private_key, ec.EllipticCurvePrivateKey):
        size = (private_key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(private_key.sign(octets, ec.ECDSA(CURVES[2 * size][2])))
        return struct.pack('>H', SIGNATURE_ECDSA) + r.to_bytes(size, 'big') + s.to_bytes(size, 'big')
    return struct.pack('>H', SIGNATURE_RSA) + private_key.sign(octets, PSS, hashes.SHA256())


def signature_is_right(public_key, value, octets):
    if len(value) < 2:
        return False
    algorithm, signature = struct.unpack('>H', value[:2])[0], value[2:]
    try:
        if isinstance(public_key, ec.EllipticCurvePublicKey):
            size = (public_key.curve.key_size + 7) // 8
            if algorithm != SIGNATURE_ECDSA or len(signature) != 2 * size:
                return False
            der = encode_dss_signature(int.from_bytes(signature[:size], 'big'), int.from_bytes(signature[size:], 'big'))
            public_key.verify(der, octets, ec.ECDSA(CURVES[2 * size][2]))
        else:
            if algorithm != SIGNATURE_RSA:
                return False
            public_key.verify(signature, octets, PSS, hashes.SHA256())
    except InvalidSignature:
        return False
    return True
