# SPDX-License-Identifier: BSD-3-Clause
"""A RADIUS client for EAP: RFC 2865, RFC 3579, RFC 2548 2.4; rules R-1 to R-7 as far as a client can keep them."""
import dataclasses
import hashlib
import hmac
import os
import socket
import struct

ACCESS_REQUEST, ACCESS_ACCEPT, ACCESS_REJECT, ACCESS_CHALLENGE = 1, 2, 3, 11
USER_NAME, NAS_IP_ADDRESS, FRAMED_MTU, STATE, VENDOR_SPECIFIC, SESSION_TIMEOUT = 1, 4, 12, 24, 26, 27
CALLED_STATION_ID, CALLING_STATION_ID, NAS_IDENTIFIER, EAP_MESSAGE, MESSAGE_AUTHENTICATOR = 30, 31, 32, 79, 80
NAS_IPV6_ADDRESS = 95
VENDOR_MICROSOFT, MPPE_SEND_KEY, MPPE_RECV_KEY = 311, 16, 17
VENDOR_3GPP, IMSI_3GPP = 10415, 1


class Refused(Exception):
    """An answer that must not count."""


def attribute(code, value):
    return struct.pack('>BB', code, len(value) + 2) + value


def parse_attributes(octets):
    result, position = [], 0
    while position < len(octets):
        length = octets[position + 1] if position + 1 < len(octets) else 0
        if length < 2 or position + length > len(octets):
            raise Refused('attribute cut off')
        result.append((octets[position], octets[position + 2:position + length]))
        position += length
    return result


def vendor_values(attributes, vendor, kind):
    """Values of one vendor attribute in all Vendor-Specific attributes."""
    result = []
    for code, value in attributes:
        if code == VENDOR_SPECIFIC and len(value) >= 4 and struct.unpack('>I', value[:4])[0] == vendor:
            result += [inner for inner_code, inner in parse_attributes(value[4:]) if inner_code == kind]
    return result


def message_authenticator_is_right(packet, secret, request_authenticator=None):
    """HMAC-MD5 over the packet with its value zeroed; of an answer with the Request Authenticator in the header."""
    position = 20
    while position + 2 <= len(packet) and packet[position + 1] >= 2:
        if packet[position] == MESSAGE_AUTHENTICATOR:
            zeroed = packet[:position + 2] + bytes(16) + packet[position + 18:]
            if request_authenticator is not None:
                zeroed = zeroed[:4] + request_authenticator + zeroed[20:]
            return hmac.compare_digest(hmac.digest(secret, zeroed, 'md5'), packet[position + 2:position + 18])
        position += packet[position + 1]
    return False


def response_authenticator_is_right(packet, secret, request_authenticator):
    digest = hashlib.md5(packet[:4] + request_authenticator + packet[20:] + secret).digest()
    return hmac.compare_digest(digest, packet[4:20])


def mppe_key(value, secret, request_authenticator):
    """The key in an MS-MPPE-Send-Key or -Recv-Key value (RFC 2548 2.4.2)."""
    salt, cipher_text = value[:2], value[2:]
    if not salt[0] & 0x80 or not cipher_text or len(cipher_text) % 16:
        raise Refused('MS-MPPE key')
    previous, plaintext = request_authenticator + salt, b''
    for start in range(0, len(cipher_text), 16):
        block = cipher_text[start:start + 16]
        mask = hashlib.md5(secret + previous).digest()
        plaintext += bytes(a ^ b for a, b in zip(block, mask))
        previous = block
    if plaintext[0] > len(plaintext) - 1:
        raise Refused('length of an MS-MPPE key')
    return plaintext[1:1 + plaintext[0]]


@dataclasses.dataclass
class Response:
    code: int
    attributes: list
    eap: bytes
    state: bytes
    msk: bytes = None       # K-2: Recv | Send, None unless both have 32 octets
    packet: bytes = None


def encode_request(identifier, authenticator, secret, attributes):
    """Access-Request with Message-Authenticator first (R-1)."""
    body = attribute(MESSAGE_AUTHENTICATOR, bytes(16)) + b''.join(attribute(c, v) for c, v in attributes)
    head = struct.pack('>BBH', ACCESS_REQUEST, identifier, 20 + len(body)) + authenticator
    return head + attribute(MESSAGE_AUTHENTICATOR, hmac.digest(secret, head + body, 'md5')) + body[18:]


def parse_response(packet, identifier, authenticator, secret):
    if len(packet) < 20 or struct.unpack('>H', packet[2:4])[0] != len(packet) or packet[1] != identifier:
        raise Refused('length or identifier')
    if not response_authenticator_is_right(packet, secret, authenticator):
        raise Refused('Response Authenticator')
    if not message_authenticator_is_right(packet, secret, authenticator):
        raise Refused('R-2: Message-Authenticator')
    attributes = parse_attributes(packet[20:])
    states = [value for code, value in attributes if code == STATE]
    eap = b''.join(value for code, value in attributes if code == EAP_MESSAGE)
    response = Response(packet[0], attributes, eap, states[0] if states else None, packet=packet)
    halves = [vendor_values(attributes, VENDOR_MICROSOFT, kind) for kind in (MPPE_RECV_KEY, MPPE_SEND_KEY)]
    if all(halves):
        keys = [mppe_key(half[0], secret, authenticator) for half in halves]
        if all(len(key) == 32 for key in keys):
            response.msk = keys[0] + keys[1]
    return response


class Client:
    """Runs an EAP peer against a RADIUS server, as a network access server would, but with the peer in the same
    process."""

    def __init__(self, server, port, secret, extra=(), timeout_s=2.0, tries=5):
        self.server, self.secret, self.extra = (server, port), secret, list(extra)
        self.tries = tries
        self.socket = socket.socket(socket.AF_INET6 if ':' in server else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(timeout_s)
        self.identifier = 0
        self.responses = []

    def exchange(self, attributes):
        """One Access-Request with repetitions of the same octets (R-5); TimeoutError when nobody answers."""
        self.identifier = (self.identifier + 1) & 0xff
        authenticator = os.urandom(16)
        packet = encode_request(self.identifier, authenticator, self.secret, attributes + self.extra)
        for _ in range(self.tries):
            self.socket.sendto(packet, self.server)
            try:
                while True:
                    answer = self.socket.recvfrom(4096)[0]
                    try:
                        response = parse_response(answer, self.identifier, authenticator, self.secret)
                    except Refused:
                        continue
                    self.responses.append(response)
                    return response
            except TimeoutError:
                continue
        raise TimeoutError('RADIUS server does not answer')

    def run(self, peer):
        """A whole conversation; returns the last Response. The EAP-Request/Identity is made here (B-18)."""
        eap = peer.respond(struct.pack('>BBHB', 1, 1, 5, 1))
        user_name, state = eap[5:], None
        while True:
            attributes = [(USER_NAME, user_name), (NAS_IDENTIFIER, b'oracle'), (FRAMED_MTU, struct.pack('>I', 1100))]
            attributes += [(EAP_MESSAGE, eap[i:i + 253]) for i in range(0, len(eap), 253)]
            if state is not None:
                attributes.append((STATE, state))
            response = self.exchange(attributes)
            eap = peer.respond(response.eap) if response.eap else None
            if response.code != ACCESS_CHALLENGE or eap is None:
                return response
            state = response.state

    def close(self):
        self.socket.close()
