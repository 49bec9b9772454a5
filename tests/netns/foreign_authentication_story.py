#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The mobility server with a foreign authentication server: hostapd, which says nothing of who the subscriber is (identity-from-eap). Neither
end is kedge's: the node is the oracle's, and the relay between them knows no method."""
import daemons
import hostapd_server
import programs
import punting
import story
import topology
from oracle import aka

import node  # noqa: E402

IMSI, REALM = "232010000000000", "wlan.mnc001.mcc232.3gppnetwork.org"
FOREIGN_IMSI = "244070000000000"
K, OPC = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"), bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")  # TS 35.208 set 1
PAA, PAA_ID = topology.SERVICE_ADDRESS, "ha.mob.example"
SECRET, PORT = "testing123-testing123", 18120
CONTROLPLANE = next(daemon for daemon in daemons.DAEMONS if daemon.name == "controlplane")
SERVER = f"""authentication-servers:
  - name: hostapd
    endpoint: "[::1]:{PORT}"
    secret-file: {daemons.CONFIGURATION}/hostapd.radius.secret
    realms: [{REALM}]
    imsi-prefixes: ["23201"]
    identity-from-eap: yes
    services: [mip6]
"""
centre = None
sources = iter(f"2001:db8:c1:{number:x}::77" for number in range(1, 1000))


def device(imsi=IMSI, k=K, **settings):
    transport = punting.PuntTransport(punting.Punting(daemons.SOCKETS / "bus"), next(sources), PAA)
    made = node.Node(node.Settings(PAA, PAA_ID, imsi, k, OPC, realm=REALM, network_name="WLAN", **settings), transport=transport)
    made.start()
    return made


def relay_counter(name):
    return story.kedge("--server", "controlplane", "stats", "show")["controlplane"]["relay"][name]


def story_hostapd_becomes_an_authentication_server():
    global centre  # pylint: disable=global-statement
    story.requires("controlplane")
    cards = {imsi: aka.Usim(imsi, K, OPC) for imsi in (IMSI, FOREIGN_IMSI)}
    centre = hostapd_server.start("home", story.scratch("hostapd"), PORT, SECRET, cards)
    daemons.write_private(daemons.CONFIGURATION / "hostapd.radius.secret", SECRET + "\n", "kedge-controlplane")
    programs.stop("controlplane")
    written = daemons.write_configuration

    def with_hostapd(daemon):
        path = written(daemon)
        path.write_text(path.read_text().replace("authentication-servers:\n", SERVER, 1))
        return path

    daemons.write_configuration = with_hostapd
    daemons.start(CONTROLPLANE)


def story_a_node_authenticates_and_gets_its_name():
    """E-16, E-17, E-18, K-2, R-1 to R-7"""
    answer = device().bootstrap()
    assert answer.status == 0, answer


def story_the_other_method_passes_as_well():
    """E-18"""
    assert device(allow_aka=True, allow_aka_prime=False, first_identity=f"0anonymous@{REALM}").authenticate().success


def story_a_sim_that_is_ahead_resynchronises():
    """E-14"""
    before = centre.resynchronisations
    ahead = device()
    ahead.usim.last_seq = [5000] + [0] * 31
    assert ahead.authenticate().success
    assert centre.resynchronisations == before + 1


def story_a_wrong_key_is_refused():
    """B-25, R-6"""
    assert not device(k=bytes(16)).authenticate().success


def story_a_subscriber_of_another_operator_is_not_admitted():
    """B-26, E-17: he chose our realm, and his server says yes."""
    before = relay_counter("foreign_subscriber")
    assert not device(FOREIGN_IMSI).authenticate().success
    assert relay_counter("foreign_subscriber") == before + 1


def story_a_dead_server_refuses_within_the_nodes_patience():
    """B-25, R-10"""
    before = relay_counter("timeouts")
    hostapd_server.stop()
    assert not device().authenticate().success
    assert relay_counter("timeouts") == before + 1


story.main(__name__)
