#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The mobility server alone: the Python node (written from the documents, not from the code) reaches it through a punt channel of the
story's own, authenticates over our authentication server, and gets name and address from BIND's zone."""
import hashlib
import ipaddress
import os
import signal

import daemons
import programs
import punting
import story
import topology
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import node  # noqa: E402

K, OPC = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"), bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
MATTI, TEPPO, BARRED = "001010000000001", "001010000000002", "001010000000003"
PAA, PAA_ID = topology.SERVICE_ADDRESS, "ha.mob.example"
CARE_OF = "2001:db8:c1::77"
bus = None
devices = {}


def device(imsi, source=CARE_OF, **settings):
    """A device that begins anew: with the key and the pinned server of the one before, if there was one with this SIM."""
    before = devices.get(imsi)
    made = node.Node(node.Settings(PAA, PAA_ID, imsi, K, OPC, **settings), transport=punting.PuntTransport(bus, source, PAA),
                     usim=before and before.usim, host_key=before and before.host_key, pinned=before and before.pinned)
    devices[imsi] = made
    return made


def stats(group):
    return story.kedge("--server", "controlplane", "stats", "show")["controlplane"][group]


def marker(imsi):
    """The owner marker of D-1, computed here."""
    import hmac
    key = bytes.fromhex((daemons.CONFIGURATION / "owner.key").read_text().strip())
    return "v1 " + hmac.new(key, imsi.encode(), hashlib.sha256).digest()[:16].hex()


def story_subscribers_come_in():
    global bus  # pylint: disable=global-statement
    story.requires("controlplane")
    bus = punting.Punting(daemons.SOCKETS / "bus")
    story.import_subscribers([
        {"imsi": MATTI, "k": K.hex(), "opc": OPC.hex(), "name": "Matti Virtanen", "name_consent": True},
        {"imsi": TEPPO, "k": K.hex(), "opc": OPC.hex(), "name": "Teppo Tulppu", "name_consent": True},
        {"imsi": BARRED, "k": K.hex(), "opc": OPC.hex(), "barred": True}])


def story_a_node_gets_name_and_address():
    """B-1 to B-52, K-1 to K-13, E-16"""
    matti = device(MATTI)
    answer = matti.bootstrap()
    assert answer.status == 0 and matti.association.fqdn == "matti-virtanen.mob.example", matti.report()
    assert ipaddress.ip_address(matti.association.home_address) in ipaddress.ip_network("2001:db8:aa::/48")


def story_the_zone_shows_them():
    """D-1, D-2, D-8"""
    matti = devices[MATTI]
    address = str(matti.association.home_address)
    assert story.ask("cn", "matti-virtanen.mob.example", "AAAA") == [address]
    assert story.ask("cn", "_kedge.matti-virtanen.mob.example", "TXT") == [f'"{marker(MATTI)}"']
    assert story.ask("cn", ipaddress.ip_address(address).reverse_pointer, "PTR") == ["matti-virtanen.mob.example."]
    assert len(story.ask("cn", "matti-virtanen.mob.example", "HIP")) == 1


def story_the_operator_sees_it():
    explained = story.kedge("explain", MATTI)
    assert explained["lease"]["fqdn"] == "matti-virtanen.mob.example", explained
    assert explained["association"]["spi"] == f"{devices[MATTI].association.spi:08x}", explained
    assert explained["subscriber"]["last_run"] == "AKA': right", explained
    assert story.kedge("lease", "show")["rows"][0]["subscriber"] == f"home/{MATTI}"
    tried = story.kedge("policy", "test", MATTI, "admin.mob.example")
    assert tried["status"] == 1 and tried["candidates"], tried


def story_a_repeated_request_gets_the_same_octets():
    """B-6, B-22"""
    before = stats("pana")["answers_repeated"]
    first = devices[MATTI].transport.received[-1]
    devices[MATTI].repeat_last_request()
    assert devices[MATTI].transport.received[-1] == first
    assert stats("pana")["answers_repeated"] == before + 1


def story_another_subscriber_does_not_get_his_name():
    """B-39"""
    teppo = device(TEPPO, "2001:db8:c1::78", wish="matti-virtanen.mob.example")
    answer = teppo.bootstrap()
    assert answer.status == 1 and teppo.association.fqdn == "teppo-tulppu.mob.example", teppo.report()
    assert story.ask("cn", "matti-virtanen.mob.example", "AAAA") == [str(devices[MATTI].association.home_address)]


def story_a_barred_subscriber_is_told_so_after_authentication():
    """F-10"""
    assert device(BARRED, "2001:db8:c1::79").bootstrap().status == 209


def story_the_server_survives_a_kill():
    """B-46, M-9, L-6: leases and associations are there; the session is not, and the same name and address come again."""
    before = story.kedge("lease", "show")["rows"]
    os.kill(programs.running_pid("controlplane"), signal.SIGKILL)
    programs.wait_until(lambda: programs.running_pid("controlplane") is None, "the control plane is gone")
    daemons.start(daemons.DAEMONS[1])
    assert story.kedge("lease", "show")["rows"] == before
    again = device(MATTI)
    again.bootstrap()
    assert again.association.fqdn == "matti-virtanen.mob.example"


def story_a_dead_dns_server_delays_new_names_alone():
    """B-49, D-4"""
    known = device(MATTI)
    dns = programs.running_pid("named")
    os.kill(dns, signal.SIGSTOP)
    try:
        known.bootstrap()
        assert known.association.fqdn == "matti-virtanen.mob.example"
    finally:
        os.kill(dns, signal.SIGCONT)


def story_no_turn_waited_for_a_peer():
    """A turn that waits for DNS, RADIUS or the disk takes as long as these are silent; one of a busy machine is only some milliseconds long."""
    assert stats("process")["longest_turn_us"] < 1_000_000, stats("process")


story.main(__name__)
