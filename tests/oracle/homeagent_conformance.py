# SPDX-License-Identifier: BSD-3-Clause
"""What a home agent must do with Binding Updates, rule by rule (M-1 to M-21, without DSMIPv6 and timestamps).

run(device) takes a bootstrapped and attached Node (no binding needed); pace_s between two Binding Updates keeps clear of
M-21. The node is bound at the end. Each check is a function of a Bench that asserts.
"""
import dataclasses
import ipaddress
import struct
import time

import mobile_ip

CHECKS = []
SILENCE_S = 0.5
REFUSAL_INTERVAL_S = 1.2        # M-5: at most one 146 a second
ACCEPTED, REFUSED, NOT_REGISTERED, SEQUENCE, AUTHENTICATION, CARE_OF = 0, 128, 133, 135, 146, 174


def check(*rules):
    def register(function):
        CHECKS.append((function.__name__, rules, function))
        return function
    return register


@dataclasses.dataclass
class Bench:
    """The node, and how it sends one Binding Update and sees what comes."""
    device: object
    pace_s: float = 0.4
    sleep: object = time.sleep
    now_s: object = time.monotonic
    last_s: float = 0

    def pace(self):
        self.sleep(max(0, self.last_s + self.pace_s - self.now_s()))
        self.last_s = self.now_s()

    def exchange(self, update=None, mobility_header=None, wrong_mac=False, timeout_s=20.0, **changes):
        """(BindingAcknowledgement or None, packet that was sent, packet of the answer)."""
        update = update or self.device.build_update(**changes)
        self.pace()
        packet = self.device.send_update(update, mobility_header, wrong_mac)
        found = self.device.receive_acknowledgement({update.sequence: update}, timeout_s)
        return (found[0], packet, found[1]) if found else (None, packet, None)

    def status(self, **arguments):
        answer, _, _ = self.exchange(**arguments)
        assert answer is not None, 'no Binding Acknowledgement'
        return answer.status

    def silent(self, **arguments):
        answer, _, _ = self.exchange(timeout_s=SILENCE_S, **arguments)
        assert answer is None, 'answered with %d' % answer.status

    def bound(self):
        """A binding at our care-of address; the number goes on from the last accepted one."""
        assert self.status() == ACCEPTED


def resealed(update, change):
    """Mobility Header of an update, changed by change(bytearray) before MAC and checksum are made again."""
    header = bytearray(update.encode())
    change(header)
    header[4:6] = bytes(2)
    header[-12:] = mobile_ip.authenticator(update.key, update.care_of(), update.home_address, bytes(header[:-12]))
    value = mobile_ip.checksum(update.home_address, update.home_agent, mobile_ip.MOBILITY, bytes(header))
    header[4:6] = struct.pack('>H', value)
    return bytes(header)


@check('M-8', 'M-13', 'M-20', 'L-2')
def registration(bench):
    answer, _, packet = bench.exchange(lifetime_s=603)
    assert answer.status == ACCEPTED and not answer.flags & 0x80, answer
    assert 0 < answer.lifetime_s <= 600 and answer.lifetime_s % 4 == 0, answer.lifetime_s
    assert answer.nai == mobile_ip.nai_of(bench.device.association.fqdn)
    assert packet[6] == mobile_ip.ROUTING and packet[42] == 2, 'M-20: type 2 routing header'


@check('M-20')
def answered_without_the_a_flag(bench):
    assert bench.status(flags=mobile_ip.FLAG_H) == ACCEPTED


@check('M-8')
def octet_identical_update(bench):
    update = bench.device.build_update()
    header = update.encode()
    first, _, packet = bench.exchange(update, header)
    second, _, again = bench.exchange(update, header)
    assert first.status == second.status == ACCEPTED
    assert mobile_ip.mobility_header_of(packet)[0] == mobile_ip.mobility_header_of(again)[0]


@check('M-8')
def old_numbers(bench):
    bench.bound()
    last = bench.device.association.sequence
    for back in (1, 2, 32768):
        answer, _, _ = bench.exchange(sequence=(last - back) & 0xffff)
        assert (answer.status, answer.sequence) == (SEQUENCE, last), (back, answer)
    answer, _, _ = bench.exchange(sequence=last, lifetime_s=400)
    assert (answer.status, answer.sequence) == (SEQUENCE, last), answer
    assert bench.status(sequence=(last + 1000) & 0xffff) == ACCEPTED
    bench.device.association.sequence = (last + 1000) & 0xffff


