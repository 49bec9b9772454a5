#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How a data plane starts: every kind of device by one grammar; what is missing is done without and said, or refused in one sentence, never
with a crash. Needs no lab: one network of its own, no other daemon."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import daemons

WORK = pathlib.Path(tempfile.mkdtemp(prefix="kedge-startup-", dir="/run"))
CAPTURE = daemons.REPOSITORY / "tests/pcap/small.pcap"
VHOST_NET = pathlib.Path("/dev/vhost-net")
FREE_HUGE_PAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
CONFIGURATION = """
ports:
  - name: core
    device: {device}
    addresses: ["2001:db8:f3::2/64"]
    gateway: 2001:db8:f3::1
    {more_of_port}
service-prefixes:
  - prefix: 2001:db8:aa::/48
    key-length: 64
service-addresses: ["2001:db8:1::1"]
bindings-max: 1024
file-prefix: kedge-startup
sockets: {work}
{more}
"""
PATIENCE_S = 60


def run(*command):
    subprocess.run(command, check=True, capture_output=True, text=True)


def configuration(device, more="", more_of_port=""):
    path = WORK / "dataplane.yaml"
    path.write_text(CONFIGURATION.format(device=device, more=more, more_of_port=more_of_port, work=WORK))
    return path


def start(device, more="", more_of_port=""):
    """What a data plane says until it is ready (it is ended then) or has refused; and its exit status."""
    command = (str(daemons.build_folder() / daemons.DAEMONS[-1].program), "--config", str(configuration(device, more, more_of_port)))
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        said = []
        deadline = time.monotonic() + PATIENCE_S
        for line in process.stderr:
            said.append(line.rstrip())
            if said[-1].endswith(": ready"):
                process.send_signal(signal.SIGTERM)
            assert time.monotonic() < deadline, said
        status = process.wait(PATIENCE_S)
    for line in said:
        assert "Sanitizer" not in line and "runtime error" not in line, said
    return status, said


def starts(device, *expected, more="", more_of_port=""):
    """It becomes ready and ends well; each expression is found in a line of its report."""
    status, said = start(device, more, more_of_port)
    assert status == 0 and any(line.endswith(": ready") for line in said), (status, said)
    for expression in expected:
        assert any(re.search(expression, line) for line in said), (expression, said)


def refuses(device, expected, more="", more_of_port=""):
    """It ends with status 1, and its last line is a sentence that says why."""
    status, said = start(device, more, more_of_port)
    assert status == 1 and not any(line.endswith(": ready") for line in said), (status, said)
    assert re.search(expected, said[-1]), (expected, said)


def story_folders_and_a_link():
    for audience in ("bus", "view", "operate"):
        folder = WORK / audience
        folder.mkdir()
        shutil.chown(folder, "kedge-dataplane", f"kedge-{audience}")
    WORK.chmod(0o755)
    run("ip", "link", "add", "core0", "type", "veth", "peer", "name", "far0")
    for interface in ("core0", "far0"):
        run("ip", "link", "set", interface, "up")


def story_every_kind_of_device():
    """One grammar: a driver and its arguments, or a PCI address."""
    out = WORK / "out.pcap"
    starts("net_af_packet,iface=core0", r"port core: net_af_packet, [0-9a-f:]{17}, MTU 1500, NUMA \w+, 1 of 1 receive and 1 transmit queues, spread: one queue")
    starts("net_tap,iface=twin0", r"port core: net_tap,")
    starts(f"net_pcap,rx_pcap={CAPTURE},tx_pcap={out}", r"port core: net_pcap,")
    starts("net_ring", r"port core: net_ring,")
    starts("net_null", r"port core: net_null,")
    starts("net_af_xdp,iface=core0", r"port core: net_af_xdp,")
    refuses("0000:7f:1f.7", r"error dataplane: port core: there is no device '0000:7f:1f\.7'")


def story_a_wrong_port_is_a_sentence():
    refuses("net_af_packet,iface=core9", r"^error dataplane: port core: there is no interface 'core9'$")
    refuses("net_af_paket,iface=core0", r"dataplane\.yaml:4: device: no driver is called 'net_af_paket'; there are net_af_packet")
    refuses("core0", r"dataplane\.yaml:4: device: 'core0' is neither a driver with arguments")
    refuses("net_pcap,rx_pcap=/nowhere/in.pcap", r"^error dataplane: port core: net_pcap cannot be made with 'rx_pcap=/nowhere/in\.pcap'")


def story_an_unknown_argument_is_named():
    refuses("net_af_packet,iface=core0,speed=fast", r"dataplane\.yaml:4: device: net_af_packet does not take 'speed=fast'; it takes NAME=VALUE of: iface qpairs")
    refuses("net_af_packet,iface=core0,blocksz=7", r"^error dataplane: port core: net_af_packet cannot be made with")


