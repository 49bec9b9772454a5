# SPDX-License-Identifier: BSD-3-Clause
"""BIRD in the lab's nodes: a router that learns by BGP, and the routing daemon beside a data plane that announces what that holds as routes on
its host port. BFD tells the router in two seconds that a data plane is gone, as no withdrawal comes from one that was killed: networks take less,
but this one shares two processors with all that it connects."""
import shutil

import programs
import story
import topology

ROUTER_AS, DATA_PLANE_AS = 65000, 65001
ANNOUNCED_PROTOCOL = 107  # of the routes that a data plane sets
BFD_MS, BFD_MULTIPLIER = 100, 20

COMMON = """
router id {router_id};
log stderr all;
protocol device {{ scan time 1; }}
protocol bfd {{ interface "*" {{ min rx interval {bfd} ms; min tx interval {bfd} ms; idle tx interval {bfd} ms; multiplier {multiplier}; }}; }}
"""

ROUTER = COMMON + """
protocol kernel {{ merge paths on; ipv6 {{ import none; export where source = RTS_BGP; }}; }}
"""

ROUTER_PEER = """
protocol bgp {name} {{
    local {here} as {router_as};
    neighbor {there} as {data_plane_as};
    bfd on;
    error wait time 1, 2;
    connect retry time 1;
    connect delay time 1;
    ipv6 {{ import all; export none; }};
}}
"""

DATA_PLANE = COMMON + """
protocol kernel {{ learn; ipv6 {{ import where krt_source = {announced}; export none; }}; }}
protocol bgp core {{
    local {here} as {data_plane_as};
    neighbor {there} as {router_as};
    bfd on;
    error wait time 1, 2;
    connect retry time 1;
    connect delay time 1;
    ipv6 {{ import none; export where source = RTS_INHERIT; next hop self; }};
}}
"""


def is_installed():
    return shutil.which("bird") is not None


def start(node, text):
    """Starts BIRD in a node with this configuration."""
    folder = programs.STATE / "bird"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{node}.conf"
    path.write_text(text)
    programs.start(node, f"bird-{node}", ("bird", "-f", "-c", str(path), "-s", str(folder / f"{node}.ctl"), "-P", str(folder / f"{node}.pid")))
    programs.wait_until(lambda: ask(node, "show", "status"), f"BIRD in {node}")


def start_router(peers):
    """The lab's router with BGP to data planes: {name: (its address, the data plane's)}. Its static routes to them go."""
    for destination in (topology.SERVICE_ADDRESS + "/128", topology.HOME_PREFIX):
        topology.ip("internet", "route", "delete", destination)
    text = ROUTER.format(router_id="10.0.0.1", bfd=BFD_MS, multiplier=BFD_MULTIPLIER)
    for name, (here, there) in peers.items():
        text += ROUTER_PEER.format(name=name, here=here, there=there, router_as=ROUTER_AS, data_plane_as=DATA_PLANE_AS)
    start("internet", text)


def start_beside_data_plane(node, number, here, there):
    start(node, DATA_PLANE.format(router_id=f"10.0.1.{number}", here=here, there=there, router_as=ROUTER_AS, data_plane_as=DATA_PLANE_AS,
                                  bfd=BFD_MS, multiplier=BFD_MULTIPLIER, announced=ANNOUNCED_PROTOCOL))


def ask(node, *words):
    """BIRD's answer, empty while it does not run."""
    return story.run(node, "birdc", "-s", str(programs.STATE / "bird" / f"{node}.ctl"), *words, check=False)


def next_hops(destination):
    """By which data planes the router sends to this destination."""
    words = topology.ip("internet", "-6", "route", "show", destination, "proto", "bird").split()
    return {words[at + 1] for at, word in enumerate(words) if word == "via"}
