#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Two data planes behind a router that spreads flows over them (ECMP): both announce the same home prefix and service address by BGP, both have
the whole table. One is drained, one is killed under traffic, one stands still for ten seconds: the other carries all, and the gap is printed."""
import contextlib
import os
import signal
import time

import bird
import daemons
import host_port
import mobile_node
import programs
import story
import topology
import traffic

IMSI, K, OPC = "001010000000001", "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
FIRST, SECOND = "dataplane", "dataplane2"
ADDRESS = {FIRST: topology.DATA_PLANE_ADDRESS, SECOND: "2001:db8:f5::2"}
GATEWAY = {FIRST: topology.DATA_PLANE_GATEWAY, SECOND: "2001:db8:f5::1"}
FLOWS = [f"2001:db8:c::{number:x}" for number in range(0x20, 0x30)]  # addresses of the correspondent
ROUTES = (topology.HOME_PREFIX, topology.SERVICE_ADDRESS)
STANDS_S = 10
# The second data plane's node is one more of the lab's.
topology.NODES += ("home2",)
topology.LINKS += ((topology.End("internet", "home2", (GATEWAY[SECOND] + "/64",)), topology.End("home2", "core0")),)
node = None


def second_configuration(text):
    return (host_port.with_host_port(text).replace(ADDRESS[FIRST], ADDRESS[SECOND]).replace(GATEWAY[FIRST], GATEWAY[SECOND])
            .replace(f"{FIRST}.metrics", f"{SECOND}.metrics").replace("file-prefix: kedge-lab", f"file-prefix: kedge-lab2\nname: {SECOND}"))


def start_second():
    with host_port.configured(second_configuration):
        path = daemons.write_configuration(host_port.DATA_PLANE)
    path = path.rename(path.with_name(f"{SECOND}.yaml"))
    log = programs.log_of(SECOND)
    offset = log.stat().st_size if log.exists() else 0
    programs.start("home2", SECOND, (str(daemons.BINARIES / "kedge-dataplane"), "--config", str(path)))
    programs.wait_for_line(SECOND, r"\bready\b", offset)


def add_to_shell():
    with open(daemons.CONFIGURATION / "shell.yaml", "a", encoding="ascii") as file:
        file.write(f"  - name: {SECOND}\n    kind: dataplane\n    view: {daemons.SOCKETS}/view/{SECOND}\n    operate: {daemons.SOCKETS}/operate/{SECOND}\n")


def stats(name):
    return story.kedge("--server", name, "stats", "show")[name]


def carried(name):
    """Packets that a data plane has put into tunnels and taken out of them."""
    walk = stats(name)["walk"]
    return walk["encapsulated"], walk["decapsulated"]


def wait_announced_by(*names):
    wanted = {ADDRESS[name] for name in names}
    programs.wait_until(lambda: all(bird.next_hops(route) == wanted for route in ROUTES), f"an announcement by {', '.join(names)}", 60)


@contextlib.contextmanager
def many_flows(last_s=10):
    """Echo requests from many addresses of the correspondent to the node; answers that are missing at the end are waited for so long."""
    with contextlib.ExitStack() as stack:
        flows = [stack.enter_context(traffic.Echo("cn", node.facts["home_address"], 0.05, last_s=last_s, source=source)) for source in FLOWS]
        programs.wait_until(lambda: all(len(flow.received) > 3 for flow in flows), "answers in all flows")
        yield flows


def wait_for_more(flows, count=20):
    before = [len(flow.received) for flow in flows]
    programs.wait_until(lambda: all(len(flow.received) > had + count for flow, had in zip(flows, before)), "more answers in all flows")


def story_two_data_planes_announce_the_same():
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    if not bird.is_installed():
        raise story.Skip("bird2 is not installed")
    for source in FLOWS:
        topology.ip("cn", "address", "add", source + "/64", "dev", "internet0")
    host_port.restart()
    start_second()
    add_to_shell()
    bird.start_router({"home1": (GATEWAY[FIRST], ADDRESS[FIRST]), "home2": (GATEWAY[SECOND], ADDRESS[SECOND])})
    bird.start_beside_data_plane("home", 1, ADDRESS[FIRST], GATEWAY[FIRST])
    bird.start_beside_data_plane("home2", 2, ADDRESS[SECOND], GATEWAY[SECOND])
    wait_announced_by(FIRST, SECOND)


def story_a_node_is_served_by_both():
    global node  # pylint: disable=global-statement
    story.import_subscribers([{"imsi": IMSI, "k": K, "opc": OPC}])
    node = mobile_node.Node(IMSI, K, OPC)
    node.start()
    for name in (FIRST, SECOND):
        programs.wait_until(lambda: len(story.kedge("--server", name, "dataplane", "bindings")["rows"]) == 1, f"the binding in {name}")
    before = {name: carried(name) for name in (FIRST, SECOND)}
    with many_flows() as flows:
        wait_for_more(flows)
    assert sum(flow.lost for flow in flows) == 0
    for name in (FIRST, SECOND):
        share = carried(name)[0] - before[name][0]
        print(f"{name} encapsulated {share} packets")
        assert share > 0, f"the router sends nothing to {name}"


def story_one_is_drained_and_nothing_is_lost():
    refusal = ""
    try:
        story.kedge("dataplane", "drain")
    except AssertionError as error:
        refusal = str(error)
    assert "--server NAME" in refusal, "all data planes were drained at once"
    with many_flows() as flows:
        assert story.kedge("--server", FIRST, "dataplane", "drain")[FIRST]["drained"] is True
        wait_announced_by(SECOND)
        wait_for_more(flows)
        before = carried(FIRST)
        wait_for_more(flows)
        assert carried(FIRST) == before, "a drained data plane still carries traffic"
        story.kedge("--server", FIRST, "dataplane", "undrain")
        wait_announced_by(FIRST, SECOND)
        wait_for_more(flows)
    assert sum(flow.lost for flow in flows) == 0, [flow.lost for flow in flows]


def story_one_is_killed_under_traffic():
    """What is lost is what the router sent to it until BFD had told; then the other carries all."""
    with many_flows(last_s=0.5) as flows:
        os.kill(programs.running_pid(SECOND), signal.SIGKILL)
        wait_announced_by(FIRST)
        wait_for_more(flows)
    gap_ms, lost = max(flow.longest_gap_ms for flow in flows), sum(flow.lost for flow in flows)
    print(f"gap {gap_ms:.0f} ms, {lost} of {sum(len(flow.sent) for flow in flows)} packets lost in {len(flows)} flows")
    assert 0 < lost < sum(len(flow.sent) for flow in flows)


def story_it_resyncs_and_is_announced_again():
    """With the binding before the first packet: nothing is lost when flows come back to it."""
    with many_flows() as flows:
        start_second()
        wait_announced_by(FIRST, SECOND)
        wait_for_more(flows)
    assert sum(flow.lost for flow in flows) == 0, [flow.lost for flow in flows]
    shown = story.kedge("--server", SECOND, "dataplane", "show")[SECOND]
    assert shown["in_sync"] is True and shown["bindings"] == 1, shown
    assert carried(SECOND)[0] > 0


def sequence_at(name):
    """The version of the binding in a data plane."""
    return story.kedge("--server", name, "dataplane", "bindings")["rows"][0]["sequence"]


def change_binding():
    """A Binding Update, and with it another version; returns when the first data plane has it."""
    before = sequence_at(FIRST)
    assert node.device.binding_update().accepted
    programs.wait_until(lambda: sequence_at(FIRST) > before, "the change in the other data plane")


def seen_by_control_plane(name):
    return next(row for row in story.kedge("--server", "controlplane", "stats", "show")["controlplane"]["data_planes"] if row["name"] == name)


def story_one_that_stands_still_hurts_nobody():
    """No thread of it turns for ten seconds (SIGSTOP): BFD takes it out, changes reach the other one meanwhile; then it catches up and serves again."""
    pid, since, changes = programs.running_pid(SECOND), time.monotonic(), 0
    restarts = seen_by_control_plane(SECOND)["restarts"]
    with many_flows(last_s=0.5) as flows:
        os.kill(pid, signal.SIGSTOP)
        try:
            wait_announced_by(FIRST)
            while changes < 3 or time.monotonic() < since + STANDS_S:
                change_binding()
                changes += 1
            wait_for_more(flows)
            programs.wait_until(lambda: not seen_by_control_plane(SECOND)["heard"], "word that it is silent")
        finally:
            os.kill(pid, signal.SIGCONT)
        programs.wait_until(lambda: sequence_at(SECOND) == sequence_at(FIRST), "what it has missed")
        wait_announced_by(FIRST, SECOND)
        before = carried(SECOND)
        wait_for_more(flows)
        assert carried(SECOND)[0] > before[0]
    programs.wait_until(lambda: seen_by_control_plane(SECOND)["heard"], "word of it")
    told = seen_by_control_plane(SECOND)
    assert told["restarts"] == restarts and told["in_sync"] and not told["lag_rows"], told
    print(f"{changes} changes while it stood still")


def story_the_counters_add_up():
    node.stop()
    for name in (FIRST, SECOND):
        shown = stats(name)
        assert shown["adds_up"] is True, shown


story.main(__name__)
