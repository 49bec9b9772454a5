#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""kedge-mobilenode as somebody starts it by hand: what is wrong is said in a sentence that helps, nothing is touched, and what runs goes on."""
import subprocess

import daemons
import kedge_node
import programs
import story
import topology

IMSI, K, OPC = "001010000000001", "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
CORRESPONDENT = "2001:db8:c::10"
node = None


def refused(configuration):
    """What the node says when it does not start."""
    command = (str(node.program), "--config", str(configuration))
    done = subprocess.run(topology.in_node("mn", *command), capture_output=True, text=True, timeout=programs.PATIENCE_S, check=False)
    assert done.returncode == 1, done
    return done.stdout + done.stderr


def changed(old, new):
    """The node's configuration, with something else in it."""
    text = node.configuration.read_text()
    assert old in text, text
    other = node.folder / "other.yaml"
    other.write_text(text.replace(old, new))
    return other


def routing():
    return [story.run("mn", "ip", "-6", *what) for what in (("rule",), ("route", "show", "table", "716"), ("-o", "addr"))]


def story_a_node_is_bound():
    global node  # pylint: disable=global-statement
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers([{"imsi": IMSI, "k": K, "opc": OPC}])
    node = kedge_node.Node(IMSI, K, OPC)
    node.start()


def story_a_second_one_is_refused_and_the_first_goes_on():
    before = routing()
    assert "a kedge-mobilenode that runs" in refused(node.configuration)
    assert routing() == before
    assert story.ping("cn", node.facts["home_address"], 3) == 3
    assert node.status()["state"] == "bound"


def story_an_interface_that_is_no_tun_is_left_alone():
    before = routing()
    assert "no TUN interface" in refused(changed("kedge0", "cellular0"))
    assert routing() == before


def story_a_state_that_others_can_read_is_refused():
    """N-1: file mode 0600."""
    node.stop()
    state = node.folder / "node.state"
    kept = state.read_bytes()
    state.chmod(0o644)
    told = refused(node.configuration)
    assert str(state) in told and "0600" in told, told
    assert state.read_bytes() == kept


def story_after_that_it_comes_up_with_the_same_address():
    address = node.facts["home_address"]
    (node.folder / "node.state").chmod(0o600)
    node.start()
    assert node.facts["home_address"] == address
    assert story.ping("mn", CORRESPONDENT, 3, source=address) == 3
    node.stop()
    assert "716" not in "".join(routing()), routing()


story.main(__name__)
