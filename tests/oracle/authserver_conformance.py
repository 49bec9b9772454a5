#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What an authentication server must do, rule by rule, seen from its RADIUS side with the EAP peer of this folder.

    authserver_conformance.py --server ADDRESS --secret-file FILE --paa-id NAME --subscribers FILE.json [CHECK…]
FILE.json is a subscriber file; subscribers whose `methods` is ["aka"] serve for EAP-AKA, the others for EAP-AKA'.
"""
import argparse
import dataclasses
import json
import os
import struct
import sys

import aka
import eap_aka
import radius
from node import realm_of

CHECKS = []
SILENCE_S = 0.5
# checks that need what only a server of this project has: 3GPP-IMSI, its network name, its choice of the method
OWN = set()


def check(*rules, own=False):
    def register(function):
        CHECKS.append((function.__name__, rules, function))
        if own:
            OWN.add(function.__name__)
        return function
    return register


@dataclasses.dataclass
class Target:
    address: str
    port: int
    secret: bytes
    subscribers: list           # of subscriber files
    paa_id: str = 'ha.mob.example'
    network_name: bytes = None
    exact_network_name: bool = True
    realm: str = None
    usims: dict = dataclasses.field(default_factory=dict)

    def subscriber(self, method='aka-prime'):
        wanted = ['aka'] if method == 'aka' else None
        for row in self.subscribers:
            if (row.get('methods') == ['aka']) == (wanted is not None):
                return row
        raise AssertionError('no subscriber for %s' % method)

    def usim(self, method='aka-prime'):
        row = self.subscriber(method)
        if row['imsi'] not in self.usims:
            self.usims[row['imsi']] = aka.Usim(row['imsi'], bytes.fromhex(row['k']), bytes.fromhex(row['opc']))
        return self.usims[row['imsi']]

    def peer(self, usim=None, method='aka-prime', peer_class=eap_aka.EapPeer, **changes):
        usim = usim or self.usim(method)
        prime = method == 'aka-prime'
        name = self.network_name if self.network_name is not None else b'kedge:' + self.paa_id.encode()
        values = {'realm': self.realm or realm_of(usim.imsi), 'network_name': name,
                  'exact_network_name': self.exact_network_name, 'allow_aka': not prime, 'allow_aka_prime': prime,
                  'use_pseudonym': False}
        values.update(changes)
        return peer_class(usim, eap_aka.PeerSettings(**values))

    def client(self, called_station_id=None, secret=None, tries=3, **options):
        extra = [(radius.CALLED_STATION_ID, (called_station_id or self.paa_id).encode()),
                 (radius.CALLING_STATION_ID, b'2001:db8:2::77')]
        return radius.Client(self.address, self.port, secret or self.secret, extra, tries=tries, **options)

    def run(self, peer, **options):
        """(last response, all responses) of a conversation."""
        client = self.client(**options)
        try:
            return client.run(peer), client.responses
        finally:
            client.close()


def accepted(peer, response):
    assert response.code == radius.ACCESS_ACCEPT, 'code %d; %s' % (response.code, peer.refusals)
    assert response.eap[:1] == b'\x03' and peer.succeeded and not peer.refusals, peer.refusals
    assert response.msk == peer.msk is not None


def rejected(response):
    """R-6: Access-Reject with EAP-Failure."""
    assert response.code == radius.ACCESS_REJECT and response.eap[:1] == b'\x04', (response.code, response.eap.hex())
    assert response.msk is None


def requests_of(responses, subtype):
    """Attribute lists of the EAP requests of one subtype."""
    return [eap_aka.parse_attributes(r.eap[8:]) for r in responses
            if r.code == radius.ACCESS_CHALLENGE and len(r.eap) > 8 and r.eap[5] == subtype]


def value_of(attributes, code):
    return next((value for found, value in attributes if found == code), None)


@check('E-2', 'E-5', 'E-11', 'K-2', 'K-4', 'R-7')
def aka_prime(target):
    peer = target.peer()
    response, responses = target.run(peer)
    accepted(peer, response)
    identity = requests_of(responses, eap_aka.IDENTITY)
    assert identity and [code for code, _ in identity[0]] == [eap_aka.AT_ANY_ID_REQ], 'E-2'
    assert peer.result_indication and peer.notification == 32768, 'E-11'


@check('E-5', 'E-11', 'K-4')
def aka_alone(target):
    peer = target.peer(method='aka')
    response, responses = target.run(peer)
    accepted(peer, response)
    assert peer.method == eap_aka.AKA
    assert requests_of(responses, eap_aka.CHALLENGE)


@check('E-7', own=True)
def bidding_of_a_subscriber_without_aka_prime(target):
    peer = target.peer(method='aka')
    response, responses = target.run(peer)
    accepted(peer, response)
    bidding = value_of(requests_of(responses, eap_aka.CHALLENGE)[0], eap_aka.AT_BIDDING)
    assert bidding is not None and not bidding[0] & 0x80, bidding


@check('E-7', own=True)
def a_nak_is_no_way_down(target):
    """A peer that wants only EAP-AKA, of a subscriber with AKA', gets no EAP-AKA, or one that says D = 1."""
    peer = target.peer(usim=target.usim(), method='aka', first_identity=None)
    response, responses = target.run(peer)
    challenges = requests_of(responses, eap_aka.CHALLENGE)
    assert response.code == radius.ACCESS_REJECT or challenges and value_of(
        challenges[0], eap_aka.AT_BIDDING)[0] & 0x80


