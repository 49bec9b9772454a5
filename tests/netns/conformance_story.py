#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The home agent and the authentication server against peers that misbehave: the oracle's checks, rule by rule (written from the documents,
not from the code), each a step of its own. The home agent is reached through the data plane, from the access network."""

import daemons
import story
import topology
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import authserver_conformance  # noqa: E402
import homeagent_conformance  # noqa: E402
import node  # noqa: E402

K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
PAA_ID = "ha.mob.example"
NODE = {"imsi": "001010000000001", "k": K, "opc": OPC}
PEERS = [{"imsi": "001010000000002", "k": K, "opc": OPC}, {"imsi": "001010000000003", "k": K, "opc": OPC, "methods": ["aka"]},
         {"imsi": "001010000000004", "k": K, "opc": OPC}]
bench = None
target = None


def story_a_node_is_bootstrapped():
    global bench, target  # pylint: disable=global-statement
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers([NODE] + PEERS)
    device = node.Node(node.Settings(topology.SERVICE_ADDRESS, PAA_ID, NODE["imsi"], bytes.fromhex(K), bytes.fromhex(OPC), network_namespace="kedge-mn"))
    assert device.bootstrap().status == 0, device.report()
    device.attach(topology.ACCESSES["cellular"].address, topology.ACCESSES["cellular"].interface)
    bench = homeagent_conformance.Bench(device)
    secret = (daemons.CONFIGURATION / "authserver.radius.secret").read_text().strip().encode()
    target = authserver_conformance.Target(daemons.AUTHSERVER_ADDRESS, daemons.AUTHSERVER_PORT, secret, PEERS, PAA_ID)


def home_agent_step(name, rules, function):
    def step():
        function(bench)
    step.__name__, step.__doc__ = f"story_home_agent_{name}", ", ".join(rules)
    return step


def authserver_step(name, rules, function):
    def step():
        with topology.inside("home"):
            function(target)
    step.__name__, step.__doc__ = f"story_authserver_{name}", ", ".join(rules)
    return step


for _make, _checks in ((home_agent_step, homeagent_conformance.CHECKS), (authserver_step, authserver_conformance.CHECKS)):
    for _name, _rules, _function in _checks:
        _step = _make(_name, _rules, _function)
        globals()[_step.__name__] = _step

story.main(__name__)
