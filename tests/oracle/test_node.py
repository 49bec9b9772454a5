# SPDX-License-Identifier: BSD-3-Clause
"""The Python node against the model of this folder: what it does in the good case, and everything it must refuse.

Both ends are ours: the good cases prove plumbing; the refusals prove that the node refuses.
"""
import contextlib
import io
import json
import socket
import struct
import tempfile
import threading
import unittest

import aka
import bootstrap
import eap_aka
import host_identity
import node
import pana
import pana_session
from paa_model import PaaModel


def settings_for(model, **changes):
    values = {'paa': model.server_address, 'paa_id': model.paa_id, 'imsi': model.imsi, 'k': model.k,
              'opc': model.opc}
    values.update(changes)
    return node.Settings(**values)


def node_for(model, pinned=None, **changes):
    return node.Node(settings_for(model, **changes), transport=model, pinned=pinned,
                     timers=pana_session.Timers(randomness=0))


class Good(unittest.TestCase):
    def test_bootstrap(self):
        model = PaaModel()
        device = node_for(model, wish='matti.mob.example', shared_secret=b's' * 16, services=pana.MIP6 | pana.HIP)
        answer = device.bootstrap()
        self.assertTrue(answer.final and answer.signature_verified and model.node_signature_right)
        self.assertEqual(device.peers[0].subtypes_answered,
                         [eap_aka.IDENTITY, eap_aka.CHALLENGE, eap_aka.NOTIFICATION])
        report = device.report()
        self.assertEqual((report['state'], report['status'], report['key_id'], report['eap_methods']),
                         ('ready', 0, 1, ["EAP-AKA'"]))
        self.assertEqual(report['eap_identity'], '6001010000000001@wlan.mnc001.mcc001.3gppnetwork.org')
        self.assertEqual(device.association.key, bootstrap.mn_ha_k(
            bootstrap.with_shared_secret(device.context().mob_rk, b's' * 16), 0x1001, answer.home_address,
            answer.home_agent, host_identity.hi_value(device.host_key.public_key())))

    def test_first_identity_hides_the_imsi(self):
        """E-1, E-4"""
        model = PaaModel()
        node_for(model).bootstrap()
        first = next(m for m in map(pana.parse, model.sent) if m.values(pana.EAP_PAYLOAD))
        self.assertEqual(first.value(pana.EAP_PAYLOAD)[5:], b'6anonymous@wlan.mnc001.mcc001.3gppnetwork.org')

    def test_numbers(self):
        """B-17: bit 31 the complement of that of x, bit 30 zero."""
        model = PaaModel()
        device = node_for(model)
        device.bootstrap()
        self.assertEqual(device.session.sequence >> 30, 2)

    def test_capability_is_the_same_in_both(self):
        """B-7"""
        model = PaaModel()
        node_for(model).bootstrap()
        messages = [pana.parse(octets) for octets in model.sent]
        values = {m.number(pana.MOB_CAPABILITY, pana.VENDOR_ID) for m in messages if m.kind == pana.PCI or
                  m.flags & pana.START}
        self.assertEqual(len(values), 1)
        self.assertTrue(values.pop() & pana.POP)

    def test_resynchronisation(self):
        model = PaaModel(sqn=32)
        device = node_for(model)
        device.usim.last_seq = [5000] * 32
        self.assertTrue(device.bootstrap().final)
        self.assertEqual(device.report()['resynchronisations'], 1)

    def test_pending(self):
        """B-43: a poll is a new PNR with 258 alone, not before Retry-After."""
        model = PaaModel(pending_polls=2)
        device = node_for(model)
        before = model.clock_s
        self.assertTrue(device.bootstrap().final)
        self.assertGreaterEqual(model.clock_s - before, 0.4)

    def test_pending_for_ever(self):
        """1.5: at most 60 s in all."""
        model = PaaModel(pending_polls=10 ** 6)
        device = node_for(model)
        self.assertEqual(device.bootstrap().status, bootstrap.PENDING)
        self.assertEqual(device.state, 'failed')
        self.assertLessEqual(model.clock_s, 61)

    def test_aka_where_allowed(self):
        model = PaaModel(method=eap_aka.AKA)
        device = node_for(model, allow_aka=True)
        self.assertTrue(device.bootstrap().final)
        self.assertEqual(device.report()['eap_identity'][:4], '0001')

    def test_kdf_negotiation(self):
        """E-10"""
        model = PaaModel(kdfs=(7, 1))
        device = node_for(model)
        self.assertTrue(device.bootstrap().final)

    def test_reauthentication(self):
        """B-20, B-21, L-3: new keys, a greater Key-Id, and the SA stays."""
        model = PaaModel()
        device = node_for(model)
        device.bootstrap()
        association, keys = device.association, device.session.keys
        self.assertTrue(device.reauthenticate().success)
        self.assertEqual(device.session.keys.key_id, 2)
        self.assertNotEqual(device.session.keys.auth_key, keys.auth_key)
        self.assertIs(device.association, association)
        self.assertTrue(device.request_and_poll().final)

    def test_lost_and_repeated(self):
        """B-5, B-6: a repetition is the same octets."""
        model = PaaModel()
        device = node_for(model)
        device.start()
        device.authenticate()
        self.assertTrue(device.request(lose_answers=2).final)
        self.assertEqual(model.sent[-1], model.sent[-2])
        self.assertEqual(model.sent[-1], model.sent[-3])

    def test_pseudonym(self):
        """E-3, E-4, E-6: the pseudonym of the last run is used, and the permanent identity only once an hour."""
        model = PaaModel()
        device = node_for(model, use_pseudonym=True)
        device.bootstrap()
        device.bootstrap()
        self.assertEqual(device.peers[-1].identity, b'7next@wlan.mnc001.mcc001.3gppnetwork.org')
        model.identity_request = eap_aka.AT_PERMANENT_ID_REQ
        self.assertTrue(device.bootstrap().final)
        self.assertEqual(device.peers[-1].identity[:4], b'6001')
        self.assertIsNone(device.bootstrap())
        self.assertIn('E-3', device.peers[-1].refusals[0])

    def test_refused_by_status(self):
        model = PaaModel(status=209)
        device = node_for(model)
        self.assertEqual(device.bootstrap().status_name, 'barred')
        self.assertEqual((device.state, device.back_off_s), ('failed', 10))
        self.assertIsNone(device.association)


