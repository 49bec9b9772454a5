# SPDX-License-Identifier: BSD-3-Clause
"""The peer of EAP-AKA' (RFC 9048) and EAP-AKA (RFC 4187), as rules E-1 to E-15 want it of a mobile node.

EapPeer.respond() takes one EAP packet of the authenticator and gives the answer, or None when there is none.
What was refused, and by which rule, stands in EapPeer.refusals.
"""
import dataclasses
import hashlib
import hmac
import os
import struct
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import aka

REQUEST, RESPONSE, SUCCESS, FAILURE = 1, 2, 3, 4
TYPE_IDENTITY, TYPE_NOTIFICATION, TYPE_NAK = 1, 2, 3
AKA, AKA_PRIME = 23, 50

CHALLENGE, AUTHENTICATION_REJECT, SYNCHRONIZATION_FAILURE, IDENTITY = 1, 2, 4, 5
NOTIFICATION, REAUTHENTICATION, CLIENT_ERROR = 12, 13, 14

AT_RAND, AT_AUTN, AT_RES, AT_AUTS, AT_PADDING = 1, 2, 3, 4, 6
AT_PERMANENT_ID_REQ, AT_MAC, AT_NOTIFICATION, AT_ANY_ID_REQ, AT_IDENTITY = 10, 11, 12, 13, 14
AT_FULLAUTH_ID_REQ, AT_COUNTER, AT_COUNTER_TOO_SMALL, AT_NONCE_S = 17, 19, 20, 21
AT_CLIENT_ERROR_CODE, AT_KDF_INPUT, AT_KDF = 22, 23, 24
AT_IV, AT_ENCR_DATA, AT_NEXT_PSEUDONYM, AT_NEXT_REAUTH_ID = 129, 130, 132, 133
AT_CHECKCODE, AT_RESULT_IND, AT_BIDDING = 134, 135, 136

IDENTITY_REQUESTS = {AT_ANY_ID_REQ: 0, AT_FULLAUTH_ID_REQ: 1, AT_PERMANENT_ID_REQ: 2}
# attributes a peer may meet, by the subtype of the request (RFC 4187 10.1, RFC 9048 3.5); others are a Client-Error
ALLOWED = {
    IDENTITY: set(IDENTITY_REQUESTS),
    CHALLENGE: {AT_RAND, AT_AUTN, AT_MAC, AT_IV, AT_ENCR_DATA, AT_CHECKCODE, AT_RESULT_IND, AT_KDF, AT_KDF_INPUT,
                AT_BIDDING},
    NOTIFICATION: {AT_NOTIFICATION, AT_MAC, AT_IV, AT_ENCR_DATA},
    REAUTHENTICATION: {AT_IV, AT_ENCR_DATA, AT_MAC, AT_CHECKCODE, AT_RESULT_IND},
}
FIXED_LENGTH = {AT_RAND: 20, AT_AUTN: 20, AT_MAC: 20, AT_IV: 20, AT_KDF: 4, AT_NOTIFICATION: 4, AT_RESULT_IND: 4,
                AT_BIDDING: 4, AT_ANY_ID_REQ: 4, AT_FULLAUTH_ID_REQ: 4, AT_PERMANENT_ID_REQ: 4, AT_COUNTER: 4,
                AT_COUNTER_TOO_SMALL: 4, AT_NONCE_S: 20}
NOTIFICATION_SUCCESS, NOTIFICATION_FAILURE_AFTER, NOTIFICATION_FAILURE_BEFORE = 32768, 0, 16384
CLIENT_ERROR_UNABLE = 0


class ClientError(Exception):
    """Answered by Client-Error 0 (unable to process packet)."""


class Reject(Exception):
    """Answered by Authentication-Reject."""


# --- codec ---

