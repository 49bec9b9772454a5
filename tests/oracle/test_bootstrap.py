# SPDX-License-Identifier: BSD-3-Clause
"""Every case of kedge_bootstrap.json (B-10, B-16, B-30, B-35, K-5 to K-13, M-3, M-4), and the refusals of B-50."""
import dataclasses
import hashlib
import hmac
import ipaddress
import unittest

import bootstrap
import host_identity
import mobile_ip
import pana
import paa_model
from test_vectors import octets, vectors

CASES = {case['name']: case for case in vectors('kedge_bootstrap')['cases']}
SEEN = set()


def case(name):
    SEEN.add(name)
    return CASES[name]['input'], CASES[name]['output']


def example_context():
    initial = CASES['example: I_PAR and I_PAN']['input']
    keys = CASES['example: PANA_AUTH_KEY']['input']
    root = CASES['example: MOB-RK']['input']
    i_par, i_pan = octets(initial['I_PAR']), octets(initial['I_PAN'])
    derived = pana.derive_keys(octets(keys['msk']), i_par, i_pan, octets(keys['pac_nonce']), octets(keys['paa_nonce']),
                               int(keys['key_id'], 16))
    return bootstrap.Context(octets(keys['session_id']), i_par, i_pan, derived, root['paa_id'].encode())


def example_avps(name):
    given, output = case(name)
    avps = []
    for entry in given['avps']:
        avp = bootstrap.avp(entry['code'], octets(entry['value']))
        assert avp.encode() == octets(entry['encoded']), entry['name']
        avps.append(avp)
    return avps, octets(output['plaintext'])


