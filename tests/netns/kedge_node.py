# SPDX-License-Identifier: BSD-3-Clause
"""kedge-mobilenode in the node `mn`: one process a SIM, with a folder, a TUN interface and a socket of its own."""
import itertools
import json
import shutil
import string
import subprocess

import daemons
import dns_server
import programs
import topology
from mobile_node import Refused

PROGRAM = "controlplane/mobilenode/kedge-mobilenode"
numbers = itertools.count()


def is_built():
    return (daemons.build_folder() / PROGRAM).exists()


class Node:
    """start() returns when the node is bound, or raises Refused; stop() ends it. `facts` is what it says of itself. With `state_of` the node
    finds the sealed state of another one."""

    def __init__(self, imsi, k, opc, wish=None, state_of=None):
        number = next(numbers)
        self.name = f"mobilenode{number or ''}"
        self.folder = daemons.DATA / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        daemons.write_private(self.folder / "usim.key", f"{k}\n{opc}\n", "root")
        if state_of is not None:
            shutil.copy(state_of.folder / "node.state", self.folder / "node.state")
        self.configuration = self.folder / "mobilenode.yaml"
        values = {"zone": dns_server.ZONE, "service_address": topology.SERVICE_ADDRESS, "imsi": imsi, "iccid": f"8935801{imsi[-12:]}",
                  "folder": self.folder, "wish": wish or "", "interface": f"kedge{number}", "table": 716 + number, "priority": 716 + 4 * number,
                  "all_traffic": "no" if number else "yes", "sockets": daemons.SOCKETS,
                  "name": self.name}
        self.configuration.write_text(string.Template((daemons.TEMPLATES / "mobilenode.yaml").read_text()).substitute(values))
        self.program = daemons.BINARIES / "kedge-mobilenode"
        if not self.program.exists():
            shutil.copy(daemons.build_folder() / PROGRAM, self.program)
        self.facts = {}

    def status(self):
        """What it says of itself; {} while it does not answer."""
        command = (str(self.program), "status", "--json", "--config", str(self.configuration))
        done = subprocess.run(topology.in_node("mn", *command), capture_output=True, text=True, timeout=programs.PATIENCE_S, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def start(self):
        programs.start("mn", self.name, (str(self.program), "--config", str(self.configuration)))
        self.wait_bound_at(None)

    def wait_bound_at(self, address):
        """Waits until the node's binding is at this care-of address (None: anywhere)."""
        def look():
            self.facts = self.status()
            if self.facts.get("state") in ("failed", "stopped"):
                raise Refused(self.facts["failure"])
            if programs.running_pid(self.name) is None:
                raise Refused(f"{self.name} ended:\n{programs.tail(programs.log_of(self.name))}")
            return self.facts.get("state") == "bound" and address in (None, self.facts["care_of_address"])
        programs.wait_until(look, f"a binding of {self.name}")

    def stop(self):
        programs.stop(self.name)

    def kill(self):
        programs.kill(self.name)


def bootstrap_once(imsi, k, opc, wish=None):
    """A node that comes up and ends again, with its binding; returns (name, address). Refused says why there are none."""
    node = Node(imsi, k, opc, wish)
    try:
        node.start()
    finally:
        node.stop()
    return node.facts["fqdn"], node.facts["home_address"]
