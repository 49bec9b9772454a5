#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP: every daemon reads its configuration again, takes over what is live, says what changed and what takes a restart; a wrong file
changes nothing and is named with its line."""
import os
import re
import shutil
import signal
import socket

import daemons
import kedge_node
import programs
import story
import topology
from oracle import aka  # noqa: F401  (makes the oracle's modules importable)

import node  # noqa: E402

K, OPC = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"), bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
MATTI, AINO, JUHA = "001010000000001", "001010000000002", "001010000000003"
devices = {}


def reload(daemon, change=lambda text: text):
    """Changes a daemon's file and sends SIGHUP; returns what it logged."""
    path = daemons.CONFIGURATION / f"{daemon}.yaml"
    path.write_text(change(path.read_text()))
    log = programs.log_of(daemon)
    offset = log.stat().st_size
    os.kill(programs.running_pid(daemon), signal.SIGHUP)
    programs.wait_for_line(daemon, r"reload: .*(read again|what ran goes on)", offset)
    return log.read_text()[offset:]


def device_of(imsi):
    """A device that begins anew, with the card and the key of before."""
    before = devices.get(imsi)
    devices[imsi] = node.Node(node.Settings(topology.SERVICE_ADDRESS, "ha.mob.example", imsi, K, OPC, network_namespace="kedge-mn"),
                              usim=before and before.usim, host_key=before and before.host_key)
    return devices[imsi]


def bootstrap(imsi):
    device = device_of(imsi)
    answer = device.bootstrap()
    return device, answer.status if answer else None


def story_everybody_is_there():
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers([{"imsi": imsi, "k": K.hex(), "opc": OPC.hex(), "name": name, "name_consent": True}
                              for imsi, name in ((MATTI, "Matti Virtanen"), (AINO, "Aino Kallas"), (JUHA, "Juha Aho"))])


def story_nothing_changed():
    for daemon in ("authserver", "controlplane", "dataplane"):
        assert "0 values changed, 0 take a restart" in reload(daemon)


def story_policy_and_limits_of_the_mobility_server():
    told = reload("controlplane", lambda text: text.replace('"{given}-{family}", ', '"node-{given}", ')
                  + "log-level: debug\nlifetimes: {session-max-s: 7200}\nreserved-names: [matti-virtanen]\n")
    for line in ("name-policy: changed", "log-level: 'debug', was 'info'", "lifetimes.session-max-s: '7200', was '86400'", "reserved-names: changed",
                 "4 values changed, 0 take a restart"):
        assert line in told, told
    matti, status = bootstrap(MATTI)
    assert status == 0 and matti.association.fqdn == "node-matti.mob.example", matti.report()
    assert story.kedge("--server", "controlplane", "log", "level") is not None


def story_a_restart_is_asked_for_as_long_as_it_is_needed():
    told = reload("controlplane", lambda text: text.replace("paa-id: ha.mob.example", "paa-id: other.mob.example"))
    assert "paa-id: changed in the file; it takes a restart" in told and "0 values changed, 1 take a restart" in told, told
    assert "1 take a restart" in reload("controlplane")
    assert "0 take a restart" in reload("controlplane", lambda text: text.replace("paa-id: other.mob.example", "paa-id: ha.mob.example"))


def story_a_wrong_file_changes_nothing():
    path = daemons.CONFIGURATION / "controlplane.yaml"
    right = path.read_text()
    told = reload("controlplane", lambda text: text + "limits:\n  half-open: 3\n")
    line = right.count("\n") + 2
    assert f"controlplane.yaml:{line}: " in told and "half-open" in told and "what ran goes on" in told, told
    told = reload("controlplane", lambda _: right.replace("log-level: debug", "log-level: error").replace("tsig.key", "tsig.absent"))
    assert re.search(r"controlplane.yaml:\d+: .*tsig", told) and "what ran goes on" in told, told
    assert "log-level" not in told.replace("log-level: debug", "") and bootstrap(MATTI)[1] == 0
    reload("controlplane", lambda _: right)


def story_another_tsig_key():
    """The key's file keeps its name; BIND knows the old key alone, so a new name now fails."""
    text = daemons.TSIG_KEY.read_text()
    secret = re.search(r'secret "([^"]+)"', text).group(1)
    daemons.TSIG_KEY.write_text(text.replace(secret, "A" * 43 + "="))
    assert "dns.tsig-key-file: another key" in reload("controlplane")
    offset = programs.log_of("controlplane").stat().st_size
    aino = device_of(AINO)
    aino.start(10)
    assert aino.authenticate(10).success and aino.request().status == 100, aino.report()
    daemons.TSIG_KEY.write_text(text)
    assert "dns.tsig-key-file: another key" in reload("controlplane")
    programs.wait_for_line("controlplane", r"granted, status 0, node-aino", offset)


