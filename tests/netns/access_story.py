#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The mobility server against nodes that misbehave: the oracle's checks, rule by rule (tests/oracle/paa_conformance.py, written from the
documents, not from the code), each a step of its own, over our authentication server and through a punt channel of the story's own."""

import daemons
import punting
import story
import topology
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import paa_conformance  # noqa: E402

K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
SUBSCRIBERS = [{"imsi": f"0010100001{number:05}", "k": K, "opc": OPC} for number in range(1, 101)]
PAA, PAA_ID = topology.SERVICE_ADDRESS, "ha.mob.example"
target = None
sources = iter(f"2001:db8:c1:{number:x}::77" for number in range(1, 1000))


def story_subscribers_come_in():
    global target  # pylint: disable=global-statement
    story.requires("controlplane")
    story.import_subscribers(SUBSCRIBERS)
    target = paa_conformance.Target(PAA, PAA_ID, list(SUBSCRIBERS), transport=transport)


def transport(_subscriber):
    """Each node has a punt channel and an address of its own."""
    return punting.PuntTransport(punting.Punting(daemons.SOCKETS / "bus"), next(sources), PAA)


def step_of(name, rules, function):
    def step():
        function(target)
    step.__name__ = step.__qualname__ = f"story_{name}"
    step.__doc__ = ", ".join(rules)
    return step


for _name, _rules, _function in paa_conformance.CHECKS:
    globals()[f"story_{_name}"] = step_of(_name, _rules, _function)

story.main(__name__)
