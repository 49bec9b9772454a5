# SPDX-License-Identifier: BSD-3-Clause
"""The oracle against the published vectors: MILENAGE, AUTS, EAP keys, prf+, and a foreign server's transcripts."""
import hmac
import json
import pathlib
import unittest

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import aka
import eap_aka
import mobile_ip
import radius

VECTORS = pathlib.Path(__file__).resolve().parent.parent / 'vectors'


def vectors(name):
    return json.loads((VECTORS / (name + '.json')).read_text(encoding='utf-8'))


def octets(text):
    return bytes.fromhex(text)


class Ciphers(unittest.TestCase):
    def test_aes128(self):
        values = vectors('aes128')
        fips, modes_of = values['fips197'], values['sp800_38a']
        self.assertEqual(aka.aes128(octets(fips['key']), octets(fips['plain'])), octets(fips['cipher']))
        key, plain = octets(modes_of['key']), octets(modes_of['plain'])
        ecb = octets(modes_of['ecb'])
        self.assertEqual(b''.join(aka.aes128(key, plain[i:i + 16]) for i in range(0, len(ecb), 16)), ecb)
        cbc = octets(modes_of['cbc'])
        self.assertEqual(eap_aka.cbc(key, octets(modes_of['cbc_iv']), plain[:len(cbc)], True), cbc)
        self.assertEqual(eap_aka.cbc(key, octets(modes_of['cbc_iv']), cbc, False), plain[:len(cbc)])
        ctr = Cipher(algorithms.AES(key), modes.CTR(octets(modes_of['ctr_initial']))).encryptor()
        self.assertEqual(ctr.update(plain)[:len(octets(modes_of['ctr']))], octets(modes_of['ctr']))

    def test_hmac(self):
        values = vectors('hmac_rfc2202')
        for hash_name in ('sha1', 'md5'):
            for case in values['hmac_' + hash_name]:
                digest = hmac.digest(octets(case['key']), octets(case['data']), hash_name)
                self.assertEqual(digest, octets(case['digest']))


class Aka(unittest.TestCase):
    def test_milenage(self):
        fields = {'mac_a': 'f1_mac_a', 'mac_s': 'f1star_mac_s', 'res': 'f2_res', 'ck': 'f3_ck', 'ik': 'f4_ik',
                  'ak': 'f5_ak', 'ak_star': 'f5star_ak'}
        sets = vectors('milenage_ts35208')['sets']
        self.assertGreaterEqual(len(sets), 19)
        for case in sets:
            with self.subTest(case['ts_section']):
                k, opc = octets(case['k']), octets(case['opc'])
                self.assertEqual(aka.opc_from_op(k, octets(case['op'])), opc)
                values = aka.milenage(k, opc, *(octets(case[n]) for n in ('rand', 'sqn', 'amf')))
                for ours, theirs in fields.items():
                    self.assertEqual(getattr(values, ours), octets(case[theirs]), ours)
                self.assertEqual(aka.autn_of(k, opc, octets(case['rand']), int(case['sqn'], 16), octets(case['amf'])),
                                 octets(case['derived_autn']))

    def test_gsm(self):
        for case in vectors('gsm_milenage_ts55205')['sets']:
            sres, kc = aka.gsm_response(octets(case['ki']), octets(case['opc']), octets(case['rand']))
            self.assertEqual((sres, kc), (octets(case['sres1']), octets(case['kc'])))

    def test_resynchronisation(self):
        values = vectors('aka_sqn_resync')
        for case in values['resync']:
            k, opc, rand = (octets(case[n]) for n in ('k', 'opc', 'rand'))
            sqn_ms = int(case['sqn_ms'], 16)
            self.assertEqual(aka.auts_of(k, opc, rand, sqn_ms), octets(case['auts']))
            self.assertEqual(aka.sqn_of_auts(k, opc, rand, octets(case['auts'])), sqn_ms)
            broken = bytes([octets(case['auts'])[0] ^ 1]) + octets(case['auts'])[1:]
            self.assertIsNone(aka.sqn_of_auts(k, opc, rand, broken))
            sqn = sqn_ms
            for expected in case.get('next_sqns', [case.get('next_sqn_after_resync')]):
                sqn = aka.next_sqn(sqn, case['ind'], case['ind_bitlen'])
                self.assertEqual(sqn, expected)
        shared = values['vectors']
        k, opc = octets(shared['k']), octets(shared['opc'])
        for case in shared['list']:
            rand, amf = octets(case['rand']), octets(case['amf'])
            self.assertEqual(aka.autn_of(k, opc, rand, case['sqn'], amf), octets(case['autn']))
            sim = aka.Usim('001010000000001', k, opc)
            sim.last_seq = [-1] * 32
            self.assertEqual(sim.authenticate(rand, octets(case['autn'])),
                             tuple(octets(case[n]) for n in ('res', 'ck', 'ik')))


