# SPDX-License-Identifier: BSD-3-Clause
"""The conformance checks run through on the model of this folder, and find a model that breaks a rule.

That the model passes proves nothing about a server; that the broken ones fail proves that the checks can.
"""
import dataclasses
import ipaddress
import unittest

import homeagent_conformance
import homeagent_model
import mobile_ip
import node
import pana
import paa_conformance
import paa_model

SUBSCRIBERS = [{'imsi': '0010100000000%02d' % i, 'k': paa_model.PaaModel.k.hex(), 'opc': paa_model.PaaModel.opc.hex()}
               for i in range(99)]


def target(model_class):
    owners = {}

    def transport(subscriber):
        model = model_class(imsi=subscriber['imsi'])
        model.host_identities = owners
        return model

    return paa_conformance.Target('2001:db8:1::1', 'ha.mob.example', list(SUBSCRIBERS), transport=transport)


def failures(model_class, *names):
    return paa_conformance.run(target(model_class), names, report=lambda text: None)


class Checks(unittest.TestCase):
    def test_the_model_passes(self):
        self.assertEqual(failures(paa_model.PaaModel), {})

    def test_broken_models_fail(self):
        class Forgetful(paa_model.PaaModel):
            """Makes a new answer for each repetition."""
            def _request(self, message):
                self.last_number = None
                self.requests.clear()
                super()._request(message)

        class Trusting(paa_model.PaaModel):
            """Checks no signature."""
            def _refuses(self, avps, found):
                return None

        class Open(paa_model.PaaModel):
            """Takes any PAN(S), again and again."""
            def _started(self, message):
                self.consumed.clear()
                super()._started(message)

        class Polite(paa_model.PaaModel):
            """Answers a PCI without Mob-Capability."""
            def _start(self, message):
                message.avps = [pana.unsigned32(pana.MOB_CAPABILITY, 0x10, pana.VENDOR_ID)]
                super()._start(message)

        for model_class, names in (
                (Forgetful, ('repetition_gets_the_same_octets', 'identifiers')),
                (Trusting, ('signatures', 'signature_covers_the_wishes', 'refused_keys',
                            'key_of_another_subscriber')),
                (Open, ('replayed_start_answer_makes_no_session',)),
                (Polite, ('initiation_without_capability_is_dropped',))):
            with self.subTest(model_class.__name__):
                self.assertEqual(set(failures(model_class, *names)), set(names))

    def test_rules_are_cited(self):
        self.assertTrue(all(rules for _, rules, _ in paa_conformance.CHECKS))



class MemoryTunnel:
    """Stands for tunnel.Tunnel, with a model at the other end."""

    with_home_address_option = True

    def update_fields(self, _home_address):
        return {'source': self.care_of}

    def __init__(self, care_of, model):
        self.care_of, self.model, self.queue = care_of, model, []

    def send(self, packet):
        answer = self.model.handle(packet)
        if answer is not None:
            self.queue.append(answer)

    def receive(self, deadline_s, next_headers):
        return self.queue.pop(0) if self.queue else None

    def close(self):
        pass


class HomeAgent(unittest.TestCase):
    def failures(self, model_class, *names):
        association = node.Association('matti.mob.example', ipaddress.IPv6Address('2001:db8:aa:1::77'), 64,
                                       ipaddress.IPv6Address('2001:db8:1::1'), 0x1001, bytes(range(16)), 41)
        settings = node.Settings('::1', '', '001010000000001', bytes(16), bytes(16))
        device = node.Node(settings, transport=object())
        device.association = association
        clock = [0.0]

        def sleep(duration_s):
            clock[0] += duration_s

        model = model_class(dataclasses.replace(association), now_s=lambda: clock[0])
        device.tunnel = MemoryTunnel(ipaddress.IPv6Address('2001:db8:2::77'), model)
        return homeagent_conformance.run(device, names, lambda text: None, sleep=sleep, now_s=lambda: clock[0])

    def test_the_model_passes(self):
        self.assertEqual(self.failures(homeagent_model.HomeAgentModel), {})

    def test_broken_models_fail(self):
        class Forgetful(homeagent_model.HomeAgentModel):
            """Forgets the number with the binding."""
            def decide(self, source, care_of, ambiguous, lifetime_s):
                self.forget = lifetime_s == 0
                return super().decide(source, care_of, ambiguous, lifetime_s)

            def handle(self, packet):
                self.forget = False
                answer = super().handle(packet)
                self.last = None if self.forget else self.last
                return answer

        class Trusting(homeagent_model.HomeAgentModel):
            """Takes any care-of address."""
            def decide(self, source, care_of, ambiguous, lifetime_s):
                return super().decide(care_of, care_of, ambiguous, lifetime_s)

        class Silent(homeagent_model.HomeAgentModel):
            """Never says 135."""
            def answer(self, header, source, care_of, status, granted_s, number=None):
                if status == 135:
                    return None
                return super().answer(header, source, care_of, status, granted_s, number)

        class Open(homeagent_model.HomeAgentModel):
            """Does not look at the checksum."""
            def options_of(self, header, home):
                header = bytearray(header or b'')
                header[4:6] = bytes(2)
                value = mobile_ip.checksum(home, self.association.home_agent, mobile_ip.MOBILITY, bytes(header))
                header[4:6] = value.to_bytes(2, 'big')
                return super().options_of(bytes(header), home)

        for model_class, name in ((Forgetful, 'deregistration'), (Trusting, 'care_of_addresses_that_cannot_be'),
                                  (Silent, 'old_numbers'), (Open, 'wrong_checksum')):
            with self.subTest(model_class.__name__):
                self.assertIn(name, self.failures(model_class, name))


if __name__ == '__main__':
    unittest.main()
