# SPDX-License-Identifier: BSD-3-Clause
"""The PaC: one PANA session from PCI to its end, as RFC 5191 and rules B-1 to B-33, B-51, B-52 want it of a node.

The session is driven by method calls that wait; the transport gives datagrams and the time, so that a test can run it
in virtual time. Whatever is dropped is counted in Session.counters by the rule that dropped it.
"""
import collections
import dataclasses
import os
import random
import struct

import bootstrap
import pana

START_AVPS = {(pana.PRF_ALGORITHM, None), (pana.INTEGRITY_ALGORITHM, None), (pana.ENCRYPTION_ALGORITHM, None),
              (pana.MOB_CAPABILITY, pana.VENDOR_ID)}
CANDIDATE_LIMIT = 4             # B-15
PROGRESS_S = 10                 # B-15
NONCE_OCTETS = (16, 256)        # B-18
ACCESS, AUTHENTICATING, CLOSED = 'access', 'authenticating', 'closed'


class SessionEnded(Exception):
    """No answer after all repetitions, a PTR, or a failed authentication."""


class Timeout(Exception):
    """Nothing came in the time that the caller gave."""


@dataclasses.dataclass
class Timers:
    """B-5."""
    pci_irt_s: float = 1
    pci_mrt_s: float = 120
    request_irt_s: float = 1
    request_mrt_s: float = 30
    request_mrc: int = 10
    randomness: float = 0.1

    def delays(self, initial_s, maximum_s):
        """RFC 5191 9: doubling, with RAND of ±0.1."""
        delay = initial_s
        while True:
            delay *= 1 + random.uniform(-self.randomness, self.randomness)
            yield delay
            delay = min(2 * delay, maximum_s)


@dataclasses.dataclass
class Candidate:
    """One PAR(S) and the PAN(S) that answered it (B-15)."""
    session_id: bytes
    number: int
    i_par: bytes
    i_pan: bytes
    first_request: pana.Message = None


@dataclasses.dataclass
class Outcome:
    """How an authentication ended: Result-Code of PAR(C), and the rule if the node did not believe it."""
    result_code: int
    authenticated_message: bool
    refused: str = None

    @property
    def success(self):
        return self.result_code == pana.RESULT_SUCCESS and self.refused is None