class EapRefusals(unittest.TestCase):
    """E-7 to E-11, E-14: the answer's subtype, and that no key comes of it."""

    def run_one(self, subtype, text, model=None, tamper=None, **changes):
        model = model or PaaModel()
        if tamper:
            model.tamper = tamper
        device = node_for(model, **changes)
        try:
            answer = device.bootstrap()
        except pana_session.Timeout:
            answer = None
        self.assertIsNone(answer)
        peer = device.peers[-1]
        self.assertEqual(peer.subtypes_answered[-1:], [subtype])
        self.assertIn(text, peer.refusals[0])
        self.assertIsNone(peer.msk)

    @staticmethod
    def replacing(code, make, name='challenge'):
        """A tamper function that replaces each attribute of a code by make(value), or drops it for None."""
        def tamper(packet, which):
            if which != name:
                return packet
            attributes = b''
            for found, value in eap_aka.parse_attributes(packet[8:]):
                value = make(value) if found == code else value
                attributes += b'' if value is None else eap_aka.attribute(found, value)
            return eap_aka.method_packet(packet[0], packet[1], packet[4], packet[5], attributes)
        return tamper

    @staticmethod
    def adding(attribute, name='challenge'):
        def tamper(packet, which):
            if which != name:
                return packet
            return eap_aka.method_packet(packet[0], packet[1], packet[4], packet[5], attribute + packet[8:])
        return tamper

    def test_network_name(self):
        """E-8: octet for octet, no prefix match."""
        for name in (b'kedge:other.example', b'kedge', b'kedge:ha.mob.example:x', b'WLAN', b''):
            self.run_one(eap_aka.AUTHENTICATION_REJECT, 'E-', PaaModel(network_name=name))

    def test_wlan_name(self):
        """E-8: network-name = WLAN is compared as the RFC says."""
        model = PaaModel(network_name=b'WLAN')
        self.assertTrue(node_for(model, network_name='WLAN', exact_network_name=False).bootstrap().final)
        self.run_one(eap_aka.AUTHENTICATION_REJECT, 'E-8', PaaModel(network_name=b'HRPD'), network_name='WLAN',
                     exact_network_name=False)

    def test_kdf(self):
        """E-9, E-10"""
        self.run_one(eap_aka.AUTHENTICATION_REJECT, 'E-9', PaaModel(kdfs=()))
        self.run_one(eap_aka.AUTHENTICATION_REJECT, 'E-9', PaaModel(kdfs=(7, 8)))
        self.run_one(eap_aka.AUTHENTICATION_REJECT, 'E-9', PaaModel(kdfs=(1, 2, 2)))
        self.run_one(eap_aka.AUTHENTICATION_REJECT, 'E-9',
                     tamper=self.replacing(eap_aka.AT_KDF_INPUT, lambda value: None))

        def second_offer(packet, which):
            """The answer to AT_KDF = 1 comes back with a changed list."""
            kdfs = [v for c, v in eap_aka.parse_attributes(packet[8:]) if c == eap_aka.AT_KDF]
            if which != 'challenge' or len(kdfs) < 3:
                return packet
            return EapRefusals.replacing(eap_aka.AT_KDF, lambda v: None if v == b'\x00\x07' else v)(packet, which)

        self.run_one(eap_aka.CLIENT_ERROR, 'E-10', PaaModel(kdfs=(7, 1)), second_offer)

    def test_separation_bit(self):
        self.run_one(eap_aka.AUTHENTICATION_REJECT, 'E-9', PaaModel(amf=b'\x00\x00'))

    def test_wrong_key(self):
        self.run_one(eap_aka.AUTHENTICATION_REJECT, 'AUTN', k=bytes(16))

    def test_client_errors(self):
        error = eap_aka.CLIENT_ERROR
        self.run_one(error, 'AT_CHECKCODE', tamper=self.replacing(eap_aka.AT_CHECKCODE, lambda v: v[:-1] + b'\x00\x00'
                                                                   if v[-1] else v[:-1] + b'\x01'))
        self.run_one(error, 'E-11', tamper=self.replacing(eap_aka.AT_CHECKCODE, lambda value: None))
        self.run_one(error, 'AT_RAND', tamper=self.replacing(eap_aka.AT_MAC, lambda value: None))
        self.run_one(error, 'length', tamper=self.replacing(eap_aka.AT_RAND, lambda value: value + bytes(4)))
        self.run_one(error, 'not expected', tamper=self.adding(eap_aka.attribute(99, bytes(2))))
        self.run_one(error, 'padding', tamper=self.replacing(eap_aka.AT_KDF_INPUT,
                                                             lambda v: struct.pack('>H', 19) + v[2:]))

    def test_wrong_mac(self):
        model = PaaModel()
        device = node_for(model)

        def change(octets, name):
            message = pana.parse(octets)
            payload = message.value(pana.EAP_PAYLOAD)
            if name != 'par-eap' or payload[5] != eap_aka.CHALLENGE:
                return octets
            position = eap_aka.mac_position(payload)
            payload = payload[:position] + bytes(16) + payload[position + 16:]
            return pana.Message(message.kind, message.flags, message.session_id, message.sequence,
                                [pana.Avp(pana.EAP_PAYLOAD, payload)]).encode()

        model.change = change
        self.assertIsNone(device.bootstrap())
        self.assertIn('AT_MAC', device.peers[-1].refusals[0])

    def test_unknown_skippable_attribute(self):
        """E-9: unknown attributes from 128 on are skipped."""
        model = PaaModel()
        model.tamper = self.adding(eap_aka.attribute(200, bytes(2)))
        self.assertTrue(node_for(model).bootstrap().final)

    def test_aka_not_allowed(self):
        """E-7: the default answers EAP-AKA with a Nak for AKA'."""
        model = PaaModel(method=eap_aka.AKA)
        device = node_for(model)
        self.assertIsNone(device.bootstrap())
        payloads = [pana.parse(octets).value(pana.EAP_PAYLOAD) for octets in model.sent]
        self.assertIn(bytes([eap_aka.TYPE_NAK, eap_aka.AKA_PRIME]), [p[4:] for p in payloads if p])

    def test_bidding(self):
        """E-7: D = 1 is answered with Authentication-Reject by a node that can and may do AKA'."""
        self.run_one_bidding(allow_aka_prime=True, rejected=True)
        self.run_one_bidding(allow_aka_prime=False, rejected=False)

    def run_one_bidding(self, allow_aka_prime, rejected):
        device = node_for(PaaModel(method=eap_aka.AKA, bidding=True), allow_aka=True,
                          allow_aka_prime=allow_aka_prime)
        answer = device.bootstrap()
        self.assertEqual(answer is None, rejected)
        if rejected:
            self.assertIn('E-7', device.peers[-1].refusals[0])

    def test_second_resynchronisation(self):
        """E-14"""
        model = PaaModel()
        device = node_for(model)
        device.usim.authenticate = lambda rand, autn: (_ for _ in ()).throw(aka.SynchronisationFailure(
            aka.auts_of(model.k, model.opc, rand, 5000 << 5)))
        self.assertIsNone(device.bootstrap())
        self.assertIn('E-14', device.peers[-1].refusals[0])

    def test_success_without_result_indication(self):
        """B-24: AT_RESULT_IND was agreed, so EAP-Success counts only after notification 32768."""
        model = PaaModel()
        device = node_for(model)

        def skip_notification(packet):
            server = model.eap
            answer = type(server).respond(server, packet)
            if answer[0] == eap_aka.REQUEST and answer[5] == eap_aka.NOTIFICATION:
                return eap_aka.eap_packet(eap_aka.SUCCESS, server.identifier)
            return answer

        begin = model._begin_eap

        def begin_eap():
            begin()
            model.eap.respond = skip_notification

        model._begin_eap = begin_eap
        with self.assertRaises(pana_session.Timeout):
            device.bootstrap()
        self.assertTrue(any('B-24' in name for name in device.session.counters))

    def test_failure_notification(self):
        model = PaaModel(notification=eap_aka.NOTIFICATION_FAILURE_AFTER)
        device = node_for(model)
        with self.assertRaises(pana_session.Timeout):
            device.bootstrap()
        self.assertTrue(device.peers[-1].failed)


