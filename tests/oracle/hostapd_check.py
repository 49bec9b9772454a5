#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The EAP side of the Python node against Debian's hostapd as RADIUS EAP server, on loopback of a namespace of its own.

Shows that the peer of this folder, by which the project's servers are judged, is right in the eyes of a foreign one:
AKA', AKA, resynchronisation, fast re-authentication, result indications, and that a wrong key is refused. Run it by
tests/netns/isolated.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import aka
import authserver_conformance
import eap_aka
import radius

ADDRESS, PORT, SECRET = '127.0.0.1', 18120, b'testing123-testing123'
IMSI = '232010000000000'
K, OPC = bytes.fromhex('465b5ce8b199b49faa5f0a2ee238a6bc'), bytes.fromhex('cd63cb71954a9f4e48a5994e37a02baf')
REALM = 'wlan.mnc001.mcc232.3gppnetwork.org'
CONFIGURATION = """driver=none
interface=as0
ctrl_interface=%(folder)s/control
logger_stdout=-1
logger_stdout_level=0
eap_server=1
eap_user_file=%(folder)s/users
eap_sim_db=unix:%(folder)s/auc db=%(folder)s/pseudonyms.sqlite
eap_sim_aka_result_ind=1
eap_sim_id=3
radius_server_clients=%(folder)s/clients
radius_server_auth_port=%(port)d
own_ip_addr=%(address)s
"""
USERS = ''.join('"%s"* %s\n' % pair for pair in (
    ('6', "AKA'"), ('7', "AKA'"), ('8', "AKA'"), ('0', 'AKA'), ('2', 'AKA'), ('4', 'AKA'))) + "* AKA',AKA\n"


