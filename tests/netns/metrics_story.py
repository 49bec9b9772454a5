#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What Prometheus reads of the daemons: promtool finds nothing to say against it, it is what `stats show` prints, and nobody but the operator's
monitoring gets it."""
import http.client
import json
import re
import shutil
import socket
import stat
import subprocess
import time

import daemons
import programs
import story
import topology

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? ([0-9.eE+-]+|NaN)$')


class Local(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=programs.PATIENCE_S)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def socket_of(daemon):
    return daemons.SOCKETS / "view" / f"{daemon}.metrics"


def ask(daemon, method="GET", url="/metrics", accept="text/plain"):
    """(status, media type, body)"""
    connection = Local(socket_of(daemon))
    connection.request(method, url, headers={"Accept": accept})
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, response.getheader("Content-Type"), body


def samples(text):
    """{name: {labels: value}}"""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        assert match, line
        labels = match.group(2) or ""
        assert labels not in found.get(match.group(1), {}), f"twice: {line}"
        found.setdefault(match.group(1), {})[labels] = float(match.group(3))
    return found


def story_promtool_has_nothing_to_say():
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    if not shutil.which("promtool"):
        raise story.Skip("promtool is not there: Debian's package prometheus")
    for daemon in daemons.DAEMONS:
        status, media_type, text = ask(daemon.name)
        assert (status, media_type) == (200, "text/plain; version=0.0.4; charset=utf-8"), (status, media_type)
        done = subprocess.run(("promtool", "check", "metrics"), input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and not done.stderr, f"{daemon.name}: {done.stdout}{done.stderr}"
        assert len(samples(text)) > 20, text


def story_openmetrics_is_whole():
    """OpenMetrics 1.0: families in one piece, counters named without and sampled with _total, an end."""
    for daemon in daemons.DAEMONS:
        status, media_type, text = ask(daemon.name, accept=OPENMETRICS)
        assert (status, media_type) == (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"), (status, media_type)
        lines = text.splitlines()
        assert lines[-1] == "# EOF" and lines.count("# EOF") == 1
        kinds, family = {}, None
        for line in lines[:-1]:
            if line.startswith("# HELP"):
                continue
            if line.startswith("# TYPE"):
                _, _, family, kind = line.split(" ")
                assert family not in kinds and not family.endswith("_total"), line
                kinds[family] = kind
                continue
            name = SAMPLE.match(line).group(1)
            assert name == family + ("_total" if kinds[family] == "counter" else ""), line


def story_the_data_planes_counters_are_those_of_stats_show():
    assert story.ping("cn", topology.SERVICE_ADDRESS, 3) == 3
    assert story.ping("cn", "2001:db8:aa:77::1", 2, timeout_s=1) == 0  # nobody's

    def both():
        shown = story.kedge("--server", "dataplane", "stats", "show")["dataplane"]
        return shown, samples(ask("dataplane")[2]), story.kedge("--server", "dataplane", "stats", "show")["dataplane"]

    for _ in range(20):
        before, read, after = both()
        if {**before["walk"], "idle_polls": 0} == {**after["walk"], "idle_polls": 0} and before["drops"] == after["drops"]:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the lab does not come to rest")
    for name, value in before["walk"].items():
        if name != "idle_polls":
            assert read[f"kedge_dataplane_walk_{name}_total"][""] == value, name
    drops = {labels[len('reason="'):-1]: value for labels, value in read["kedge_dataplane_drops_total"].items()}
    assert {reason: value for reason, value in drops.items() if value} == before["drops"]
    assert drops["destination_unbound"] == 2 and "credit_used_up" in drops, "those that have not occurred stand there, too"
    assert read["kedge_dataplane_packets_under_way"][""] == 0
    assert read["kedge_dataplane_in_sync"][""] == 1 and read["kedge_dataplane_rows_behind"][""] == 0
    assert read["kedge_dataplane_worker_packets_total"]['worker="0"'] == before["walk"]["received"]


def story_the_control_planes_counters_are_those_of_stats_show():
    for daemon, groups in (("controlplane", ("pana", "relay", "bootstrap", "naming", "home_agent", "bindings", "bus")), ("authserver", ("radius", "eap", "authentication_centre"))):
        shown = story.kedge("--server", daemon, "stats", "show")[daemon]
        read = samples(ask(daemon)[2])
        for group in groups:
            compared = 0
            for name, value in shown[group].items():
                sample = read.get(f"kedge_{daemon}_{group}_{name}_total", {}).get("")
                if sample is None:
                    continue
                compared += 1
                assert sample >= value if group in ("bindings", "bus", "naming") else sample == value, (group, name, sample, value)
            assert compared >= 3, (group, sorted(read))


def story_it_answers_nothing_else():
    for daemon in daemons.DAEMONS:
        assert ask(daemon.name, url="/")[0] == 404
        assert ask(daemon.name, method="POST")[0] == 405
        status, _, body = ask(daemon.name, method="HEAD")
        assert (status, body) == (200, "")
        mode = socket_of(daemon.name).stat()
        assert stat.S_ISSOCK(mode.st_mode) and stat.S_IMODE(mode.st_mode) == 0o660, oct(mode.st_mode)


def story_silent_clients_keep_nobody_from_the_others():
    """As many connections as there can be, and a broken request: the daemon serves its operators all the while."""
    held = []
    for _ in range(12):
        one = socket.socket(socket.AF_UNIX)
        one.connect(str(socket_of("dataplane")))
        one.sendall(b"GET /metr")
        held.append(one)
    assert story.kedge("dataplane", "show")["dataplane"]["in_sync"]
    assert story.ping("cn", topology.SERVICE_ADDRESS, 2) == 2
    for one in held:
        one.close()
    programs.wait_until(lambda: ask("dataplane")[0] == 200, "an answer")
    garbage = socket.socket(socket.AF_UNIX)
    garbage.connect(str(socket_of("dataplane")))
    garbage.sendall(b"\x00\xff" * 40000)
    garbage.close()
    assert ask("dataplane")[0] == 200


def story_what_is_not_loopback_is_refused():
    """A wrong address ends in a line before anything is opened."""
    for listen, right in (("0.0.0.0:9464", False), ("[::]:9464", False), ("127.0.0.1:0", False), ("127.0.0.1", False), ("127.0.0.1:9464", True), ("[::1]:9464", True)):
        for daemon in daemons.DAEMONS:
            path = story.scratch("metrics.yaml")
            text = re.sub(r"(?m)^metrics: .*$", f'metrics: "{listen}"', daemons.write_configuration(daemon).read_text())
            path.write_text(text)
            done = subprocess.run((str(daemons.build_folder() / daemon.program), "--config", str(path), "--check"), capture_output=True, text=True, check=False)
            assert (done.returncode == 0) == right, f"{daemon.name} {listen}: {done.stdout}{done.stderr}"
            assert right or "metrics" in done.stderr, done.stderr


def story_dpdks_telemetry_has_them_too():
    """Over the socket that dpdk-telemetry.py uses, when the configuration says so."""
    programs.stop("dataplane")
    before = daemons.write_configuration

    def with_telemetry(daemon):
        path = before(daemon)
        if daemon.name == "dataplane":
            path.write_text(path.read_text() + "telemetry: on\n")
        return path

    daemons.write_configuration = with_telemetry
    daemons.start(daemons.DAEMONS[2])
    assert story.ping("cn", topology.SERVICE_ADDRESS, 2) == 2
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as one:
        one.settimeout(programs.PATIENCE_S)
        one.connect("/var/run/dpdk/kedge-lab/dpdk_telemetry.v2")
        json.loads(one.recv(1024))

        def told(command):
            one.send(command.encode())
            return json.loads(one.recv(16384))[command.split(",")[0]]

        walk = told("/kedge/walk")
        assert walk["received"] >= 2 and walk["originated"] >= 2, walk
        assert told("/kedge/worker,0")["packets"] >= 2
        assert isinstance(told("/kedge/drops"), dict)
        assert told("/kedge/worker,7") is None


story.main(__name__)
