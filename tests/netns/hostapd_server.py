# SPDX-License-Identifier: BSD-3-Clause
"""hostapd as a foreign authentication server: RADIUS with EAP-AKA' and EAP-AKA, its vectors from an AuC that answers hostapd's line protocol
on a UNIX socket."""
import secrets
import socket
import threading

import programs
from oracle import aka

SERVER_NAME = "hostapd"

USERS = """\
"6"* AKA'
"7"* AKA'
"8"* AKA'
"0"* AKA
"2"* AKA
"4"* AKA
* AKA',AKA
"""
CONFIGURATION = """\
driver=none
interface=as0
ctrl_interface={folder}/control
logger_stdout=-1
logger_stdout_level=0
eap_server=1
eap_user_file={folder}/users
eap_sim_db=unix:{folder}/auc.sock
eap_sim_aka_result_ind=1
eap_sim_id=3
radius_server_clients={folder}/clients
radius_server_auth_port={port}
radius_server_acct_port={accounting_port}
radius_server_ipv6=1
own_ip_addr=127.0.0.1
"""


class AuthenticationCentre:
    """Vectors for hostapd: subscribers is {imsi: aka.Usim}, whose K and OPc are the AuC's as well; sqn the last one that each was given."""

    def __init__(self, path, subscribers):
        self.subscribers = subscribers
        self.sqn = dict.fromkeys(subscribers, 0)
        self.resynchronisations = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            question, peer = self.socket.recvfrom(1500)
            verb, imsi, *rest = question.decode().split()
            if verb == "AKA-REQ-AUTH":
                self.socket.sendto(self.vector(imsi).encode(), peer)
            elif verb == "AKA-AUTS" and imsi in self.subscribers:
                card = self.subscribers[imsi]
                sqn = aka.sqn_of_auts(card.k, card.opc, bytes.fromhex(rest[1]), bytes.fromhex(rest[0]))
                if sqn is not None:
                    self.sqn[imsi] = sqn
                    self.resynchronisations += 1

    def vector(self, imsi):
        if imsi not in self.subscribers:
            return f"AKA-RESP-AUTH {imsi} FAILURE"
        card = self.subscribers[imsi]
        self.sqn[imsi] = aka.next_sqn(self.sqn[imsi], 0)
        sqn, amf, rand = self.sqn[imsi], b"\x80\x00", secrets.token_bytes(16)
        values = aka.milenage(card.k, card.opc, rand, sqn.to_bytes(6, "big"), amf)
        autn = aka.autn_of(card.k, card.opc, rand, sqn, amf)
        return " ".join(["AKA-RESP-AUTH", imsi] + [part.hex() for part in (rand, autn, values.ik, values.ck, values.res)])


def start(node, folder, port, secret, subscribers):
    """Starts hostapd in a node; returns its AuthenticationCentre when it serves RADIUS on the port, for clients that know the secret."""
    folder.mkdir(parents=True, exist_ok=True)
    centre = AuthenticationCentre(folder / "auc.sock", subscribers)
    (folder / "users").write_text(USERS)
    (folder / "clients").write_text(f"0.0.0.0/0 {secret}\n::/0 {secret}\n")
    (folder / "hostapd.conf").write_text(CONFIGURATION.format(folder=folder, port=port, accounting_port=port + 1))
    programs.start(node, SERVER_NAME, ("hostapd", "-ddK", str(folder / "hostapd.conf")))
    programs.wait_for_line(SERVER_NAME, "AP-ENABLED")
    return centre


def stop():
    programs.stop(SERVER_NAME)
