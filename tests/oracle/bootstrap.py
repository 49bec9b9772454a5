# SPDX-License-Identifier: BSD-3-Clause
"""The bootstrap inside the encryption: AVPs 258 to 275, keys K-6 to K-8, signatures K-10 and K-11, and what a node
refuses in an answer (B-34, B-50)."""
import dataclasses
import hashlib
import hmac
import ipaddress
import os
import re
import struct

import aka
import host_identity
import pana

(BOOT_REQUEST_ID, HOST_IDENTITY, POP_SIGNATURE, DESIRED_FQDN, DESIRED_ADDRESS, SHARED_SECRET, BOOT_STATUS,
 ASSIGNED_FQDN, ASSIGNED_ADDRESS, SERVER_HOST_IDENTITY, MOBILITY_SERVER_ADDRESS, MOBILITY_SA, LEASE_LIFETIME,
 SERVICE_TYPE, SERVER_SIGNATURE, ERROR_TEXT, RETRY_AFTER, RVS_NAME) = range(258, 276)

STATUS_NAMES = {
    0: 'ok', 1: 'ok-name-changed', 100: 'pending', 200: 'malformed', 201: 'bad-pop', 202: 'key-refused',
    203: 'name-not-authorised', 204: 'name-in-use', 205: 'address-not-authorised', 206: 'pool-empty',
    207: 'dns-failed', 208: 'db-failed', 209: 'barred', 210: 'rate-limited', 211: 'key-change-needs-approval',
    212: 'unsupported', 213: 'unknown-request'}
OK, OK_NAME_CHANGED, PENDING = 0, 1, 100

ONE, OPTIONAL = (1, 1), (0, 1)
# B-34 for the answers; what is not listed must not occur
FINAL_OCCURRENCE = {
    BOOT_REQUEST_ID: ONE, SERVICE_TYPE: ONE, BOOT_STATUS: ONE, ASSIGNED_FQDN: ONE, SERVER_HOST_IDENTITY: ONE,
    LEASE_LIFETIME: ONE, SERVER_SIGNATURE: ONE, ASSIGNED_ADDRESS: (1, 2), MOBILITY_SERVER_ADDRESS: (1, 2),
    MOBILITY_SA: OPTIONAL, RVS_NAME: OPTIONAL}
PENDING_OCCURRENCE = {BOOT_REQUEST_ID: ONE, BOOT_STATUS: ONE, RETRY_AFTER: ONE}
REFUSAL_OCCURRENCE = {BOOT_REQUEST_ID: OPTIONAL, BOOT_STATUS: ONE, RETRY_AFTER: OPTIONAL, ERROR_TEXT: OPTIONAL}


class Refused(Exception):
    """B-50: an answer that does not count; the text begins with the rule or AVP that was broken."""


def avp(code, value, vendor=pana.VENDOR_ID):
    return pana.Avp(code, value, vendor)


def number(code, value, vendor=pana.VENDOR_ID):
    return pana.unsigned32(code, value, vendor)


# --- keys ---

def initial_digest(i_par, i_pan):
    return hashlib.sha256(i_par + i_pan).digest()


def length16(octets):
    return struct.pack('>H', len(octets))


def mob_rk(msk, session_id, key_id, i_par, i_pan, paa_id):
    """K-6."""
    seed = (b'kedge MOB-RK v1\x00' + session_id + struct.pack('>I', key_id) + initial_digest(i_par, i_pan)
            + length16(paa_id) + paa_id + b'\x00\x40')
    return aka.prf_plus(msk, seed, 64)


def with_shared_secret(root, secret):
    """MOB-RK' of K-7."""
    return aka.prf_plus(hmac.digest(secret, root, 'sha256'), b"kedge MOB-RK' v1\x00\x00\x40", 64)


def boot_bind(root):
    return aka.prf_plus(root, b'PoP bind\x00', 32)


def mn_ha_k(root, spi, home_address, home_agent, hi_value):
    seed = (b'MIP6 MN-HA\x00' + struct.pack('>I', spi) + home_address.packed + home_agent.packed
            + hashlib.sha256(hi_value).digest() + b'\x00\x10')
    return aka.prf_plus(root, seed, 16)


def hip_reg_k(root, hit_mn, hit_rvs):
    return aka.prf_plus(root, b'HIP REG\x00' + hit_mn.packed + hit_rvs.packed + b'\x00\x20', 32)