@check('E-16', 'R-8', own=True)
def accept_names_the_subscriber(target):
    peer = target.peer()
    response, _ = target.run(peer)
    accepted(peer, response)
    assert radius.vendor_values(response.attributes, radius.VENDOR_3GPP, radius.IMSI_3GPP) == [
        peer.usim.imsi.encode()]
    names = [value for code, value in response.attributes if code == radius.USER_NAME]
    assert names == [('6anonymous@' + peer.settings.realm).encode()], names


@check('E-8', own=True)
def network_name(target):
    _, responses = target.run(target.peer())
    name = value_of(requests_of(responses, eap_aka.CHALLENGE)[0], eap_aka.AT_KDF_INPUT)
    assert eap_aka.counted_value(name) == b'kedge:' + target.paa_id.encode()


@check('E-8', own=True)
def another_called_station_id(target):
    peer = target.peer()
    response, _ = target.run(peer, called_station_id='other.mob.example')
    assert response.code == radius.ACCESS_REJECT and peer.msk is None


class Recorder(aka.Usim):
    """A SIM that keeps the AUTNs it saw."""

    def __init__(self, usim):
        super().__init__(usim.imsi, usim.k, usim.opc, last_seq=usim.last_seq)
        self.seen = []

    def authenticate(self, rand, autn):
        sqn = int.from_bytes(aka.xor(autn[:6], aka.milenage(self.k, self.opc, rand).ak), 'big')
        self.seen.append((sqn, autn[6:8]))
        return super().authenticate(rand, autn)


@check('E-12', 'E-13')
def sequence_numbers_and_separation_bit(target):
    for method, bit in (('aka-prime', 0x80), ('aka', 0)):
        usim = Recorder(target.usim(method))
        for _ in range(2):
            peer = target.peer(usim, method)
            response, _ = target.run(peer)
            accepted(peer, response)
        target.usims[usim.imsi] = usim
        (first, amf), (second, _) = usim.seen
        assert method == 'aka' or amf[0] & 0x80 == bit, 'E-12: AMF %s for %s' % (amf.hex(), method)
        assert second > first and second & 31 == first & 31, 'E-13: %d, %d' % (first, second)


@check('E-12', own=True)
def separation_bit_of_aka(target):
    usim = Recorder(target.usim('aka'))
    peer = target.peer(usim, 'aka')
    target.run(peer)
    target.usims[usim.imsi] = usim
    assert not usim.seen[0][1][0] & 0x80


@check('E-14')
def resynchronisation(target):
    for method in ('aka-prime', 'aka'):
        usim = target.usim(method)
        ahead = max(usim.last_seq) + 1000
        usim.last_seq = [ahead] * 32
        peer = target.peer(usim, method)
        response, _ = target.run(peer)
        accepted(peer, response)
        assert peer.synchronisations == 1
        assert max(usim.last_seq) == ahead + 1