def attribute(code, value):
    """One attribute; value is everything behind type and length and is padded to 4."""
    padding = -(len(value) + 2) % 4
    return struct.pack('>BB', code, (len(value) + 2 + padding) // 4) + value + bytes(padding)


def counted(code, value):
    """An attribute whose value starts with its actual length in octets (AT_IDENTITY, AT_KDF_INPUT, …)."""
    return attribute(code, struct.pack('>H', len(value)) + value)


def parse_attributes(octets):
    """[(code, value behind type and length)]; ClientError when the lengths do not add up."""
    result, position = [], 0
    while position < len(octets):
        if len(octets) - position < 4 or octets[position + 1] == 0:
            raise ClientError('attribute cut off')
        length = octets[position + 1] * 4
        if position + length > len(octets):
            raise ClientError('attribute longer than the packet')
        result.append((octets[position], octets[position + 2:position + length]))
        position += length
    return result


def counted_value(value):
    """The inside of a counted attribute; its padding must be zero and shorter than 4."""
    length = struct.unpack('>H', value[:2])[0]
    if length > len(value) - 2 or len(value) - 2 - length > 3 or any(value[2 + length:]):
        raise ClientError('actual length or padding')
    return value[2:2 + length]


def eap_packet(code, identifier, data=b''):
    return struct.pack('>BBH', code, identifier, 4 + len(data)) + data


def method_packet(code, identifier, eap_type, subtype, attributes=b''):
    return eap_packet(code, identifier, struct.pack('>BBH', eap_type, subtype, 0) + attributes)


def at_mac(eap_type, k_aut, packet, extra=b''):
    return hmac.digest(k_aut, packet + extra, 'sha256' if eap_type == AKA_PRIME else 'sha1')[:16]


def mac_position(packet):
    """Offset of the 16 octets of AT_MAC in an EAP-AKA packet, or None."""
    position = 8
    while position + 4 <= len(packet) and packet[position + 1]:
        if packet[position] == AT_MAC:
            return position + 4
        position += packet[position + 1] * 4
    return None


def with_mac(eap_type, k_aut, packet, extra=b''):
    """The packet with its (last) AT_MAC filled in."""
    position = mac_position(packet)
    zeroed = packet[:position] + bytes(16) + packet[position + 16:]
    return packet[:position] + at_mac(eap_type, k_aut, zeroed, extra) + packet[position + 16:]


def mac_is_right(eap_type, k_aut, packet, extra=b''):
    position = mac_position(packet)
    return position is not None and hmac.compare_digest(with_mac(eap_type, k_aut, packet, extra), packet)


def cbc(key, iv, octets, encrypt):
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    worker = cipher.encryptor() if encrypt else cipher.decryptor()
    return worker.update(octets) + worker.finalize()


def encrypted(k_encr, attributes, iv=None):
    """AT_IV and AT_ENCR_DATA around some attributes, with AT_PADDING (RFC 4187 10.12)."""
    iv = iv or os.urandom(16)
    padding = -len(attributes) % 16
    if padding:
        attributes += struct.pack('>BB', AT_PADDING, padding // 4) + bytes(padding - 2)
    return attribute(AT_IV, bytes(2) + iv) + attribute(AT_ENCR_DATA, bytes(2) + cbc(k_encr, iv, attributes, True))


def checkcode(eap_type, packets):
    if not packets:
        return b''
    return (hashlib.sha256 if eap_type == AKA_PRIME else hashlib.sha1)(b''.join(packets)).digest()


# --- what the peer remembers between conversations (E-6) ---

@dataclasses.dataclass
class Reauthentication:
    identity: bytes
    keys: aka.EapKeys
    counter: int


@dataclasses.dataclass
class Memory:
    """Pseudonyms and re-authentication contexts by method, and when the permanent identity was last told."""
    pseudonyms: dict = dataclasses.field(default_factory=dict)
    reauthentications: dict = dataclasses.field(default_factory=dict)
    permanent_told_s: float = None


def names_match(ours, theirs):
    """RFC 9048 3.1: field by field, the surplus fields of the longer one ignored."""
    return all(a == b for a, b in zip(ours.split(b':'), theirs.split(b':')))


@dataclasses.dataclass
class PeerSettings:
    realm: str
    network_name: bytes                 # E-8: b'kedge:' | PAA-Id
    exact_network_name: bool = True     # False: as RFC 9048 3.1
    allow_aka_prime: bool = True
    allow_aka: bool = False             # E-7
    use_reauthentication: bool = False
    use_pseudonym: bool = True
    conservative: bool = False
    accept_result_indication: bool = True
    permanent_identity_interval_s: int = 3600
    first_identity: bytes = None        # replaces 6anonymous@realm (to play a node that breaks E-1)


class EapPeer:
    """One EAP conversation. After it: .succeeded, .msk, .emsk, .method, .refusals."""

    def __init__(self, usim, settings, memory=None, now_s=time.time):
        self.usim, self.settings = usim, settings
        self.memory = memory if memory is not None else Memory()
        self.now_s = now_s
        self.method = None
        self.keys = None
        self.identity = None            # E-5: the last one that was sent
        self.identity_packets = []      # for AT_CHECKCODE
        self.identity_level = -1
        self.permanent_sent = False
        self.kdf_requested = None       # (offered list, AT_KDF_INPUT) once AT_KDF = 1 was asked for
        self.kdf_seen = None            # AT_KDFs of the challenge that was answered by AUTS
        self.synchronisations = 0
        self.challenge_answered = False
        self.result_indication = False
        self.notification = None
        self.reauthentication_counter = None
        self.next_pseudonym = self.next_reauthentication = None
        self.failed = False
        self.succeeded = False
        self.refusals = []
        self.subtypes_answered = []
        self.cached = (None, None)

    # -- entry --

    def respond(self, packet):
        code, identifier, length = struct.unpack('>BBH', packet[:4]) if len(packet) >= 4 else (0, 0, 0)
        if length < 4 or length > len(packet):
            return None
        packet = packet[:length]
        if code == SUCCESS:
            self._on_success()
        elif code == FAILURE:
            self.failed = True
        if code != REQUEST or length < 5:
            return None
        if packet == self.cached[0]:
            return self.cached[1]
        answer = self._on_request(identifier, packet)
        if answer is not None:
            self.cached = (packet, answer)
        return answer

    @property
    def complete(self):
        """The method has done all that it owes before an EAP-Success may count (B-24)."""
        return (self.challenge_answered and not self.failed
                and (not self.result_indication or self.notification == NOTIFICATION_SUCCESS))

    @property
    def msk(self):
        return self.keys.msk if self.keys and self.challenge_answered else None

    def _on_success(self):
        if not self.complete:
            self.refusals.append('B-24: EAP-Success before the method had completed')
            return
        self.succeeded = True
        memory = self.memory
        memory.reauthentications.pop(self.method, None)
        if self.next_pseudonym:
            memory.pseudonyms[self.method] = self.next_pseudonym
        if self.next_reauthentication:
            counter = self.reauthentication_counter or 0
            memory.reauthentications[self.method] = Reauthentication(self.next_reauthentication, self.keys, counter)

    def _on_request(self, identifier, packet):
        eap_type = packet[4]
        if eap_type == TYPE_IDENTITY:
            self.identity = self._first_identity()
            return eap_packet(RESPONSE, identifier, bytes([TYPE_IDENTITY]) + self.identity)
        if eap_type == TYPE_NOTIFICATION:
            return eap_packet(RESPONSE, identifier, bytes([TYPE_NOTIFICATION]))
        wanted = self._methods()
        if eap_type not in wanted:
            if self.method is not None:
                return None
            return eap_packet(RESPONSE, identifier, bytes([TYPE_NAK]) + bytes(wanted or [0]))
        if self.method not in (None, eap_type):
            return None
        self.method = eap_type
        try:
            return self._on_method(identifier, packet)
        except ClientError as error:
            self.failed = True
            self.refusals.append('Client-Error: %s' % error)
            return self._answer(identifier, CLIENT_ERROR,
                                attribute(AT_CLIENT_ERROR_CODE, struct.pack('>H', CLIENT_ERROR_UNABLE)))
        except Reject as error:
            self.failed = True
            self.refusals.append('Authentication-Reject: %s' % error)
            return self._answer(identifier, AUTHENTICATION_REJECT)

    def _methods(self):
        return [AKA_PRIME] * self.settings.allow_aka_prime + [AKA] * self.settings.allow_aka

    def _answer(self, identifier, subtype, attributes=b'', extra=b''):
        self.subtypes_answered.append(subtype)
        packet = method_packet(RESPONSE, identifier, self.method, subtype, attributes)
        return with_mac(self.method, self.keys.k_aut, packet, extra) if mac_position(packet) else packet

    def _on_method(self, identifier, packet):
        if len(packet) < 8:
            raise ClientError('no subtype')
        subtype, attributes = packet[5], parse_attributes(packet[8:])
        allowed = ALLOWED.get(subtype)
        if allowed is None:
            raise ClientError('unknown subtype %d' % subtype)
        self._check_attributes(attributes, allowed)
        if self.failed:
            raise ClientError('the conversation had failed')
        values = dict(reversed(attributes))
        if subtype == IDENTITY:
            return self._on_identity(identifier, packet, values)
        if subtype == NOTIFICATION:
            return self._on_notification(identifier, packet, values)
        if subtype == REAUTHENTICATION:
            return self._on_reauthentication(identifier, packet, values)
        return self._on_challenge(identifier, packet, values, [v for c, v in attributes if c == AT_KDF])

    def _check_attributes(self, attributes, allowed):
        """Shape, repetition and E-9: unknown below 128 is an error, from 128 on it is skipped."""
        seen = set()
        for code, value in attributes:
            known = code in allowed and not (code in (AT_KDF, AT_KDF_INPUT) and self.method == AKA)
            if not known and code < 128:
                raise ClientError('attribute %d is not expected' % code)
            if known and code in FIXED_LENGTH and len(value) + 2 != FIXED_LENGTH[code]:
                raise ClientError('length of attribute %d' % code)
            if known and code in seen and code != AT_KDF:
                raise ClientError('attribute %d twice' % code)
            seen.add(code)

    # -- identities (E-1 to E-6) --

    def _with_realm(self, identity):
        return identity if b'@' in identity else identity + b'@' + self.settings.realm.encode()

    def _first_identity(self):
        settings = self.settings
        if settings.first_identity is not None:
            return settings.first_identity
        for method in self._methods():
            context = self.memory.reauthentications.get(method)
            if context and settings.use_reauthentication:
                return self._with_realm(context.identity)
            if settings.use_pseudonym and method in self.memory.pseudonyms:
                return self._with_realm(self.memory.pseudonyms[method])
        prefix = b'6' if settings.allow_aka_prime else b'0'
        return self._with_realm(prefix + b'anonymous')

    def permanent_identity(self):
        prefix = '6' if self.method == AKA_PRIME else '0'
        return self._with_realm((prefix + self.usim.imsi).encode())

    def _on_identity(self, identifier, packet, values):
        requests = [code for code in IDENTITY_REQUESTS if code in values]
        if len(requests) != 1:
            raise ClientError('not exactly one kind of identity request')
        level = IDENTITY_REQUESTS[requests[0]]
        if level <= self.identity_level or self.challenge_answered:
            raise ClientError('E-3: identity requests in another order')
        self.identity_level = level
        self.identity = self._identity_for(requests[0])
        answer = self._answer(identifier, IDENTITY, counted(AT_IDENTITY, self.identity))
        self.identity_packets += [packet, answer]
        return answer

    def _identity_for(self, request):
        memory, settings = self.memory, self.settings
        context = memory.reauthentications.get(self.method)
        pseudonym = memory.pseudonyms.get(self.method) if settings.use_pseudonym else None
        if request == AT_ANY_ID_REQ and context and settings.use_reauthentication:
            return self._with_realm(context.identity)
        if pseudonym and request != AT_PERMANENT_ID_REQ:
            return self._with_realm(pseudonym)
        if self.permanent_sent:
            raise ClientError('E-3: permanent identity asked for twice')
        if pseudonym:
            told = memory.permanent_told_s
            recent = told is not None and self.now_s() - told < settings.permanent_identity_interval_s
            if settings.conservative or recent:
                raise ClientError('E-3: the permanent identity is kept back')
            memory.permanent_told_s = self.now_s()
        self.permanent_sent = True
        return self.permanent_identity()

    # -- full authentication --

    def _on_challenge(self, identifier, packet, values, kdf_values):
        if self.challenge_answered:
            raise ClientError('challenge after the challenge was answered')
        if AT_RAND not in values or AT_AUTN not in values or AT_MAC not in values:
            raise ClientError('challenge without AT_RAND, AT_AUTN or AT_MAC')
        network_name = b''
        kdfs = [struct.unpack('>H', v)[0] for v in kdf_values]
        if self.method == AKA_PRIME:
            network_name, selection = self._check_kdf(values, kdfs)
            if selection is not None:
                return self._answer(identifier, CHALLENGE, attribute(AT_KDF, struct.pack('>H', selection)))
        rand, autn = values[AT_RAND][2:], values[AT_AUTN][2:]
        if self.method == AKA_PRIME and not autn[6] & 0x80:
            raise Reject('E-9: AMF separation bit is 0')
        try:
            res, ck, ik = self.usim.authenticate(rand, autn)
        except aka.AuthenticationFailure:
            raise Reject('AUTN is wrong') from None
        except aka.SynchronisationFailure as failure:
            return self._synchronise(identifier, failure.auts, kdfs)
        keys = self._full_keys(autn, ck, ik, network_name)
        self._check_challenge(packet, values, keys)
        self.keys = keys
        self._take_next_identities(keys, values)
        self.challenge_answered = True
        attributes = attribute(AT_RES, struct.pack('>H', len(res) * 8) + res)
        if AT_CHECKCODE in values or self.identity_packets:
            attributes += attribute(AT_CHECKCODE, bytes(2) + checkcode(self.method, self.identity_packets))
        attributes += self._result_indication_attribute(values)
        return self._answer(identifier, CHALLENGE, attributes + attribute(AT_MAC, bytes(18)))

    def _full_keys(self, autn, ck, ik, network_name):
        if self.method == AKA:
            return aka.aka_keys(self.identity, ck, ik)
        return aka.aka_prime_keys(self.identity, *aka.aka_prime_ck_ik(ck, ik, network_name, autn[:6]))

    def _check_kdf(self, values, kdfs):
        """E-8 to E-10. Returns (network name, KDF to ask for or None)."""
        if not kdfs:
            raise Reject('E-9: no AT_KDF')
        if AT_KDF_INPUT not in values:
            raise Reject('E-9: no AT_KDF_INPUT')
        name = counted_value(values[AT_KDF_INPUT])
        if self.kdf_requested is not None:
            if (kdfs, name) != ([1] + self.kdf_requested[0], self.kdf_requested[1]):
                raise ClientError('E-10: AT_KDF or AT_KDF_INPUT changed')
        elif self.kdf_seen is not None and kdfs != self.kdf_seen:
            raise ClientError('RFC 9048 3.2: AT_KDF changed after a synchronisation failure')
        elif len(set(kdfs)) != len(kdfs):
            raise Reject('E-9: duplicate AT_KDF')
        if not name:
            raise Reject('E-9: empty network name')
        wanted = self.settings.network_name
        if not (name == wanted if self.settings.exact_network_name else names_match(wanted, name)):
            raise Reject('E-8: another network name')
        if kdfs[0] == 1:
            return name, None
        if 1 not in kdfs:
            raise Reject('E-9: no usable AT_KDF')
        self.kdf_requested = (kdfs, name)
        return name, 1

    def _check_challenge(self, packet, values, keys):
        if not mac_is_right(self.method, keys.k_aut, packet):
            raise ClientError('AT_MAC is wrong')
        if self.method == AKA and AT_BIDDING in values and values[AT_BIDDING][0] & 0x80 \
                and self.settings.allow_aka_prime:
            raise Reject("E-7: the server would have served AKA'")
        self._check_checkcode(values)

    def _check_checkcode(self, values):
        if AT_CHECKCODE in values:
            if values[AT_CHECKCODE][2:] != checkcode(self.method, self.identity_packets):
                raise ClientError('AT_CHECKCODE is wrong')
        elif self.identity_packets:
            raise ClientError('E-11: no AT_CHECKCODE after identity messages')

    def _synchronise(self, identifier, auts, kdfs):
        self.synchronisations += 1
        if self.synchronisations > 1:
            raise ClientError('E-14: second resynchronisation in one attempt')
        self.kdf_seen = kdfs
        attributes = attribute(AT_AUTS, auts)
        if self.method == AKA_PRIME:
            attributes += b''.join(attribute(AT_KDF, struct.pack('>H', kdf)) for kdf in kdfs)
        return self._answer(identifier, SYNCHRONIZATION_FAILURE, attributes)

    def _result_indication_attribute(self, values):
        self.result_indication = AT_RESULT_IND in values and self.settings.accept_result_indication
        return attribute(AT_RESULT_IND, bytes(2)) if self.result_indication else b''

    def _decrypted(self, keys, values):
        if AT_ENCR_DATA not in values:
            return {}
        cipher_text = values[AT_ENCR_DATA][2:]
        if AT_IV not in values or not cipher_text or len(cipher_text) % 16:
            raise ClientError('AT_ENCR_DATA without AT_IV or of a wrong length')
        inner = parse_attributes(cbc(keys.k_encr, values[AT_IV][2:], cipher_text, False))
        known = {AT_PADDING, AT_NEXT_PSEUDONYM, AT_NEXT_REAUTH_ID, AT_COUNTER, AT_NONCE_S}
        for code, value in inner:
            if code not in known and code < 128:
                raise ClientError('encrypted attribute %d is not expected' % code)
            if code == AT_PADDING and (any(value) or len(value) not in (2, 6, 10)):
                raise ClientError('E-9: AT_PADDING')
            if code in FIXED_LENGTH and len(value) + 2 != FIXED_LENGTH[code]:
                raise ClientError('length of encrypted attribute %d' % code)
        return dict(inner)

    def _take_next_identities(self, keys, values):
        inner = self._decrypted(keys, values)
        if AT_NEXT_PSEUDONYM in inner:
            self.next_pseudonym = counted_value(inner[AT_NEXT_PSEUDONYM])
        if AT_NEXT_REAUTH_ID in inner:
            self.next_reauthentication = counted_value(inner[AT_NEXT_REAUTH_ID])
        return inner

    # -- fast re-authentication and notifications --

    def _on_reauthentication(self, identifier, packet, values):
        context = self.memory.reauthentications.get(self.method)
        if context is None or self.challenge_answered or self.identity != self._with_realm(context.identity):
            raise ClientError('re-authentication without a context')
        if not mac_is_right(self.method, context.keys.k_aut, packet):
            raise ClientError('AT_MAC is wrong')
        self._check_checkcode(values)
        inner = self._take_next_identities(context.keys, values)
        if AT_COUNTER not in inner or AT_NONCE_S not in inner:
            raise ClientError('re-authentication without AT_COUNTER or AT_NONCE_S')
        counter, nonce_s = struct.unpack('>H', inner[AT_COUNTER])[0], inner[AT_NONCE_S][2:]
        self.keys = context.keys
        self.reauthentication_counter = counter
        attributes = attribute(AT_COUNTER, struct.pack('>H', counter))
        if counter <= context.counter:
            attributes += attribute(AT_COUNTER_TOO_SMALL, bytes(2))
        else:
            derive = aka.aka_prime_reauthentication_keys if self.method == AKA_PRIME else \
                aka.aka_reauthentication_keys
            self.keys = derive(context.keys, self.identity, counter, nonce_s)
            self.challenge_answered = True
            context.counter = counter
        outer = encrypted(context.keys.k_encr, attributes)
        if AT_CHECKCODE in values or self.identity_packets:
            outer += attribute(AT_CHECKCODE, bytes(2) + checkcode(self.method, self.identity_packets))
        outer += self._result_indication_attribute(values)
        return self._answer(identifier, REAUTHENTICATION, outer + attribute(AT_MAC, bytes(18)), nonce_s)

    def _on_notification(self, identifier, packet, values):
        if AT_NOTIFICATION not in values:
            raise ClientError('notification without AT_NOTIFICATION')
        code = struct.unpack('>H', values[AT_NOTIFICATION])[0]
        if self.notification is not None:
            raise ClientError('second notification')
        before_challenge = bool(code & 0x4000)
        if before_challenge:
            if self.challenge_answered or code & 0x8000 or AT_MAC in values:
                raise ClientError('notification %d at a wrong time' % code)
            self.notification, self.failed = code, True
            return self._answer(identifier, NOTIFICATION)
        if not self.challenge_answered or not mac_is_right(self.method, self.keys.k_aut, packet):
            raise ClientError('notification %d without right AT_MAC' % code)
        attributes = b''
        if self.reauthentication_counter is not None:
            inner = self._decrypted(self.keys, values)
            if struct.unpack('>H', inner.get(AT_COUNTER, bytes(2)))[0] != self.reauthentication_counter:
                raise ClientError('notification with another AT_COUNTER')
            counter = attribute(AT_COUNTER, struct.pack('>H', self.reauthentication_counter))
            attributes = encrypted(self.keys.k_encr, counter)
        if code == NOTIFICATION_SUCCESS and not self.result_indication:
            raise ClientError('success notification that was not agreed')
        self.notification = code
        self.failed = not code & 0x8000
        return self._answer(identifier, NOTIFICATION, attributes + attribute(AT_MAC, bytes(18)))
