# SPDX-License-Identifier: BSD-3-Clause
"""A small PAA with authentication server and mobility service, in memory and virtual time, to try the Python node on.

It proves plumbing and refusals of the node only: both ends are of this folder. It has the shape of protocols.md 1.2 and
none of the limits, stores or policies of a real server beyond what paa_conformance.py asks for; a test changes its
messages through `tamper`.
"""
import dataclasses
import hmac
import ipaddress
import os
import struct

import aka
import bootstrap
import eap_aka
import host_identity
import pana


def cookie_input(epoch, i, has_capability, source, source_port, destination, configuration_number):
    """What the HMAC of a cookie covers (B-10)."""
    family = 1 if source.version == 4 else 2
    return (struct.pack('>IBBB', epoch, i, has_capability, family) + source.packed + struct.pack('>H', source_port)
            + destination.packed + struct.pack('>I', configuration_number))


def cookie(secret, *arguments):
    """(SID, x) of B-10."""
    digest = hmac.digest(secret, cookie_input(*arguments), 'sha256')
    return digest[:4], struct.unpack('>I', digest[4:8])[0] & 0x3fffffff


class EapServer:
    """EAP-AKA' or EAP-AKA, one conversation. `tamper(packet, name)` may change each request before it is sealed."""

    def __init__(self, model):
        self.model = model
        self.method = model.method
        self.identifier = 0
        self.identity = None
        self.packets = []
        self.keys = self.expected_res = None
        self.msk = None
        self.failed = False
        self.kdfs = list(model.kdfs)

    def _request(self, subtype, attributes, name, key=None):
        self.identifier += 1
        packet = eap_aka.method_packet(eap_aka.REQUEST, self.identifier, self.method, subtype, attributes)
        packet = self.model.tamper(packet, name)
        return eap_aka.with_mac(self.method, key, packet) if key and eap_aka.mac_position(packet) else packet

    def first(self):
        self.identifier = 1
        return eap_aka.eap_packet(eap_aka.REQUEST, 1, bytes([eap_aka.TYPE_IDENTITY]))

    def respond(self, packet):
        """The next packet: a request, EAP-Success or EAP-Failure."""
        eap_type = packet[4]
        if eap_type == eap_aka.TYPE_IDENTITY:
            self.identity = packet[5:]
            attributes = eap_aka.attribute(self.model.identity_request, bytes(2))
            request = self._request(eap_aka.IDENTITY, attributes, 'identity')
            self.packets.append(request)
            return request
        subtype = packet[5]
        values = dict(eap_aka.parse_attributes(packet[8:]))
        if eap_type != self.method:
            return self._failure()
        if subtype == eap_aka.IDENTITY:
            self.packets.append(packet)
            self.identity = eap_aka.counted_value(values[eap_aka.AT_IDENTITY])
            return self._challenge()
        if subtype == eap_aka.SYNCHRONIZATION_FAILURE:
            self.model.sqn = aka.sqn_of_auts(self.model.k, self.model.opc, self.rand, values[eap_aka.AT_AUTS])
            return self._challenge()
        if subtype == eap_aka.CHALLENGE and eap_aka.AT_RES not in values:
            self.kdfs = [struct.unpack('>H', values[eap_aka.AT_KDF])[0]] + self.kdfs
            return self._challenge()
        if subtype == eap_aka.CHALLENGE:
            return self._check(packet, values)
        if subtype == eap_aka.NOTIFICATION and self.msk:
            return eap_aka.eap_packet(eap_aka.SUCCESS, self.identifier)
        return self._failure()

    def _failure(self):
        self.failed = True
        return eap_aka.eap_packet(eap_aka.FAILURE, self.identifier)

    def _challenge(self):
        model = self.model
        self.rand = os.urandom(16)
        model.sqn = aka.next_sqn(model.sqn, 0)
        autn = aka.autn_of(model.k, model.opc, self.rand, model.sqn, model.amf)
        values = aka.milenage(model.k, model.opc, self.rand)
        self.expected_res = values.res
        attributes = eap_aka.attribute(eap_aka.AT_RAND, bytes(2) + self.rand)
        attributes += eap_aka.attribute(eap_aka.AT_AUTN, bytes(2) + autn)
        if self.method == eap_aka.AKA_PRIME:
            ck, ik = aka.aka_prime_ck_ik(values.ck, values.ik, model.network_name, autn[:6])
            self.keys = aka.aka_prime_keys(self.identity, ck, ik)
            for kdf in self.kdfs:
                attributes += eap_aka.attribute(eap_aka.AT_KDF, struct.pack('>H', kdf))
            if model.network_name is not None:
                attributes += eap_aka.counted(eap_aka.AT_KDF_INPUT, model.network_name)
        else:
            self.keys = aka.aka_keys(self.identity, values.ck, values.ik)
            bidding = 0x8000 if model.bidding else 0
            attributes += eap_aka.attribute(eap_aka.AT_BIDDING, struct.pack('>H', bidding))
        pseudonym = eap_aka.counted(eap_aka.AT_NEXT_PSEUDONYM, model.next_pseudonym)
        attributes += eap_aka.encrypted(self.keys.k_encr, pseudonym)
        attributes += eap_aka.attribute(eap_aka.AT_CHECKCODE,
                                        bytes(2) + eap_aka.checkcode(self.method, self.packets))
        if model.result_indication:
            attributes += eap_aka.attribute(eap_aka.AT_RESULT_IND, bytes(2))
        attributes += eap_aka.attribute(eap_aka.AT_MAC, bytes(18))
        return self._request(eap_aka.CHALLENGE, attributes, 'challenge', self.keys.k_aut)

    def _check(self, packet, values):
        if values[eap_aka.AT_RES][2:] != self.expected_res or \
                not eap_aka.mac_is_right(self.method, self.keys.k_aut, packet):
            return self._failure()
        self.msk = self.keys.msk
        if eap_aka.AT_RESULT_IND in values:
            attributes = eap_aka.attribute(eap_aka.AT_NOTIFICATION, struct.pack('>H', self.model.notification))
            return self._request(eap_aka.NOTIFICATION, attributes + eap_aka.attribute(eap_aka.AT_MAC, bytes(18)),
                                 'notification', self.keys.k_aut)
        return eap_aka.eap_packet(eap_aka.SUCCESS, self.identifier)