class Session:
    def __init__(self, transport, make_peer, capability=pana.MIP6 | pana.RFC4285 | pana.POP, require_bootstrap=True,
                 timers=None, vendor=pana.VENDOR_ID):
        self.transport, self.make_peer = transport, make_peer
        self.capability, self.require_bootstrap, self.vendor = capability, require_bootstrap, vendor
        self.timers = timers or Timers()
        self.counters = collections.Counter()
        self.candidates = {}
        self.chosen = None
        self.state = 'initial'
        self.peer = None
        self.keys = None
        self.pac_nonce = self.paa_nonce = None
        self.sequence = None            # our last request
        self.peer_sequence = None       # the PAA's last request
        self.peer_request = None        # its octets
        self.cached_answer = None
        self.session_lifetime_s = None
        self.authenticated_at_s = None  # by the transport's clock
        self.outcome = None
        self.last_progress_s = None
        self.answers = {}               # number of a request -> Message that answered it
        self.lose_answers = 0           # so many right answers are thrown away, as if the network had lost them
        self.last_request = None        # octets
        self.eap_methods = []
        self.finished_peer = None       # the EAP peer of the last authentication
        self.termination_cause = None   # of a PTR of the PAA
        self.change_start_answer = None     # function(list of AVPs) -> list, to send a wrong PAN(S)

    # -- waiting --

    def _wait(self, deadline_s, condition):
        while not condition():
            remaining = deadline_s - self.transport.now()
            if remaining <= 0:
                return False
            octets = self.transport.receive(remaining)
            if octets is not None:
                self.handle(octets)
        return True

    def listen(self, duration_s):
        """Handles what comes for a while; returns the datagrams."""
        first = len(self.transport.received)
        self._wait(self.transport.now() + duration_s, lambda: False)
        return self.transport.received[first:]

    def send_raw(self, octets, listen_s=1.0, patience_s=0.0):
        """Sends any octets and returns the datagrams that came back meanwhile, unhandled. The first one may take
        patience_s, if that is longer; what follows it is listened for as long as ever."""
        self.transport.send(octets)
        deadline, result = self.transport.now() + max(listen_s, patience_s), []
        while True:
            remaining = deadline - self.transport.now()
            octets = self.transport.receive(remaining) if remaining > 0 else None
            if octets is None:
                return result
            if not result and patience_s:
                deadline = self.transport.now() + listen_s
            result.append(octets)

    # -- start --

    def initiation(self):
        return pana.Message(pana.PCI, 0, avps=[pana.unsigned32(pana.MOB_CAPABILITY, self.capability, self.vendor)])

    def start(self, timeout_s=60):
        """PCI until PAR x+1 has come (B-15). Raises Timeout."""
        self.state = 'initial'
        deadline = self.transport.now() + timeout_s
        for delay in self.timers.delays(self.timers.pci_irt_s, self.timers.pci_mrt_s):
            self.transport.send(self.initiation().encode())
            until = min(deadline, self.transport.now() + delay)
            if self._wait(until, lambda: self.chosen is not None):
                return
            if self.transport.now() >= deadline:
                raise Timeout('no PAR(S) that counts, or no PAR x+1')

    def authenticate(self, timeout_s=60):
        """Answers EAP until PAR(C). Returns the Outcome."""
        self.outcome = None
        deadline = self.transport.now() + timeout_s
        if self.state != AUTHENTICATING and self.chosen is not None and self.keys is None:
            self.state = AUTHENTICATING
            self._on_authentication_request(self.chosen.first_request)
        while self.outcome is None:
            now = self.transport.now()
            if now >= deadline:
                raise Timeout('no PAR(C)')
            self._wait(min(deadline, now + PROGRESS_S), lambda: self.outcome is not None)
            if self.outcome is None and self.keys is None and self.transport.now() - self.last_progress_s >= PROGRESS_S:
                self._next_candidate()
        return self.outcome

    def _next_candidate(self):
        others = [c for c in self.candidates.values() if c is not self.chosen and c.first_request is not None]
        if others:
            self.counters['B-15: next candidate'] += 1
            del self.candidates[self.chosen.session_id]
            self._choose(others[0])
            self._on_authentication_request(others[0].first_request)

    def _choose(self, candidate):
        self.chosen = candidate
        self.peer_sequence, self.peer_request = candidate.number, None
        self.peer = self.pac_nonce = self.paa_nonce = None
        self.last_progress_s = self.transport.now()

    @property
    def session_id(self):
        return self.chosen.session_id if self.chosen else None

    @property
    def reauthentication_due_s(self):
        """B-28: when 80 % of Session-Lifetime are over, by the transport's clock."""
        return self.authenticated_at_s + 0.8 * self.session_lifetime_s

    def context(self, paa_id):
        return bootstrap.Context(self.session_id, self.chosen.i_par, self.chosen.i_pan, self.keys, paa_id.encode())

    # -- what comes in --

    def handle(self, octets):
        try:
            message = pana.parse(octets)
            if message.kind == pana.AUTHENTICATION and message.is_request():
                if message.flags & pana.START:
                    self._on_start(message)
                else:
                    self._on_authentication_request(message)
            elif message.kind in (pana.TERMINATION, pana.NOTIFICATION):
                if message.is_request():
                    self._on_request(message)
                else:
                    self._on_answer(message)
            else:
                self.counters['unexpected message'] += 1
        except pana.Malformed as error:
            self.counters['malformed: %s' % error] += 1

    def _on_start(self, message):
        if self.keys is not None or self.state == AUTHENTICATING or self.state == CLOSED:
            self.counters['RFC 5191 5.5: PAR(S) at a wrong time'] += 1
            return
        known = self.candidates.get(message.session_id)
        if known is not None:
            if known.i_par == message.octets:
                self.transport.send(known.i_pan)
            else:
                self.counters['B-15: another PAR(S) under a known SID'] += 1
            return
        problem = self._start_problem(message)
        if problem:
            self.counters[problem] += 1
            return
        avps = [pana.unsigned32(pana.PRF_ALGORITHM, pana.PRF_HMAC_SHA2_256),
                pana.unsigned32(pana.INTEGRITY_ALGORITHM, pana.AUTH_HMAC_SHA2_256_128),
                pana.unsigned32(pana.ENCRYPTION_ALGORITHM, pana.AES128_CTR),
                pana.unsigned32(pana.MOB_CAPABILITY, self.capability, self.vendor)]
        if self.change_start_answer:
            avps = self.change_start_answer(avps)
        answer = pana.Message(pana.AUTHENTICATION, pana.START, message.session_id, message.sequence, avps).encode()
        self.candidates[message.session_id] = Candidate(message.session_id, message.sequence, message.octets, answer)
        self.transport.send(answer)

    def _start_problem(self, message):
        """The rule that makes the node ignore a PAR(S), or None."""
        if message.reserved:
            return 'B-2: Reserved of PAR(S) is not 0'
        if message.session_id == bytes(4) or message.flags & ~(pana.REQUEST | pana.START | pana.IP_RECONFIGURATION):
            return 'PAR(S): SID or flags'
        if len(self.candidates) >= CANDIDATE_LIMIT:
            return 'B-15: too many PAR(S)'
        offered = {}
        for avp in message.avps:
            if (avp.code, avp.vendor) not in START_AVPS:
                return 'PAR(S): AVP %d is not expected' % avp.code
            offered.setdefault(avp.code, []).append(avp.unsigned32)
        capability = offered.get(pana.MOB_CAPABILITY, [])
        if len(capability) > 1:
            return 'PAR(S): AVP 257 twice'
        if self.require_bootstrap:
            if not capability or not capability[0] & pana.POP:
                return 'B-9: PAR(S) without Mob-Capability'
            if pana.ENCRYPTION_ALGORITHM not in offered:
                return 'B-9: PAR(S) without Encryption-Algorithm'
        for code, wanted in ((pana.PRF_ALGORITHM, pana.PRF_HMAC_SHA2_256),
                             (pana.INTEGRITY_ALGORITHM, pana.AUTH_HMAC_SHA2_256_128),
                             (pana.ENCRYPTION_ALGORITHM, pana.AES128_CTR)):
            if wanted not in offered.get(code, []):
                return 'B-14: offer without what the bootstrap needs'
        return None

    # -- authentication --

    def _on_authentication_request(self, message):
        candidate = self.candidates.get(message.session_id)
        if candidate is None:
            self.counters['PAR of an unknown session'] += 1
            return
        if candidate is not self.chosen:
            if self.state == AUTHENTICATING or self.chosen is not None:
                if message.sequence == (candidate.number + 1) & 0xffffffff:
                    candidate.first_request = message
                return
            if message.sequence == (candidate.number + 1) & 0xffffffff and self._first_request_is_right(message):
                candidate.first_request = message
                self._choose(candidate)
            return
        if self.state == 'initial':
            return                      # chosen; authenticate() will take its first request
        if self._repeated(message) or not self._next_in_order(message):
            return
        if self.keys is not None and not message.flags & pana.COMPLETE and not message.auth_is_right(
                self.keys.auth_key):
            self.counters['B-21: PAR without right AUTH in a re-authentication'] += 1
            return
        if message.flags & pana.COMPLETE:
            self._on_complete(message)
        else:
            self._on_eap(message)

    def _first_request_is_right(self, message):
        nonce = message.value(pana.NONCE)
        right = (nonce is not None and NONCE_OCTETS[0] <= len(nonce) <= NONCE_OCTETS[1]
                 and message.value(pana.EAP_PAYLOAD) is not None and not message.flags & pana.COMPLETE)
        if not right:
            self.counters['B-18: PAR x+1'] += 1
        return right

    def _repeated(self, message):
        """B-22 on our side: the same request again gets the cached octets; other content is dropped."""
        if message.sequence != self.peer_sequence:
            return False
        if message.octets == self.peer_request and self.cached_answer is not None:
            self.counters['request repeated'] += 1
            self.transport.send(self.cached_answer)
        else:
            self.counters['B-22: other content under the same number'] += 1
        return True

    def _next_in_order(self, message):
        if message.sequence == (self.peer_sequence + 1) & 0xffffffff:
            return True
        self.counters['request number out of order'] += 1
        return False

    def _accept(self, message, answer):
        self.peer_sequence, self.peer_request = message.sequence, message.octets
        self.cached_answer = answer
        self.last_progress_s = self.transport.now()
        self.transport.send(answer)

    def _answer(self, message, avps, key):
        return pana.Message(message.kind, message.flags & ~pana.REQUEST & ~pana.IP_RECONFIGURATION,
                            message.session_id, message.sequence, avps).encode(key)

    def _on_eap(self, message):
        first = self.peer is None
        allowed = {pana.EAP_PAYLOAD, pana.AUTH} | ({pana.NONCE} if first else set())
        if any(avp.vendor is not None or avp.code not in allowed for avp in message.avps):
            self.counters['B-18: AVP that a PAR must not carry'] += 1
            return
        payload = message.value(pana.EAP_PAYLOAD)
        if payload is None or first and not self._first_request_is_right(message):
            self.counters['PAR without EAP-Payload or Nonce'] += 1
            return
        if first:
            nonce = message.value(pana.NONCE)
            self.paa_nonce, self.pac_nonce = nonce, os.urandom(32)
            self.peer = self.make_peer()
        response = self.peer.respond(payload)
        if response is None:
            self.counters['EAP request without an answer'] += 1
            return
        avps = [pana.Avp(pana.NONCE, self.pac_nonce)] if first else []
        avps.append(pana.Avp(pana.EAP_PAYLOAD, response))
        self._accept(message, self._answer(message, avps, self.keys.auth_key if self.keys else None))

    def _on_complete(self, message):
        """PAR(C): B-20, B-24 to B-27."""
        allowed = {pana.RESULT_CODE, pana.EAP_PAYLOAD, pana.KEY_ID, pana.SESSION_LIFETIME, pana.AUTH}
        if any(avp.vendor is not None or avp.code not in allowed for avp in message.avps):
            self.counters['AVP that a PAR(C) must not carry'] += 1
            return
        result, key_id = message.number(pana.RESULT_CODE), message.number(pana.KEY_ID)
        if result is None:
            self.counters['PAR(C) without Result-Code'] += 1
            return
        if key_id is None:
            self._on_complete_without_key(message, result)
            return
        if self.keys is not None and key_id <= self.keys.key_id:
            self.counters['B-20: Key-Id is not greater than the newest'] += 1
            return
        if self.peer is None or self.peer.msk is None or self.paa_nonce is None:
            self.counters['B-24: PAR(C) with Key-Id before the method had completed'] += 1
            return
        keys = pana.derive_keys(self.peer.msk, self.chosen.i_par, self.chosen.i_pan, self.pac_nonce, self.paa_nonce,
                                key_id)
        if not message.auth_is_right(keys.auth_key):
            self.counters['PAR(C) with wrong AUTH'] += 1
            return
        payload = message.value(pana.EAP_PAYLOAD)
        refused = None
        if payload is None or payload[:1] != b'\x03' or not self.peer.complete:
            refused = 'B-24: no EAP-Success, or the method had not completed'
        elif result == pana.RESULT_SUCCESS and message.number(pana.SESSION_LIFETIME) is None:
            refused = 'B-24: no Session-Lifetime'
        if refused:
            self.counters[refused] += 1
            return
        self.peer.respond(payload)
        answer = self._answer(message, [pana.unsigned32(pana.KEY_ID, key_id)], keys.auth_key)
        self.session_lifetime_s = message.number(pana.SESSION_LIFETIME)
        self.keys = keys
        self._finish(message, answer, Outcome(result, True))

    def _on_complete_without_key(self, message, result):
        """A failure without a new key: unprotected in the first authentication, under the old keys later (B-25)."""
        if result == pana.RESULT_SUCCESS:
            self.counters['B-24: success without Key-Id'] += 1
            return
        if self.keys is not None and not message.auth_is_right(self.keys.auth_key):
            self.counters['B-25: failure without right AUTH in a re-authentication'] += 1
            return
        if self.keys is None and message.values(pana.AUTH):
            self.counters['AUTH before there is a key'] += 1
            return
        payload = message.value(pana.EAP_PAYLOAD)
        if payload is not None and self.peer is not None:
            self.peer.respond(payload)
        answer = self._answer(message, [], self.keys.auth_key if self.keys else None)
        self._finish(message, answer, Outcome(result, self.keys is not None))

    def _finish(self, message, answer, outcome):
        if self.peer is not None and self.peer.method is not None:
            self.eap_methods.append(self.peer.method)
        self.finished_peer, self.peer = self.peer, None
        self._accept(message, answer)
        self.outcome = outcome
        self.authenticated_at_s = self.transport.now()
        self.state = ACCESS if outcome.success else CLOSED

    # -- requests of the PAA in the access phase --

    def _on_request(self, message):
        if self.chosen is None or message.session_id != self.session_id or self.keys is None:
            self.counters['request of an unknown session'] += 1
            return
        if self._repeated(message):
            return
        if not message.auth_is_right(self.keys.auth_key):
            self.counters['request with wrong AUTH'] += 1
            return
        if not self._next_in_order(message):
            return
        if message.kind == pana.NOTIFICATION and message.flags & pana.PING:
            self._accept(message, self._answer(message, [], self.keys.auth_key))
        elif message.kind == pana.TERMINATION:
            self.termination_cause = message.number(pana.TERMINATION_CAUSE)
            self._accept(message, self._answer(message, [], self.keys.auth_key))
            self.state = CLOSED
        else:
            self.counters['unexpected request'] += 1

    def _on_answer(self, message):
        if self.keys is None or message.session_id != self.session_id:
            self.counters['answer of an unknown session'] += 1
            return
        if not message.auth_is_right(self.keys.auth_key):
            self.counters['B-52: answer with wrong AUTH'] += 1
            return
        if message.sequence != self.sequence or message.sequence in self.answers:
            self.counters['answer that nobody waits for'] += 1
            return
        codes = [(avp.code, avp.vendor) for avp in message.avps[:-1]]
        if any(vendor is not None for _, vendor in codes):
            self.counters['B-51: vendor AVP in the clear'] += 1
            return
        encap_allowed = message.kind == pana.NOTIFICATION and message.flags & pana.PING
        if codes not in ([], [(pana.ENCRYPTION_ENCAP, None)]) or codes and not encap_allowed:
            self.counters['B-29: AVPs of an answer'] += 1
            return
        if self.lose_answers > 0:
            self.lose_answers -= 1
            self.counters['answer lost on purpose'] += 1
            return
        self.answers[message.sequence] = message

    # -- our own requests --

    def next_number(self):
        """B-17: 30 random bits, bit 31 the complement of the PAA's, bit 30 zero; then +1."""
        if self.sequence is None:
            start = struct.unpack('>I', os.urandom(4))[0] & 0x3fffffff
            self.sequence = start | (~self.chosen.number & 0x80000000)
        else:
            self.sequence = (self.sequence + 1) & 0xffffffff
        return self.sequence

    def encode_request(self, kind, flags, avps, number):
        return pana.Message(kind, flags | pana.REQUEST, self.session_id, number, avps).encode(self.keys.auth_key)

    def encrypted(self, plaintext, number):
        """Encryption-Encap of a PNR with this number (B-30)."""
        return pana.Avp(pana.ENCRYPTION_ENCAP, pana.crypt(self.keys.pac_encr_key, self.keys.key_id, self.session_id,
                                                          number, plaintext))

    def decrypted(self, message):
        """Plaintext of a PNA, None if it has no Encap."""
        value = message.value(pana.ENCRYPTION_ENCAP)
        if value is None:
            return None
        return pana.crypt(self.keys.paa_encr_key, self.keys.key_id, self.session_id, message.sequence, value)

    def exchange(self, octets, number):
        """Sends a request with repetitions of the same octets (B-5, B-6) and returns the answer."""
        if len(octets) > pana.LARGEST_PAYLOAD:
            raise ValueError('B-4: request of %d octets' % len(octets))
        self.last_request = octets
        delays = self.timers.delays(self.timers.request_irt_s, self.timers.request_mrt_s)
        for _, delay in zip(range(self.timers.request_mrc + 1), delays):
            self.transport.send(octets)
            self._wait(self.transport.now() + delay, lambda: number in self.answers or self.state == CLOSED)
            if number in self.answers:
                return self.answers[number]
            if self.state == CLOSED:
                break
        self.state = CLOSED
        raise SessionEnded('B-5: no answer to request %08x' % number)

    def ping(self, plaintext=None, extra=()):
        """PNR(P), with an Encap if there is plaintext. Returns the plaintext of the answer, or None (B-51)."""
        number = self.next_number()
        avps = list(extra) + ([] if plaintext is None else [self.encrypted(plaintext, number)])
        octets = self.encode_request(pana.NOTIFICATION, pana.PING, avps, number)
        return self.decrypted(self.exchange(octets, number))

    def reauthenticate(self, timeout_s=60):
        """PNR(A) and a whole new EAP run; the outcome tells, the SA of Mobile IP stays (L-3)."""
        number = self.next_number()
        self.outcome = None
        self.exchange(self.encode_request(pana.NOTIFICATION, pana.REAUTHENTICATION, [], number), number)
        if self.outcome is None:
            self.state = AUTHENTICATING
            self.authenticate(timeout_s)
        return self.outcome

    def logout(self):
        """PTR with cause LOGOUT (L-5)."""
        number = self.next_number()
        avps = [pana.unsigned32(pana.TERMINATION_CAUSE, pana.CAUSE_LOGOUT)]
        self.exchange(self.encode_request(pana.TERMINATION, 0, avps, number), number)
        self.state = CLOSED