def ctl_k(root, label):
    return aka.prf_plus(root, b'EXPORT\x00' + label + b'\x00\x20', 32)


# --- signed data ---

@dataclasses.dataclass(frozen=True)
class Context:
    """What of a PANA session enters keys and signatures: one (SID, Key-Id)."""
    session_id: bytes
    i_par: bytes
    i_pan: bytes
    keys: pana.Keys
    paa_id: bytes

    @property
    def mob_rk(self):
        return mob_rk(self.keys.msk, self.session_id, self.keys.key_id, self.i_par, self.i_pan, self.paa_id)


def tbs(context, role, request_id, hi_value, rest, answer=None):
    """K-10; with answer (octets A) the server's form of K-11. rest is R."""
    data = (b'kedge-pop-v1\x00' + bytes([role]) + initial_digest(context.i_par, context.i_pan)
            + context.keys.paa_nonce + context.keys.pac_nonce + context.session_id
            + struct.pack('>I', context.keys.key_id) + boot_bind(context.mob_rk) + request_id
            + hashlib.sha256(hi_value).digest() + hashlib.sha256(rest).digest()
            + length16(context.paa_id) + context.paa_id)
    return data if answer is None else data + hashlib.sha256(answer).digest()


# --- the request ---

def desired_address(text):
    address = ipaddress.ip_address(text)
    family, length = (1, 32) if address.version == 4 else (2, 128)
    return struct.pack('>BBH', family, length, 0) + address.packed


@dataclasses.dataclass
class Request:
    """A full request and the octets that the answer's signature refers to."""
    request_id: bytes
    services: int
    hi_value: bytes
    rest: bytes                 # R of K-10
    plaintext: bytes
    shared_secret: bytes = None
    desired_fqdn: str = None


def build_request(context, private_key, services, request_id=None, fqdn=None, addresses=(), shared_secret=None,
                  hi_value=None, omit=(), extra=(), signature=None, vendor=pana.VENDOR_ID):
    """A full request. The last five arguments make wrong ones: another Host-Identity than that of the key, AVP codes
    left out, AVPs added before the signature, another signature value, another vendor."""
    request_id = request_id or os.urandom(16)
    hi_value = hi_value if hi_value is not None else host_identity.hi_value(private_key.public_key())
    avps = [avp(BOOT_REQUEST_ID, request_id, vendor), number(SERVICE_TYPE, services, vendor),
            avp(HOST_IDENTITY, hi_value, vendor)]
    if fqdn is not None:
        avps.append(avp(DESIRED_FQDN, fqdn.encode(), vendor))
    avps += [avp(DESIRED_ADDRESS, desired_address(a) if isinstance(a, str) else a, vendor) for a in addresses]
    if shared_secret is not None:
        avps.append(avp(SHARED_SECRET, shared_secret, vendor))
    avps += list(extra)
    avps = [a for a in avps if a.code not in omit]
    rest = pana.encode_avps(a for a in avps if a.code not in (BOOT_REQUEST_ID, HOST_IDENTITY, POP_SIGNATURE))
    if POP_SIGNATURE not in omit:
        if signature is None:
            signature = host_identity.sign(private_key, tbs(context, 1, request_id, hi_value, rest))
        avps.append(avp(POP_SIGNATURE, signature, vendor))
    return Request(request_id, services, hi_value, rest, pana.encode_avps(avps), shared_secret, fqdn)


def build_poll(request_id, vendor=pana.VENDOR_ID):
    return avp(BOOT_REQUEST_ID, request_id, vendor).encode()


# --- the answer ---

@dataclasses.dataclass
class Answer:
    status: int
    request_id: bytes = None
    retry_after_ms: int = None
    error_text: str = None
    fqdn: str = None
    addresses: list = dataclasses.field(default_factory=list)       # (address, prefix length, lifetime in s)
    server_addresses: list = dataclasses.field(default_factory=list)
    services: int = None
    spi: int = None
    sa_lifetime_s: int = None
    replay: int = None
    lease_lifetime_s: int = None
    rvs_name: str = None
    server_hi_value: bytes = None
    signature_verified: bool = False
    mn_ha_k: bytes = None
    hip_reg_k: bytes = None
    plaintext: bytes = None

    @property
    def status_name(self):
        return STATUS_NAMES.get(self.status, 'unknown')

    @property
    def final(self):
        return self.status in (OK, OK_NAME_CHANGED)

    def _ipv6(self, listed):
        return next((entry[0] for entry in listed if entry[0].version == 6), None)

    @property
    def home_address(self):
        return self._ipv6(self.addresses)

    @property
    def home_agent(self):
        return self._ipv6(self.server_addresses)

    @property
    def home_prefix_length(self):
        return next((entry[1] for entry in self.addresses if entry[0].version == 6), None)