class Broken(eap_aka.EapPeer):
    """A peer whose answers of one subtype are changed by `change` (a method of the subclass)."""

    def _answer(self, identifier, subtype, attributes=b'', extra=b''):
        return self.change(subtype, super()._answer(identifier, subtype, attributes, extra))


class WrongRes(Broken):
    def change(self, subtype, packet):
        if subtype != eap_aka.CHALLENGE:
            return packet
        attributes = b''.join(eap_aka.attribute(code, value[:-1] + bytes([value[-1] ^ 1])
                                                if code == eap_aka.AT_RES else value)
                              for code, value in eap_aka.parse_attributes(packet[8:]))
        changed = eap_aka.method_packet(packet[0], packet[1], packet[4], subtype, attributes)
        return eap_aka.with_mac(self.method, self.keys.k_aut, changed)


class WrongMac(Broken):
    def change(self, subtype, packet):
        return packet[:-1] + bytes([packet[-1] ^ 1]) if subtype == eap_aka.CHALLENGE else packet


class WrongAuts(Broken):
    def change(self, subtype, packet):
        if subtype != eap_aka.SYNCHRONIZATION_FAILURE:
            return packet
        return packet[:10] + bytes([packet[10] ^ 1]) + packet[11:]


class WrongCheckcode(Broken):
    def change(self, subtype, packet):
        if subtype != eap_aka.CHALLENGE:
            return packet
        attributes = b''.join(eap_aka.attribute(code, value[:-1] + bytes([value[-1] ^ 1])
                                                if code == eap_aka.AT_CHECKCODE else value)
                              for code, value in eap_aka.parse_attributes(packet[8:]))
        changed = eap_aka.method_packet(packet[0], packet[1], packet[4], subtype, attributes)
        return eap_aka.with_mac(self.method, self.keys.k_aut, changed)


class WithoutKdf(Broken):
    """Its synchronisation failures do not copy AT_KDF."""

    def change(self, subtype, packet):
        if subtype != eap_aka.SYNCHRONIZATION_FAILURE:
            return packet
        attributes = b''.join(eap_aka.attribute(code, value) for code, value in eap_aka.parse_attributes(packet[8:])
                              if code != eap_aka.AT_KDF)
        return eap_aka.method_packet(packet[0], packet[1], packet[4], subtype, attributes)


@check('E-9', 'R-6')
def wrong_answers_of_the_peer(target):
    for peer_class in (WrongRes, WrongMac, WrongCheckcode):
        for method in ('aka-prime', 'aka'):
            response, _ = target.run(target.peer(method=method, peer_class=peer_class))
            rejected(response)


@check('E-14')
def wrong_auts(target):
    """MAC-S is wrong: refused, and the SQN goes on where it was."""
    usim = Recorder(target.usim())
    peer = target.peer(usim)
    accepted(peer, target.run(peer)[0])
    ahead = Recorder(usim)
    ahead.last_seq = [usim.last_seq[0] + 5000] * 32
    response, _ = target.run(target.peer(ahead, peer_class=WrongAuts))
    rejected(response)
    peer = target.peer(usim)
    accepted(peer, target.run(peer)[0])
    target.usims[usim.imsi] = usim
    assert 0 < (usim.seen[-1][0] - usim.seen[0][0]) >> 5 < 5000


@check('E-10', own=True)
def synchronisation_failure_without_kdf(target):
    """RFC 9048 3.2: AT_KDF that differ are as a wrong AT_MAC."""
    row = [row for row in target.subscribers if row.get('methods') != ['aka']][-1]  # F-5 is of each subscriber
    ahead = aka.Usim(row['imsi'], bytes.fromhex(row['k']), bytes.fromhex(row['opc']), last_seq=[100000] * 32)
    response, responses = target.run(target.peer(ahead, peer_class=WithoutKdf))
    rejected(response)
    assert len(requests_of(responses, eap_aka.CHALLENGE)) == 1


