#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The lab stands: its network, its DNS server, its status, and nothing of it remains when it is taken down."""
import json
import os
import pathlib
import subprocess
import sys

import dns_server
import lab
import programs
import story
import topology
import traffic

LAB = pathlib.Path(__file__).with_name("lab.py")
RUN = pathlib.Path(__file__).resolve().parents[2] / "run"


def call(*arguments, program=(sys.executable, str(LAB))):
    """`lab.py`, or another program, as its own process: (status, what it printed)."""
    done = subprocess.run(program + arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def story_status_tells_addresses_and_programs():
    status, printed = call("status", "--json")
    facts = json.loads(printed)
    assert status == 0 and facts["up"]
    assert facts["nodes"]["mn"]["addresses"] == {"cellular0": ["198.51.100.10", "2001:db8:100::10"]}
    assert [(program["name"], program["user"]) for program in facts["nodes"]["dns"]["programs"]] == [("named", "bind")]
    assert "core0" not in facts["nodes"]["home"]["addresses"]
    assert facts["mobility_server"] == {"fqdn": "ha.mob.example", "address": "2001:db8:1::1", "port": 716}


def story_second_up_changes_nothing():
    before = lab.status()
    assert call("up")[0] == 0
    assert lab.status() == before


def story_wrong_calls_are_told():
    assert call("move", "nowhere")[0] == 2
    assert call("exec", "nobody", "true")[0] == 2
    assert call("dance")[0] == 2
    assert call("exec", "mn", "false")[0] == 1


def story_run_explains_itself_and_passes_statuses_on():
    run = (str(RUN),)
    status, printed = call(program=run)
    assert status == 0 and all(verb in printed for verb in ("demo", "test", "lab up", "shell", "fuzz", "fmt", "setup", "build", "bench"))
    assert call("dance", program=run)[0] == 2
    assert call("lab", "dance", program=run)[0] == 2
    assert call("test", "--dance", program=run)[0] == 2
    status, printed = call("lab", "status", "--json", program=run)
    assert status == 0 and json.loads(printed)["up"]
    assert call("lab", "exec", "mn", "sh", "-c", "exit 7", program=run)[0] == 7


def story_every_node_reaches_the_dns_server_and_knows_it():
    for node in ("mn", "cn", "cellular", "wlan", "internet", "home"):
        assert story.ping(node, topology.DNS_ADDRESS) == 1, node
        assert story.ask(node, "ha.mob.example", "AAAA") == [topology.SERVICE_ADDRESS], node
    assert topology.SERVICE_ADDRESS in story.run("cn", "getent", "ahostsv6", "ha.mob.example")


def story_home_prefix_and_service_address_lead_to_core0():
    """What is sent to them arrives on core0 as a question for the data plane's address, which no kernel answers."""
    with story.Capture("home", "core0") as capture:
        assert story.ping("cn", topology.SERVICE_ADDRESS, timeout_s=1) in (0, 1)
        assert story.ping("cn", "2001:db8:aa:1::1", timeout_s=1) in (0, 1)
    assert capture.packets(f"icmpv6.type == 135 && icmpv6.nd.ns.target_address == {topology.DATA_PLANE_ADDRESS}")
    assert capture.malformed() == []


def story_update_from_home_needs_the_key():
    for zone, name, kind, value in ((dns_server.ZONE, "n1", "AAAA", "2001:db8:aa:1::1"),
                                    (dns_server.REVERSE_ZONE, "1", "PTR", "n1.mob.example.")):
        refused = story.update(zone, signed=False)
        refused.add(name, 300, kind, value)
        assert story.send_update("home", refused) == "REFUSED"
        assert story.ask("cn", f"{name}.{zone}", kind) == []
        accepted = story.update(zone)
        accepted.absent(name)
        accepted.add(name, 300, kind, value)
        assert story.send_update("home", accepted) == "NOERROR"
        assert story.ask("cn", f"{name}.{zone}", kind) == [value]


def story_traffic_is_counted():
    """What the stories measure with: an address that stays loses nothing, one that goes loses what was sent to it."""
    cellular = topology.ACCESSES["cellular"].address
    with traffic.Echo("cn", cellular) as echo, traffic.Stream("cn", "mn", cellular) as stream:
        story.wait_until(lambda: len(echo.received) >= 20 and stream.records >= 20, "twenty answers of each")
    assert echo.lost == 0 and echo.longest_gap_ms > 0 and stream.longest_gap_ms > 0
    with traffic.Echo("cn", cellular, last_s=0.1) as echo:
        story.wait_until(lambda: len(echo.received) >= 5, "five answers")
        lab.move("wlan", overlap_ms=0)
        before = len(echo.sent)
        story.wait_until(lambda: len(echo.sent) >= before + 10, "ten more requests")
    assert 10 <= echo.lost < len(echo.sent)
    lab.move("cellular", overlap_ms=0)


def story_move_with_overlap_is_new_path_before_old_goes():
    """Link, address and default route of the new access come, then those of the old go. N-3"""
    with open(story.scratch("monitor"), "wb") as seen:
        monitor = subprocess.Popen(topology.in_node("mn", "ip", "-6", "-oneline", "monitor", "address"), stdout=seen)
        with topology.inside("mn"):
            story.wait_until(lambda: netlink_listeners() > 0, "ip monitor listens")
        lab.move("wlan", overlap_ms=100)
        story.wait_until(lambda: "Deleted" in story.scratch("monitor").read_text(), "the old address goes")
        monitor.terminate()
        monitor.wait()
    events = story.scratch("monitor").read_text()
    assert events.index("2001:db8:200::10") < events.index("Deleted"), events
    assert lab.status()["nodes"]["mn"]["addresses"] == {"wlan0": ["192.0.2.10", "2001:db8:200::10"]}
    assert story.ping("mn", "2001:db8:f1::1") == 1


def netlink_listeners():
    """How many route netlink sockets with a group are open in the network of the calling thread."""
    lines = pathlib.Path("/proc/thread-self/net/netlink").read_text().splitlines()[1:]
    return sum(1 for line in lines if line.split()[1] == "0" and int(line.split()[3], 16) != 0)


def story_move_without_overlap_reaches_the_internet_again():
    lab.move("cellular", overlap_ms=0)
    assert lab.status()["nodes"]["mn"]["addresses"] == {"cellular0": ["198.51.100.10", "2001:db8:100::10"]}
    assert story.ping("mn", "2001:db8:f1::1") == 1


def story_each_address_leaves_by_its_own_access():
    topology.attach("wlan")
    for network, access in topology.ACCESSES.items():
        with story.Capture(network, "mn0") as capture:
            assert story.ping("mn", topology.DNS_ADDRESS, source=access.address) == 1
        assert capture.packets(f"icmpv6.type == 128 && ipv6.src == {access.address}"), network
    topology.detach("wlan")


def story_down_leaves_nothing_and_is_repeatable():
    stray = programs.start("cn", "stray", ("sleep", "1000"))
    lab.down()
    assert topology.standing_namespaces() == []
    assert programs.start_time(stray) is None
    for folder in ("/run/kedge-lab", "/var/lib/kedge-lab", "/run/kedge", "/etc/netns"):
        assert not os.path.exists(folder) or os.listdir(folder) == [], folder
    status, printed = call("status", "--json")
    assert (status, json.loads(printed)) == (3, {"up": False})
    assert call("exec", "mn", "true")[0] == 3
    assert call("lab", "status", program=(str(RUN),))[0] == 3
    assert call("down")[0] == 0
    assert call("up")[0] == 0
    assert story.ask("cn", "n1.mob.example", "AAAA") == []


story.main(__name__)
