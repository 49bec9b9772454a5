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
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def drops():
    """What the data plane remembers of the node's drops: packets by reason."""
    return {row["reason"]: row["packets"] for row in story.kedge("dataplane", "drops", "--address", home_address())["dataplane"]["rows"]}


def story_a_node_is_bound():
    global matti  # pylint: disable=global-statement
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers([{"imsi": MATTI, "k": K.hex(), "opc": OPC.hex(), "name": "Matti Virtanen", "name_consent": True}])
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
    story.too_big("cn", home_address(), 1480)
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


def trace_of(who, count, cause):
    """What `trace` says of the next packets, which `cause` sends once the trace runs: rows by packet."""
    command = (str(daemons.build_folder() / "controlplane/shell/kedge"), "--config", str(daemons.CONFIGURATION / "shell.yaml"), "--json",
               "trace", who, str(count), "--seconds", "10")
    begun = programs.log_of("dataplane").read_text().count("command 'trace start': done")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as shell:
        programs.wait_until(lambda: programs.log_of("dataplane").read_text().count("command 'trace start': done") > begun, "a trace that runs")
        cause()
        printed, _ = shell.communicate(timeout=120)
    assert shell.returncode == 0, printed
    packets = {}
    for row in json.loads(printed)["rows"]:
        packets.setdefault(row["packet"], []).append(row)
    return list(packets.values())


def story_trace_shows_each_step():
    """Down and up, by IMSI: from the port through the tunnel to the port; and no more packets than were asked for."""
    def ping():
        with home_tunnel.HomeTunnel(matti):
            assert story.ping("cn", home_address(), 3) == 3

    packets = trace_of(MATTI, 2, ping)
    assert len(packets) == 2, packets
    down, up = packets
    assert [row["step"] for row in down] == ["received", "downlink", "route"], down
    assert [row["step"] for row in up] == ["received", "uplink", "route"], up
    assert [row["fate"] for row in down] == ["goes-on", "goes-on", "sent"], down
    assert f"{CORRESPONDENT} > {home_address()}, ICMPv6 echo request" in down[0]["text"] and "by port core" in down[0]["text"], down
    assert f"{key()} is bound to {CARE_OF}" in down[1]["text"] and "counted as encapsulated" in down[1]["text"], down
    assert f"{topology.SERVICE_ADDRESS} > {CARE_OF}, IPv6 in a tunnel" in down[2]["text"], down
    assert f"; inside: {CORRESPONDENT} > {home_address()}" in down[2]["text"], down
    assert "the outer source is right; counted as decapsulated" in up[1]["text"] and f"{home_address()} > {CORRESPONDENT}, ICMPv6 echo reply" in up[2]["text"], up


def story_trace_ends_with_the_name_of_the_drop():
    """By address, by key: the check that failed, and what was sent back because of it."""
    def spoof():
        matti.tunnel.send(home_tunnel.spoofed(matti, ipaddress.IPv6Address(home_address()), ipaddress.IPv6Address("2001:db8:100::77"),
                                              ipaddress.IPv6Address(CORRESPONDENT)))

    packets = trace_of(home_address(), 1, spoof)
    last = packets[0][-1]
    assert (last["step"], last["fate"], last["reason"]) == ("uplink", "dropped", "care_of_mismatch"), packets
    assert "is not the care-of address" in last["text"], last

    def too_large():
        story.run("cn", "ip", "-6", "route", "flush", "cache")  # what it has learnt of the path
        story.too_big("cn", home_address(), 1480)

    rows = trace_of(key(), 1, too_large)[0]
    dropped = [row for row in rows if row["fate"] == "dropped"]
    assert len(dropped) == 1 and dropped[0]["reason"] == "too_big" and "1 packet made of it" in dropped[0]["text"], rows
    made = [row for row in rows if row["made_here"]]
    assert made and "Packet Too Big" in made[-1]["text"] and made[-1]["fate"] == "sent", rows


def story_trace_of_one_who_is_not_bound():
    assert matti.binding_update(lifetime_s=0).accepted
    rows = trace_of(MATTI, 1, lambda: story.ping("cn", home_address(), timeout_s=1))[0]
    assert [(row["step"], row["reason"] if "reason" in row else None) for row in rows] == [("received", None), ("downlink", "destination_unbound")], rows
    assert f"{key()} is not bound" in rows[0]["text"], rows
    assert matti.binding_update().accepted


def story_a_trace_that_sees_nothing_ends():
    """Time is up; the slot is free again, more often than there are slots."""
    for _ in range(6):
        printed = story.kedge("trace", home_address(), "3", "--seconds", "1")
        assert printed == {"rows": [], "packets": 0}, printed


def captured(name, display_filter=""):
    """What tshark reads of a capture: a line of fields a packet."""
    path = daemons.DATA / "dataplane" / name
    done = subprocess.run(("tshark", "-n", "-r", str(path), "-Y", display_filter, "-T", "fields", "-E", "separator=|", "-e", "frame.interface_name", "-e",
                           "ipv6.src", "-e", "ipv6.dst", "-e", "frame.comment", "-e", "frame.len", "-e", "frame.cap_len"),
                          capture_output=True, text=True, check=True)
    return [line.split("|") for line in done.stdout.splitlines()]


