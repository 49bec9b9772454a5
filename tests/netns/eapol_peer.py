# SPDX-License-Identifier: BSD-3-Clause
"""eapol_test as a foreign EAP peer and RADIUS client. Its SIM is ours: it asks through its control socket, and a USIM answers."""
import re
import socket
import subprocess
import threading
from typing import NamedTuple

import topology
from oracle import aka

CONFIGURATION = """\
ctrl_interface={folder}/control
external_sim=1
network={{
 key_mgmt=IEEE8021X
 eap={method}
 identity="{identity}"
 phase1="result_ind=1"
}}
"""
IDENTITY_PREFIX = {"AKA'": "6", "AKA": "0"}


class Outcome(NamedTuple):
    """`success`: EAP-Success came and the MPPE keys of the Access-Accept are the peer's; `challenges`: what the USIM made of each."""

    success: bool
    challenges: list
    log: str


class ExternalSim:
    """Answers the requests of one run of eapol_test with a USIM: to `challenges` goes "ok", "synchronisation" or "mac"."""

    def __init__(self, usim, folder):
        self.usim = usim
        self.challenges = []
        self.path = folder / "sim.sock"
        self.path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def attach(self, control, process):
        """Waits for the control socket, then serves until eapol_test has ended."""
        while process.poll() is None:
            try:
                self.socket.connect(str(control))
                self.socket.send(b"ATTACH")
                break
            except OSError:
                threading.Event().wait(0.01)
        self.thread.start()

    def serve(self):
        while True:
            try:
                text = self.socket.recv(4096).decode(errors="replace")
                if text == "":
                    return
                asked = re.search(r"CTRL-REQ-SIM-(\d+):UMTS-AUTH:([0-9a-f]{32}):([0-9a-f]{32})", text)
                if asked:
                    self.socket.send(f"CTRL-RSP-SIM-{asked[1]}:{self.answer(bytes.fromhex(asked[2]), bytes.fromhex(asked[3]))}".encode())
            except OSError:
                return

    def answer(self, rand, autn):
        try:
            res, ck, ik = self.usim.authenticate(rand, autn)
        except aka.SynchronisationFailure as failure:
            self.challenges.append("synchronisation")
            return "UMTS-AUTS:" + failure.auts.hex()
        except aka.AuthenticationFailure:
            self.challenges.append("mac")
            return "UMTS-FAIL"
        self.challenges.append("ok")
        return f"UMTS-AUTH:{ik.hex()}:{ck.hex()}:{res.hex()}"

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        if self.thread.ident is not None:
            self.thread.join()
        self.socket.close()


def authenticate(node, folder, usim, realm, address, port, secret, method="AKA'", identity=None, reauthentications=0, timeout_s=60):
    """Runs eapol_test in a node against a RADIUS server; returns its Outcome. identity: the name that the peer gives itself, else the
    permanent one of the USIM."""
    folder.mkdir(parents=True, exist_ok=True)
    name = identity or f"{IDENTITY_PREFIX[method]}{usim.imsi}@{realm}"
    (folder / "peer.conf").write_text(CONFIGURATION.format(folder=folder, method=method, identity=name))
    sim = ExternalSim(usim, folder)
    command = ("eapol_test", "-W", "-c", str(folder / "peer.conf"), "-a", address, "-p", str(port), "-s", secret,
               "-r", str(reauthentications), "-t", str(timeout_s), "-o", "/dev/null")
    with open(folder / "peer.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(topology.in_node(node, *command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        sim.attach(folder / "control" / "test", process)
        status = process.wait()
    sim.close()
    return Outcome(status == 0, sim.challenges, (folder / "peer.log").read_text(errors="replace"))
