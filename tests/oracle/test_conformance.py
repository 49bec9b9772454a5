# SPDX-License-Identifier: BSD-3-Clause
"""The conformance checks run through on the model of this folder, and find a model that breaks a rule.

That the model passes proves nothing about a server; that the broken ones fail proves that the checks can.
"""
import unittest

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



if __name__ == '__main__':
    unittest.main()