def capture(name, *filters):
    return story.kedge("capture", "start", name, *filters)["dataplane"]


def capture_ends():
    programs.wait_until(lambda: story.kedge("capture", "show")["dataplane"]["state"] == "stands", "the end of the capture")
    return story.kedge("capture", "show")["dataplane"]


def story_capture_writes_what_passes_the_filter():
    """Both directions of one subscriber, inside of the tunnel and outside; nobody else's, and nothing of others."""
    assert capture("both.pcapng", "--prefix", home_address())["state"] == "runs"
    with home_tunnel.HomeTunnel(matti):
        assert story.ping("cn", home_address(), 5) == 5
    assert story.ping("cn", topology.SERVICE_ADDRESS, 2) == 2
    story.kedge("capture", "stop")
    assert capture_ends() == {"file": "both.pcapng", "state": "stands", "ended_by": "command", "packets": 20, "lost": 0,
                              "octets": (daemons.DATA / "dataplane" / "both.pcapng").stat().st_size}
    rows = captured("both.pcapng")
    assert len(rows) == 20 and all(row[0] == "core" for row in rows), rows
    assert all(home_address() in row[1].split(",") + row[2].split(",") for row in rows), rows
    assert sum(len(row[1].split(",")) == 2 for row in rows) == 10, "one half is in the tunnel"
    assert captured("both.pcapng", "_ws.malformed") == []
    mode = (daemons.DATA / "dataplane" / "both.pcapng").stat().st_mode & 0o777
    assert mode == 0o600, oct(mode)


def story_capture_knows_direction_count_and_length():
    capture("down.pcapng", "--prefix", home_address(), "--direction", "in", "--count", "3", "--snap_length", "64")
    with home_tunnel.HomeTunnel(matti):
        assert story.ping("cn", home_address(), 5) == 5
    ended = capture_ends()
    assert ended["packets"] == 3 and ended["ended_by"] == "count", ended
    rows = captured("down.pcapng")
    assert len(rows) == 3 and {row[5] for row in rows} == {"64"} and all(int(row[4]) > 64 for row in rows), rows


def story_capture_of_drops_names_them():
    capture("drops.pcapng", "--reason", "care_of_mismatch")
    before = drops().get("care_of_mismatch", 0)
    for source in ("2001:db8:100::77", "2001:db8:100::78"):
        matti.tunnel.send(home_tunnel.spoofed(matti, ipaddress.IPv6Address(home_address()), ipaddress.IPv6Address(source),
                                              ipaddress.IPv6Address(CORRESPONDENT)))
    story.ping("cn", str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(home_address())) ^ 1 << 64)), timeout_s=1)  # destination_unbound
    programs.wait_until(lambda: drops().get("care_of_mismatch", 0) == before + 2, "two drops")
    story.kedge("capture", "stop")
    capture_ends()
    rows = captured("drops.pcapng")
    assert [row[1].split(",")[0] for row in rows] == ["2001:db8:100::77", "2001:db8:100::78"], rows
    assert all(row[3].startswith("dropped: care_of_mismatch: ") for row in rows), rows


def story_capture_refuses_what_it_should():
    """A file that stands there already, another capture beside, names that lead elsewhere, what is no filter."""
    def error(*words):
        return story.kedge(*words, check=False)["dataplane"]["error"]["code"]

    assert error("capture", "start", "both.pcapng") == "exists"
    for name in ("../both", "a/b", ".hidden", "x" * 65, "/tmp/x"):
        assert error("capture", "start", name) == "bad-argument", name
    assert error("capture", "start", "f1", "--reason", "no_such_reason") == "bad-argument"
    assert error("capture", "start", "f1", "--prefix", "2001:db8::/129") == "bad-argument"
    assert error("capture", "start", "f1", "--snap_length", "63") == "bad-argument"
    assert error("capture", "start", "f1", "--count", "0") == "bad-argument"
    assert error("capture", "stop") == "not-found"
    capture("one.pcapng")
    assert error("capture", "start", "two.pcapng") == "busy"
    story.kedge("capture", "stop")
    capture_ends()
    assert not (daemons.DATA / "dataplane" / "two.pcapng").exists()


def story_the_data_plane_lists_its_commands():
    """docs/operation.md 4, for programs."""
    client = story.scratch("list.py")
    client.write_text("""import json, struct, sys, zmq
socket = zmq.Context.instance().socket(zmq.REQ)
socket.connect("ipc://" + sys.argv[1])
socket.send_multipart([struct.pack(">BBHI", 1, 1, 0, 7), json.dumps({"command": "command list"}).encode()])
print(socket.recv_multipart()[1].decode())
""")
    done = subprocess.run(("/usr/bin/python3", str(client), f"{daemons.SOCKETS}/view/dataplane"), capture_output=True, text=True, check=True, timeout=120)
    rows = {row["command"]: row for row in json.loads(done.stdout)["rows"]}
    assert rows["log level"]["operates"] and not rows["dataplane drops"]["operates"], rows
    assert "address" in rows["dataplane drops"]["arguments"], rows


story.main(__name__)
