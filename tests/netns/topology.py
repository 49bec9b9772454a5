# SPDX-License-Identifier: BSD-3-Clause
"""The lab's network: which nodes there are, how they are linked, and how the mobile node attaches to an access network.

    mn ── cellular0 ── cellular ──┐                ┌── cn
     └─── wlan0 ────── wlan ──────┤    internet    ├── dns ── mgmt0 ─┐
                                  └────────┬───────┘                 │
                                           └───────── core0 ─ home ──┘

Each node is a network namespace kedge-NODE, each line a veth pair. An af_packet port is a copy, the kernel sees the same frames; so the
kernel has no address on home's core0, which is the data plane's alone.
"""
import contextlib
import ctypes
import os
import pathlib
import subprocess
import time
from typing import NamedTuple

NODES = ("internet", "cellular", "wlan", "cn", "dns", "home", "mn")
ROUTERS = ("internet", "cellular", "wlan")

SERVICE_ADDRESS = "2001:db8:1::1"
HOME_PREFIX = "2001:db8:aa::/48"
DNS_ADDRESS = "2001:db8:53::53"
DATA_PLANE_ADDRESS = "2001:db8:f3::2"  # on core0; the data plane answers Neighbour Discovery for it by itself
DATA_PLANE_GATEWAY = "2001:db8:f3::1"
# eight times as many frames as DPDK takes without a word: they wait here while others have the worker's processor
DATA_PLANE_DEVICE = "net_af_packet,iface=core0,framecnt=4096"


class End(NamedTuple):
    """One end of a link; an interface without addresses does not speak IPv6."""

    node: str
    interface: str
    addresses: tuple = ()


LINKS = (
    (End("internet", "cellular0", ("2001:db8:f1::1/64", "203.0.113.1/30")), End("cellular", "internet0", ("2001:db8:f1::2/64", "203.0.113.2/30"))),
    (End("internet", "wlan0", ("2001:db8:f2::1/64", "203.0.113.5/30")), End("wlan", "internet0", ("2001:db8:f2::2/64", "203.0.113.6/30"))),
    (End("internet", "home0", (DATA_PLANE_GATEWAY + "/64", "203.0.113.9/30")), End("home", "core0")),
    (End("internet", "cn0", ("2001:db8:c::1/64", "203.0.113.17/28")), End("cn", "internet0", ("2001:db8:c::10/64", "203.0.113.18/28"))),
    (End("internet", "dns0", ("2001:db8:53::1/64", "203.0.113.33/28")), End("dns", "internet0", (DNS_ADDRESS + "/64", "203.0.113.34/28"))),
    (End("dns", "mgmt0", ("2001:db8:f4::1/64",)), End("home", "mgmt0", ("2001:db8:f4::2/64",))),
    (End("cellular", "mn0", ("2001:db8:100::1/64", "198.51.100.1/24")), End("mn", "cellular0")),
    (End("wlan", "mn0", ("2001:db8:200::1/64", "192.0.2.1/24")), End("mn", "wlan0")),
)

# (node, destination, next hop)
ROUTES = (
    ("internet", SERVICE_ADDRESS + "/128", DATA_PLANE_ADDRESS),
    ("internet", HOME_PREFIX, DATA_PLANE_ADDRESS),
    ("internet", "2001:db8:100::/64", "2001:db8:f1::2"),
    ("internet", "198.51.100.0/24", "203.0.113.2"),
    ("internet", "2001:db8:200::/64", "2001:db8:f2::2"),
    ("internet", "192.0.2.0/24", "203.0.113.6"),
    ("cellular", "default", "2001:db8:f1::1"),
    ("cellular", "0.0.0.0/0", "203.0.113.1"),
    ("wlan", "default", "2001:db8:f2::1"),
    ("wlan", "0.0.0.0/0", "203.0.113.5"),
    ("cn", "default", "2001:db8:c::1"),
    ("cn", "0.0.0.0/0", "203.0.113.17"),
    ("dns", "default", "2001:db8:53::1"),
    ("dns", "0.0.0.0/0", "203.0.113.33"),
    ("home", "2001:db8:53::/64", "2001:db8:f4::1"),
)


class Access(NamedTuple):
    """How the mobile node stands in an access network. The routing table is its own, so that while two accesses overlap each address
    still leaves by the interface that it belongs to."""

    interface: str
    address: str
    gateway: str
    address_ipv4: str
    gateway_ipv4: str
    table: int


ACCESSES = {
    "cellular": Access("cellular0", "2001:db8:100::10", "2001:db8:100::1", "198.51.100.10", "198.51.100.1", 100),
    "wlan": Access("wlan0", "2001:db8:200::10", "2001:db8:200::1", "192.0.2.10", "192.0.2.1", 200),
}
PREFERRED_METRIC, OTHER_METRIC = 100, 200

# No node waits for duplicate address detection or takes an address from an advertisement: every address here is given.
HOST_SETTINGS = {
    "net.ipv6.conf.all.accept_dad": 0,
    "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv6.conf.all.accept_ra": 0,
    "net.ipv6.conf.default.accept_ra": 0,
}
ROUTER_SETTINGS = {"net.ipv6.conf.all.forwarding": 1, "net.ipv4.ip_forward": 1}


def namespace(node):
    """Name of a node's network namespace."""
    return "kedge-" + node


def run(*command):
    """Runs a command; a failure shows its own words."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip() or done.returncode}")
    return done.stdout


def ip(node, *arguments):
    """`ip` inside a node."""
    return run("ip", "-n", namespace(node), *arguments)


def in_node(node, *command):
    """The command line that runs a command in a node, with the node's /etc/resolv.conf."""
    return ("ip", "netns", "exec", namespace(node)) + command