class PanaRefusals(unittest.TestCase):
    def counted(self, device, text):
        self.assertTrue(any(text in name for name in device.session.counters), device.session.counters)

    def test_start_without_capability(self):
        """B-7, B-9: ignored, and PCI goes on."""
        for capability in (0x0f, None):
            model = PaaModel(capability=capability or 0)
            if capability is None:
                def strip(octets, name):
                    message = pana.parse(octets)
                    message.avps = [a for a in message.avps if a.code != pana.MOB_CAPABILITY]
                    return message.encode() if name == 'par-start' else octets
                model.change = strip
            device = node_for(model)
            with self.assertRaises(pana_session.Timeout):
                device.start(20)
            self.counted(device, 'B-9')
            kinds = [pana.parse(octets).kind for octets in model.sent]
            self.assertGreater(len(kinds), 3)
            self.assertEqual(set(kinds), {pana.PCI})

    def start_changed(self, change, text):
        model = PaaModel()
        model.change = lambda octets, name: change(octets) if name == 'par-start' else octets
        device = node_for(model)
        with self.assertRaises(pana_session.Timeout):
            device.start(5)
        self.counted(device, text)

    def test_other_starts(self):
        """B-2, B-14"""
        self.start_changed(lambda octets: b'\x00\x01' + octets[2:], 'B-2')
        self.start_changed(lambda octets: octets + bytes(4), 'B-2')
        self.start_changed(lambda octets: octets[:4] + struct.pack('>H', 0xe000) + octets[6:], 'B-2')

        def replaced(code, value):
            def change(octets):
                message = pana.parse(octets)
                message.avps = [pana.unsigned32(code, value) if a.code == code else pana.Avp(a.code, a.value, a.vendor)
                                for a in message.avps]
                return message.encode()
            return change

        self.start_changed(replaced(pana.PRF_ALGORITHM, 2), 'B-14')
        self.start_changed(replaced(pana.INTEGRITY_ALGORITHM, 7), 'B-14')
        self.start_changed(replaced(pana.ENCRYPTION_ALGORITHM, 2), 'B-14')

    def test_repeated_start(self):
        """B-15: the same PAR(S) again gets the same octets."""
        model = PaaModel()
        device = node_for(model)
        device.start()
        answer = device.session.chosen.i_pan
        device.session.state = 'initial'
        device.session.handle(device.session.chosen.i_par)
        self.assertEqual(model.sent[-1], answer)

    def test_next_candidate(self):
        """B-15: a forged PAR(S) with its PAR x+1 comes first and goes no further; after 10 s the other is taken."""
        model = PaaModel()

        def change(octets, name):
            if name != 'par-start' or len(model.sent) > 1:
                return octets
            start = pana.parse(octets)
            start.session_id = b'evil'
            first = pana.Message(pana.AUTHENTICATION, pana.REQUEST, b'evil', start.sequence + 1, [
                pana.Avp(pana.NONCE, bytes(32)), pana.Avp(pana.EAP_PAYLOAD, b'\x01\x01\x00\x05\x01')])
            model.queue += [start.encode(), first.encode()]
            return octets

        model.change = change
        device = node_for(model)
        device.start()
        self.assertEqual(device.session.session_id, b'evil')
        device.session.listen(1)
        self.assertTrue(device.authenticate().success)
        self.counted(device, 'B-15')
        self.assertEqual(device.session.session_id, model.session['sid'])
        self.assertGreaterEqual(model.clock_s, 10)

    def test_lifetime(self):
        """B-28"""
        model = PaaModel(session_lifetime_s=1000)
        device = node_for(model)
        device.bootstrap()
        self.assertEqual(device.session.reauthentication_due_s, device.session.authenticated_at_s + 800)

    def test_nonces(self):
        """B-18"""
        for length in (15, 257):
            model = PaaModel()

            def change(octets, name, length=length):
                message = pana.parse(octets)
                if name == 'par-first':
                    message.avps = [pana.Avp(pana.NONCE, bytes(length)) if a.code == pana.NONCE else a
                                    for a in message.avps]
                    return message.encode()
                return octets

            model.change = change
            device = node_for(model)
            with self.assertRaises(pana_session.Timeout):
                device.start(5)
            self.counted(device, 'B-18')

    def test_nonce_elsewhere(self):
        """B-18"""
        model = PaaModel()

        def change(octets, name):
            message = pana.parse(octets)
            if name == 'par-eap':
                message.avps.append(pana.Avp(pana.NONCE, bytes(32)))
                return message.encode()
            return octets

        model.change = change
        device = node_for(model)
        with self.assertRaises(pana_session.Timeout):
            device.bootstrap()
        self.counted(device, 'B-18')

    def complete_changed(self, change):
        """change(octets, model) of PAR(C)."""
        model = PaaModel()
        model.change = lambda octets, name: change(octets, model) if name == 'par-complete' else octets
        device = node_for(model)
        with self.assertRaises(pana_session.Timeout):
            device.bootstrap()
        self.assertIsNone(device.session.keys)
        return device

    def test_completion(self):
        """B-24: wrong AUTH, no AUTH, no Session-Lifetime, no EAP-Success, no Key-Id."""
        def without(code, with_auth):
            def change(octets, model):
                message = pana.parse(octets)
                message.avps = [a for a in message.avps if a.code not in (code, pana.AUTH)]
                return message.encode(model.next_keys.auth_key if with_auth else None)
            return change

        self.counted(self.complete_changed(lambda octets, _: octets[:-1] + bytes([octets[-1] ^ 1])), 'wrong AUTH')
        self.counted(self.complete_changed(without(pana.AUTH, False)), 'wrong AUTH')
        self.counted(self.complete_changed(without(pana.SESSION_LIFETIME, True)), 'no Session-Lifetime')
        self.counted(self.complete_changed(without(pana.EAP_PAYLOAD, True)), 'no EAP-Success')
        self.counted(self.complete_changed(without(pana.KEY_ID, False)), 'success without Key-Id')

    def test_unprotected_failure(self):
        """B-25, B-27: a failure without AUTH counts in the first authentication, answered without AVPs."""
        model = PaaModel()
        device = node_for(model, k=bytes(16))
        self.assertIsNone(device.bootstrap())
        self.assertEqual(device.session.outcome.result_code, pana.RESULT_AUTHENTICATION_REJECTED)
        last = pana.parse(model.sent[-1])
        self.assertEqual((last.flags, last.avps), (pana.COMPLETE, []))

    def test_not_admitted(self):
        """B-26: Result-Code 2 under the new keys is answered with Key-Id and AUTH; the session ends."""
        model = PaaModel(result_code=pana.RESULT_AUTHORIZATION_REJECTED)
        device = node_for(model)
        self.assertIsNone(device.bootstrap())
        self.assertEqual((device.session.outcome.result_code, device.session.outcome.authenticated_message), (2, True))
        last = pana.parse(model.sent[-1])
        self.assertEqual((last.flags, last.number(pana.KEY_ID)), (pana.COMPLETE, 1))
        self.assertTrue(last.auth_is_right(model.next_keys.auth_key))
        self.assertEqual(device.session.state, pana_session.CLOSED)

    def test_failure_in_reauthentication_needs_auth(self):
        """B-25"""
        model = PaaModel()
        device = node_for(model)
        device.bootstrap()
        forged = pana.Message(pana.AUTHENTICATION, pana.REQUEST | pana.COMPLETE, device.session.session_id,
                              device.session.peer_sequence + 1, [pana.unsigned32(pana.RESULT_CODE, 1)])
        device.session.handle(forged.encode())
        self.counted(device, 'B-25')
        self.assertEqual(device.session.state, pana_session.ACCESS)

    def test_old_key_id(self):
        """B-20"""
        model = PaaModel()
        device = node_for(model)
        device.bootstrap()
        model.key_ids = 0
        with self.assertRaises(pana_session.Timeout):
            device.reauthenticate(20)
        self.counted(device, 'B-20')

    def test_wrong_auth_stops_no_timer(self):
        """B-52: the answer with wrong AUTH does not exist; the request is repeated and the session ends."""
        model = PaaModel()
        device = node_for(model)
        device.start()
        device.authenticate()
        sent = len(model.sent)
        model.change = lambda octets, name: octets[:-1] + bytes([octets[-1] ^ 1])
        with self.assertRaises(pana_session.SessionEnded):
            device.request()
        self.assertEqual(len(model.sent) - sent, 11)
        self.counted(device, 'B-52')

    def test_no_such_service(self):
        """B-51: a PNA without Encap is not success; one with a vendor AVP in the clear is discarded."""
        model = PaaModel()
        device = node_for(model)
        device.start()
        device.authenticate()

        def answer(avps):
            def change(octets, name):
                message = pana.parse(octets)
                return pana.Message(message.kind, message.flags, message.session_id, message.sequence,
                                    avps).encode(model.keys.auth_key)
            return change

        model.change = answer([])
        self.assertIsNone(device.request())
        self.assertIn('B-51', device.failure)
        model.change = answer([pana.unsigned32(bootstrap.BOOT_STATUS, 0, pana.VENDOR_ID)])
        with self.assertRaises(pana_session.SessionEnded):
            device.request()
        self.counted(device, 'B-51')

    def test_answers_that_do_not_count(self):
        """B-50: nothing is stored, the state tells the rule, back-off begins."""
        model = PaaModel()
        model.change_answer = lambda plaintext: plaintext[:-3] + bytes([plaintext[-3] ^ 1]) + plaintext[-2:]
        device = node_for(model)
        with self.assertRaises(bootstrap.Refused):
            device.bootstrap()
        self.assertEqual((device.state, device.association, device.pinned), ('failed', None, None))
        self.assertIn('B-50', device.failure)
        self.assertEqual(device.back_off_s, 10)

    def test_pin(self):
        """B-50, L-11"""
        model = PaaModel()
        device = node_for(model)
        device.bootstrap()
        model.key = host_identity.generate('p256')
        with self.assertRaises(bootstrap.Refused) as caught:
            device.request()
        self.assertIn('pinned', str(caught.exception))

    def test_repeated_request_of_the_server(self):
        """B-22 on the node's side."""
        model = PaaModel()
        device = node_for(model)
        device.bootstrap()
        ping = pana.Message(pana.NOTIFICATION, pana.REQUEST | pana.PING, device.session.session_id,
                            device.session.peer_sequence + 1)
        octets = ping.encode(model.keys.auth_key)
        sent = len(model.sent)
        device.session.handle(octets)
        device.session.handle(octets)
        self.assertEqual(len(model.sent), sent + 2)
        self.assertEqual(model.sent[-1], model.sent[-2])
        ping.avps = [pana.unsigned32(pana.KEY_ID, 1)]
        device.session.handle(ping.encode(model.keys.auth_key))
        self.counted(device, 'B-22')
        self.assertEqual(len(model.sent), sent + 2)

    def test_reflection(self):
        """B-17: its own request sent back to it is no request of the server's."""
        model = PaaModel()
        device = node_for(model)
        device.bootstrap()
        sent = len(model.sent)
        device.session.handle(device.session.last_request)
        self.assertEqual(len(model.sent), sent)

    def test_termination(self):
        model = PaaModel()
        device = node_for(model)
        device.bootstrap()
        request = pana.Message(pana.TERMINATION, pana.REQUEST, device.session.session_id,
                               device.session.peer_sequence + 1, [pana.unsigned32(pana.TERMINATION_CAUSE, 4)])
        device.session.handle(request.encode(bytes(32)))
        self.assertEqual(device.session.state, pana_session.ACCESS)
        device.session.handle(request.encode(model.keys.auth_key))
        self.assertEqual((device.session.state, device.session.termination_cause), (pana_session.CLOSED, 4))

    def test_too_long_request(self):
        """B-4: the node refuses its own configuration."""
        model = PaaModel()
        device = node_for(model, key_type='rsa', wish='.'.join(['a' * 60] * 4), shared_secret=bytes(64))
        device.start()
        device.authenticate()
        with self.assertRaises(ValueError):
            device.request(addresses=('2001:db8::1', '192.0.2.1'), extra=[bootstrap.avp(262, bytes(20))] * 12)


