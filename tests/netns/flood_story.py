#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A bad day: somebody floods the service address with control packets (issue 3). What is over its rate is dropped by name before the ring, the
feed is served before punts, and each acknowledged binding stands in the data plane."""
import multiprocessing
import os
import signal
import socket
import time

import daemons
import home_tunnel
import mobile_node
import programs
import story
import topology

K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
IMSI, NAME = "001010000000001", "Matti Virtanen"
PANA_PORT, UPDATES, FLOODED_AT_LEAST, ANSWERED_AT_LEAST = 716, 40, 20000, 3
matti = None


def stats(daemon):
    return story.kedge("--server", daemon, "stats", "show")[daemon]


def shown():
    return story.kedge("dataplane", "show")["dataplane"]


def flood(flooder):
    """Datagrams that no PANA client would send, to where PANA is spoken, until it is killed."""
    while True:
        for _ in range(1000):
            flooder.send(bytes(48))


def story_a_node_is_bound():
    global matti  # pylint: disable=global-statement
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers([{"imsi": IMSI, "k": K, "opc": OPC, "name": NAME, "name_consent": True}])
    matti = mobile_node.bound_device(IMSI, K, OPC)


def story_bindings_apply_under_a_flood_of_punts():
    before = stats("dataplane")
    with topology.inside("mn"):
        flooder = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        flooder.connect((topology.SERVICE_ADDRESS, PANA_PORT))
    process = multiprocessing.get_context("fork").Process(target=flood, args=(flooder,), daemon=True)
    process.start()
    waited = []
    try:
        programs.wait_until(lambda: stats("dataplane")["drops"].get("punt_rate_pana", 0) > before["drops"].get("punt_rate_pana", 0), "drops over the rate")
        for _ in range(UPDATES):
            begin = time.monotonic()
            assert matti.binding_update().accepted
            waited.append((time.monotonic() - begin) * 1000)
            sequence = story.kedge("binding", "show")["rows"][0]["sequence"]
            programs.wait_until(lambda: story.kedge("dataplane", "bindings")["rows"][0]["sequence"] == sequence, "the change in the data plane")  # pylint: disable=cell-var-from-loop
        programs.wait_until(lambda: stats("dataplane")["drops"].get("punt_rate_pana", 0) > FLOODED_AT_LEAST, "a flood worth the name")
        with home_tunnel.HomeTunnel(matti):
            # the port's ring may lose frames of anybody before a worker sees them: traffic goes on, not each packet of it
            programs.wait_until(lambda: story.ping("cn", str(matti.association.home_address), 10, timeout_s=1) >= ANSWERED_AT_LEAST, "traffic beside the flood")
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    after = stats("dataplane")
    late = after["bus"]["not_before_timeouts"] - before["bus"]["not_before_timeouts"]
    dropped = after["drops"]["punt_rate_pana"] - before["drops"].get("punt_rate_pana", 0)
    waited.sort()
    print(f"  {dropped} packets over the rate; {UPDATES} updates acknowledged in {waited[len(waited) // 2]:.1f} ms (median), {waited[-1]:.1f} ms at most; "
          f"{late} of them before the data plane had the binding, as 50 ms were over")
    assert late < UPDATES, "the feed is not served before punts"


def story_the_counters_add_up():
    assert stats("dataplane")["adds_up"] is True
    assert shown()["in_sync"] and shown()["rows_waiting_for_room"] == 0


story.main(__name__)
