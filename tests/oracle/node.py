#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A mobile node in Python: class Node for tests, and a command line.

    node.py bootstrap --paa ADDRESS --paa-id ha.mob.example --imsi … --k … --opc … [--state FILE] [--json]
    node.py binding-update --state FILE --care-of ADDRESS --interface NAME [--sequence N] [--lifetime S] …
    node.py ping --state FILE --care-of ADDRESS --interface NAME --destination ADDRESS
See README.md in this folder for the methods of Node.
"""
import argparse
import collections
import dataclasses
import ipaddress
import json
import os
import sys
import time

from cryptography.hazmat.primitives import serialization

import aka
import bootstrap
import eap_aka
import host_identity
import mobile_ip
import pana
import pana_session
from transport import UdpTransport
from tunnel import Tunnel, UdpTunnel

SERVICES = {'mip6': pana.MIP6, 'dsmip6': pana.DSMIP6, 'hip': pana.HIP}
METHOD_NAMES = {eap_aka.AKA: 'EAP-AKA', eap_aka.AKA_PRIME: "EAP-AKA'"}
LONGEST_PENDING_S = 60
INITIAL_BINDING_ACK_TIMEOUT_S, MAX_BINDING_ACK_TIMEOUT_S = 1, 32
STATUS_SEQUENCE, STATUS_AUTHENTICATION = 135, 146


def realm_of(imsi, mnc_digits=2):
    """E-4."""
    return 'wlan.mnc%s.mcc%s.3gppnetwork.org' % (imsi[3:3 + mnc_digits].zfill(3), imsi[:3])


@dataclasses.dataclass
class Settings:
    paa: str
    paa_id: str
    imsi: str
    k: bytes
    opc: bytes
    port: int = pana.PORT
    realm: str = None
    services: int = pana.MIP6
    wish: str = None
    wished_addresses: tuple = ()
    key_type: str = 'p256'
    shared_secret: bytes = None
    network_name: str = None            # E-8; None is "kedge:" | PAA-Id
    exact_network_name: bool = True
    allow_aka: bool = False
    allow_aka_prime: bool = True
    first_identity: str = None
    use_pseudonym: bool = False
    use_reauthentication: bool = False
    require_bootstrap: bool = True
    network_namespace: str = None
    source: str = None
    usim_state: str = None
    mnc_digits: int = 2

    def peer_settings(self):
        name = self.network_name if self.network_name is not None else 'kedge:' + self.paa_id
        return eap_aka.PeerSettings(
            realm=self.realm or realm_of(self.imsi, self.mnc_digits), network_name=name.encode(),
            exact_network_name=self.exact_network_name, allow_aka=self.allow_aka,
            allow_aka_prime=self.allow_aka_prime, use_reauthentication=self.use_reauthentication,
            use_pseudonym=self.use_pseudonym,
            first_identity=None if self.first_identity is None else self.first_identity.encode())


@dataclasses.dataclass
class Association:
    """What remains of a bootstrap when PANA is gone: enough for Binding Updates."""
    fqdn: str
    home_address: ipaddress.IPv6Address
    home_prefix_length: int
    home_agent: ipaddress.IPv6Address
    spi: int
    key: bytes
    sequence: int

    def to_json(self):
        return {'fqdn': self.fqdn, 'home_address': str(self.home_address),
                'home_prefix_length': self.home_prefix_length, 'home_agent': str(self.home_agent), 'spi': self.spi,
                'key': self.key.hex(), 'sequence': self.sequence}

    @classmethod
    def from_json(cls, values):
        return cls(values['fqdn'], ipaddress.IPv6Address(values['home_address']), values['home_prefix_length'],
                   ipaddress.IPv6Address(values['home_agent']), values['spi'], bytes.fromhex(values['key']),
                   values['sequence'])


@dataclasses.dataclass
class BindingResult:
    """status None: no acknowledgement that counts came."""
    status: int
    sequence: int
    lifetime_s: int = None
    acknowledged_sequence: int = None
    flags: int = None
    attempts: int = 0
    packet: bytes = None            # the last Binding Update as sent
    acknowledgement: bytes = None   # the whole packet of the BA
    elapsed_s: float = None
    nat_detection: tuple = None     # (F, refresh time in s), RFC 5555 3.2.2
    ipv4_acknowledgement: tuple = None  # (status, prefix length, address), RFC 5555 3.2.1

    @property
    def accepted(self):
        return self.status is not None and self.status < 128


class Node:
    """One device with its SIM. Steps: start, authenticate, request, poll (or bootstrap for all of them), then attach
    and binding_update. transport may be replaced for tests in memory."""

    def __init__(self, settings, transport=None, usim=None, host_key=None, pinned=None, timers=None):
        self.settings = settings
        self.transport = transport or UdpTransport(settings.paa, settings.port, settings.source,
                                                   network_namespace=settings.network_namespace)
        self.usim = usim or aka.Usim(settings.imsi, settings.k, settings.opc, settings.usim_state)
        self.host_key = host_key or host_identity.generate(settings.key_type)
        self.pinned = pinned                # value of AVP 267, by PAA-Id (L-11)
        self.timers = timers
        self.memory = eap_aka.Memory()
        self.session = None
        self.peers = []                     # EAP peers of all authentications
        self.last_request = None            # bootstrap.Request
        self.answer = None                  # the last answer that counts
        self.association = None
        self.state, self.failure = 'idle', None
        self.failures = 0
        self.tunnel = None
        self.sent_updates = []              # packets
        self.counters = collections.Counter()

    # -- steps of the bootstrap --

    def _make_peer(self):
        self.peers.append(eap_aka.EapPeer(self.usim, self.settings.peer_settings(), self.memory))
        return self.peers[-1]

    def _fail(self, reason):
        self.state, self.failure = 'failed', reason
        self.failures += 1

    @property
    def back_off_s(self):
        """B-41: 0 before the first failure, then 10 s doubling to 10 min."""
        return min(10 * 2 ** (self.failures - 1), 600) if self.failures else 0

    def start(self, timeout_s=60):
        """A new PANA session: PCI to PAR x+1. Raises pana_session.Timeout."""
        capability = self.settings.services | pana.RFC4285 | pana.POP
        self.session = pana_session.Session(self.transport, self._make_peer, capability,
                                            self.settings.require_bootstrap, self.timers)
        self.state = 'starting'
        self.session.start(timeout_s)
        return self.session

    def authenticate(self, timeout_s=60):
        """EAP to PAR(C). Returns pana_session.Outcome; raises pana_session.Timeout."""
        self.state = 'authenticating'
        outcome = self.session.authenticate(timeout_s)
        if outcome.success:
            self.state = 'access'
        else:
            self._fail('Result-Code %d' % outcome.result_code)
        return outcome

    def reauthenticate(self, timeout_s=60):
        outcome = self.session.reauthenticate(timeout_s)
        if not outcome.success:
            self._fail('Result-Code %d' % outcome.result_code)
        return outcome

    def context(self):
        return self.session.context(self.settings.paa_id)

    def build_request(self, **changes):
        """bootstrap.Request with the wishes of the settings; changes as of bootstrap.build_request."""
        arguments = {'services': self.settings.services, 'fqdn': self.settings.wish,
                     'addresses': self.settings.wished_addresses, 'shared_secret': self.settings.shared_secret}
        arguments.update(changes)
        private_key = arguments.pop('private_key', self.host_key)
        context = arguments.pop('context', None) or self.context()
        return bootstrap.build_request(context, private_key, **arguments)

    def request(self, request=None, lose_answers=0, **changes):
        """Sends a full request and returns the bootstrap.Answer (perhaps pending), or None for a PNA without Encap.
        Raises bootstrap.Refused when the answer does not count (B-50)."""
        self.last_request = request or self.build_request(**changes)
        self.session.lose_answers = lose_answers
        self.state = 'requesting'
        return self._take(self.session.ping(self.last_request.plaintext))

    def poll(self, request_id=None):
        """A poll, for the last request unless another id is given."""
        return self._take(self.session.ping(bootstrap.build_poll(request_id or self.last_request.request_id)))

    def poll_status(self, request_id):
        """Boot-Status of a poll for any id; changes nothing in the node."""
        plaintext = self.session.ping(bootstrap.build_poll(request_id))
        return None if plaintext is None else bootstrap.parse_answer(plaintext)[0]

    def _take(self, plaintext):
        if plaintext is None:
            self._fail('B-51: PNA without Encap')
            return None
        care_of = []
        if self.tunnel and self.tunnel.care_of.version == 6:
            care_of = [ipaddress.ip_network((self.tunnel.care_of, 64), strict=False)]
        try:
            answer = bootstrap.check_answer(self.context(), self.last_request, plaintext, self.pinned, care_of)
        except bootstrap.Refused as error:
            self._fail(str(error))
            raise
        self.answer = answer
        if answer.final:
            self._accept(answer)
        elif answer.status >= 200:
            self._fail('status %d %s' % (answer.status, answer.status_name))
        return answer

    def _accept(self, answer):
        self.pinned = answer.server_hi_value
        self.state, self.failure, self.failures = 'ready', None, 0
        if answer.mn_ha_k is not None:
            start = int.from_bytes(os.urandom(2), 'big')
            self.association = Association(answer.fqdn, answer.home_address, answer.home_prefix_length,
                                           answer.home_agent, answer.spi, answer.mn_ha_k, start)

    def bootstrap(self, timeout_s=60, **changes):
        """start, authenticate, request, and polls until the answer is final or LONGEST_PENDING_S is over. Returns
        the Answer, or None when the authentication failed (see .failure)."""
        self.start(timeout_s)
        if not self.authenticate(timeout_s).success:
            return None
        return self.request_and_poll(**changes)

    def request_and_poll(self, **changes):
        answer = self.request(**changes)
        deadline = self.transport.now() + LONGEST_PENDING_S
        while answer is not None and answer.status == bootstrap.PENDING:
            if self.transport.now() + answer.retry_after_ms / 1000 > deadline:
                self._fail('pending for more than %d s' % LONGEST_PENDING_S)
                return answer
            self.session.listen(answer.retry_after_ms / 1000)
            answer = self.poll()
        return answer

    def logout(self):
        self.session.logout()
        self.state = 'idle'

    # -- misbehaviour, for tests of a server --

    def repeat_last_request(self, listen_s=1.0):
        """The last request again, octet for octet. Returns the datagrams that came (B-22)."""
        return self.session.send_raw(self.session.last_request, listen_s)

    def request_under_last_number(self, plaintext, listen_s=1.0):
        """Other content under the number of the last request, with right AUTH (B-22)."""
        number = self.session.sequence
        avps = [] if plaintext is None else [self.session.encrypted(plaintext, number)]
        octets = self.session.encode_request(pana.NOTIFICATION, pana.PING, avps, number)
        return self.session.send_raw(octets, listen_s)

    def send_plaintext(self, plaintext, extra=()):
        """Any octets inside Encap (and AVPs in the clear beside it); returns the decrypted answer, unchecked."""
        return self.session.ping(plaintext, extra)

    def replay_start_answer(self, listen_s=1.0):
        """The PAN(S) of this session again (B-12)."""
        return self.session.send_raw(self.session.chosen.i_pan, listen_s)

    def reflect(self, listen_s=1.0):
        """Everything that the PAA sent is sent back to it (B-17)."""
        result = []
        for octets in list(self.transport.received):
            result += self.session.send_raw(octets, 0)
        return result + self.session.listen(listen_s)

    # -- Mobile IPv6 --

    def attach(self, care_of, interface, rebind=True):
        """The node is now at this address of this interface."""
        if self.tunnel is not None:
            self.tunnel.close()
        self.tunnel = Tunnel(care_of, interface, self.settings.network_namespace)
        if rebind and self.transport is not None:
            self.transport.bind(care_of if ':' in self.settings.paa else None)

    def attach_ipv4(self, care_of, home_agent, port=0):
        """The node is now in an IPv4 network: Mobile IPv6 goes in UDP (RFC 5555 4.4.2)."""
        if self.tunnel is not None:
            self.tunnel.close()
        self.tunnel = UdpTunnel(care_of, home_agent, self.settings.network_namespace, port)

    def next_sequence(self):
        self.association.sequence = (self.association.sequence + 1) & 0xffff
        return self.association.sequence

    def build_update(self, sequence=None, lifetime_s=600, **changes):
        """mobile_ip.BindingUpdate under the association; changes replace its fields (key, spi, home_address, nai,
        source, alternate_care_of, flags, mac_care_of, trailing …)."""
        association = self.association
        fields = {'home_address': association.home_address, 'home_agent': association.home_agent,
                  'key': association.key, 'spi': association.spi,
                  'nai': mobile_ip.nai_of(association.fqdn), 'lifetime_s': lifetime_s,
                  'sequence': self.next_sequence() if sequence is None else sequence}
        fields.update(self.tunnel.update_fields(association.home_address))
        fields.update(changes)
        return mobile_ip.BindingUpdate(**fields)

    def send_update(self, update, mobility_header=None, wrong_mac=False, with_home_address_option=None):
        """Sends one Binding Update and returns the packet. wrong_mac flips a bit of the MAC and mends the checksum."""
        header = mobility_header or update.encode()
        if wrong_mac:
            header = bytearray(header)
            header[-1 - len(update.trailing)] ^= 1
            header[4:6] = bytes(2)
            value = mobile_ip.checksum(update.home_address, update.home_agent, mobile_ip.MOBILITY, bytes(header))
            header[4:6] = value.to_bytes(2, 'big')
        if with_home_address_option is None:
            with_home_address_option = self.tunnel.with_home_address_option
        packet = update.packet(bytes(header), with_home_address_option)
        self.sent_updates.append(packet)
        self.tunnel.send(packet)
        return packet

    def replay_update(self, packet):
        """A recorded packet again, octet for octet."""
        self.tunnel.send(packet)

    def binding_update(self, lifetime_s=600, attempts=3, timeout_s=INITIAL_BINDING_ACK_TIMEOUT_S, sequence=None,
                       wrong_mac=False, follow_sequence=True, **changes):
        """A Binding Update with repetitions under new numbers (N-4) until a BA counts (N-5); goes on once after 135
        (N-6). Returns a BindingResult."""
        started = time.monotonic()
        outstanding, refused_authentication = {}, set()
        result, attempt = BindingResult(None, None), 0
        while attempt < attempts:
            attempt += 1
            update = self.build_update(sequence, lifetime_s, **changes)
            sequence = None
            outstanding[update.sequence] = update
            packet = self.send_update(update, wrong_mac=wrong_mac)
            result = BindingResult(None, update.sequence, attempts=attempt, packet=packet)
            found = self.receive_acknowledgement(outstanding, timeout_s)
            timeout_s = min(2 * timeout_s, MAX_BINDING_ACK_TIMEOUT_S)
            if found is None:
                continue
            acknowledgement, whole = found
            result = BindingResult(acknowledgement.status, update.sequence, acknowledgement.lifetime_s,
                                   acknowledgement.sequence, acknowledgement.flags, attempt, packet, whole,
                                   time.monotonic() - started, acknowledgement.nat_detection,
                                   acknowledgement.ipv4_acknowledgement)
            if acknowledgement.status == STATUS_SEQUENCE and follow_sequence:
                follow_sequence = False
                self.association.sequence = acknowledgement.sequence
                attempts += 1
            elif acknowledgement.status == STATUS_AUTHENTICATION:
                refused_authentication.add(acknowledgement.sequence)
                if len(refused_authentication) > 1:
                    break
            else:
                break
        return result

    def receive_acknowledgement(self, outstanding, timeout_s):
        """(BindingAcknowledgement, packet) that counts for one of {number: BindingUpdate}, or None (N-5)."""
        deadline = time.monotonic() + timeout_s
        while True:
            packet = self.tunnel.receive(deadline, (mobile_ip.ROUTING, mobile_ip.MOBILITY))
            if packet is None:
                return None
            header, destination = mobile_ip.mobility_header_of(packet)
            if header is None:
                continue
            problem, acknowledgement = self._judge(header, destination, packet, outstanding)
            if problem is None:
                return acknowledgement, packet
            self.counters[problem] += 1

    def _judge(self, header, destination, packet, outstanding):
        association = self.association
        if packet[8:24] != association.home_agent.packed or destination != association.home_address:
            return 'BA of or for another', None
        try:
            found = mobile_ip.parse_binding_acknowledgement(header, association.home_address, association.home_agent)
        except mobile_ip.Malformed as error:
            return str(error), None
        if found.spi is None:
            return 'N-5: BA without option 9', None
        if not found.checksum_is_right:
            return 'N-5: checksum of BA', None
        candidates = outstanding.values()
        if found.status != STATUS_SEQUENCE:
            candidates = [outstanding[found.sequence]] if found.sequence in outstanding else []
        for update in candidates:
            if found.spi == association.spi and found.mac_is_right(association.key, update.care_of(),
                                                                   association.home_address):
                return None, found
        return 'N-5: SPI, MAC or number of BA', None

    def ping(self, destination, count=1, size=56, timeout_s=2.0):
        """Echo through the tunnel; (sent, [round trips in s])."""
        return self.tunnel.ping(self.association.home_address, self.association.home_agent, destination, count, size,
                                timeout_s)

    # -- report and state --

    def report(self):
        """Everything that a test may want to know, as JSON values."""
        session, answer = self.session, self.answer
        result = {'state': self.state, 'failure': self.failure, 'imsi': self.settings.imsi}
        if session is not None:
            result.update({
                'session_id': session.session_id.hex() if session.session_id else None,
                'key_id': session.keys.key_id if session.keys else None,
                'session_lifetime_s': session.session_lifetime_s,
                'result_code': session.outcome.result_code if session.outcome else None,
                'eap_methods': [METHOD_NAMES[method] for method in session.eap_methods],
                'counters': dict(session.counters)})
        if self.peers:
            peer = self.peers[-1]
            result.update({'eap_identity': peer.identity.decode('utf-8', 'replace') if peer.identity else None,
                           'resynchronisations': peer.synchronisations, 'eap_refusals': peer.refusals,
                           'notification': peer.notification})
        if answer is not None:
            result.update({
                'status': answer.status, 'status_name': answer.status_name, 'error_text': answer.error_text,
                'retry_after_ms': answer.retry_after_ms, 'request_id': self.last_request.request_id.hex(),
                'signature_verified': answer.signature_verified, 'fqdn': answer.fqdn,
                'addresses': [{'address': str(a), 'prefix_length': p, 'lifetime_s': s}
                              for a, p, s in answer.addresses],
                'server_addresses': [str(a) for a, _, _ in answer.server_addresses],
                'services': answer.services, 'spi': answer.spi, 'replay': answer.replay,
                'sa_lifetime_s': answer.sa_lifetime_s, 'lease_lifetime_s': answer.lease_lifetime_s,
                'rvs_name': answer.rvs_name,
                'server_key': answer.server_hi_value.hex() if answer.server_hi_value else None})
        hi_value = host_identity.hi_value(self.host_key.public_key())
        result['host_identity'], result['hit'] = hi_value.hex(), str(host_identity.hit(hi_value))
        return result

    def save(self, path):
        """Host key, pin and association in clear: a test's state, not a product's (N-1)."""
        pem = self.host_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()).decode()
        values = {'host_key': pem, 'pinned': self.pinned.hex() if self.pinned else None,
                  'association': self.association.to_json() if self.association else None}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, 'w', encoding='ascii') as file:
            json.dump(values, file, indent=1)

    def load(self, path):
        with open(path, encoding='ascii') as file:
            values = json.load(file)
        self.host_key = serialization.load_pem_private_key(values['host_key'].encode(), None)
        self.pinned = bytes.fromhex(values['pinned']) if values['pinned'] else None
        if values['association']:
            self.association = Association.from_json(values['association'])

    def close(self):
        if hasattr(self.transport, 'close'):
            self.transport.close()
        if self.tunnel is not None:
            self.tunnel.close()


# --- command line ---

def hexadecimal(text):
    return bytes.fromhex(text)


def services_of(text):
    value = 0
    for name in text.split(','):
        if name not in SERVICES:
            raise argparse.ArgumentTypeError('%s is none of %s' % (name, ', '.join(SERVICES)))
        value |= SERVICES[name]
    return value


def build_parser():
    parser = argparse.ArgumentParser(prog='node.py', description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest='command', required=True)
    one = commands.add_parser('bootstrap', help='SIM to name and address')
    for name in ('paa', 'paa-id', 'imsi'):
        one.add_argument('--' + name, required=True)
    one.add_argument('--k', type=hexadecimal, required=True)
    one.add_argument('--opc', type=hexadecimal, required=True)
    one.add_argument('--port', type=int, default=pana.PORT)
    one.add_argument('--realm')
    one.add_argument('--wish', metavar='FQDN')
    one.add_argument('--wish-address', action='append', default=[], metavar='ADDRESS')
    one.add_argument('--services', type=services_of, default=pana.MIP6, help='mip6,dsmip6,hip')
    one.add_argument('--key-type', choices=('p256', 'p384', 'rsa', 'rsa3072'), default='p256')
    one.add_argument('--shared-secret', type=hexadecimal, metavar='HEX')
    one.add_argument('--network-name', help='instead of kedge:PAA-ID; compared as RFC 9048 3.1 says')
    one.add_argument('--allow-aka', action='store_true')
    one.add_argument('--no-aka-prime', action='store_true')
    one.add_argument('--first-identity', help='EAP-Response/Identity instead of 6anonymous@realm')
    one.add_argument('--usim-state', metavar='FILE', help='keeps the sequence numbers of the SIM')
    one.add_argument('--timeout', type=float, default=60)
    one.add_argument('--lose-answers', type=int, default=0)
    one.add_argument('--misbehave', choices=('wrong-pop', 'no-pop', 'no-key', 'no-id', 'no-service'))
    for name, help_text in (('binding-update', 'send a Binding Update'), ('ping', 'echo through the tunnel')):
        two = commands.add_parser(name, help=help_text)
        two.add_argument('--care-of', required=True)
        two.add_argument('--interface', required=True)
        if name == 'ping':
            two.add_argument('--destination', required=True)
            two.add_argument('--count', type=int, default=1)
            two.add_argument('--size', type=int, default=56)
            continue
        two.add_argument('--sequence', type=int)
        two.add_argument('--lifetime', type=int, default=600, help='seconds; 0 de-registers')
        two.add_argument('--spi', type=lambda text: int(text, 0))
        two.add_argument('--alternate-care-of', type=ipaddress.IPv6Address)
        two.add_argument('--home-address', type=ipaddress.IPv6Address)
        two.add_argument('--wrong-mac', action='store_true')
        two.add_argument('--wrong-nai', action='store_true')
        two.add_argument('--attempts', type=int, default=3)
        two.add_argument('--replay', type=hexadecimal, metavar='HEX', help='send this packet and wait for nothing')
    for two in commands.choices.values():
        two.add_argument('--state', metavar='FILE')
        two.add_argument('--namespace')
        two.add_argument('--source', metavar='ADDRESS')
        two.add_argument('--json', action='store_true')
    return parser


def run_bootstrap(options):
    settings = Settings(
        paa=options.paa, port=options.port, paa_id=options.paa_id, imsi=options.imsi, k=options.k, opc=options.opc,
        realm=options.realm, services=options.services, wish=options.wish,
        wished_addresses=tuple(options.wish_address), key_type=options.key_type,
        shared_secret=options.shared_secret, network_name=options.network_name,
        exact_network_name=options.network_name is None, allow_aka=options.allow_aka,
        allow_aka_prime=not options.no_aka_prime, first_identity=options.first_identity,
        network_namespace=options.namespace, source=options.source, usim_state=options.usim_state)
    node = Node(settings)
    if options.state and os.path.exists(options.state):
        node.load(options.state)
    changes = {'wrong-pop': {'signature': b'\x00\x07' + bytes(64)}, 'no-pop': {'omit': (bootstrap.POP_SIGNATURE,)},
               'no-key': {'omit': (bootstrap.HOST_IDENTITY,)}, 'no-id': {'omit': (bootstrap.BOOT_REQUEST_ID,)},
               'no-service': {'omit': (bootstrap.SERVICE_TYPE,)}}.get(options.misbehave, {})
    try:
        node.bootstrap(options.timeout, lose_answers=options.lose_answers, **changes)
    except (pana_session.Timeout, pana_session.SessionEnded, bootstrap.Refused) as error:
        node.failure = node.failure or str(error)
        node.state = 'failed'
    if options.state and node.state == 'ready':
        node.save(options.state)
    node.close()
    return node.report(), 0 if node.state == 'ready' else 1


def attached_node(options):
    settings = Settings(paa='::1', paa_id='', imsi='', k=bytes(16), opc=bytes(16), network_namespace=options.namespace)
    node = Node(settings, usim=object())
    node.load(options.state)
    node.attach(options.care_of, options.interface, rebind=False)
    return node


def run_binding_update(options):
    node = attached_node(options)
    if options.replay:
        node.replay_update(options.replay)
        node.close()
        return {'replayed': options.replay.hex()}, 0
    changes = {name: value for name, value in (('spi', options.spi), ('home_address', options.home_address),
                                               ('alternate_care_of', options.alternate_care_of)) if value is not None}
    if options.wrong_nai:
        changes['nai'] = b'nobody@mob.example'
    result = node.binding_update(options.lifetime, options.attempts, sequence=options.sequence,
                                 wrong_mac=options.wrong_mac, **changes)
    node.save(options.state)
    node.close()
    report = dataclasses.asdict(result)
    report.update({name: report[name].hex() if report[name] else None for name in ('packet', 'acknowledgement')})
    report.update({'accepted': result.accepted, 'counters': dict(node.counters)})
    return report, 0 if result.accepted else 1


def run_ping(options):
    node = attached_node(options)
    sent, round_trips = node.ping(options.destination, options.count, options.size)
    node.close()
    return {'sent': sent, 'received': len(round_trips), 'round_trips_s': round_trips}, 0 if round_trips else 1


def main(arguments):
    if not arguments or arguments[0].startswith('--') and arguments[0] != '--help':
        arguments = ['bootstrap'] + arguments
    options = build_parser().parse_args(arguments)
    run = {'bootstrap': run_bootstrap, 'binding-update': run_binding_update, 'ping': run_ping}[options.command]
    report, code = run(options)
    if options.json:
        print(json.dumps(report, indent=1))
    else:
        for name, value in report.items():
            print('%-22s %s' % (name, value))
    return code


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