class Vectors(unittest.TestCase):
    def test_cookies(self):
        names = [name for name in CASES if name.startswith('cookie')]
        self.assertEqual(len(names), 3)
        for name in names:
            given, output = case(name)
            arguments = (given['epoch'], given['i'], given['has_capability'], ipaddress.ip_address(given['source']),
                         given['source_port'], ipaddress.ip_address(given['destination']),
                         given['configuration_number'])
            self.assertEqual(paa_model.cookie_input(*arguments), octets(given['hmac_input']))
            digest = hmac.digest(octets(given['secret']), octets(given['hmac_input']), 'sha256')
            self.assertEqual(digest, octets(output['hmac_sha256']))
            session_id, sequence = paa_model.cookie(octets(given['secret']), *arguments)
            self.assertEqual(session_id, octets(output['session_id']))
            self.assertEqual(sequence, int(output['first_sequence_number'], 16))

    def test_initial_messages(self):
        given, output = case('example: I_PAR and I_PAN')
        self.assertEqual(bootstrap.initial_digest(octets(given['I_PAR']), octets(given['I_PAN'])),
                         octets(output['sha256_of_I_PAR_I_PAN']))
        for name, flags in (('I_PAR', pana.REQUEST | pana.START), ('I_PAN', pana.START)):
            message = pana.parse(octets(given[name]))
            self.assertEqual((message.kind, message.flags), (pana.AUTHENTICATION, flags))
            self.assertEqual(message.number(pana.PRF_ALGORITHM), 5)
            self.assertEqual(message.number(pana.INTEGRITY_ALGORITHM), 12)
            self.assertEqual(message.number(pana.ENCRYPTION_ALGORITHM), 1)
            self.assertEqual(message.number(pana.MOB_CAPABILITY, pana.VENDOR_ID), 0x1f)
            rebuilt = pana.Message(message.kind, message.flags, message.session_id, message.sequence, [
                pana.Avp(a.code, a.value, a.vendor) for a in message.avps])
            self.assertEqual(rebuilt.encode(), octets(given[name]))

    def test_pana_keys(self):
        context = example_context()
        for name, attribute in (('PANA_AUTH_KEY', 'auth_key'), ('PANA_PAC_ENCR_KEY', 'pac_encr_key'),
                                ('PANA_PAA_ENCR_KEY', 'paa_encr_key')):
            given, output = case('example: ' + name)
            self.assertEqual(getattr(context.keys, attribute), octets(output['key']))
            self.assertEqual(len(octets(output['key'])), given['octets'])
            self.assertEqual(pana.key_seed(given['label'].encode(), context.i_par, context.i_pan,
                                           context.keys.pac_nonce, context.keys.paa_nonce, 1), octets(given['seed']))

    def test_mobility_keys(self):
        context = example_context()
        root = octets(case('example: MOB-RK')[1]['key'])
        self.assertEqual(context.mob_rk, root)
        self.assertEqual(bootstrap.boot_bind(root), octets(case('example: BOOT-BIND')[1]['key']))
        given, output = case("example: MOB-RK'")
        secret = octets(given['shared_secret'])
        self.assertEqual(hmac.digest(secret, root, 'sha256'), octets(given['hmac_of_mob_rk']))
        second = bootstrap.with_shared_secret(root, secret)
        self.assertEqual(second, octets(output['key']))
        hi_value = octets(case('example: Host-Identity of the node')[1]['avp_value'])
        for name in ('example: MN-HA-K', 'example: MN-HA-K with Shared-Secret'):
            given, output = case(name)
            key = bootstrap.mn_ha_k(octets(given['root']), int(given['spi'], 16),
                                    ipaddress.ip_address(given['home_address']),
                                    ipaddress.ip_address(given['home_agent']), hi_value)
            self.assertEqual(key, octets(output['key']))
        for name in ('example: HIP-REG-K', 'example: HIP-REG-K with Shared-Secret'):
            given, output = case(name)
            key = bootstrap.hip_reg_k(octets(given['root']), ipaddress.ip_address(given['hit_mn']),
                                      ipaddress.ip_address(given['hit_rvs']))
            self.assertEqual(key, octets(output['key']))
        given, output = case('example: CTL-K for the label "test"')
        self.assertEqual(bootstrap.ctl_k(octets(given['root']), b'test'), octets(output['key']))

    def test_host_identities(self):
        for name in ('example: Host-Identity of the node', 'example: Server-Host-Identity'):
            given, output = case(name)
            key = host_identity.from_scalar(int(given['private_scalar'], 16)).public_key()
            value = host_identity.hi_value(key)
            self.assertEqual(value, octets(output['avp_value']))
            self.assertEqual(host_identity.host_id_form(value), octets(given['hi_hostid_form']))
            self.assertEqual(host_identity.CONTEXT_ID, octets(given['context_id']))
            self.assertEqual(host_identity.hit(value), ipaddress.ip_address(output['hit']))
            self.assertEqual(hashlib.sha256(value).digest(), octets(output['sha256_of_avp_value']))
            self.assertEqual(host_identity.rr_key(host_identity.parse_hi_value(value)), value[4:])

    def test_request_and_answer(self):
        for name in ('example: Boot AVPs of a full request', 'example: Boot AVPs of a final answer'):
            avps, plaintext = example_avps(name)
            self.assertEqual(pana.encode_avps(avps), plaintext)
            self.assertEqual([(a.code, a.value) for a in pana.parse_avps(plaintext)],
                             [(a.code, a.value) for a in avps])

    def test_signed_data(self):
        context = example_context()
        node = host_identity.from_scalar(int(CASES['example: Host-Identity of the node']['input']['private_scalar'], 16))
        server = host_identity.from_scalar(int(CASES['example: Server-Host-Identity']['input']['private_scalar'], 16))
        hi_value = host_identity.hi_value(node.public_key())
        given, output = case('example: TBS of the node')
        request_id, rest = octets(given['boot_request_id']), octets(given['R'])
        self.assertEqual(hashlib.sha256(rest).digest(), octets(given['sha256_of_R']))
        self.assertEqual(bootstrap.boot_bind(context.mob_rk), octets(given['boot_bind']))
        data = bootstrap.tbs(context, given['role'], request_id, hi_value, rest)
        self.assertEqual(data, octets(output['tbs']))
        self.assertEqual(hashlib.sha256(data).digest(), octets(output['sha256_of_tbs']))
        self.assertTrue(host_identity.signature_is_right(node.public_key(), octets(output['pop_signature_value']), data))
        given, output = case('example: TBS of the server')
        covered = octets(given['A'])
        self.assertEqual(hashlib.sha256(covered).digest(), octets(given['sha256_of_A']))
        data = bootstrap.tbs(context, given['role'], request_id, hi_value, rest, covered)
        self.assertEqual(data, octets(output['tbs']))
        self.assertEqual(hashlib.sha256(data).digest(), octets(output['sha256_of_tbs']))
        self.assertTrue(host_identity.signature_is_right(server.public_key(),
                                                         octets(output['server_signature_value']), data))
        self.assertFalse(host_identity.signature_is_right(server.public_key(),
                                                          octets(output['server_signature_value']), data + b'x'))

    def test_security_association(self):
        given, output = case('example: Mobility-SA')
        answer = bootstrap.Answer(0)
        bootstrap._take_security_association(answer, octets(output['value']))
        self.assertEqual((answer.spi, answer.replay, answer.sa_lifetime_s),
                         (int(given['spi'], 16), given['replay'], given['lifetime_s']))
        self.assertEqual(bootstrap.avp(bootstrap.MOBILITY_SA, octets(output['value'])).encode(), octets(output['avp']))

    def test_wire(self):
        context = example_context()
        given, output = case('example: PNR and PNA on the wire')
        sequence = int(given['sequence'], 16)
        self.assertEqual(pana.first_counter_block(1, context.session_id, sequence),
                         octets(given['first_counter_block']))
        for direction, plaintext_of, key, flags in (
                ('pnr', 'example: Boot AVPs of a full request', context.keys.pac_encr_key, pana.REQUEST | pana.PING),
                ('pna', 'example: Boot AVPs of a final answer', context.keys.paa_encr_key, pana.PING)):
            plaintext = octets(CASES[plaintext_of]['output']['plaintext'])
            cipher_text = pana.crypt(key, 1, context.session_id, sequence, plaintext)
            message = pana.Message(pana.NOTIFICATION, flags, context.session_id, sequence,
                                   [pana.Avp(pana.ENCRYPTION_ENCAP, cipher_text)])
            self.assertEqual(message.encode(context.keys.auth_key).hex(), output[direction])
            self.assertEqual(len(octets(output[direction])), output[direction + '_octets'])
            parsed = pana.parse(octets(output[direction]))
            self.assertTrue(parsed.auth_is_right(context.keys.auth_key))
            self.assertFalse(parsed.auth_is_right(bytes(32)))

    def mobility(self, name):
        given, output = case('RFC 4285: ' + name)
        return given, output, octets(given['key']), int(given['spi'], 16), ipaddress.ip_address(given['home_address']), \
            ipaddress.ip_address(given['home_agent']), given['nai'].encode(), \
            ipaddress.IPv6Address(octets(given['care_of_in_mac']))

    def test_binding_updates(self):
        for name, options in (
                ('BU with Alternate Care-of Address', {'alternate_care_of': ipaddress.ip_address('2001:db8:2::77')}),
                ('BU with IPv4 care-of address', {'ipv4_care_of': ipaddress.ip_address('192.0.2.7')}),
                ('BU without either option', {})):
            given, output, key, spi, home, agent, nai, care_of = self.mobility(name)
            update = mobile_ip.BindingUpdate(home, agent, ipaddress.ip_address('2001:db8:2::77'), 4660, 600, key, spi,
                                             nai, **options)
            self.assertEqual(update.care_of(), care_of)
            header = update.encode()
            self.assertEqual(header.hex(), output['mobility_header'])
            covered = care_of.packed + home.packed + header[:4] + bytes(2) + header[6:-12]
            self.assertEqual(covered, octets(given['mac_input']))
            self.assertEqual(header[-12:], octets(output['authenticator']))
            found, destination = mobile_ip.mobility_header_of(update.packet())
            self.assertEqual((found, destination), (header, agent))

    def test_binding_acknowledgements(self):
        for name in ('BA', 'BA to the IPv4 care-of address'):
            _, output, key, spi, home, agent, nai, care_of = self.mobility(name)
            header = mobile_ip.encode_binding_acknowledgement(home, agent, 4660, 0, 150, key, spi, nai, care_of)
            self.assertEqual(header.hex(), output['mobility_header'])
            answer = mobile_ip.parse_binding_acknowledgement(header, home, agent)
            self.assertEqual((answer.status, answer.sequence, answer.lifetime_s, answer.spi, answer.nai),
                             (0, 4660, 600, spi, nai))
            self.assertTrue(answer.checksum_is_right and answer.mac_is_right(key, care_of, home))
            self.assertFalse(answer.mac_is_right(key, home, home))

    @classmethod
    def tearDownClass(cls):
        missing = set(CASES) - SEEN
        assert not missing, 'cases that no test read: %s' % sorted(missing)