def story_admitted_clients_of_the_authentication_server():
    other = daemons.CONFIGURATION / "authserver.yaml"
    right = other.read_text()
    assert "clients: changed" in reload("authserver", lambda text: text.replace("::1/128", "::2/128"))
    device, status = bootstrap(MATTI)
    assert status != 0, device.report()
    assert "clients: changed" in reload("authserver", lambda _: right)
    programs.wait_until(lambda: bootstrap(MATTI)[1] == 0, "the client is admitted again", 60)


def story_limits_of_the_data_plane():
    told = reload("dataplane", lambda text: text.replace("bindings-max: 65536", "bindings-max: 4711")
                  + "limits: {echo-replies-per-s: 1}\nstale-grace-s: 7\n")
    for line in ("limits.echo-replies-per-s: changed", "stale-grace-s: changed", "bindings-max: changed in the file; it takes a restart",
                 "2 values changed, 1 take a restart"):
        assert line in told, told
    assert story.ping("cn", topology.DATA_PLANE_ADDRESS, 30, timeout_s=1) < 30
    told = reload("dataplane", lambda text: text + "workers: no\n")
    assert re.search(r"dataplane.yaml:\d+: .*workers", told) and "what ran goes on" in told, told
    reload("dataplane", lambda text: text.replace("workers: no\n", ""))


def metrics_read_at(path):
    """What Prometheus would read there; None where nobody listens."""
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(programs.PATIENCE_S)
        try:
            one.connect(str(path))
        except OSError:
            return None
        one.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        answer = b""
        while part := one.recv(65536):
            answer += part
    return answer.decode()


def story_where_the_data_plane_is_watched_from():
    """Metrics and captures go where the file says from the reload on; a place that cannot be had is named, and the old one stays."""
    older, newer = (daemons.SOCKETS / "view" / name for name in ("dataplane.metrics", "elsewhere.metrics"))
    configuration = daemons.CONFIGURATION / "dataplane.yaml"
    assert "kedge_dataplane_in_sync" in metrics_read_at(older)
    told = reload("dataplane", lambda text: text.replace(str(older), str(newer)))
    assert "reload: metrics: changed" in told, told
    assert "kedge_dataplane_in_sync" in metrics_read_at(newer) and metrics_read_at(older) is None
    told = reload("dataplane", lambda text: text.replace(str(newer), "/nowhere/metrics"))
    line = configuration.read_text().splitlines().index("metrics: /nowhere/metrics") + 1
    assert f"error dataplane: reload: {configuration}:{line}: metrics: " in told and "it stays as it was" in told, told
    assert "kedge_dataplane_in_sync" in metrics_read_at(newer)
    told = reload("dataplane", lambda text: text.replace("metrics: /nowhere/metrics\n", ""))
    assert "reload: metrics: changed" in told and metrics_read_at(newer) is None, told
    folder = daemons.DATA / "dataplane" / "captures"
    folder.mkdir()
    shutil.chown(folder, "kedge-dataplane")
    told = reload("dataplane", lambda text: re.sub("(?m)^capture-folder: .*$", f"capture-folder: {folder}", text))
    assert "reload: capture-folder: changed" in told, told
    story.kedge("capture", "start", "reloaded.pcapng")
    story.kedge("capture", "stop")
    programs.wait_until(lambda: story.kedge("capture", "show")["dataplane"]["state"] == "stands", "the end of the capture")
    assert (folder / "reloaded.pcapng").exists()


def story_what_takes_a_restart_is_told_with_its_line():
    """DPDK's telemetry begins with DPDK; `config check` says beforehand what a reload would."""
    configuration = daemons.CONFIGURATION / "dataplane.yaml"
    right = configuration.read_text()
    changed = right + "telemetry: on\nhandover-grace-ms: 77\n"
    configuration.write_text(changed)
    checked = story.kedge("--server", "dataplane", "config", "check")["dataplane"]
    assert checked["live"] == ["handover-grace-ms"] and "telemetry" in checked["restart"], checked
    told = reload("dataplane")
    line = changed.splitlines().index("telemetry: on") + 1
    assert f"reload: {configuration}:{line}: telemetry: changed in the file; it takes a restart" in told, told
    reload("dataplane", lambda _: right)


def story_wish_of_a_node():
    """It asks at once, in the session that there is; the binding goes on."""
    juha = kedge_node.Node(JUHA, K.hex(), OPC.hex())
    juha.start()
    address = juha.facts["home_address"]
    assert juha.facts["fqdn"] == "node-juha.mob.example", juha.facts
    juha.configuration.write_text(juha.configuration.read_text().replace('fqdn: ""', 'fqdn: "juha.mob.example"'))
    os.kill(programs.running_pid(juha.name), signal.SIGHUP)
    programs.wait_until(lambda: juha.status().get("fqdn") == "juha.mob.example", "the wished name")
    programs.wait_until(lambda: story.ask("cn", "juha.mob.example", "AAAA") == [address], "the name in the zone")
    facts = juha.status()
    assert (facts["state"], facts["home_address"], facts["bootstraps"]) == ("bound", address, 2), facts
    assert story.ping("cn", "juha.mob.example") == 1
    juha.stop()


story.main(__name__)