@check('M-2', 'M-5')
def wrong_mac(bench):
    bench.sleep(REFUSAL_INTERVAL_S)
    assert bench.status(wrong_mac=True) == AUTHENTICATION
    bench.silent(wrong_mac=True)
    bench.bound()


@check('M-6')
def wrong_nai(bench):
    for nai in (b'nobody@mob.example', None):
        bench.sleep(REFUSAL_INTERVAL_S)
        assert bench.status(nai=nai) == AUTHENTICATION, nai


@check('M-2')
def unknown_spi(bench):
    bench.silent(spi=bench.device.association.spi ^ 0x5a5a5a)


@check('M-2', 'M-7')
def home_address_of_another(bench):
    home = int(bench.device.association.home_address) ^ 1 << 64
    bench.silent(home_address=ipaddress.IPv6Address(home))


@check('M-3')
def something_behind_the_authentication(bench):
    junk = mobile_ip.option(200, bytes(6))
    bench.silent(trailing=junk)


@check('M-2')
def without_authentication(bench):
    bench.silent(key=None)


@check('M-1')
def no_home_registration(bench):
    bench.silent(flags=mobile_ip.FLAG_A)


@check('M-2', 'M-4')
def wrong_checksum(bench):
    update = bench.device.build_update()
    header = bytearray(update.encode())
    header[4] ^= 1
    bench.silent(update=update, mobility_header=bytes(header))
    header = update.encode()
    bench.silent(update=update, mobility_header=header[:1] + bytes([7]) + header[2:])
    bench.bound()


@check('M-2')
def lengths_that_do_not_add_up(bench):
    def option_too_long(header):
        header[13] = 200

    update = bench.device.build_update()
    bench.silent(update=update, mobility_header=resealed(update, option_too_long))
    bench.silent(update=update, mobility_header=update.encode()[:16])
    bench.bound()


@check('M-16')
def care_of_addresses_that_cannot_be(bench):
    association = bench.device.association
    in_home_prefix = ipaddress.IPv6Address(int(association.home_address) ^ 2)
    for care_of in ('::1', 'ff02::1', 'fe80::1', str(association.home_agent), str(in_home_prefix),
                    '2001:db8:dead::1'):
        status = bench.status(alternate_care_of=ipaddress.IPv6Address(care_of))
        assert status == CARE_OF, (care_of, status)


@check('M-4', 'M-16')
def alternate_care_of_equal_to_the_source(bench):
    assert bench.status(alternate_care_of=bench.device.tunnel.care_of) == ACCEPTED


@check('M-4')
def both_care_of_options(bench):
    source = bench.device.tunnel.care_of
    assert bench.status(alternate_care_of=source, ipv4_care_of=ipaddress.IPv4Address('192.0.2.7')) == REFUSED


@check('M-8', 'M-12')
def refused_update_sets_the_number(bench):
    bench.bound()
    number = bench.device.next_sequence()
    assert bench.status(sequence=number, alternate_care_of=ipaddress.IPv6Address('fe80::1')) == CARE_OF
    assert bench.exchange(sequence=number - 1 & 0xffff)[0].status == SEQUENCE
    bench.bound()


@check('M-8', 'M-13', 'M-14')
def deregistration(bench):
    bench.bound()
    answer, _, _ = bench.exchange(lifetime_s=0)
    assert (answer.status, answer.lifetime_s) == (ACCEPTED, 0), answer
    last = bench.device.association.sequence
    assert bench.status(lifetime_s=0) == NOT_REGISTERED
    assert bench.exchange(sequence=last)[0].status == SEQUENCE
    bench.bound()


def run(device, names=(), report=print, **bench_options):
    """Runs the checks; returns {name: text} of those that failed."""
    bench, failures = Bench(device, **bench_options), {}
    for name, rules, function in CHECKS:
        if names and name not in names:
            continue
        try:
            function(bench)
            report('ok    %-45s %s' % (name, ', '.join(rules)))
        except (AssertionError, AttributeError) as error:
            failures[name] = '%s: %s' % (type(error).__name__, error)
            report('FAIL  %-45s %s: %s' % (name, ', '.join(rules), failures[name]))
    return failures