class Keys(unittest.TestCase):
    """K-12, K-13, B-37 for the kinds of key that the vectors do not hold."""

    def test_forms_and_signatures(self):
        for kind, length, suite in (('p256', 68, 2), ('p384', 100, 2), ('rsa', 264, 1)):
            key = host_identity.generate(kind)
            value = host_identity.hi_value(key.public_key())
            self.assertEqual((len(value), value[1]), (length, suite))
            back = host_identity.parse_hi_value(value)
            self.assertEqual(host_identity.hi_value(back), value)
            hit = host_identity.hit(value)
            self.assertEqual(int(hit) >> 96, 0x20010020 | suite)
            signature = host_identity.sign(key, b'data')
            self.assertTrue(host_identity.signature_is_right(back, signature, b'data'))
            self.assertFalse(host_identity.signature_is_right(back, signature, b'other'))
            self.assertFalse(host_identity.signature_is_right(back, b'\x00\x01' + signature[2:], b'data'))
            self.assertFalse(host_identity.signature_is_right(back, signature[:-1], b'data'))

    def test_refused(self):
        good = host_identity.hi_value(host_identity.generate('p256').public_key())
        rsa = host_identity.hi_value(host_identity.generate('rsa').public_key())
        for value in (b'', good[:-1], good[:4] + bytes(64), b'\x03\x01' + good[2:], b'\x02\x02' + rsa[2:],
                      rsa[:-1] + bytes([rsa[-1] & 0xfe]), rsa[:4] + b'\x01\x02' + rsa[8:], rsa[:-100]):
            with self.assertRaises(host_identity.KeyRefused):
                host_identity.parse_hi_value(value)


