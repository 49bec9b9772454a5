#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The foreign ends agree with each other: eapol_test, whose USIM is ours, against hostapd, whose AuC is ours. Where this holds and one of them
disagrees with kedge, the fault is not in the rig."""
import eapol_peer
import hostapd_server
import story
from oracle import aka

IMSI = "232010000000000"
REALM = "wlan.mnc001.mcc232.3gppnetwork.org"
K, OPC = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"), bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")  # TS 35.208 set 1
SECRET = "testing123-testing123"
PORT = 18120
centre = None


def authenticate(card, method="AKA'", secret=SECRET, reauthentications=0, timeout_s=60):
    return eapol_peer.authenticate("home", story.scratch("peer"), card, REALM, "::1", PORT, secret, method=method,
                                   reauthentications=reauthentications, timeout_s=timeout_s)


def story_hostapd_starts():
    global centre  # pylint: disable=global-statement
    centre = hostapd_server.start("home", story.scratch("hostapd"), PORT, SECRET, {IMSI: aka.Usim(IMSI, K, OPC)})


def story_both_methods_succeed():
    card = aka.Usim(IMSI, K, OPC)
    for method in ("AKA'", "AKA"):
        outcome = authenticate(card, method)
        assert outcome.success and outcome.challenges == ["ok"], outcome.log


def story_sim_that_is_ahead_resynchronises_once():
    """E-14"""
    outcome = authenticate(aka.Usim(IMSI, K, OPC, last_seq=[2000] + [0] * 31))
    assert outcome.success and outcome.challenges == ["synchronisation", "ok"], outcome.log
    assert centre.resynchronisations == 1


def story_wrong_key_is_refused():
    outcome = authenticate(aka.Usim(IMSI, bytes(16), OPC))
    assert not outcome.success and outcome.challenges == ["mac"], outcome.log


def story_wrong_secret_is_not_answered():
    outcome = authenticate(aka.Usim(IMSI, K, OPC), secret="wrong-secret-wrong", timeout_s=1)
    assert not outcome.success and outcome.challenges == [], outcome.log


story.main(__name__)
