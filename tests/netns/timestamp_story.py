#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A home agent that asks for timestamps in Binding Updates (RFC 4285 6, M-11), and a node that sends them from the first one on, or when it is
asked."""
import daemons
import kedge_node
import lab
import programs
import story
import topology

IMSI, K, OPC = "001010000000001", "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
CORRESPONDENT = "2001:db8:c::10"
CONTROLPLANE = next(daemon for daemon in daemons.DAEMONS if daemon.name == "controlplane")
as_the_lab_has_it = daemons.write_configuration
node = None


def with_timestamps(daemon):
    path = as_the_lab_has_it(daemon)
    if daemon is CONTROLPLANE:
        path.write_text(path.read_text() + "lifetimes:\n  binding-timestamps: yes\n")
    return path


def home_agent():
    return story.kedge("--server", "controlplane", "stats", "show")["controlplane"]["home_agent"]


def story_a_node_is_bound_without_timestamps():
    global node  # pylint: disable=global-statement
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers([{"imsi": IMSI, "k": K, "opc": OPC}])
    node = kedge_node.Node(IMSI, K, OPC)
    node.start()


def story_a_node_that_is_asked_goes_on_with_them():
    """145: the association is of before the policy was changed."""
    programs.stop("controlplane")
    daemons.write_configuration = with_timestamps
    daemons.start(CONTROLPLANE)
    lab.move("wlan")
    node.wait_bound_at(topology.ACCESSES["wlan"].address)
    assert home_agent()["timestamp_missing"] == 1, home_agent()
    assert story.ping("mn", CORRESPONDENT, 3, source=node.facts["home_address"]) == 3


def story_a_new_one_sends_them_at_once():
    """Mobility-SA with replay 2."""
    node.stop()
    (node.folder / "node.state").unlink()
    node.start()
    assert home_agent()["timestamp_missing"] == 1, home_agent()
    assert home_agent()["timestamp"] == 0, home_agent()
    assert story.ping("cn", node.facts["home_address"], 3) == 3


story.main(__name__)