@dataclasses.dataclass
class PaaModel:
    """transport and PAA in one: send() takes a datagram of the node, receive() gives the next one for it."""
    imsi: str = '001010000000001'
    k: bytes = bytes.fromhex('465b5ce8b199b49faa5f0a2ee238a6bc')
    opc: bytes = bytes.fromhex('cd63cb71954a9f4e48a5994e37a02baf')
    amf: bytes = b'\x80\x00'
    sqn: int = 32
    paa_id: str = 'ha.mob.example'
    method: int = eap_aka.AKA_PRIME
    network_name: bytes = b'kedge:ha.mob.example'
    kdfs: tuple = (1,)
    identity_request: int = eap_aka.AT_ANY_ID_REQ
    next_pseudonym: bytes = b'7next'
    bidding: bool = False
    result_indication: bool = True
    notification: int = eap_aka.NOTIFICATION_SUCCESS
    capability: int = 0x1f
    status: int = bootstrap.OK
    pending_polls: int = 0
    session_lifetime_s: int = 3600
    result_code: int = pana.RESULT_SUCCESS
    key: object = None
    fqdn: str = 'a1b2.mob.example'
    home_address: str = '2001:db8:aa:1::77'
    server_address: str = '2001:db8:1::1'
    spi: int = 0x1001

    def __post_init__(self):
        self.key = self.key or host_identity.generate('p256')
        self.secret = os.urandom(32)
        self.clock_s = 0.0
        self.queue, self.sent, self.received = [], [], []
        self.tamper = lambda packet, name: packet           # EAP requests
        self.change = lambda octets, name: octets           # datagrams to the node; None loses one
        self.change_answer = lambda plaintext: plaintext    # plaintext of a PNA
        self.session = {}
        self.keys = None
        self.key_ids = 0
        self.consumed = set()           # SIDs (B-12)
        self.last_request = self.last_answer = self.last_number = None
        self.requests = {}              # within one (SID, Key-Id): id -> [plaintext, answer]
        self.host_identities = {}       # value of 259 -> IMSI; may be shared by several models (L-10)
        self.associations = 0

    # -- transport --

    def now(self):
        return self.clock_s

    def bind(self, source=None, source_port=0):
        pass

    def receive(self, timeout_s):
        if self.queue:
            self.received.append(self.queue.pop(0))
            return self.received[-1]
        self.clock_s += timeout_s
        return None

    def send(self, octets):
        self.sent.append(octets)
        try:
            self._handle(pana.parse(octets))
        except pana.Malformed:
            pass

    def emit(self, octets, name):
        octets = self.change(octets, name)
        if octets is not None:
            self.queue.append(octets)

    # -- PAA --

    def _handle(self, message):
        if message.kind == pana.PCI:
            self._start(message)
        elif message.kind == pana.AUTHENTICATION and message.flags & pana.START and not message.is_request():
            self._started(message)
        elif message.session_id != self.session.get('sid'):
            return
        elif message.kind == pana.AUTHENTICATION and not message.is_request():
            self._authenticate(message)
        elif message.kind in (pana.TERMINATION, pana.NOTIFICATION) and message.is_request() and self.keys is not None:
            self._request(message)

    def _start(self, message):
        """PAR(S) for a PCI, without keeping state (B-10, B-11)."""
        if message.number(pana.MOB_CAPABILITY, pana.VENDOR_ID) is None:
            return
        for i in range(4):
            session_id, x = self._cookie(i)
            if session_id not in self.consumed:
                self.emit(self._par_start(session_id, x), 'par-start')
                return

    def _cookie(self, i):
        return cookie(self.secret, int(self.clock_s) // 3600, i, 1, ipaddress.ip_address('2001:db8:2::77'), 50000,
                      ipaddress.ip_address(self.server_address), 1)

    def _par_start(self, session_id, x):
        avps = [pana.unsigned32(pana.PRF_ALGORITHM, 5), pana.unsigned32(pana.INTEGRITY_ALGORITHM, 12),
                pana.unsigned32(pana.ENCRYPTION_ALGORITHM, 1),
                pana.unsigned32(pana.MOB_CAPABILITY, self.capability, pana.VENDOR_ID)]
        return pana.Message(pana.AUTHENTICATION, pana.REQUEST | pana.START, session_id, x, avps).encode()

    def _started(self, message):
        cookies = [self._cookie(i) for i in range(4)]
        right = [(avp.code, avp.vendor, avp.unsigned32) for avp in message.avps if avp.code != pana.MOB_CAPABILITY]
        if (message.session_id, message.sequence) not in cookies or message.session_id in self.consumed \
                or message.reserved or sorted(code for code, _, _ in right) != [3, 6, 13] \
                or not {(6, None, 5), (3, None, 12), (13, None, 1)}.issuperset(right):
            return
        self.consumed.add(message.session_id)
        self.session = {'sid': message.session_id, 'i_par': self._par_start(message.session_id, message.sequence),
                        'i_pan': message.octets}
        self.number, self.keys, self.key_ids = message.sequence, None, 0
        self.last_request = self.last_answer = self.last_number = None
        self._begin_eap()

    def _begin_eap(self):
        self.eap = EapServer(self)
        self.paa_nonce, self.pac_nonce = os.urandom(32), None
        self._par([pana.Avp(pana.NONCE, self.paa_nonce), pana.Avp(pana.EAP_PAYLOAD, self.eap.first())], 'par-first')

    def _par(self, avps, name, flags=0, key=None):
        self.number += 1
        key = key or (self.keys.auth_key if self.keys else None)
        message = pana.Message(pana.AUTHENTICATION, pana.REQUEST | flags, self.session['sid'], self.number, avps)
        self.emit(message.encode(key), name)

    def _authenticate(self, message):
        if message.sequence != self.number or message.flags & pana.COMPLETE:
            if message.flags & pana.COMPLETE and self.eap.msk and not self.eap.failed:
                self.keys = self.next_keys
                self.requests = {}
            return
        if self.pac_nonce is None:
            self.pac_nonce = message.value(pana.NONCE)
        packet = self.eap.respond(message.value(pana.EAP_PAYLOAD))
        if packet[0] == eap_aka.REQUEST:
            self._par([pana.Avp(pana.EAP_PAYLOAD, packet)], 'par-eap')
        elif packet[0] == eap_aka.FAILURE:
            self._par([pana.unsigned32(pana.RESULT_CODE, 1), pana.Avp(pana.EAP_PAYLOAD, packet)], 'par-complete',
                      pana.COMPLETE)
        else:
            self.key_ids += 1
            self.next_keys = pana.derive_keys(self.eap.msk, self.session['i_par'], self.session['i_pan'],
                                              self.pac_nonce, self.paa_nonce, self.key_ids)
            avps = [pana.unsigned32(pana.RESULT_CODE, self.result_code), pana.Avp(pana.EAP_PAYLOAD, packet),
                    pana.unsigned32(pana.KEY_ID, self.key_ids)]
            if self.result_code == pana.RESULT_SUCCESS:
                avps.append(pana.unsigned32(pana.SESSION_LIFETIME, self.session_lifetime_s))
            self._par(avps, 'par-complete', pana.COMPLETE, self.next_keys.auth_key)

    def _request(self, message):
        if not message.auth_is_right(self.keys.auth_key):
            return
        if message.sequence == self.last_number:
            if message.octets == self.last_request:
                self.emit(self.last_answer, 'answer')
            return
        expected = None if self.last_number is None else (self.last_number + 1) & 0xffffffff
        codes = [(avp.code, avp.vendor) for avp in message.avps[:-1]]
        allowed = [[], [(pana.ENCRYPTION_ENCAP, None)]] if message.flags & pana.PING else [[]]
        if message.kind == pana.TERMINATION:
            allowed = [[(pana.TERMINATION_CAUSE, None)]]
        if codes not in allowed or expected not in (None, message.sequence) \
                or expected is None and (message.sequence ^ self.number) & 0x80000000 == 0:
            return
        self.last_number, self.last_request = message.sequence, message.octets
        avps = []
        if message.value(pana.ENCRYPTION_ENCAP) is not None:
            plaintext = pana.crypt(self.keys.pac_encr_key, self.keys.key_id, self.session['sid'], message.sequence,
                                   message.value(pana.ENCRYPTION_ENCAP))
            answer = self.change_answer(self._bootstrap(plaintext))
            avps = [pana.Avp(pana.ENCRYPTION_ENCAP, pana.crypt(self.keys.paa_encr_key, self.keys.key_id,
                                                              self.session['sid'], message.sequence, answer))]
        answer = pana.Message(message.kind, message.flags & ~pana.REQUEST, self.session['sid'], message.sequence, avps)
        self.last_answer = answer.encode(self.keys.auth_key)
        self.emit(self.last_answer, 'answer')
        if message.kind == pana.TERMINATION:
            self.session = {}
        elif message.flags & pana.REAUTHENTICATION:
            self._begin_eap()

    # -- mobility service --

    def _bootstrap(self, plaintext):
        """The answer to a plaintext, by the order of B-42."""
        try:
            avps = pana.parse_avps(plaintext)
        except pana.Malformed:
            return self._refusal(None, 200)
        found = {avp.code: avp.value for avp in avps}
        request_id = found.get(bootstrap.BOOT_REQUEST_ID)
        if request_id is not None and len(request_id) != 16:
            request_id = None
        if any(avp.vendor != pana.VENDOR_ID or not 258 <= avp.code <= 275 for avp in avps):
            return self._refusal(request_id, 212)
        if self._malformed(avps, found) or request_id is None:
            return self._refusal(request_id, 200)
        stored = self.requests.get(request_id)
        if len(avps) == 1:
            if stored is None:
                return self._refusal(request_id, 213)
        elif stored is not None and stored[0] != plaintext:
            return self._refusal(request_id, 200)
        elif stored is None:
            status = self._refuses(avps, found)
            if status:
                return self._refusal(request_id, status)
            stored = self.requests[request_id] = [plaintext, None]
            self.polls = 0
        return self._decided(request_id, stored)

    def _decided(self, request_id, stored):
        head = [bootstrap.avp(bootstrap.BOOT_REQUEST_ID, request_id)]
        if stored[1] is None and self.polls < self.pending_polls:
            self.polls += 1
            return pana.encode_avps(head + [bootstrap.number(bootstrap.BOOT_STATUS, bootstrap.PENDING),
                                            bootstrap.number(bootstrap.RETRY_AFTER, 200)])
        if self.status >= 200:
            return self._refusal(request_id, self.status)
        if stored[1] is None:
            stored[1] = self._final(head, stored[0])
        return stored[1]

    @staticmethod
    def _refusal(request_id, status):
        head = [] if request_id is None else [bootstrap.avp(bootstrap.BOOT_REQUEST_ID, request_id)]
        return pana.encode_avps(head + [bootstrap.number(bootstrap.BOOT_STATUS, status)])

    @staticmethod
    def _malformed(avps, found):
        """Occurrence and lengths (B-34, B-36)."""
        codes = [avp.code for avp in avps]
        if codes == [bootstrap.BOOT_REQUEST_ID]:
            return False
        most = {258: 1, 259: 1, 260: 1, 261: 1, 262: 2, 263: 1, 271: 1}
        if any(codes.count(code) > most.get(code, 0) for code in codes):
            return True
        if not {258, 259, 271} <= set(codes) or len(found[271]) != 4 or not 16 <= len(found.get(263, bytes(16))) <= 64:
            return True
        wished = [avp.value for avp in avps if avp.code == 262]
        return any((value[:2], len(value)) not in ((b'\x01\x20', 8), (b'\x02\x80', 20)) for value in wished)

    def _context(self):
        return bootstrap.Context(self.session['sid'], self.session['i_par'], self.session['i_pan'], self.keys,
                                 self.paa_id.encode())

    @staticmethod
    def _rest(avps):
        unsigned = (bootstrap.BOOT_REQUEST_ID, bootstrap.HOST_IDENTITY, bootstrap.POP_SIGNATURE)
        return pana.encode_avps(avp for avp in avps if avp.code not in unsigned)

    def _refuses(self, avps, found):
        """Key, signature, HIT of another: the status, or None."""
        try:
            key = host_identity.parse_hi_value(found[259])
        except host_identity.KeyRefused:
            return 202
        signed = bootstrap.tbs(self._context(), 1, found[258], found[259], self._rest(avps))
        self.node_signature_right = host_identity.signature_is_right(key, found.get(260, b''), signed)
        if not self.node_signature_right:
            return 201
        if self.host_identities.setdefault(found[259], self.imsi) != self.imsi:
            return 202
        return None

    def _final(self, head, plaintext):
        avps = pana.parse_avps(plaintext)
        values = {avp.code: avp.value for avp in avps}
        services = struct.unpack('>I', values[bootstrap.SERVICE_TYPE])[0] & (pana.MIP6 | pana.HIP)
        home, agent = ipaddress.ip_address(self.home_address), ipaddress.ip_address(self.server_address)
        wished = values.get(bootstrap.DESIRED_FQDN)
        had = wished is None or wished.endswith(b'.mob.example')
        name = wished if wished is not None and had else self.fqdn.encode()
        answer = head + [
            bootstrap.number(bootstrap.BOOT_STATUS, self.status if had else bootstrap.OK_NAME_CHANGED),
            bootstrap.avp(bootstrap.ASSIGNED_FQDN, name),
            bootstrap.avp(bootstrap.ASSIGNED_ADDRESS, struct.pack('>BBHI', 2, 64, 0, 86400) + home.packed),
            bootstrap.avp(bootstrap.SERVER_HOST_IDENTITY, host_identity.hi_value(self.key.public_key())),
            bootstrap.avp(bootstrap.MOBILITY_SERVER_ADDRESS, struct.pack('>BBH', 2, 128, 0) + agent.packed),
            bootstrap.number(bootstrap.LEASE_LIFETIME, 86400), bootstrap.number(bootstrap.SERVICE_TYPE, services)]
        if services & pana.MIP6:
            spi = self.spi + self.associations
            self.associations += 1
            answer.append(bootstrap.avp(bootstrap.MOBILITY_SA, struct.pack('>IHBBI', spi, 2, 1, 0, 3600)))
        if services & pana.HIP:
            answer.append(bootstrap.avp(bootstrap.RVS_NAME, self.paa_id.encode()))
        covered = pana.encode_avps(answer)
        signed = bootstrap.tbs(self._context(), 2, values[bootstrap.BOOT_REQUEST_ID], values[bootstrap.HOST_IDENTITY],
                               self._rest(avps), covered)
        return covered + bootstrap.avp(bootstrap.SERVER_SIGNATURE, host_identity.sign(self.key, signed)).encode()
