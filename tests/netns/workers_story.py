#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Several workers: with a queue for each, and with one queue that is spread over them in software. Each flow and each packet is walked once,
what a binding counts is exact, nothing is lost."""
import contextlib

import daemons
import host_port
import mobile_node
import programs
import story
import topology
import traffic

IMSI, K, OPC = "001010000000001", "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
FLOWS = [f"2001:db8:c::{number:x}" for number in range(0x20, 0x30)]  # addresses of the correspondent
PACKETS = 40  # at least, of each flow
node = None


def with_workers(workers, device=None, more=""):
    """The lab's data plane with so many workers."""
    def edit(text):
        if device:
            text = text.replace(topology.DATA_PLANE_DEVICE, device)
        return host_port.with_host_port(text) + f"workers: {workers}\n{more}"
    host_port.restart(edit)
    programs.wait_until(lambda: shown()["in_sync"], "a data plane that has caught up")
    assert story.ping("internet", topology.DATA_PLANE_ADDRESS, 2) == 2  # both know their neighbour: of what waits for one only three packets are kept


def shown():
    return story.kedge("dataplane", "show")["dataplane"]


def stats():
    return story.kedge("--server", "dataplane", "stats", "show")["dataplane"]


def binding():
    rows = story.kedge("dataplane", "bindings")["rows"]
    assert len(rows) == 1, rows
    return rows[0]


def exchange():
    """Many flows both ways through the tunnel. What the workers and the binding count must be what was sent and answered."""
    binding_before, workers_before, walk_before = binding(), shown()["workers"], stats()["walk"]
    with contextlib.ExitStack() as stack:
        flows = [stack.enter_context(traffic.Echo("cn", node.facts["home_address"], 0.02, source=source)) for source in FLOWS]
        programs.wait_until(lambda: all(len(flow.received) >= PACKETS for flow in flows), "answers in all flows")
    sent = sum(len(flow.sent) for flow in flows)
    assert sum(flow.lost for flow in flows) == 0, ([flow.lost for flow in flows], stats()["drops"])
    binding_after, workers_after, after = binding(), shown()["workers"], stats()
    octets = sent * (40 + 8 + 56)
    grown = {name: binding_after[name] - binding_before[name] for name in ("down_packets", "down_octets", "up_packets", "up_octets")}
    assert grown == {"down_packets": sent, "down_octets": octets, "up_packets": sent, "up_octets": octets}, (sent, grown)
    assert after["walk"]["encapsulated"] - walk_before["encapsulated"] == sent
    assert after["walk"]["decapsulated"] - walk_before["decapsulated"] == sent
    assert after["adds_up"] is True, after
    assert sum(worker["received"] for worker in workers_after) == after["walk"]["received"]
    shares = [now["received"] - then["received"] for now, then in zip(workers_after, workers_before)]
    print(f"{sent} packets each way, received by the workers: {', '.join(map(str, shares))}")
    return sent, shares


def all_worked(shares):
    assert all(share > PACKETS for share in shares), shares


def story_a_node_is_bound():
    global node  # pylint: disable=global-statement
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    for source in FLOWS:
        topology.ip("cn", "address", "add", source + "/64", "dev", "internet0")
    story.import_subscribers([{"imsi": IMSI, "k": K, "opc": OPC}])
    with_workers(2)
    node = mobile_node.Node(IMSI, K, OPC)
    node.start()


def story_two_workers_with_a_queue_each():
    """af_packet's queue pairs: the kernel spreads by its own flow hash."""
    port = shown()["ports"][0]
    assert (port["queues"], port["transmit_queues"]) == (2, 2), port
    _, shares = exchange()
    all_worked(shares)


def story_two_workers_share_one_queue():
    """Whoever polls it hands the flows of the other over, and the other sends through it."""
    with_workers(2, topology.DATA_PLANE_DEVICE + ",qpairs=1")
    port = shown()["ports"][0]
    assert (port["queues"], port["transmit_queues"]) == (1, 1), port
    _, shares = exchange()
    all_worked(shares)


def story_three_workers_share_two_queues():
    with_workers(3, topology.DATA_PLANE_DEVICE + ",qpairs=2")
    _, shares = exchange()
    all_worked(shares)


def story_two_workers_share_the_queue_of_an_af_xdp_port():
    with_workers(2, "net_af_xdp,iface=core0")
    port = shown()["ports"][0]
    assert (port["driver"], port["queues"]) == ("net_af_xdp", 1), port
    _, shares = exchange()
    all_worked(shares)
    with_workers(2, "net_af_xdp,iface=core0")  # what the first left on the interface does not hinder the second
    exchange()


def story_the_host_port_serves_all_workers():
    """What is for the kernel comes from whichever worker has the flow."""
    before = stats()["walk"]
    with traffic.Stream("cn", "home", topology.SERVICE_ADDRESS, 2022) as one, traffic.Stream("cn", "home", topology.DATA_PLANE_ADDRESS, 2023) as other:
        programs.wait_until(lambda: one.records > 30 and other.records > 30, "records of both streams")
    after = stats()["walk"]
    assert after["to_host"] - before["to_host"] > 60 and after["from_host"] - before["from_host"] > 60


def story_workers_that_poll_without_a_pause():
    with_workers(2, more="idle: busy\n")
    assert [worker["idle"] for worker in shown()["workers"]] == ["busy", "busy"]
    exchange()


def story_the_counters_add_up():
    node.stop()
    assert stats()["adds_up"] is True


story.main(__name__)
