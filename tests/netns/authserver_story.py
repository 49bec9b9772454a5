#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The authentication server, and eapol_test as a foreign peer and RADIUS client against it. Subscribers come in by the shell."""
import json
import os
import signal

import daemons
import eapol_peer
import programs
import story
from oracle import aka

REALM = "wlan.mnc001.mcc001.3gppnetwork.org"
K, OPC = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"), bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")  # TS 35.208 set 1
BOTH, AKA_ALONE, OTHER = "001010000000001", "001010000000002", "001010000000003"
IND = 4  # the server's, by default (E-13)
SUBSCRIBERS = [
    {"imsi": BOTH, "k": K.hex(), "opc": OPC.hex(), "name": "Matti Virtanen", "msisdn": "358401234567"},
    {"imsi": AKA_ALONE, "k": K.hex(), "opc": OPC.hex(), "methods": ["aka"]},
    {"imsi": OTHER, "k": K.hex(), "opc": OPC.hex(), "barred": True},
]


def secret():
    return (daemons.CONFIGURATION / "authserver.radius.secret").read_text().strip()


def authenticate(imsi, method="AKA'", card=None, shared=None, timeout_s=60):
    return eapol_peer.authenticate("home", story.scratch("peer"), card or aka.Usim(imsi, K, OPC), REALM, daemons.AUTHSERVER_ADDRESS,
                                   daemons.AUTHSERVER_PORT, shared or secret(), method=method, timeout_s=timeout_s)


def sim_ahead(seq):
    """A SIM that has seen this SEQ under the server's IND already."""
    return aka.Usim(BOTH, K, OPC, last_seq=[0] * IND + [seq] + [0] * (31 - IND))


def counters(group):
    return story.kedge("--server", "authserver", "stats", "show")["authserver"][group]


def story_subscribers_are_imported_all_or_none():
    path = story.scratch("subscribers.json")
    path.write_text(json.dumps(SUBSCRIBERS, indent=1))
    assert story.kedge("subscriber", "import", str(path))["summary"] == "3 created, 0 changed, 0 unchanged"
    assert story.kedge("subscriber", "import", str(path))["summary"] == "0 created, 0 changed, 3 unchanged"
    path.write_text('[\n {"imsi": "001010000000009", "k": "%s", "opc": "%s"},\n {"imsi": "001010000000008",\n  "kk": "1"}\n]\n' % (K.hex(), OPC.hex()))
    error = story.kedge("subscriber", "import", str(path), check=False)
    assert f"{path}:4: unknown 'kk'" in json.dumps(error), error
    assert [row["imsi"] for row in story.kedge("subscriber", "show")["rows"]] == [BOTH, AKA_ALONE, OTHER]


def story_keys_are_not_on_the_disk():
    """S-10"""
    for path in (daemons.DATA / "authserver").iterdir():
        content = path.read_bytes()
        assert K not in content and OPC not in content and K.hex().encode() not in content


def story_aka_prime_succeeds():
    """E-7, E-11, E-12"""
    outcome = authenticate(BOTH)
    assert outcome.success and outcome.challenges == ["ok"], outcome.log


def story_aka_succeeds_where_the_subscriber_has_it_alone():
    outcome = authenticate(AKA_ALONE, "AKA")
    assert outcome.success and outcome.challenges == ["ok"], outcome.log


def story_a_peer_does_not_get_aka_by_wanting_it():
    """E-7: the server offers AKA' to whom it would serve it, and a Nak changes nothing."""
    outcome = authenticate(BOTH, "AKA", timeout_s=3)
    assert not outcome.success and outcome.challenges == [], outcome.log
    programs.wait_until(lambda: counters("eap")["naks"] == 1, "the count of the Nak")


def story_a_sim_that_is_ahead_resynchronises_once():
    """E-14"""
    outcome = authenticate(BOTH, card=sim_ahead(2000))
    assert outcome.success and outcome.challenges == ["synchronisation", "ok"], outcome.log
    assert counters("authentication_centre")["resynchronisations"] == 1


def story_wrong_key_is_refused():
    outcome = authenticate(BOTH, card=aka.Usim(BOTH, bytes(16), OPC))
    assert not outcome.success and outcome.challenges == ["mac"], outcome.log
    assert counters("eap")["rejected_by_peer"] == 1


def story_unknown_subscriber_is_refused():
    outcome = authenticate("001010000000077")
    assert not outcome.success and outcome.challenges == [], outcome.log
    assert counters("eap")["unknown_subscriber"] == 1


def story_wrong_secret_is_not_answered():
    """R-2"""
    outcome = authenticate(BOTH, shared="wrong-secret-wrong", timeout_s=1)
    assert not outcome.success and outcome.challenges == [], outcome.log
    programs.wait_until(lambda: counters("radius")["wrong_authenticator"] >= 1, "the count of the wrong secret")


def story_sequence_numbers_survive_a_kill():
    """S-4, S-9: after SIGKILL the next challenge is fresh to the SIM that saw the last one."""
    card = sim_ahead(3000)
    assert authenticate(BOTH, card=card).success
    os.kill(programs.running_pid("authserver"), signal.SIGKILL)
    programs.wait_until(lambda: programs.running_pid("authserver") is None, "the authentication server is gone")
    daemons.start(daemons.DAEMONS[0])
    outcome = authenticate(BOTH, card=card)
    assert outcome.success and outcome.challenges == ["ok"], outcome.log


def story_every_packet_decodes():
    """tshark is an independent dissector of what both sides say."""
    with story.Capture("home", "lo") as capture:
        assert authenticate(BOTH, card=sim_ahead(9000)).success
    assert len(capture.packets("radius")) >= 6
    assert not capture.malformed()


def story_no_turn_was_long():
    """No loop turn passes 5 ms (architecture.md 4); one may be the start's."""
    assert counters("process")["turns_over_5_ms"] <= 2, counters("process")


story.main(__name__)