class AuthenticationCentre(threading.Thread):
    """hostapd's eap_sim_db protocol on a UNIX datagram socket, with the AKA of this folder."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.sqn = 256
        self.resynchronisations = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)

    def run(self):
        while True:
            try:
                line, peer = self.socket.recvfrom(1500)
            except OSError:
                return
            words = line.decode().split()
            if words[:2] == ['AKA-REQ-AUTH', IMSI]:
                self.socket.sendto(self.vector().encode(), peer)
            elif words[0] == 'AKA-REQ-AUTH':
                self.socket.sendto(('AKA-RESP-AUTH %s FAILURE' % words[1]).encode(), peer)
            elif words[0] == 'AKA-AUTS':
                sqn = aka.sqn_of_auts(K, OPC, bytes.fromhex(words[3]), bytes.fromhex(words[2]))
                if sqn is not None:
                    self.sqn = sqn
                    self.resynchronisations += 1

    def vector(self):
        self.sqn = aka.next_sqn(self.sqn, 0)
        rand = os.urandom(16)
        values = aka.milenage(K, OPC, rand)
        autn = aka.autn_of(K, OPC, rand, self.sqn, b'\x80\x00')
        return ' '.join(['AKA-RESP-AUTH', IMSI] + [v.hex() for v in (rand, autn, values.ik, values.ck, values.res)])


class Hostapd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='kedge-oracle-'))
        cls.centre = AuthenticationCentre(str(cls.folder / 'auc'))
        cls.centre.start()
        values = {'folder': cls.folder, 'port': PORT, 'address': ADDRESS}
        (cls.folder / 'hostapd.conf').write_text(CONFIGURATION % values)
        (cls.folder / 'users').write_text(USERS)
        (cls.folder / 'clients').write_text('0.0.0.0/0 %s\n' % SECRET.decode())
        with (cls.folder / 'hostapd.log').open('wb') as log:
            cls.server = subprocess.Popen(['hostapd', '-ddK', str(cls.folder / 'hostapd.conf')], stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while 'AP-ENABLED' not in (cls.folder / 'hostapd.log').read_text(errors='replace'):
            if time.monotonic() > deadline or cls.server.poll() is not None:
                raise AssertionError((cls.folder / 'hostapd.log').read_text(errors='replace')[-2000:])
            time.sleep(0.02)

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait()
        cls.centre.socket.close()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.usim = aka.Usim(IMSI, K, OPC)
        self.memory = eap_aka.Memory()
        self.resynchronisations = self.centre.resynchronisations

    def run_peer(self, usim=None, secret=SECRET, **changes):
        """(peer, last response) of one conversation."""
        settings = eap_aka.PeerSettings(realm=REALM, network_name=b'WLAN', exact_network_name=False, **changes)
        peer = eap_aka.EapPeer(usim or self.usim, settings, self.memory)
        client = radius.Client(ADDRESS, PORT, secret, timeout_s=1.0, tries=2)
        try:
            return peer, client.run(peer)
        finally:
            client.close()

    def succeeded(self, peer, response, method):
        self.assertEqual(response.code, radius.ACCESS_ACCEPT)
        self.assertTrue(peer.succeeded, peer.refusals)
        self.assertEqual(peer.method, method)
        self.assertEqual(peer.msk, response.msk)
        self.assertEqual(peer.notification, eap_aka.NOTIFICATION_SUCCESS)
        self.assertEqual(peer.refusals, [])

    def test_aka_prime(self):
        peer, response = self.run_peer()
        self.succeeded(peer, response, eap_aka.AKA_PRIME)
        self.assertEqual(peer.subtypes_answered,
                         [eap_aka.IDENTITY, eap_aka.CHALLENGE, eap_aka.NOTIFICATION])
        self.assertEqual(peer.identity, ('6%s@%s' % (IMSI, REALM)).encode())

    def test_aka(self):
        peer, response = self.run_peer(allow_aka=True, allow_aka_prime=False)
        self.succeeded(peer, response, eap_aka.AKA)

    def test_resynchronisation(self):
        """E-14: a SIM far ahead asks once, and the run succeeds, with both methods."""
        for method, changes in ((eap_aka.AKA_PRIME, {}), (eap_aka.AKA, {'allow_aka': True, 'allow_aka_prime': False})):
            ahead = aka.Usim(IMSI, K, OPC, last_seq=[(self.centre.sqn >> 5) + 1000] * 32)
            peer, response = self.run_peer(usim=ahead, **changes)
            self.succeeded(peer, response, method)
            self.assertEqual(peer.synchronisations, 1)
        self.assertEqual(self.centre.resynchronisations, self.resynchronisations + 2)

    def test_pseudonym_and_reauthentication(self):
        """E-3, E-6: the second run goes by pseudonym, the third and fourth are fast re-authentications."""
        for changes, prefixes, method in (
                ({}, '678', eap_aka.AKA_PRIME), ({'allow_aka': True, 'allow_aka_prime': False}, '024', eap_aka.AKA)):
            self.memory = eap_aka.Memory()
            peer, response = self.run_peer(**changes)
            self.succeeded(peer, response, method)
            peer, response = self.run_peer(**changes)
            self.succeeded(peer, response, method)
            self.assertNotIn(IMSI.encode(), peer.identity)
            self.assertEqual(peer.identity[:1].decode(), prefixes[1])
            msks = {peer.msk}
            for _ in range(2):
                peer, response = self.run_peer(use_reauthentication=True, **changes)
                self.succeeded(peer, response, method)
                self.assertIn(eap_aka.REAUTHENTICATION, peer.subtypes_answered)
                msks.add(peer.msk)
            self.assertEqual(len(msks), 3)

    def test_wrong_key(self):
        peer, response = self.run_peer(usim=aka.Usim(IMSI, bytes(16), OPC))
        self.assertEqual(response.code, radius.ACCESS_REJECT)
        self.assertEqual(peer.subtypes_answered[-1], eap_aka.AUTHENTICATION_REJECT)

    def test_unknown_subscriber(self):
        peer, response = self.run_peer(usim=aka.Usim('232019999999999', K, OPC))
        self.assertEqual(response.code, radius.ACCESS_REJECT)
        self.assertIsNone(peer.msk)

    def test_network_name(self):
        """E-8: a server of the WLAN is not our mobility service."""
        settings = eap_aka.PeerSettings(realm=REALM, network_name=b'kedge:ha.mob.example')
        peer = eap_aka.EapPeer(self.usim, settings)
        client = radius.Client(ADDRESS, PORT, SECRET)
        self.assertEqual(client.run(peer).code, radius.ACCESS_REJECT)
        client.close()
        self.assertIn('E-8', peer.refusals[0])

    def test_conformance(self):
        """The checks for our own server, as far as a foreign one can pass them."""
        subscriber = {'imsi': IMSI, 'k': K.hex(), 'opc': OPC.hex()}
        target = authserver_conformance.Target(
            ADDRESS, PORT, SECRET, [subscriber, dict(subscriber, methods=['aka'])], network_name=b'WLAN',
            exact_network_name=False, realm=REALM)
        failures = authserver_conformance.run(target, skip=authserver_conformance.OWN, report=lambda text: None)
        self.assertEqual(failures, {})

    def test_wrong_secret(self):
        with self.assertRaises(TimeoutError):
            self.run_peer(secret=b'wrong-secret-wrong')


if __name__ == '__main__':
    if shutil.which('hostapd') is None:
        print('hostapd is not installed')
        sys.exit(77)
    unittest.main(verbosity=2)