class UsimWindow(unittest.TestCase):
    """TS 33.102 annex C: one SEQ per IND, a jump limit, AUTS with the highest SQN."""
    K, OPC, RAND = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48))

    def autn(self, seq, ind):
        return aka.autn_of(self.K, self.OPC, self.RAND, seq << 5 | ind, b'\x80\x00')

    def test_window(self):
        sim = aka.Usim('001010000000001', self.K, self.OPC)
        sim.authenticate(self.RAND, self.autn(10, 1))
        sim.authenticate(self.RAND, self.autn(9, 2))
        for seq, ind in ((10, 1), (9, 1), (9, 2), ((1 << 28) + 11, 3)):
            with self.assertRaises(aka.SynchronisationFailure) as caught:
                sim.authenticate(self.RAND, self.autn(seq, ind))
            self.assertEqual(aka.sqn_of_auts(self.K, self.OPC, self.RAND, caught.exception.auts), 10 << 5 | 1)
        sim.authenticate(self.RAND, self.autn(11, 1))
        with self.assertRaises(aka.AuthenticationFailure):
            sim.authenticate(self.RAND, self.autn(12, 1)[:-1] + b'\x00')


class Derivations(unittest.TestCase):
    def test_prf_plus(self):
        hashes = {'PRF_HMAC_SHA1': 'sha1', 'PRF_HMAC_SHA2_256': 'sha256', 'PRF_HMAC_SHA2_384': 'sha384',
                  'PRF_HMAC_SHA2_512': 'sha512'}
        for case in vectors('prf_plus_ikev2')['cases']:
            out = octets(case['out'])
            self.assertEqual(aka.prf_plus(octets(case['key']), octets(case['seed']), len(out), hashes[case['prf']]),
                             out, case['name'])

    def test_fips186_2(self):
        for case in vectors('fips186_2_prf')['cases']:
            out = octets(case['out'])
            self.assertEqual(aka.fips186_2_prf(octets(case['xkey']), len(out)), out)

    def test_eap_aka_prime(self):
        values = vectors('eap_aka_prime_rfc9048')
        for case in values['cases']:
            ck, ik = aka.aka_prime_ck_ik(octets(case['ck']), octets(case['ik']), case['network_name_ascii'].encode(),
                                         octets(case['autn'])[:6])
            self.assertEqual((ck, ik), (octets(case['ck_prime']), octets(case['ik_prime'])))
            keys = aka.aka_prime_keys(case['identity_ascii'].encode(), ck, ik)
            for name in ('k_encr', 'k_aut', 'k_re', 'msk', 'emsk'):
                self.assertEqual(getattr(keys, name), octets(case[name]), name)
        for case in values['reauth']:
            full = aka.EapKeys(b'', b'', b'', b'', k_re=octets(case['k_re']))
            keys = aka.aka_prime_reauthentication_keys(full, case['identity_ascii'].encode(), case['counter'],
                                                       octets(case['nonce_s']))
            self.assertEqual((keys.msk, keys.emsk), (octets(case['msk']), octets(case['emsk'])))

    def test_eap_aka(self):
        for case in vectors('eap_aka_rfc4187')['cases']:
            keys = aka.aka_keys(case['identity_ascii'].encode(), octets(case['ck']), octets(case['ik']))
            for name in ('mk', 'k_encr', 'k_aut', 'msk', 'emsk'):
                self.assertEqual(getattr(keys, name), octets(case[name]), name)


