# SPDX-License-Identifier: BSD-3-Clause
"""Drop reasons of this oracle against the names of proto/drop.def, which counters bear.

A reason here that has several names there, or shares one with another reason, is compared in sum.
"""

NAMES = {
    'care-of-mismatch': ('care_of_mismatch',),
    'checksum': ('checksum',),
    'destination-link-local': ('destination_link_local',),
    'destination-multicast': ('destination_multicast',),
    'destination-unspecified': ('destination_unspecified',),
    'ecn': ('ecn',),
    'extension-headers': ('extension_headers',),
    'malformed': ('malformed',),
    'neighbour-solicitation': ('neighbour_solicitation',),
    'no-error-allowed': ('no_error_allowed',),
    'not-ours': ('not_ours',),
    'outer-error': ('outer_error',),
    'source-link-local': ('source_link_local',),
    'source-multicast': ('source_multicast',),
    'source-own': ('source_own',),
    'source-unspecified': ('source_unspecified',),
    'spoofed': ('spoofed',),
    'unbound': ('unbound',),
    'uplink-not-ours': ('uplink_not_ours',),
    'uplink-unbound': ('uplink_unbound',),
}


def known():
    return {name for names in NAMES.values() for name in names}


def grouped(reasons):
    """[(our reasons, their names)]: reasons that share a name stand together."""
    groups = []
    for reason in sorted(set(reasons) | set(NAMES)):
        ours, theirs = {reason}, set(NAMES[reason])
        for group in [g for g in groups if g[1] & theirs]:
            groups.remove(group)
            ours |= group[0]
            theirs |= group[1]
        groups.append((ours, theirs))
    return [(sorted(r for r in ours if r in reasons), sorted(theirs)) for ours, theirs in groups]