@check('E-14', own=True)
def second_resynchronisation(target):
    class Never(aka.Usim):
        def authenticate(self, rand, autn):
            raise aka.SynchronisationFailure(aka.auts_of(self.k, self.opc, rand, self.highest_sqn()))

    class Persistent(eap_aka.EapPeer):
        def _synchronise(self, identifier, auts, kdfs):
            self.synchronisations = 0
            return super()._synchronise(identifier, auts, kdfs)

    usim = target.usim()
    never = Never(usim.imsi, usim.k, usim.opc, last_seq=usim.last_seq)
    response, responses = target.run(target.peer(never, peer_class=Persistent))
    rejected(response)
    assert len(requests_of(responses, eap_aka.CHALLENGE)) == 2


@check('F-10')
def unknown_subscriber(target):
    known = target.usim()
    stranger = aka.Usim(known.imsi[:-4] + '9999', known.k, known.opc)
    peer = target.peer(stranger)
    response, _ = target.run(peer)
    rejected(response)


def identity_request(target, identifier):
    """(packet, attributes, authenticator) of an Access-Request with EAP-Response/Identity."""
    eap = target.peer().respond(struct.pack('>BBHB', 1, 1, 5, 1))
    attributes = [(radius.USER_NAME, eap[5:]), (radius.NAS_IDENTIFIER, b'oracle'),
                  (radius.CALLED_STATION_ID, target.paa_id.encode()), (radius.EAP_MESSAGE, eap)]
    authenticator = os.urandom(16)
    return radius.encode_request(identifier, authenticator, target.secret, attributes), attributes, authenticator


@check('R-2')
def message_authenticator(target):
    """Without it, with a wrong one, or under another secret: silence."""
    good, attributes, authenticator = identity_request(target, 7)
    body = good[20 + 18:]
    without = struct.pack('>BBH', radius.ACCESS_REQUEST, 7, 20 + len(body)) + authenticator + body
    wrong = good[:22] + bytes([good[22] ^ 1]) + good[23:]
    other = radius.encode_request(7, authenticator, b'another secret of many octets', attributes)
    client = target.client(timeout_s=SILENCE_S)
    try:
        for packet in (without, wrong, other):
            client.socket.sendto(packet, client.server)
            try:
                answer = client.socket.recv(4096)
            except TimeoutError:
                continue
            raise AssertionError('answered: %s' % answer.hex())
        client.socket.settimeout(20)
        client.socket.sendto(good, client.server)
        assert radius.parse_response(client.socket.recv(4096), 7, authenticator, target.secret).eap
    finally:
        client.close()


@check('R-5', own=True)
def repetition(target):
    """RFC 5080 2.2.2: a repeated request gets the same answer."""
    good, _, _ = identity_request(target, 8)
    client = target.client()
    try:
        answers = []
        for _ in range(2):
            client.socket.sendto(good, client.server)
            answers.append(client.socket.recv(4096))
        assert answers[0] == answers[1]
    finally:
        client.close()


def run(target, names=(), skip=(), report=print):
    """Runs the checks; returns {name: text} of those that failed."""
    failures = {}
    for name, rules, function in CHECKS:
        if names and name not in names or name in skip:
            continue
        try:
            function(target)
            report('ok    %-45s %s' % (name, ', '.join(rules)))
        except (AssertionError, TimeoutError, radius.Refused, IndexError, TypeError) as error:
            failures[name] = '%s: %s' % (type(error).__name__, error)
            report('FAIL  %-45s %s: %s' % (name, ', '.join(rules), failures[name]))
    return failures


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--server', required=True)
    parser.add_argument('--port', type=int, default=1812)
    parser.add_argument('--secret-file', required=True)
    parser.add_argument('--paa-id', required=True)
    parser.add_argument('--subscribers', required=True, metavar='FILE.json')
    parser.add_argument('names', nargs='*', metavar='CHECK')
    options = parser.parse_args(arguments)
    with open(options.secret_file, encoding='ascii') as file:
        secret = file.readline().strip().encode()
    with open(options.subscribers, encoding='utf-8') as file:
        subscribers = json.load(file)
    return 1 if run(Target(options.server, options.port, secret, subscribers, options.paa_id), options.names) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