class Udp(unittest.TestCase):
    """The same over a UDP socket, by the command line."""

    def setUp(self):
        self.model = PaaModel(pending_polls=1)
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.bind(('::1', 0))
        self.stranger = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.stranger.bind(('::1', 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            octets, source = self.socket.recvfrom(2000)
            if not octets:
                return
            self.model.send(octets)
            while self.model.queue:
                answer = self.model.queue.pop(0)
                self.stranger.sendto(answer[:-1] + bytes([answer[-1] ^ 1]), source)
                self.socket.sendto(answer, source)

    def tearDown(self):
        self.stranger.sendto(b'', self.socket.getsockname())
        self.thread.join()
        self.socket.close()
        self.stranger.close()

    def call(self, *arguments):
        model = self.model
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = node.main(['bootstrap', '--paa', '::1', '--port', str(self.socket.getsockname()[1]), '--paa-id',
                              model.paa_id, '--imsi', model.imsi, '--k', model.k.hex(), '--opc', model.opc.hex(),
                              '--json', *arguments])
        return code, json.loads(output.getvalue())

    def test_bootstrap(self):
        with tempfile.TemporaryDirectory() as folder:
            state, usim = folder + '/state', folder + '/usim'
            code, report = self.call('--state', state, '--usim-state', usim, '--wish', 'matti.mob.example')
            self.assertEqual((code, report['status_name'], report['signature_verified']), (0, 'ok', True))
            self.assertEqual(report['addresses'][0]['address'], self.model.home_address)
            self.model.pending_polls = 0
            _, second = self.call('--state', state, '--usim-state', usim)
            self.assertEqual(second['host_identity'], report['host_identity'])
            self.model.key = host_identity.generate('p256')
            code, third = self.call('--state', state, '--usim-state', usim)
            self.assertEqual(code, 1)
            self.assertIn('pinned', third['failure'])

    def test_what_comes_from_elsewhere(self):
        """B-1"""
        device = node.Node(settings_for(self.model, paa='::1', port=self.socket.getsockname()[1]))
        self.assertTrue(device.bootstrap().final)
        self.assertGreater(device.transport.foreign, 0)
        self.assertFalse(any('AUTH' in name for name in device.session.counters))
        device.close()


if __name__ == '__main__':
    unittest.main()
