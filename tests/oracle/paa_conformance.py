#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a mobility server must do to a node that misbehaves: checks by rule, to be run against a real one.

    paa_conformance.py --paa ADDRESS --paa-id NAME --subscribers FILE.json [--namespace NAME] [CHECK…]
FILE.json is a subscriber file (imsi, k, opc); each check takes a subscriber of its own, since limits and key changes
count per subscriber. A test may call run(target) itself. Each check is a function of a Target that asserts.
"""
import argparse
import dataclasses
import json
import os
import struct
import sys

import bootstrap
import host_identity
import node
import pana
import pana_session

CHECKS = []
SILENCE_S = 0.4
PATIENCE_S = 20      # with an answer that must come, on a busy machine


def check(*rules):
    """Registers a function as the check of these rules."""
    def register(function):
        CHECKS.append((function.__name__, rules, function))
        return function
    return register


@dataclasses.dataclass
class Target:
    """A server and the subscribers that may be used up. transport: a function that gives one (None: UDP)."""
    paa: str
    paa_id: str
    subscribers: list
    port: int = pana.PORT
    network_namespace: str = None
    transport: object = None

    def node(self, timers=None, host_key=None, **changes):
        subscriber = self.subscribers.pop(0)
        values = {'paa': self.paa, 'port': self.port, 'paa_id': self.paa_id, 'imsi': subscriber['imsi'],
                  'k': bytes.fromhex(subscriber['k']), 'opc': bytes.fromhex(subscriber['opc']),
                  'network_namespace': self.network_namespace}
        values.update(changes)
        transport = self.transport(subscriber) if self.transport else None
        return node.Node(node.Settings(**values), transport=transport, timers=timers, host_key=host_key)

    def authenticated(self, **changes):
        device = self.node(**changes)
        device.start()
        assert device.authenticate().success
        return device


def status_of(device, plaintext):
    """Boot-Status of the answer to any octets inside Encap."""
    answer = device.send_plaintext(plaintext)
    assert answer is not None, 'PNA without Encap'
    return bootstrap.parse_answer(answer)[0]


def silent(device, octets):
    """These octets must not be answered."""
    answers = device.session.send_raw(octets, SILENCE_S)
    assert not answers, 'answered: %s' % [octets.hex() for octets in answers]


def answers(session, octets):
    """What comes back to these octets, of which something must come."""
    return session.send_raw(octets, SILENCE_S, PATIENCE_S)


def alive(device):
    """The session still answers a ping, without Encap (B-33)."""
    assert device.session.ping() is None


def encrypted_request(device, plaintext):
    """(octets, number) of a PNR(P) that is not sent yet."""
    number = device.session.next_number()
    avps = [device.session.encrypted(plaintext, number)]
    return device.session.encode_request(pana.NOTIFICATION, pana.PING, avps, number), number


def parts_of(request):
    """{code: encoded AVP} of a full request, to build others of them."""
    return {avp.code: avp.encode() for avp in pana.parse_avps(request.plaintext)}


# --- start ---

@check('B-7', 'B-10', 'B-14', 'F-3')
def start_is_a_function_of_the_cookie(target):
    device = target.node()
    session = pana_session.Session(device.transport, device._make_peer)
    initiation = session.initiation().encode()
    first, second = (answers(session, initiation) for _ in range(2))
    if first != second:     # the epoch of 30 s may have changed in between
        first, second = second, answers(session, initiation)
    assert first == second and len(first) == 1, (first, second)
    message = pana.parse(first[0])
    assert message.flags & ~pana.IP_RECONFIGURATION == pana.REQUEST | pana.START
    assert message.reserved == 0 and message.session_id != bytes(4) and message.sequence >> 30 == 0
    assert session._start_problem(message) is None
    assert len(first[0]) + 48 <= 3 * (len(initiation) + 48)


@check('B-8')
def initiation_without_capability_is_dropped(target):
    device = target.node()
    session = pana_session.Session(device.transport, device._make_peer)
    silent_octets = pana.Message(pana.PCI, 0).encode()
    assert session.send_raw(silent_octets, SILENCE_S) == []


def start_answer(target):
    """(device, PAR(S), AVPs of a right PAN(S)) before the PAN(S) is sent."""
    device = target.node()
    device.session = pana_session.Session(device.transport, device._make_peer)
    found = answers(device.session, device.session.initiation().encode())
    avps = [pana.unsigned32(pana.PRF_ALGORITHM, 5), pana.unsigned32(pana.INTEGRITY_ALGORITHM, 12),
            pana.unsigned32(pana.ENCRYPTION_ALGORITHM, 1),
            pana.unsigned32(pana.MOB_CAPABILITY, device.session.capability, pana.VENDOR_ID)]
    return device, pana.parse(found[0]), avps


@check('B-2', 'B-10', 'B-12', 'B-14')
def wrong_start_answers_are_discarded(target):
    device, start, avps = start_answer(target)

    def answer(session_id=start.session_id, sequence=start.sequence, changed=avps, reserved=0):
        return pana.Message(pana.AUTHENTICATION, pana.START, session_id, sequence, changed, reserved).encode()

    wrong_id = bytes([start.session_id[0] ^ 1]) + start.session_id[1:]
    silent(device, answer(session_id=wrong_id))
    silent(device, answer(sequence=start.sequence ^ 1))
    silent(device, answer(reserved=1))
    silent(device, answer() + bytes(4))
    silent(device, answer(changed=[pana.unsigned32(pana.PRF_ALGORITHM, 4)] + avps[1:]))
    silent(device, answer(changed=avps[1:]))
    silent(device, answer(changed=avps[:1] + avps))
    assert answers(device.session, answer())


@check('B-12')
def replayed_start_answer_makes_no_session(target):
    device = target.authenticated()
    silent(device, device.session.chosen.i_pan)
    device.transport.bind()
    silent(device, device.session.chosen.i_pan)


@check('B-13')
def initiation_does_not_touch_a_session(target):
    device = target.authenticated()
    device.session.send_raw(device.session.initiation().encode(), SILENCE_S)
    alive(device)


# --- authentication ---

@check('B-25')
def wrong_key_is_refused_without_key_id(target):
    device = target.node(k=bytes(16))
    device.start()
    outcome = device.authenticate()
    assert outcome.result_code == pana.RESULT_AUTHENTICATION_REJECTED and not outcome.authenticated_message
    message = pana.parse(device.transport.received[-1])
    codes = [avp.code for avp in message.avps]
    assert codes.count(pana.EAP_PAYLOAD) == 1 and pana.KEY_ID not in codes and pana.SESSION_LIFETIME not in codes
    assert message.value(pana.EAP_PAYLOAD)[:1] == b'\x04'


@check('B-18', 'B-20', 'E-11')
def first_authentication(target):
    device = target.authenticated()
    messages = [pana.parse(octets) for octets in device.transport.received]
    nonces = [message for message in messages if message.values(pana.NONCE)]
    assert len({message.sequence for message in nonces}) == 1 and len(nonces[0].value(pana.NONCE)) == 32
    assert device.session.keys.key_id == 1
    peer = device.peers[-1]
    assert peer.succeeded and peer.result_indication and peer.notification == 32768


@check('B-20', 'B-21', 'L-3')
def reauthentication_gives_new_keys(target):
    device = target.authenticated()
    answer = device.request_and_poll()
    assert answer.final, answer
    assert device.reauthenticate().success
    assert device.session.keys.key_id == 2
    later = device.request_and_poll(request_id=answer.request_id)
    assert later.final and (later.fqdn, later.home_address) == (answer.fqdn, answer.home_address)
    assert later.spi != answer.spi


# --- requests ---

@check('B-1', 'B-33', 'B-34', 'B-50')
def good_request(target):
    device = target.authenticated()
    answer = device.request_and_poll()
    assert answer.final and answer.signature_verified, answer
    alive(device)


@check('B-17')
def request_with_the_servers_first_bit_is_discarded(target):
    device = target.authenticated()
    device.session.sequence = (device.session.chosen.number & 0x80000000) | 0x1234
    octets, _ = encrypted_request(device, device.build_request().plaintext)
    silent(device, octets)


@check('B-17')
def reflected_messages_are_ignored(target):
    device = target.authenticated()
    assert device.request_and_poll().final
    assert device.reflect(SILENCE_S) == []
    alive(device)


@check('B-21', 'B-52')
def wrong_auth_is_silence(target):
    device = target.authenticated()
    octets, _ = encrypted_request(device, device.build_request().plaintext)
    silent(device, octets[:-1] + bytes([octets[-1] ^ 1]))
    silent(device, octets[:16 + 8] + bytes([octets[24] ^ 1]) + octets[25:])
    assert answers(device.session, octets), 'a wrong AUTH had used the number up'


@check('B-6', 'B-22')
def repetition_gets_the_same_octets(target):
    device = target.authenticated()
    device.request()
    first = device.transport.received[-1]
    again = answers(device.session, device.session.last_request)
    assert again == [first], again
    assert device.request_under_last_number(None, SILENCE_S) == []
    assert answers(device.session, device.session.last_request) == [first]


@check('B-29', 'B-31')
def visible_faults_are_discarded(target):
    device = target.authenticated()
    request = device.build_request()
    secret = bootstrap.avp(bootstrap.SHARED_SECRET, bytes(16))
    number = device.session.next_number()
    encap = device.session.encrypted(request.plaintext, number)
    for avps in ([encap, encap], [encap, secret], [secret], [pana.unsigned32(999, 1), encap],
                 [pana.unsigned32(pana.KEY_ID, 1), encap]):
        silent(device, device.session.encode_request(pana.NOTIFICATION, pana.PING, avps, number))
    silent(device, device.session.encode_request(pana.NOTIFICATION, pana.REAUTHENTICATION, [encap], number))


@check('B-32', 'B-34', 'B-36')
def faults_inside_are_answered(target):
    device = target.authenticated()
    parts = parts_of(device.build_request(fqdn='a.mob.example'))
    whole = b''.join(parts.values())

    def without(code):
        return b''.join(octets for found, octets in parts.items() if found != code)

    assert status_of(device, whole + bootstrap.avp(900, b'abc').encode()) == 212
    assert status_of(device, pana.Avp(900, b'abc').encode() + whole) == 212
    for code in (bootstrap.BOOT_REQUEST_ID, bootstrap.SERVICE_TYPE, bootstrap.HOST_IDENTITY):
        assert status_of(device, without(code)) == 200, code
    for code in (bootstrap.BOOT_REQUEST_ID, bootstrap.DESIRED_FQDN, bootstrap.SERVICE_TYPE):
        assert status_of(device, whole + parts[code]) == 200, code
    assert status_of(device, whole[:-4]) == 200
    assert status_of(device, without(271) + bootstrap.avp(271, bytes(5)).encode()) == 200
    assert status_of(device, whole + bootstrap.avp(262, bytes.fromhex('02810000') + bytes(16)).encode()) == 200
    assert status_of(device, whole + bootstrap.avp(262, bytes.fromhex('02200000') + bytes(4)).encode()) == 200
    assert status_of(device, whole + bootstrap.avp(263, bytes(15)).encode()) == 200
    assert status_of(device, whole + bootstrap.number(264, 0).encode()) == 200
    assert status_of(device, b'') == 200
    assert status_of(device, bootstrap.avp(258, bytes(15)).encode()) == 200


@check('K-12', 'K-14')
def signatures(target):
    device = target.authenticated()
    other = dataclasses.replace(device.context(), paa_id=b'other.mob.example')
    assert status_of(device, device.build_request(omit=(bootstrap.POP_SIGNATURE,)).plaintext) == 201
    assert status_of(device, device.build_request(context=other).plaintext) == 201
    assert status_of(device, device.build_request(signature=b'\x00\x07' + bytes(64)).plaintext) == 201


@check('K-10')
def signature_covers_the_wishes(target):
    device = target.authenticated()
    good = device.build_request(fqdn='a.mob.example')
    changed = good.plaintext.replace(b'a.mob.example', b'b.mob.example')
    assert status_of(device, changed) == 201
    another_key = host_identity.hi_value(host_identity.generate('p256').public_key())
    assert status_of(device, device.build_request(hi_value=another_key).plaintext) == 201


@check('B-37')
def refused_keys(target):
    device = target.authenticated()
    value = host_identity.hi_value(device.host_key.public_key())
    for wrong in (b'\x03\x01' + value[2:], b'\x02\x01' + value[2:], value[:4] + b'\x00' * 64):
        assert status_of(device, device.build_request(hi_value=wrong).plaintext) == 202, wrong.hex()
    assert status_of(device, device.build_request(hi_value=value[:-1]).plaintext) in (200, 202)


@check('B-37', 'K-12')
def kinds_of_keys(target):
    for kind in ('p384', 'rsa'):
        device = target.authenticated(key_type=kind)
        assert device.request_and_poll().final, kind


@check('L-10', 'B-37')
def key_of_another_subscriber(target):
    first = target.authenticated()
    assert first.request_and_poll().final
    second = target.authenticated(host_key=first.host_key)
    assert second.request_and_poll().status == 202


@check('B-44', 'B-45')
def identifiers(target):
    device = target.authenticated()
    assert device.poll_status(os.urandom(16)) == 213
    answer = device.request_and_poll()
    assert answer.final
    same = bootstrap.build_poll(answer.request_id)
    assert device.send_plaintext(same) == answer.plaintext
    assert device.send_plaintext(device.last_request.plaintext) == answer.plaintext
    other = device.build_request(request_id=answer.request_id, fqdn='other.mob.example')
    assert status_of(device, other.plaintext) == 200


@check('B-44', 'L-4', 'A-5')
def same_identifier_in_another_session(target):
    device = target.authenticated()
    first = device.request_and_poll()
    device.start()
    assert device.authenticate().success
    assert device.poll_status(first.request_id) == 213
    second = device.request_and_poll(request_id=first.request_id)
    assert (second.fqdn, second.addresses[0][0]) == (first.fqdn, first.addresses[0][0])
    assert second.spi != first.spi


@check('B-39', 'B-40')
def wishes_that_cannot_be(target):
    device = target.authenticated(wish='www.elsewhere.example')
    answer = device.request_and_poll()
    assert answer.status == bootstrap.OK_NAME_CHANGED and answer.fqdn != 'www.elsewhere.example', answer


@check('B-38')
def address_that_is_not_ours(target):
    device = target.authenticated(wished_addresses=('2001:db8:dead::1',))
    answer = device.request_and_poll()
    assert answer.final and str(answer.home_address) != '2001:db8:dead::1'


@check('K-7')
def shared_secret(target):
    device = target.authenticated(shared_secret=os.urandom(32))
    assert device.request_and_poll().final


@check('L-5')
def logout(target):
    device = target.authenticated()
    device.logout()
    number = device.session.next_number()
    silent(device, device.session.encode_request(pana.NOTIFICATION, pana.PING, [], number))


@check('B-2')
def malformed_messages_are_silence(target):
    device = target.authenticated()
    good = device.session.encode_request(pana.NOTIFICATION, pana.PING, [], device.session.next_number())
    for octets in (b'', good[:15], good[:-1], good + bytes(4), good[:4] + struct.pack('>H', 0x9800) + good[6:],
                   good[:4] + struct.pack('>H', 0x8000) + good[6:], good[:6] + b'\x00\x09' + good[8:]):
        silent(device, octets)
    alive(device)


def run(target, names=(), report=print):
    """Runs the checks; returns {name: text} of those that failed."""
    failures = {}
    for name, rules, function in CHECKS:
        if names and name not in names:
            continue
        try:
            function(target)
            report('ok    %-50s %s' % (name, ', '.join(rules)))
        except (AssertionError, bootstrap.Refused, pana_session.Timeout, pana_session.SessionEnded,
                IndexError) as error:
            failures[name] = '%s: %s' % (type(error).__name__, error)
            report('FAIL  %-50s %s: %s' % (name, ', '.join(rules), failures[name]))
    return failures


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--paa', required=True)
    parser.add_argument('--paa-id', required=True)
    parser.add_argument('--port', type=int, default=pana.PORT)
    parser.add_argument('--subscribers', required=True, metavar='FILE.json')
    parser.add_argument('--namespace')
    parser.add_argument('names', nargs='*', metavar='CHECK')
    options = parser.parse_args(arguments)
    with open(options.subscribers, encoding='utf-8') as file:
        subscribers = json.load(file)
    target = Target(options.paa, options.paa_id, subscribers, options.port, options.namespace)
    return 1 if run(target, options.names) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