def standing_namespaces():
    """Names of the lab's namespaces that exist now."""
    wanted = {namespace(node) for node in NODES}
    return [line.split()[0] for line in run("ip", "netns", "list").splitlines() if line.split() and line.split()[0] in wanted]


def create():
    """Makes nodes, links, addresses and routes, none of which may be there yet; the mobile node stays detached."""
    for node in NODES:
        run("ip", "netns", "add", namespace(node))
        ip(node, "link", "set", "lo", "up")
        settings = HOST_SETTINGS | (ROUTER_SETTINGS if node in ROUTERS else {})
        run(*in_node(node, "sysctl", "-q", "-w", *(f"{name}={value}" for name, value in settings.items())))
        resolver = pathlib.Path("/etc/netns", namespace(node), "resolv.conf")
        resolver.parent.mkdir(parents=True, exist_ok=True)
        resolver.write_text(f"nameserver {DNS_ADDRESS}\n")
    for left, right in LINKS:
        run("ip", "link", "add", left.interface, "netns", namespace(left.node), "type", "veth",
            "peer", "name", right.interface, "netns", namespace(right.node))
        for end in (left, right):
            prepare_interface(end)
    for left, right in LINKS:
        if right.node != "mn":
            wait_for_carrier(left.node, left.interface)
            wait_for_carrier(right.node, right.interface)
    for node, destination, next_hop in ROUTES:
        ip(node, "route", "add", destination, "via", next_hop)
    for access in ACCESSES.values():
        ip("mn", "-6", "rule", "add", "from", access.address, "lookup", str(access.table))
        ip("mn", "-4", "rule", "add", "from", access.address_ipv4, "lookup", str(access.table))


def prepare_interface(end):
    """Addresses and state of one end. Checksums are computed in software: veth would else carry partial ones, and 64 KB TCP frames."""
    run(*in_node(end.node, "ethtool", "-K", end.interface, "tx", "off"))
    for address in end.addresses:
        ip(end.node, "address", "add", address, "dev", end.interface)
    if end.node == "mn":
        return
    if not end.addresses:
        run(*in_node(end.node, "sysctl", "-q", "-w", f"net.ipv6.conf.{end.interface}.disable_ipv6=1"))
    ip(end.node, "link", "set", end.interface, "up")


def destroy():
    """Removes the nodes, and with them links, addresses and routes. The nodes' programs must have ended."""
    for name in standing_namespaces():
        run("ip", "netns", "delete", name)
    for node in NODES:
        folder = pathlib.Path("/etc/netns", namespace(node))
        (folder / "resolv.conf").unlink(missing_ok=True)
        if folder.is_dir():
            folder.rmdir()


def is_attached(network):
    """Whether the mobile node stands in an access network."""
    interface = ACCESSES[network].interface
    return "default" in ip("mn", "-6", "route", "show", "dev", interface)


def attach(network):
    """The mobile node enters an access network: link up, address, default route. What it was attached to stays, less preferred."""
    access = ACCESSES[network]
    for other in ACCESSES:
        if other != network and is_attached(other):
            give_default_route(ACCESSES[other], OTHER_METRIC)
            take_default_route(ACCESSES[other], PREFERRED_METRIC)
    ip("mn", "link", "set", access.interface, "up")
    wait_for_carrier("mn", access.interface)
    wait_for_carrier(network, "mn0")
    ip("mn", "address", "add", access.address + "/64", "dev", access.interface)
    ip("mn", "address", "add", access.address_ipv4 + "/24", "dev", access.interface)
    ip("mn", "route", "add", "default", "via", access.gateway, "dev", access.interface, "table", str(access.table))
    ip("mn", "route", "add", "0.0.0.0/0", "via", access.gateway_ipv4, "dev", access.interface, "table", str(access.table))
    give_default_route(access, PREFERRED_METRIC)


def wait_for_carrier(node, interface, timeout_s=30.0):
    """Returns when an interface can carry packets. The kernel tells of a new carrier up to a second late, and until then neither asks
    for neighbours nor answers."""
    end = time.monotonic() + timeout_s
    while "state UP" not in ip(node, "-oneline", "link", "show", interface):
        if time.monotonic() > end:
            raise RuntimeError(f"{interface} of {node} has no carrier")
        time.sleep(0.01)


def detach(network):
    """The mobile node leaves an access network: addresses and routes go, the link goes down."""
    interface = ACCESSES[network].interface
    ip("mn", "address", "flush", "dev", interface)
    ip("mn", "link", "set", interface, "down")


def give_default_route(access, metric):
    for destination, gateway in (("default", access.gateway), ("0.0.0.0/0", access.gateway_ipv4)):
        ip("mn", "route", "add", destination, "via", gateway, "dev", access.interface, "metric", str(metric))


def take_default_route(access, metric):
    for destination, gateway in (("default", access.gateway), ("0.0.0.0/0", access.gateway_ipv4)):
        ip("mn", "route", "delete", destination, "via", gateway, "dev", access.interface, "metric", str(metric))


def addresses_of(node):
    """{interface: [global addresses]} of a node."""
    found = {}
    for line in ip(node, "-oneline", "address", "show", "scope", "global").splitlines():
        fields = line.split()
        found.setdefault(fields[1], []).append(fields[3].split("/")[0])
    return found


CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def inside(node):
    """The calling thread stands in a node's network: sockets that it opens here stay there when it has left."""
    with open("/proc/thread-self/ns/net", "rb") as here, open(f"/run/netns/{namespace(node)}", "rb") as there:
        enter_network(there)
        try:
            yield
        finally:
            enter_network(here)


def enter_network(handle):
    if _libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