def story_too_few_queues_are_made_up_for():
    starts("net_af_packet,iface=core0", r"port core: .* 2 of 2 receive and 2 transmit queues, spread: by the driver", more="workers: 2")
    starts("net_af_packet,iface=core0,qpairs=1", r"^warning dataplane: port core: 1 receive queues for 2 workers: flows are spread over them in software$",
           r"^warning dataplane: port core: 1 transmit queues for 2 workers: some send through others$", more="workers: 2")


def story_without_huge_pages():
    """Insisted on: refused with what would help. Not insisted on: done without, and said."""
    none = WORK / "free_hugepages"
    none.write_text("0\n")
    starts("net_null", r"^notice dataplane: no huge pages, \d+ MB", more="memory: no-huge")
    refuses("net_null", r"^error dataplane: memory: huge needs \d+ MB of free huge pages and there are \d+ \(echo \d+ >/sys", more="memory: huge\nbuffers: 10000000")
    if not FREE_HUGE_PAGES.exists():
        return
    run("mount", "--bind", str(none), str(FREE_HUGE_PAGES))
    try:
        refuses("net_null", r"^error dataplane: memory: huge needs \d+ MB of free huge pages and there are 0 ", more="memory: huge")
        starts("net_null", r"^warning dataplane: only 0 MB of huge pages are free: it goes without them")
    finally:
        run("umount", str(FREE_HUGE_PAGES))


def story_idle_modes():
    """Asked for and not granted: said, and the nearest is taken."""
    starts("net_null", r"worker 0: idle sleep$")
    starts("net_null", r"worker 0: idle busy$", more="idle: busy")
    starts("net_af_packet,iface=core0", r"worker 0: idle sleep$", r"^warning dataplane: worker 0: not all of its ports grant interrupts, so it sleeps instead$",
           more="idle: interrupt")


@contextlib.contextmanager
def running(device, more=""):
    """A data plane that is ready; its process number."""
    command = (str(daemons.build_folder() / daemons.DAEMONS[-1].program), "--config", str(configuration(device, more)))
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        said = []
        for line in process.stderr:
            said.append(line.rstrip())
            if said[-1].endswith(": ready"):
                break
        assert said[-1].endswith(": ready"), said
        try:
            yield process.pid, said
        finally:
            process.send_signal(signal.SIGTERM)
            process.stderr.read()
            assert process.wait(PATIENCE_S) == 0


def worker_switches(pid):
    """How often the worker's thread has gone to sleep."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if "worker" in (task / "comm").read_text() or (task / "comm").read_text().startswith("lcore"):
            return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.MULTILINE).group(1))
    raise AssertionError("no worker")


def story_interrupts_wake_a_worker():
    """net_tap grants them: the worker sleeps until the kernel sends something, and answers at once."""
    with running("net_tap,iface=twin0", "idle: interrupt") as (pid, said):
        assert any(line.endswith("worker 0: idle interrupt") for line in said), said
        run("ip", "link", "set", "twin0", "up")
        run("ip", "address", "add", "2001:db8:f3::1/64", "dev", "twin0", "nodad")
        run("ping", "-n", "-c", "1", "-w", "20", "2001:db8:f3::2")
        before = worker_switches(pid)
        run("ping", "-n", "-c", "10", "-i", "0.1", "-w", "20", "2001:db8:f3::2")
        print(f"{worker_switches(pid) - before} wake-ups of the worker in a second with ten pings")


@contextlib.contextmanager
def devices_with_a_false_vhost_net():
    """/dev as it is, but for a vhost-net that is none; in the story's own mount namespace."""
    upper, work = WORK / "dev-upper", WORK / "dev-work"
    upper.mkdir()
    work.mkdir()
    (upper / "vhost-net").write_text("")
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/dev,upperdir={upper},workdir={work}", "/dev")
    try:
        yield
    finally:
        run("umount", "/dev")


def story_a_host_port_that_cannot_be_made():
    if not VHOST_NET.exists():
        starts("net_af_packet,iface=core0", r"port core: host port kedge0 by net_tap, as there is no /dev/vhost-net$", more_of_port="host: kedge0")
    with devices_with_a_false_vhost_net():
        starts("net_af_packet,iface=core0", r"port core: host port kedge0 by net_tap, as /dev/vhost-net gives no net_virtio_user$", more_of_port="host: kedge0")
    refuses("net_af_packet,iface=core0", r"^error dataplane: port core: the host port 'far0' cannot be made", more_of_port="host: far0")


def main():
    steps = [(name, step) for name, step in globals().items() if name.startswith("story_")]
    for name, step in steps:
        begun = time.monotonic()
        try:
            step()
        except Exception:  # pylint: disable=broad-except  (shown)
            traceback.print_exc(file=sys.stdout)
            return 1
        print(f"ok {name} {time.monotonic() - begun:.2f} s", flush=True)
    return 0


if __name__ == "__main__":
    if not (daemons.build_folder() / daemons.DAEMONS[-1].program).exists():
        print("skipped: the data plane is not built")
        os._exit(77)
    os._exit(main())