class Transcripts(unittest.TestCase):
    """The peer is fed what hostapd sent and must say what eapol_test said: full run with resynchronisation, then a
    fast re-authentication, for both methods."""

    def replay(self, run):
        prime = run['method'] == "EAP-AKA'"
        # that USIM kept one number for all INDs
        seq = [(run['usim_start_sqn'] >> 5) - 1] * 32
        seq[run['usim_start_sqn'] & 31] += 1
        sim = aka.Usim(run['identity_ascii'][1:].split('@')[0], octets(run['k']), octets(run['opc']), last_seq=seq)
        memory = eap_aka.Memory()
        # the realm of the transcript breaks E-4 (MNC in 2 digits); identities are taken as they are
        settings = eap_aka.PeerSettings(
            realm=run['identity_ascii'].split('@')[1], network_name=b'WLAN', exact_network_name=False,
            allow_aka_prime=prime, allow_aka=not prime, use_reauthentication=True, use_pseudonym=False,
            accept_result_indication=False, first_identity=run['identity_ascii'].encode())
        peer = eap_aka.EapPeer(sim, settings, memory)
        peer.identity = settings.first_identity
        compared, msks, request = 0, [], None
        for step in run['transcript']:
            packet = octets(step['eap'])
            if step['dir'] == 'server->client':
                request = peer.respond(packet)
                if step['code'] == 'Access-Accept':
                    self.assertTrue(peer.succeeded)
                    msks.append(peer.msk.hex())
                    self.assertEqual(peer.msk.hex(), step['ms_mppe_recv_key'] + step['ms_mppe_send_key'])
                    peer = eap_aka.EapPeer(sim, settings, memory)
                continue
            if packet[4] == eap_aka.TYPE_IDENTITY:
                peer.identity = packet[5:]
                settings.first_identity = None
                if b'@' not in packet[5:]:
                    settings.realm = ''
                    peer._with_realm = lambda identity: identity
                continue
            if packet[5] == eap_aka.REAUTHENTICATION and packet[4] != eap_aka.TYPE_NAK:
                self.assertEqual(self.opened(run, packet), self.opened(run, request))
            else:
                self.assertEqual(request.hex(), packet.hex())
            compared += 1
        self.assertEqual(msks, run['msk_full_and_reauth'])
        return compared

    @staticmethod
    def opened(run, packet):
        """Attributes of a re-authentication answer without its random IV and what follows from it."""
        values = dict(eap_aka.parse_attributes(packet[8:]))
        inner = eap_aka.cbc(octets(run['k_encr']), values[eap_aka.AT_IV][2:], values[eap_aka.AT_ENCR_DATA][2:], False)
        return packet[:8], list(values), inner

    def test_aka_prime(self):
        self.assertEqual(self.replay(vectors('eap_radius_transcripts_hostapd')['runs']["EAP-AKA'"]), 4)

    def test_aka(self):
        self.assertEqual(self.replay(vectors('eap_radius_transcripts_hostapd')['runs']['EAP-AKA']), 5)


class Radius(unittest.TestCase):
    def test_examples(self):
        values = vectors('radius')
        for case in values['examples']:
            secret = case['secret_ascii'].encode()
            request, response = octets(case['request']), octets(case['response'])
            self.assertEqual(radius.message_authenticator_is_right(request, secret),
                             case['request_message_authenticator_ok'])
            self.assertEqual(radius.response_authenticator_is_right(response, secret, request[4:20]),
                             case['response_authenticator_ok'])
        case = values['mppe_generated']
        response = radius.parse_response(octets(case['access_accept']), 7, octets(case['request_authenticator']),
                                         case['secret_ascii'].encode())
        self.assertEqual(response.msk.hex(), case['msk'])

    def test_transcripts(self):
        for run in vectors('eap_radius_transcripts_hostapd')['runs'].values():
            secret, request = run['radius_secret_ascii'].encode(), None
            for step in run['transcript']:
                packet = octets(step['radius'])
                if step['dir'] == 'client->server':
                    request = packet
                    self.assertTrue(radius.message_authenticator_is_right(packet, secret))
                    continue
                response = radius.parse_response(packet, packet[1], request[4:20], secret)
                self.assertEqual(response.eap.hex(), step['eap'])
                if step['code'] == 'Access-Accept':
                    self.assertEqual(response.msk.hex(), step['ms_mppe_recv_key'] + step['ms_mppe_send_key'])


class Checksums(unittest.TestCase):
    def test_hip(self):
        values = vectors('hip_checksum_rfc7401')
        packet = octets(values['i1_packet_zero_checksum'])
        self.assertEqual('%04x' % mobile_ip.checksum(values['ipv6']['src'], values['ipv6']['dst'], 139, packet),
                         values['ipv6']['checksum'])


if __name__ == '__main__':
    unittest.main()
