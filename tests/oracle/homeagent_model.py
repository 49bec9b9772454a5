# SPDX-License-Identifier: BSD-3-Clause
"""A home agent for one association, in memory: what homeagent_conformance.py asks for, and no more."""
import ipaddress
import struct
import time

import mobile_ip

LONGEST_LIFETIME_S = 600


class HomeAgentModel:
    def __init__(self, association, now_s=time.monotonic):
        self.association = association
        self.now_s = now_s
        self.last = None                # (number, Mobility Header, acknowledgement)
        self.binding = None             # care-of address
        self.refused_s = -10.0          # time of the last 146

    def handle(self, packet):
        """The packet that answers a Binding Update, or None."""
        association = self.association
        header, _ = mobile_ip.mobility_header_of(packet)
        home, source = self.home_address_of(packet), ipaddress.IPv6Address(packet[8:24])
        options = self.options_of(header, home)
        if options is None:
            return None
        values = {code: value for _, code, value in options}
        care_of, ambiguous = self.care_of(values, source)
        covered = header[:4] + bytes(2) + header[6:-12]
        if mobile_ip.authenticator(association.key, care_of, home, covered) != header[-12:] or \
                values.get(mobile_ip.OPTION_NAI) != b'\x01' + mobile_ip.nai_of(association.fqdn):
            if self.now_s() - self.refused_s < 1:
                return None
            self.refused_s = self.now_s()
            return self.answer(header, source, care_of, 146, 0)
        number, flags, lifetime = struct.unpack('>HHH', header[6:12])
        if self.last is not None and header == self.last[1]:
            return self.last[2]
        if self.last is not None and not 1 <= number - self.last[0] & 0xffff <= 32767:
            return self.answer(header, source, care_of, 135, 0, self.last[0])
        status, granted = self.decide(source, care_of, ambiguous, lifetime * 4)
        answer = self.answer(header, source, care_of, status, granted)
        self.last = (number, header, answer)
        return answer

    @staticmethod
    def home_address_of(packet):
        if packet[6] == mobile_ip.DESTINATION_OPTIONS:
            for _, code, value in mobile_ip.parse_options(packet[42:40 + (packet[41] + 1) * 8]):
                if code == mobile_ip.HOME_ADDRESS_OPTION:
                    return ipaddress.IPv6Address(value)
        return ipaddress.IPv6Address(packet[8:24])

    def options_of(self, header, home):
        """The options of an update that is worth a MAC, or None (M-1 to M-3)."""
        association = self.association
        if header is None or len(header) < 12 or len(header) != (header[1] + 1) * 8 or \
                header[2] != mobile_ip.BINDING_UPDATE or \
                mobile_ip.checksum(home, association.home_agent, mobile_ip.MOBILITY, header):
            return None
        try:
            options = mobile_ip.parse_options(header[12:])
        except mobile_ip.Malformed:
            return None
        if not options or options[-1][1] != mobile_ip.OPTION_AUTHENTICATION or len(options[-1][2]) != 17 or \
                12 + options[-1][0] + 19 != len(header) or not header[8] & 0x40:
            return None
        spi = struct.unpack('>I', options[-1][2][1:5])[0]
        return options if (spi, home) == (association.spi, association.home_address) else None

    @staticmethod
    def care_of(values, source):
        """(address of the MAC, whether there are two options): M-4."""
        alternate = values.get(mobile_ip.OPTION_ALTERNATE_CARE_OF)
        ipv4 = values.get(mobile_ip.OPTION_IPV4_CARE_OF)
        if alternate is not None:
            return ipaddress.IPv6Address(alternate), ipv4 is not None
        return (mobile_ip.mapped(ipaddress.IPv4Address(ipv4[2:])) if ipv4 is not None else source), False

    def decide(self, source, care_of, ambiguous, lifetime_s):
        """(status, granted lifetime); changes the binding."""
        if ambiguous:
            return 128, 0
        if lifetime_s == 0:
            status = 0 if self.binding is not None else 133
            self.binding = None
            return status, 0
        if care_of != source:
            return 174, 0
        self.binding = care_of
        return 0, min(lifetime_s, LONGEST_LIFETIME_S)

    def answer(self, header, source, care_of, status, granted_s, number=None):
        association = self.association
        number = struct.unpack('>H', header[6:8])[0] if number is None else number
        body = mobile_ip.encode_binding_acknowledgement(
            association.home_address, association.home_agent, number, status, granted_s // 4, association.key,
            association.spi, mobile_ip.nai_of(association.fqdn), care_of)
        routing = struct.pack('>BBBBI', mobile_ip.MOBILITY, 2, 2, 1, 0) + association.home_address.packed
        return mobile_ip.ipv6_header(association.home_agent, source, mobile_ip.ROUTING,
                                     len(routing) + len(body)) + routing + body
