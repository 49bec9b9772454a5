# SPDX-License-Identifier: BSD-3-Clause
"""The mobile node as stories use it: a program that is started with a SIM, bootstraps, binds, and follows its movements by itself. Here the
oracle's node in a thread; kedge_node.py has the same of the real one."""
import re
import socket
import threading

import home_tunnel
import programs
import topology
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import bootstrap  # noqa: E402
import node as oracle_node  # noqa: E402

PAA_ID = "ha.mob.example"
RTMGRP_IPV6_ROUTE = 0x400


class Refused(Exception):
    """The network refused this node, or the node the network."""


def oracle_device(imsi, k, opc, wish=None):
    return oracle_node.Node(oracle_node.Settings(topology.SERVICE_ADDRESS, PAA_ID, imsi, bytes.fromhex(k), bytes.fromhex(opc), wish=wish, network_namespace="kedge-mn"))


def bootstrap_once(imsi, k, opc, wish=None):
    """One bootstrap without a binding; returns (name, address). Refused says why there are none."""
    device = oracle_device(imsi, k, opc, wish)
    try:
        answer = device.bootstrap()
    except bootstrap.Refused as error:
        raise Refused(str(error)) from error
    finally:
        device.close()
    if answer is None or not answer.final:
        raise Refused(device.failure)
    return device.association.fqdn, str(device.association.home_address)


def preferred_access():
    """The access network that the kernel sends by, None if there is none."""
    best = None
    for line in topology.ip("mn", "-6", "route", "show", "default").splitlines():
        interface, metric = re.search(r"dev (\S+)", line).group(1), int(re.search(r"metric (\d+)", line).group(1))
        if best is None or metric < best[0]:
            best = (metric, interface)
    return next((access for access in topology.ACCESSES.values() if best and access.interface == best[1]), None)


def bound_device(imsi, k, opc, access=topology.ACCESSES["cellular"]):
    """The oracle's node, bound from an access; where it goes on to is the story's."""
    device = oracle_device(imsi, k, opc)
    assert device.bootstrap().status == 0, device.report()
    device.attach(access.address, access.interface)
    assert device.binding_update().accepted
    return device


class Node:
    """start() returns when the node is bound, or raises Refused; stop() ends it. `facts` says where it is."""

    def __init__(self, imsi, k, opc, wish=None):
        self.device = oracle_device(imsi, k, opc, wish)
        self.facts = {}
        self.failure = None
        with topology.inside("mn"):
            self.routes = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
            self.routes.bind((0, RTMGRP_IPV6_ROUTE))
        self.routes.settimeout(0.05)
        self.ending = threading.Event()
        self.tunnel = None
        self.thread = threading.Thread(target=self.follow, daemon=True)

    def start(self):
        answer = self.device.bootstrap()
        if answer is None or not answer.final:
            raise Refused(self.device.failure)
        association = self.device.association
        self.facts = {"fqdn": association.fqdn, "home_address": str(association.home_address)}
        self.bind(preferred_access())
        self.tunnel = home_tunnel.HomeTunnel(self.device)
        self.tunnel.__enter__()
        self.thread.start()

    def bind(self, access):
        self.device.attach(access.address, access.interface)
        result = self.device.binding_update()
        if not result.accepted:
            raise Refused(f"Binding Acknowledgement {result.status}")
        if self.tunnel is not None:
            self.tunnel.follow()
        self.facts.update({"care_of_address": access.address, "binding_ends_s": result.lifetime_s, "round_trip_ms": result.elapsed_s * 1000})

    def follow(self):
        """Movement: whenever the routes change, a Binding Update from where the default route now leads."""
        while not self.ending.is_set():
            try:
                self.routes.recv(65536)
            except TimeoutError:
                continue
            access = preferred_access()
            if access is not None and access.address != self.facts["care_of_address"]:
                try:
                    self.bind(access)
                except Exception as error:  # pylint: disable=broad-except  (shown by whoever waits for the binding)
                    self.failure = error

    def wait_bound_at(self, address):
        """Waits until the node's binding is at this care-of address."""
        def look():
            if self.failure:
                raise self.failure
            return self.facts["care_of_address"] == address
        programs.wait_until(look, f"a binding at {address}")

    def stop(self):
        self.ending.set()
        if self.thread.is_alive():
            self.thread.join()
        if self.tunnel is not None:
            self.tunnel.__exit__()
        self.routes.close()
        self.device.close()
