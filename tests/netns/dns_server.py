# SPDX-License-Identifier: BSD-3-Clause
"""BIND in the node `dns`: the zone in which mobile nodes get their names and the reverse zone of the home prefix, both for dynamic update
under one TSIG key."""
import pathlib
import pwd
import shutil

import programs
import topology

NAME = "named"
ZONE = "mob.example"
REVERSE_ZONE = "a.a.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
PORT = 53
KEY_NAME = "kedge"
FOLDER = pathlib.Path("/var/lib/kedge-lab/dns")

NAMED_CONF = """\
include "{folder}/tsig.key";
options {{
    directory "{folder}";
    pid-file none;
    session-keyfile "{folder}/session.key";
    listen-on-v6 port {port} {{ any; }};
    listen-on port {port} {{ any; }};
    recursion no;
    notify no;
    dnssec-validation no;
    allow-transfer {{ key {key}; }};
}};
controls {{ }};
zone "{zone}" {{ type primary; file "forward.zone"; update-policy {{ grant {key} zonesub ANY; }}; }};
zone "{reverse_zone}" {{ type primary; file "reverse.zone"; update-policy {{ grant {key} zonesub PTR; }}; }};
"""

# A missing name is forgotten after 5 seconds (the last number of SOA), so that a name which has just been given is soon seen.
SOA = """\
$TTL 300
@ SOA ns.{zone}. root.{zone}. 1 600 60 86400 5
@ NS ns.{zone}.
"""
FORWARD_ZONE = SOA + """\
ns AAAA {dns_address}
ha AAAA {service_address}
"""


def make_key(path, owner):
    """A new TSIG key in the form that tsig-keygen prints, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(topology.run("tsig-keygen", "-a", "hmac-sha256", KEY_NAME))
    shutil.chown(path, owner)


def start(key_file):
    """Starts BIND with the key of key_file; returns when it serves both zones. The zones are made once and then belong to BIND."""
    user = pwd.getpwnam("bind")
    FOLDER.mkdir(parents=True, exist_ok=True)
    values = {"folder": FOLDER, "port": PORT, "key": KEY_NAME, "zone": ZONE, "reverse_zone": REVERSE_ZONE,
              "dns_address": topology.DNS_ADDRESS, "service_address": topology.SERVICE_ADDRESS}
    (FOLDER / "named.conf").write_text(NAMED_CONF.format(**values))
    key_copy = FOLDER / "tsig.key"
    key_copy.touch(mode=0o600)
    key_copy.write_bytes(key_file.read_bytes())
    for name, text in (("forward.zone", FORWARD_ZONE), ("reverse.zone", SOA)):
        if not (FOLDER / name).exists():
            (FOLDER / name).write_text(text.format(**values))
    for path in (FOLDER, *FOLDER.iterdir()):
        shutil.chown(path, user.pw_uid, user.pw_gid)
    log = programs.log_of(NAME)
    offset = log.stat().st_size if log.exists() else 0
    programs.start("dns", NAME, unconfined() + ("named", "-g", "-u", "bind", "-n", "1", "-c", str(FOLDER / "named.conf")))
    programs.wait_for_line(NAME, r" running$", offset)


def unconfined():
    """Debian's AppArmor profile lets named read /etc/bind and /var/lib/bind only; the lab's server reads the lab's folder."""
    enabled = pathlib.Path("/sys/module/apparmor/parameters/enabled")
    if shutil.which("aa-exec") and enabled.exists() and enabled.read_text().strip() == "Y":
        return ("aa-exec", "-p", "unconfined", "--")
    return ()
