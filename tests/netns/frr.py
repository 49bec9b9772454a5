# SPDX-License-Identifier: BSD-3-Clause
"""FRR beside a data plane in the lab: zebra learns the routes that the data plane holds on its host port, bgpd announces them, bfdd tells when
somebody is gone. Its programs keep their sockets in a folder of the lab's own.

The service address is an address of the host port, too, and zebra prefers that to the data plane's route: it is announced as a connected one, for as
long as the host port is there. (bgpd's conditional advertisement should tie it to the home prefix; in 8.4 it misses changes.)"""
import pathlib
import shutil

import bird
import programs
import story
import topology

DAEMONS = pathlib.Path("/usr/lib/frr")

BGPD = """
router bgp {data_plane_as}
 bgp router-id {router_id}
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 neighbor {there} remote-as {router_as}
 neighbor {there} update-source {here}
 neighbor {there} timers connect 1
 neighbor {there} bfd profile lab
 address-family ipv6 unicast
  redistribute kernel route-map home
  redistribute connected route-map service
  neighbor {there} activate
  neighbor {there} route-map nothing in
 exit-address-family
!
ipv6 prefix-list home permit {home_prefix}
ipv6 prefix-list service permit {service_address}/128
route-map home permit 10
 match ipv6 address prefix-list home
route-map service permit 10
 match ipv6 address prefix-list service
route-map nothing deny 10
"""

BFDD = """
bfd
 profile lab
  detect-multiplier {multiplier}
  receive-interval {bfd}
  transmit-interval {bfd}
"""


def is_installed():
    return (DAEMONS / "bgpd").exists()


def start_beside_data_plane(node, number, here, there):
    """zebra, bfdd and bgpd in a node."""
    folder = programs.STATE / f"frr-{node}"
    folder.mkdir(parents=True, exist_ok=True)
    values = {"data_plane_as": bird.DATA_PLANE_AS, "router_as": bird.ROUTER_AS, "router_id": f"10.0.1.{number}", "here": here, "there": there,
              "home_prefix": topology.HOME_PREFIX, "service_address": topology.SERVICE_ADDRESS, "bfd": bird.BFD_MS, "multiplier": bird.BFD_MULTIPLIER}
    for name, text in (("zebra", ""), ("bfdd", BFDD), ("bgpd", BGPD)):
        (folder / f"{name}.conf").write_text(text.format(**values))
        shutil.chown(folder / f"{name}.conf", "frr", "frr")
    shutil.chown(folder, "frr", "frr")
    for name, more in (("zebra", ()), ("bfdd", ("--bfdctl", str(folder / "bfdd.ctl"))), ("bgpd", ())):
        programs.start(node, f"frr-{node}-{name}", (str(DAEMONS / name), "-f", str(folder / f"{name}.conf"), "-i", str(folder / f"{name}.pid"),
                                                    "-z", str(folder / "zserv.api"), "--vty_socket", str(folder), "-P", "0", "--log", "stdout") + more)
        programs.wait_until((folder / f"{name}.vty").exists, f"{name} of FRR in {node}")


def ask(node, words):
    """FRR's answer."""
    return story.run(node, "vtysh", "--vty_socket", str(programs.STATE / f"frr-{node}"), "-c", words, check=False)