def name_is_well_formed(octets):
    """AVP 261: lower-case LDH labels, at least two, at most 253 octets."""
    if not 1 <= len(octets) <= 253:
        return False
    labels = octets.split(b'.')
    return len(labels) >= 2 and all(re.fullmatch(rb'[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?', label) for label in labels)


def is_global_unicast(address):
    """B-50: neither loopback, multicast, link-local, unspecified nor IPv4-mapped."""
    if address.version == 4:
        return not (address.is_loopback or address.is_multicast or address.is_link_local or address.is_unspecified
                    or address.packed[0] in (0, 255) or address.packed[0] >= 240)
    return not (address.is_loopback or address.is_multicast or address.is_link_local or address.is_unspecified
                or address.ipv4_mapped is not None)


def _unsigned32(one):
    if len(one.value) != 4:
        raise Refused('B-36: AVP %d is not an Unsigned32' % one.code)
    return struct.unpack('>I', one.value)[0]


def _address(value, with_lifetime):
    """(address, prefix length, lifetime or None) of a 266 or 268 value (B-36)."""
    head = 8 if with_lifetime else 4
    if len(value) < head:
        raise Refused('B-36: address AVP too short')
    family, prefix_length = value[0], value[1]
    size = {1: 4, 2: 16}.get(family)
    if size is None or len(value) != head + size or prefix_length > size * 8:
        raise Refused('B-36: family, length and prefix length do not agree')
    if not with_lifetime and prefix_length != size * 8:
        raise Refused('AVP 268: prefix length')
    lifetime_s = struct.unpack('>I', value[4:8])[0] if with_lifetime else None
    return ipaddress.ip_address(value[head:]), prefix_length, lifetime_s


def _check_occurrence(by_code, table):
    for code, found in by_code.items():
        if code not in table:
            raise Refused('B-34: AVP %d must not occur' % code)
        if len(found) > table[code][1]:
            raise Refused('B-34: AVP %d occurs %d times' % (code, len(found)))
    for code, (least, _) in table.items():
        if len(by_code.get(code, ())) < least:
            raise Refused('B-34: AVP %d is missing' % code)


def parse_answer(plaintext, vendor=pana.VENDOR_ID):
    """(status, {code: [Avp]}) of a decrypted answer, occurrence checked; Refused otherwise."""
    try:
        avps = pana.parse_avps(plaintext)
    except pana.Malformed as error:
        raise Refused('AVPs: %s' % error) from error
    by_code = {}
    for one in avps:
        if one.vendor != vendor:
            raise Refused('B-34: AVP %d of vendor %s' % (one.code, one.vendor))
        by_code.setdefault(one.code, []).append(one)
    if len(by_code.get(BOOT_STATUS, ())) != 1:
        raise Refused('B-34: not exactly one Boot-Status')
    status = _unsigned32(by_code[BOOT_STATUS][0])
    if status in (OK, OK_NAME_CHANGED):
        table = FINAL_OCCURRENCE
    elif status == PENDING:
        table = PENDING_OCCURRENCE
    elif status >= 200:
        table = REFUSAL_OCCURRENCE
    else:
        raise Refused('Boot-Status %d is unknown' % status)
    _check_occurrence(by_code, table)
    return status, by_code


def check_answer(context, request, plaintext, pinned=None, care_of_prefixes=(), vendor=pana.VENDOR_ID):
    """The Answer of a decrypted PNA, checked as B-50 demands and with its keys derived; Refused otherwise."""
    status, by_code = parse_answer(plaintext, vendor)
    answer = Answer(status, plaintext=plaintext)

    def only(code):
        return by_code[code][0].value if code in by_code else None

    answer.request_id = only(BOOT_REQUEST_ID)
    if answer.request_id is None:
        if status < 200:
            raise Refused('B-34: no Boot-Request-Id')
    elif answer.request_id != request.request_id:
        raise Refused('B-50: another Boot-Request-Id')
    if RETRY_AFTER in by_code:
        answer.retry_after_ms = _unsigned32(by_code[RETRY_AFTER][0])
        if status not in (PENDING, 210):
            raise Refused('B-34: Retry-After with status %d' % status)
        if not 50 <= answer.retry_after_ms <= 30000:
            raise Refused('AVP 274: %d ms' % answer.retry_after_ms)
    if ERROR_TEXT in by_code:
        if len(only(ERROR_TEXT)) > 128:
            raise Refused('AVP 273: longer than 128')
        answer.error_text = only(ERROR_TEXT).decode('utf-8', 'replace')
    if answer.final:
        _take_final(answer, by_code, request, care_of_prefixes)
        _check_server(answer, by_code, context, request, plaintext, pinned)
        _derive(answer, context, request)
    return answer