class Refusals(unittest.TestCase):
    """B-50: the example answer counts; each change of it does not."""

    def setUp(self):
        self.context = example_context()
        scalar = CASES['example: Host-Identity of the node']['input']['private_scalar']
        node = host_identity.from_scalar(int(scalar, 16))
        scalar = CASES['example: Server-Host-Identity']['input']['private_scalar']
        self.server = host_identity.from_scalar(int(scalar, 16))
        entries = CASES['example: Boot AVPs of a full request']['input']['avps']
        values = {entry['code']: octets(entry['value']) for entry in entries}
        rest = octets(CASES['example: TBS of the node']['input']['R'])
        plaintext = octets(CASES['example: Boot AVPs of a full request']['output']['plaintext'])
        self.request = bootstrap.Request(values[258], 5, host_identity.hi_value(node.public_key()), rest, plaintext,
                                         values[263], 'matti.mob.example')
        self.answer = octets(CASES['example: Boot AVPs of a final answer']['output']['plaintext'])

    def check(self, plaintext, **options):
        return bootstrap.check_answer(self.context, self.request, plaintext, **options)

    def changed(self, code=None, value=None, drop=(), add=(), server=None):
        """The answer with one value replaced, some AVPs dropped or added, signed again."""
        avps = [a for a in pana.parse_avps(self.answer) if a.code not in drop]
        avps = [bootstrap.avp(a.code, value) if a.code == code else a for a in avps]
        avps = [a for a in avps if a.code != bootstrap.SERVER_SIGNATURE] + list(add)
        covered = pana.encode_avps(avps)
        signed = bootstrap.tbs(self.context, 2, self.request.request_id, self.request.hi_value, self.request.rest,
                               covered)
        if bootstrap.SERVER_SIGNATURE in drop:
            return covered
        signature = host_identity.sign(server or self.server, signed)
        return covered + bootstrap.avp(bootstrap.SERVER_SIGNATURE, signature).encode()

    def test_right_answer(self):
        for plaintext in (self.answer, self.changed()):
            answer = self.check(plaintext)
            self.assertTrue(answer.final and answer.signature_verified)
            self.assertEqual(answer.fqdn, 'matti.mob.example')
            expected = CASES['example: MN-HA-K with Shared-Secret']['output']['key']
            self.assertEqual(answer.mn_ha_k, octets(expected))
            self.assertEqual(answer.hip_reg_k, octets(CASES['example: HIP-REG-K with Shared-Secret']['output']['key']))

    def refused(self, plaintext, text, **options):
        with self.assertRaises(bootstrap.Refused) as caught:
            self.check(plaintext, **options)
        self.assertIn(text, str(caught.exception))

    def test_occurrence(self):
        for code in bootstrap.FINAL_OCCURRENCE:
            with self.subTest(code):
                self.refused(self.changed(drop=(code,)), 'B-34' if code != bootstrap.BOOT_REQUEST_ID else 'B-34')
                twice = [a for a in pana.parse_avps(self.answer) if a.code == code]
                if code == bootstrap.SERVER_SIGNATURE:
                    self.refused(self.answer + twice[0].encode(), 'B-34')
                else:
                    self.refused(self.changed(add=twice), 'B-34')
        self.refused(self.changed(add=[bootstrap.avp(276, bytes(32))]), 'B-34')
        self.refused(self.changed(add=[pana.Avp(300, b'')]), 'B-34')
        self.refused(self.answer[:-4], 'AVP')

    def test_addresses(self):
        home = octets('0240000000015180')
        for text in ('::', '::1', 'ff02::1', 'fe80::1', '::ffff:192.0.2.1'):
            self.refused(self.changed(266, home + ipaddress.IPv6Address(text).packed), 'B-50')
            self.refused(self.changed(268, octets('02800000') + ipaddress.IPv6Address(text).packed), 'B-50')
        for text in ('127.0.0.1', '0.0.0.0', '224.0.0.1', '169.254.1.1', '255.255.255.255'):
            add = [bootstrap.avp(266, octets('0120000000015180') + ipaddress.IPv4Address(text).packed)]
            self.refused(self.changed(add=add), 'B-50')
        self.refused(self.changed(266, octets('0281000000015180') + bytes(16)), 'B-36')
        self.refused(self.changed(266, octets('0140000000015180') + bytes(16)), 'B-36')
        self.refused(self.answer, 'care-of', care_of_prefixes=[ipaddress.ip_network('2001:db8:1000:1::/64')])

    def test_names_and_association(self):
        for name in (b'', b'matti', b'Matti.example', b'-a.example', b'a..example', b'a.example.', b'a_b.example',
                     b'a' * 64 + b'.example', b'.'.join([b'a' * 60] * 5)):
            self.refused(self.changed(265, name), 'B-50')
            self.refused(self.changed(275, name), 'B-50')
        for value in ('000000ff0002010000015180', '5eed10010001010000015180', '5eed10010002030000015180'):
            self.refused(self.changed(269, octets(value)), 'B-50')
        self.refused(self.changed(269, bytes(11)), '269')
        self.refused(self.changed(271, octets('00000000')), 'B-40')
        self.refused(self.changed(271, octets('00000007')), 'B-40')
        self.refused(self.changed(258, bytes(16)), 'B-50')
        self.refused(self.changed(264, octets('00000002')), 'unknown')

    def test_server(self):
        self.refused(self.answer[:-3] + b'\x01' + self.answer[-2:], 'Server-Signature')
        other = host_identity.generate('p256')
        self.refused(self.changed(server=other), 'Server-Signature')
        self.check(self.answer, pinned=host_identity.hi_value(self.server.public_key()))
        self.refused(self.answer, 'pinned', pinned=host_identity.hi_value(other.public_key()))
        self.refused(self.changed(267, b'\x03\x02\x00\x00' + bytes(64)), 'Server-Host-Identity')
        another = dataclasses.replace(self.context, paa_id=b'other.mob.example')
        with self.assertRaises(bootstrap.Refused):
            bootstrap.check_answer(another, self.request, self.answer)

    def test_other_statuses(self):
        request_id = bootstrap.avp(258, self.request.request_id).encode()

        def status(value):
            return bootstrap.number(264, value).encode()

        pending = self.check(request_id + status(100) + bootstrap.number(274, 300).encode())
        self.assertEqual((pending.status, pending.retry_after_ms), (100, 300))
        self.refused(request_id + status(100), 'B-34')
        self.refused(request_id + status(100) + bootstrap.number(274, 49).encode(), '274')
        self.refused(status(100) + bootstrap.number(274, 300).encode(), 'B-34')
        self.assertEqual(self.check(status(200)).status_name, 'malformed')
        refusal = self.check(request_id + status(210) + bootstrap.number(274, 1000).encode())
        self.assertEqual((refusal.status_name, refusal.retry_after_ms), ('rate-limited', 1000))
        self.refused(request_id + status(209) + bootstrap.number(274, 1000).encode(), 'B-34')
        self.refused(request_id + status(209) + bootstrap.avp(265, b'a.example').encode(), 'B-34')
        text = self.check(request_id + status(209) + bootstrap.avp(273, 'gesperrt – barred'.encode()).encode())
        self.assertEqual(text.error_text, 'gesperrt – barred')


if __name__ == '__main__':
    unittest.main()
