#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What operators see: why a subscriber's packets are dropped, what the data plane does, how much it logs."""
import ipaddress
import json
import subprocess

import daemons
import home_tunnel
import programs
import story
import topology
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import node  # noqa: E402

K, OPC = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"), bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
MATTI = "001010000000001"
CORRESPONDENT = "2001:db8:c::10"
CARE_OF, INTERFACE = topology.ACCESSES["cellular"].address, topology.ACCESSES["cellular"].interface
matti = None


def home_address():
    return str(matti.association.home_address)


def key():
    return str(ipaddress.ip_network((home_address(), 64), strict=False))


def text_of(*words):
    """The shell's answer for people."""
    done = subprocess.run((str(daemons.build_folder() / "controlplane/shell/kedge"), "--config", str(daemons.CONFIGURATION / "shell.yaml")) + words,
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def drops():
    """What the data plane remembers of the node's drops: packets by reason."""
    return {row["reason"]: row["packets"] for row in story.kedge("dataplane", "drops", "--address", home_address())["dataplane"]["rows"]}


def story_a_node_is_bound():
    global matti  # pylint: disable=global-statement
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    path = story.scratch("subscribers.json")
    path.write_text(json.dumps([{"imsi": MATTI, "k": K.hex(), "opc": OPC.hex(), "name": "Matti Virtanen", "name_consent": True}]))
    assert story.kedge("subscriber", "import", str(path))["created"] == 1
    matti = node.Node(node.Settings(topology.SERVICE_ADDRESS, "ha.mob.example", MATTI, K, OPC, network_namespace="kedge-mn"))
    assert matti.bootstrap().status == 0, matti.report()


def story_drops_are_remembered_for_whom_they_concern():
    """Before a binding, from a foreign address, too large: each by its name, with its number."""
    assert drops() == {}
    assert story.ping("cn", home_address(), 3, timeout_s=1) == 0
    programs.wait_until(lambda: drops() == {"destination_unbound": 3}, "three drops for want of a binding")
    matti.attach(CARE_OF, INTERFACE)
    assert matti.binding_update().accepted
    for _ in range(2):
        matti.tunnel.send(home_tunnel.spoofed(matti, ipaddress.IPv6Address(home_address()), ipaddress.IPv6Address("2001:db8:100::77"),
                                              ipaddress.IPv6Address(CORRESPONDENT)))
    story.run("cn", "ping", "-n", "-M", "do", "-c", "1", "-W", "1", "-s", "1432", home_address(), check=False)
    wanted = {"destination_unbound": 3, "care_of_mismatch": 2, "too_big": 1}
    programs.wait_until(lambda: drops() == wanted, f"the drops {wanted}")
    everybody = story.kedge("dataplane", "drops")["dataplane"]["rows"]
    assert {row["key"] for row in everybody} == {key()}, everybody
    assert [row["reason"] for row in everybody][0] == "too_big", "the newest stands first"


def story_explain_shows_the_last_drops():
    explained = story.kedge("explain", MATTI)
    plane = explained["dataplanes"]["dataplane"]
    assert plane["care_of_address"] == CARE_OF, plane
    shown = {row["reason"]: row for row in plane["last_drops"]}
    assert set(shown) == {"destination_unbound", "care_of_mismatch", "too_big"}, plane
    assert shown["care_of_mismatch"]["packets"] == 2 and shown["care_of_mismatch"]["meaning"], shown
    assert shown["too_big"]["age_s"] < 60 and shown["too_big"]["last"].startswith("20"), shown
    assert "care_of_mismatch" in text_of("explain", MATTI)


def story_binding_show_joins_both_planes():
    """Care-of address and lifetime of the control plane, counters, age and drops of the data plane."""
    with home_tunnel.HomeTunnel(matti):
        assert story.ping("cn", home_address(), 4) == 4
    for filters in ((), ("--imsi", MATTI), ("--address", home_address())):
        rows = story.kedge("binding", "show", *filters)["rows"]
        assert [row["key"] for row in rows] == [key()], rows
        row = rows[0]
        assert row["care_of_address"] == CARE_OF and row["inner_mtu_bytes"] == 1460 and row["subscriber"] == f"home/{MATTI}", row
        assert (row["up_packets"], row["down_packets"]) == (4, 4), row
        assert row["down_octets"] == 4 * (40 + 8 + 56) and row["age_s"] < 60, row
        assert row["dropped"] == 6 and row["last_drop"] == "too_big", row


def story_dataplane_show_tells_how_it_is():
    shown = story.kedge("dataplane", "show")["dataplane"]
    assert shown["in_sync"] and shown["owner_heard"] and shown["adds_up"], shown
    assert shown["shards"] == shown["shards_complete"] and shown["shards_behind"] == [], shown
    assert shown["lag"] == {"rows": 0, "worst_shard": None, "worst_rows": 0}, shown
    worker = shown["workers"][0]
    assert worker["received"] > 0 and worker["cycles_per_packet"] > 0 and worker["dropped"] >= 6, worker
    assert 0 < worker["idle_share"] <= 1 and worker["punts_waiting"] == 0 and worker["punt_ring"] >= 1023, worker
    assert shown["drops"]["care_of_mismatch"] == 2, shown
    assert shown["main_core"]["buffers_free"] > 0, shown


def story_the_data_plane_logs_as_much_as_it_is_told():
    """Beside the level its log tells what operators changed, and what they asked when they want it."""
    log = programs.log_of("dataplane")

    def level(*name):
        return story.kedge("--server", "dataplane", "log", "level", *name)["dataplane"]["level"]

    def lines_of(text):
        return sum(text in line for line in log.read_text().splitlines())

    assert level() == "info"
    before = lines_of("debug dataplane: command 'dataplane show': done")
    story.kedge("dataplane", "show")
    assert lines_of("debug dataplane: command 'dataplane show': done") == before
    assert level("debug") == "debug"
    story.kedge("dataplane", "show")
    assert lines_of("debug dataplane: command 'dataplane show': done") == before + 1
    assert level("error") == "error"
    noticed = lines_of("notice dataplane: command 'log level': done")
    assert noticed >= 2
    assert level("info") == "info"
    wrong = subprocess.run((str(daemons.build_folder() / "controlplane/shell/kedge"), "--config", str(daemons.CONFIGURATION / "shell.yaml"),
                            "--server", "dataplane", "log", "level", "loud"), capture_output=True, text=True, check=False)
    assert wrong.returncode == 2 and "^" in wrong.stderr and "notice" in wrong.stderr, wrong.stderr


def story_the_data_plane_lists_its_commands():
    """docs/operation.md 4, for programs."""
    client = story.scratch("list.py")
    client.write_text("""import json, struct, sys, zmq
socket = zmq.Context.instance().socket(zmq.REQ)
socket.connect("ipc://" + sys.argv[1])
socket.send_multipart([struct.pack(">BBHI", 1, 1, 0, 7), json.dumps({"command": "command list"}).encode()])
print(socket.recv_multipart()[1].decode())
""")
    done = subprocess.run(("/usr/bin/python3", str(client), f"{daemons.SOCKETS}/view/dataplane"), capture_output=True, text=True, check=True, timeout=20)
    rows = {row["command"]: row for row in json.loads(done.stdout)["rows"]}
    assert rows["log level"]["operates"] and not rows["dataplane drops"]["operates"], rows
    assert "address" in rows["dataplane drops"]["arguments"], rows


story.main(__name__)