def _take_final(answer, by_code, request, care_of_prefixes):
    answer.services = _unsigned32(by_code[SERVICE_TYPE][0])
    if not answer.services or answer.services & ~request.services:
        raise Refused('B-40: services granted 0x%x, wished 0x%x' % (answer.services, request.services))
    if bool(answer.services & (pana.MIP6 | pana.DSMIP6)) != (MOBILITY_SA in by_code):
        raise Refused('B-34: Mobility-SA against the granted services')
    if bool(answer.services & pana.HIP) != (RVS_NAME in by_code):
        raise Refused('B-34: RVS-Name against the granted services')
    for code, listed in ((ASSIGNED_ADDRESS, answer.addresses), (MOBILITY_SERVER_ADDRESS, answer.server_addresses)):
        listed += [_address(one.value, code == ASSIGNED_ADDRESS) for one in by_code[code]]
        if sorted(entry[0].version for entry in listed) not in ([6], [4, 6]):
            raise Refused('B-34: AVP %d needs one IPv6 and at most one IPv4' % code)
        for address, _, _ in listed:
            if not is_global_unicast(address):
                raise Refused('B-50: %s is not global unicast' % address)
            if any(address.version == p.version and address in p for p in care_of_prefixes):
                raise Refused('B-50: %s lies in the care-of prefix' % address)
    for code, attribute in ((ASSIGNED_FQDN, 'fqdn'), (RVS_NAME, 'rvs_name')):
        if code in by_code:
            if not name_is_well_formed(by_code[code][0].value):
                raise Refused('B-50: AVP %d is not a well-formed name' % code)
            setattr(answer, attribute, by_code[code][0].value.decode('ascii'))
    answer.lease_lifetime_s = _unsigned32(by_code[LEASE_LIFETIME][0])
    if MOBILITY_SA in by_code:
        _take_security_association(answer, by_code[MOBILITY_SA][0].value)


def _take_security_association(answer, value):
    if len(value) != 12:
        raise Refused('AVP 269: %d octets' % len(value))
    answer.spi, algorithm, answer.replay, _, answer.sa_lifetime_s = struct.unpack('>IHBBI', value)
    if answer.spi < 256:
        raise Refused('B-50: SPI %d' % answer.spi)
    if algorithm != 2 or answer.replay not in (1, 2):
        raise Refused('B-50: algorithm %d, replay %d' % (algorithm, answer.replay))


def _check_server(answer, by_code, context, request, plaintext, pinned):
    answer.server_hi_value = by_code[SERVER_HOST_IDENTITY][0].value
    try:
        server_key = host_identity.parse_hi_value(answer.server_hi_value)
    except host_identity.KeyRefused as error:
        raise Refused('B-50: Server-Host-Identity: %s' % error) from error
    covered = pana.encode_avps(one for one in pana.parse_avps(plaintext) if one.code != SERVER_SIGNATURE)
    signed = tbs(context, 2, request.request_id, request.hi_value, request.rest, covered)
    if not host_identity.signature_is_right(server_key, by_code[SERVER_SIGNATURE][0].value, signed):
        raise Refused('B-50: Server-Signature is wrong')
    answer.signature_verified = True
    if pinned is not None and pinned != answer.server_hi_value:
        raise Refused('B-50: the server key is not the pinned one')


def _derive(answer, context, request):
    root = context.mob_rk
    if request.shared_secret is not None:
        root = with_shared_secret(root, request.shared_secret)
    if answer.spi is not None:
        answer.mn_ha_k = mn_ha_k(root, answer.spi, answer.home_address, answer.home_agent, request.hi_value)
    if answer.services & pana.HIP:
        answer.hip_reg_k = hip_reg_k(root, host_identity.hit(request.hi_value),
                                     host_identity.hit(answer.server_hi_value))
