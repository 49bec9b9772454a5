#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The host port: what is for our own addresses and not mobility control reaches the kernel of `home`, and what that sends goes out."""
import os
import pathlib
import re
import socket
import threading

import daemons
import host_port
import mobile_node
import programs
import story
import topology
import traffic

IMSI, K, OPC = "001010000000001", "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
CORRESPONDENT, CORRESPONDENT_IPV4 = "2001:db8:c::10", "203.0.113.18"
CAP_NET_ADMIN = 1 << 12
BULK = os.urandom(1 << 20)
node = None


def stats():
    return story.kedge("--server", "dataplane", "stats", "show")["dataplane"]


def capabilities(pid):
    """{thread: {permitted, effective, …}} of a process."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found[int(task.name)] = {name: int(value, 16) for name, value in re.findall(r"^(Cap\w+):\s+(\w+)$", (task / "status").read_text(), re.MULTILINE)}
    return found


def converse(client_node, source, server_node, address, port):
    """A connection that carries BULK there and back; both ends must have all of it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with topology.inside(server_node):
        listener = socket.create_server((address, port), family=family)
    with topology.inside(client_node):
        client = socket.socket(family, socket.SOCK_STREAM)
    client.settimeout(traffic.PATIENCE_S)
    if source:
        client.bind((source, 0))
    client.connect((address, port))
    server, _ = listener.accept()
    received = []

    def serve():
        octets = b""
        while len(octets) < len(BULK):
            octets += server.recv(65536)
        received.append(octets)
        server.sendall(octets)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    client.sendall(BULK)
    back = b""
    while len(back) < len(BULK):
        back += client.recv(65536)
    thread.join(traffic.PATIENCE_S)
    assert received == [BULK] and back == BULK
    for one in (client, server, listener):
        one.close()


def story_a_host_port_stands_beside_the_port():
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    host_port.restart(host_port.with_both_families)
    shown = topology.addresses_of("home")[host_port.INTERFACE]
    assert set(shown) == {topology.DATA_PLANE_ADDRESS, topology.SERVICE_ADDRESS, host_port.IPV4_ADDRESS}, shown


def story_home_prefixes_of_both_families_are_routes_on_it():
    """For a routing daemon, while in sync (bgp_story.py)."""
    wanted = {topology.HOME_PREFIX, topology.SERVICE_ADDRESS, host_port.IPV4_HOME_PREFIX}

    def routes():
        lines = [line for family in ("-4", "-6") for line in topology.ip("home", family, "route", "show", "proto", "107").splitlines()]
        return {line.split()[0] for line in lines if f"dev {host_port.INTERFACE}" in line}

    programs.wait_until(lambda: routes() == wanted, f"routes to {wanted}")
    assert story.kedge("dataplane", "drain")["dataplane"]["drained"] is True
    programs.wait_until(lambda: not routes(), "no route while drained")
    story.kedge("dataplane", "undrain")
    programs.wait_until(lambda: routes() == wanted, "the routes again")


def story_network_administration_is_all_that_is_kept():
    """Of root's rights the main thread keeps one, the others none."""
    pid = programs.running_pid("dataplane")
    assert programs.describe(pid)["user"] == "kedge-dataplane"
    for thread, held in capabilities(pid).items():
        allowed = CAP_NET_ADMIN if thread == pid else 0
        assert (held["CapPrm"], held["CapEff"], held["CapInh"], held["CapAmb"]) == (allowed, allowed, 0, 0), (thread, held)


def story_ping_is_still_the_data_planes():
    before = stats()["walk"]
    for address in (topology.DATA_PLANE_ADDRESS, topology.SERVICE_ADDRESS):
        assert story.ping("cn", address, 3) == 3
    after = stats()["walk"]
    assert after["consumed"] - before["consumed"] >= 6
    assert re.search(r"Icmp6InEchos\s+0\b", story.run("home", "cat", "/proc/net/snmp6"))


def story_tcp_to_our_own_addresses():
    """Like SSH: to the port's address, to the service address, and from the host to somebody else."""
    before = stats()["walk"]
    converse("cn", None, "home", topology.DATA_PLANE_ADDRESS, 22)
    converse("cn", None, "home", topology.SERVICE_ADDRESS, 22)
    converse("home", topology.DATA_PLANE_ADDRESS, "cn", CORRESPONDENT, 2222)
    after = stats()["walk"]
    least = 3 * len(BULK) // 1440
    assert after["to_host"] - before["to_host"] > least and after["from_host"] - before["from_host"] > least, (before, after)


def story_datagrams_in_fragments_are_put_together():
    """In fragments from the link, whole to the kernel; its answer in fragments again."""
    octets = BULK[:1900]
    with topology.inside("home"):
        server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.bind((topology.SERVICE_ADDRESS, 5000))
    with topology.inside("cn"):
        client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    for one in (server, client):
        one.settimeout(traffic.PATIENCE_S)
    client.sendto(octets, (topology.SERVICE_ADDRESS, 5000))
    received, peer = server.recvfrom(65536)
    assert received == octets
    server.sendto(received, peer)
    assert client.recv(65536) == octets
    server.close()
    client.close()


def story_tcp_in_ipv4():
    """ARP is answered by the data plane on the link, and by its twin's neighbour to the kernel."""
    converse("cn", None, "home", host_port.IPV4_ADDRESS, 22)
    converse("home", host_port.IPV4_ADDRESS, "cn", CORRESPONDENT_IPV4, 2222)


def story_a_closed_port_refuses():
    """The kernel's answers go out: a reset, and an ICMPv6 error that comes back to the host's own socket."""
    with topology.inside("cn"), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as client:
        client.settimeout(traffic.PATIENCE_S)
        assert client.connect_ex((topology.SERVICE_ADDRESS, 4444)) == 111
    with topology.inside("home"), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.settimeout(traffic.PATIENCE_S)
        client.bind((topology.DATA_PLANE_ADDRESS, 0))
        client.connect((CORRESPONDENT, 4444))
        client.send(b"anybody?")
        try:
            client.recv(100)
            raise AssertionError("somebody answered")
        except ConnectionRefusedError:
            pass


def story_control_packets_still_go_to_the_control_plane():
    global node  # pylint: disable=global-statement
    story.import_subscribers([{"imsi": IMSI, "k": K, "opc": OPC}])
    node = mobile_node.Node(IMSI, K, OPC)
    node.start()


def story_a_node_reaches_the_host_through_its_tunnel():
    """Inner packets for our addresses have passed the source check; the host's answers go down the tunnel."""
    before = stats()["walk"]
    converse("mn", node.facts["home_address"], "home", topology.SERVICE_ADDRESS, 22)
    after = stats()["walk"]
    assert after["decapsulated"] - before["decapsulated"] > 100 and after["encapsulated"] - before["encapsulated"] > 100
    with traffic.Stream("home", "mn", node.facts["home_address"], 2022) as stream:
        programs.wait_until(lambda: stream.error or stream.records > 20, "records between host and node")


def story_the_counters_add_up():
    node.stop()
    shown = stats()
    assert shown["adds_up"] is True, shown


def story_the_host_port_goes_with_the_data_plane():
    programs.stop("dataplane")
    assert host_port.INTERFACE not in story.run("home", "ip", "link")


story.main(__name__)
