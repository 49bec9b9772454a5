# SPDX-License-Identifier: BSD-3-Clause
"""kedge's own daemons in the node `home`: their configuration from templates, their keys, their start."""
import os
import pathlib
import secrets
import shutil
import string
from typing import NamedTuple

import dns_server
import programs
import topology

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TEMPLATES = pathlib.Path(__file__).resolve().parent / "templates"
CONFIGURATION = programs.STATE / "etc"
# for programs under AddressSanitizer, which inherit it
os.environ.setdefault("LSAN_OPTIONS", f"print_suppressions=0:suppressions={pathlib.Path(__file__).resolve().parent / 'leaks_of_others.txt'}")
BINARIES = pathlib.Path("/var/lib/kedge-lab/bin")
DATA = pathlib.Path("/var/lib/kedge-lab")
SOCKETS = pathlib.Path("/run/kedge/lab")

TSIG_KEY = CONFIGURATION / "tsig.key"
RADIUS_SECRET = CONFIGURATION / "radius.secret"
AUTHSERVER_ADDRESS, AUTHSERVER_PORT = "::1", 1812
PANA_PORT = 716


class Daemon(NamedTuple):
    """One daemon: `program` is where the build puts it, `ready` the line of its log from which on it serves."""

    name: str
    program: str
    user: str
    ready: str


# In the order in which they start; they end in the opposite one.
DAEMONS = (
    Daemon("authserver", "controlplane/authserver/kedge-authserver", "kedge-authserver", r"\bready\b"),
    Daemon("controlplane", "controlplane/mobilityserver/kedge-controlplane", "kedge-controlplane", r"\bready\b"),
    Daemon("dataplane", "dataplane/kedge-dataplane", "kedge-dataplane", r"\bready\b"),
)


def build_folder():
    """The build whose programs the lab runs."""
    return pathlib.Path(os.environ.get("KEDGE_BUILD", REPOSITORY / "build"))


def template_of(daemon):
    return TEMPLATES / f"{daemon.name}.yaml"


def missing(daemon):
    """Why a daemon cannot be started yet; None if it can."""
    if not (build_folder() / daemon.program).exists():
        return f"{daemon.program} is not built"
    if not template_of(daemon).exists():
        return f"tests/netns/templates/{daemon.name}.yaml is not written"
    return None


def make_socket_folders():
    """One folder for each audience of the daemons' sockets. Sockets get the folder's group, and nobody removes another's."""
    for audience in ("bus", "view", "operate"):
        folder = SOCKETS / audience
        folder.mkdir(parents=True, exist_ok=True)
        shutil.chown(folder, "root", f"kedge-{audience}")
        folder.chmod(0o3770)


def make_keys():
    """Keys and secrets that do not exist yet. Each is readable by the daemon that needs it and by nobody else."""
    CONFIGURATION.mkdir(parents=True, exist_ok=True)
    if not TSIG_KEY.exists():
        dns_server.make_key(TSIG_KEY, "kedge-controlplane")
    radius = secrets.token_hex(16)
    for path, text, owner in (
        (RADIUS_SECRET, radius, "kedge-controlplane"),
        (CONFIGURATION / "authserver.radius.secret", radius, "kedge-authserver"),
        (CONFIGURATION / "subscriber.key", secrets.token_hex(32), "kedge-authserver"),
        (CONFIGURATION / "owner.key", secrets.token_hex(32), "kedge-controlplane"),
    ):
        if not path.exists():
            write_private(path, text + "\n", owner)
    host_key = CONFIGURATION / "host-key.pem"
    if not host_key.exists():
        text = topology.run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:named_curve")
        write_private(host_key, text, "kedge-controlplane")


def write_private(path, text, owner):
    path.touch(mode=0o600)
    path.write_text(text)
    shutil.chown(path, owner, owner)


def write_configuration(daemon):
    """Fills a daemon's template; returns the file."""
    values = {
        "etc": CONFIGURATION, "data": DATA / daemon.name, "sockets": SOCKETS, "zone": dns_server.ZONE, "reverse_zone": dns_server.REVERSE_ZONE,
        "dns_address": topology.DNS_ADDRESS, "dns_port": dns_server.PORT, "service_address": topology.SERVICE_ADDRESS,
        "home_prefix": topology.HOME_PREFIX, "data_plane_address": topology.DATA_PLANE_ADDRESS, "data_plane_gateway": topology.DATA_PLANE_GATEWAY,
        "data_plane_device": topology.DATA_PLANE_DEVICE,
        "authserver_address": AUTHSERVER_ADDRESS, "authserver_port": AUTHSERVER_PORT,
    }
    path = CONFIGURATION / f"{daemon.name}.yaml"
    path.write_text(string.Template(template_of(daemon).read_text()).substitute(values))
    return path


def write_shell_configuration():
    """Which daemons the operators' shell speaks to here."""
    CONFIGURATION.mkdir(parents=True, exist_ok=True)
    servers = "".join(f"  - name: {daemon.name}\n    kind: {daemon.name}\n    view: {SOCKETS}/view/{daemon.name}\n    operate: {SOCKETS}/operate/{daemon.name}\n"
                      for daemon in DAEMONS)
    (CONFIGURATION / "shell.yaml").write_text("servers:\n" + servers)


def start(daemon):
    """Starts one daemon; returns when it says that it is ready."""
    data = DATA / daemon.name
    data.mkdir(parents=True, exist_ok=True)
    shutil.chown(data, daemon.user, daemon.user)
    data.chmod(0o750)
    configuration = write_configuration(daemon)
    BINARIES.mkdir(parents=True, exist_ok=True)
    program = BINARIES / pathlib.Path(daemon.program).name
    program.unlink(missing_ok=True)  # a copy, as the daemon's user may not be able to read the folder of the build
    shutil.copy(build_folder() / daemon.program, program)
    program.chmod(0o755)
    log = programs.log_of(daemon.name)
    offset = log.stat().st_size if log.exists() else 0
    programs.start("home", daemon.name, (str(program), "--config", str(configuration)))
    programs.wait_for_line(daemon.name, daemon.ready, offset)


def socket_of(daemon, audience):
    """The command socket of a daemon for an audience (view, operate)."""
    return f"ipc://{SOCKETS}/{audience}/{daemon.name}"
