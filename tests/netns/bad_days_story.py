#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Bad days of the whole: a wrong configuration, a second instance, a silent DNS server, a kill in the middle of a bootstrap, a full disk, an empty
pool, one SIM in two devices. Afterwards what the store says, what the zone says and what the node was told are the same."""
import contextlib
import ipaddress
import os
import random
import signal
import subprocess
import threading
import time

import daemons
import mobile_node
import programs
import story
import topology

K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
SUBSCRIBERS = [{"imsi": f"0010100000{number:05}", "k": K, "opc": OPC, "name": f"Node {number:03}", "name_consent": True} for number in range(1, 41)]
MATTI = SUBSCRIBERS[0]["imsi"]
others = iter(subscriber["imsi"] for subscriber in SUBSCRIBERS[1:])
BY_NAME = {daemon.name: daemon for daemon in daemons.DAEMONS}
KILLS = 12


def stats(group):
    return story.kedge("--server", "controlplane", "stats", "show")["controlplane"][group]


def leases():
    return {row["subscriber"].partition("/")[2]: row for row in story.kedge("lease", "show", "--limit", "1000")["rows"]}


def kill(name):
    os.kill(programs.running_pid(name), signal.SIGKILL)
    programs.wait_until(lambda: programs.running_pid(name) is None, f"the end of {name}")


@contextlib.contextmanager
def silent_dns_server():
    pid = programs.running_pid("named")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def consistent():
    """Whether each lease stands in the zones and nothing else does (D-8)."""
    for row in leases().values():
        name, address = row["fqdn"], row["address"]
        if row["saga"] or story.ask("cn", name, "AAAA") != [address]:
            return False
        if story.ask("cn", ipaddress.ip_address(address).reverse_pointer, "PTR") != [name + "."] or len(story.ask("cn", name, "HIP")) != 1:
            return False
    return True


def start_by_hand(daemon, configuration):
    """Exit status and output of a daemon that is expected to refuse its start."""
    done = subprocess.run(topology.in_node("home", str(daemons.BINARIES / os.path.basename(daemon.program)), "--config", str(configuration)),
                          capture_output=True, text=True, timeout=programs.PATIENCE_S, check=False)
    return done.returncode, done.stdout + done.stderr


def story_subscribers_come_in():
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    story.import_subscribers(SUBSCRIBERS)


def story_a_wrong_configuration_is_named_by_line():
    for daemon in daemons.DAEMONS:
        lines = (daemons.CONFIGURATION / f"{daemon.name}.yaml").read_text().splitlines()
        path = story.scratch(f"{daemon.name}.yaml")
        path.write_text("\n".join(lines + ["socketss: /tmp"]) + "\n")
        status, said = start_by_hand(daemon, path)
        assert status != 0 and f"{path}:{len(lines) + 1}:" in said and "socketss" in said, (daemon.name, status, said)


def story_a_second_instance_refuses():
    for name in ("authserver", "controlplane", "dataplane"):
        status, said = start_by_hand(BY_NAME[name], daemons.CONFIGURATION / f"{name}.yaml")
        assert status != 0, (name, said)
        assert programs.running_pid(name) is not None
    assert mobile_node.bootstrap_once(MATTI, K, OPC)[0] == "node-001.mob.example"
    assert consistent()


def story_a_new_name_waits_for_the_dns_server():
    """B-43, B-49: told that it is pending, taken up when the server is back."""
    before = stats("bootstrap")["answers_pending"]
    with silent_dns_server():
        results, waiting = begin(next(others))
        programs.wait_until(lambda: stats("bootstrap")["answers_pending"] > before, "an answer that is pending")
        assert not results
    finish(results, waiting)
    assert consistent()


def begin(imsi):
    """(results, thread) of a bootstrap that runs."""
    results = []

    def run():
        try:
            results.append(mobile_node.bootstrap_once(imsi, K, OPC))
        except Exception as error:  # pylint: disable=broad-except  (read by the step)
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return results, thread


def finish(results, waiting):
    waiting.join(2 * programs.PATIENCE_S)
    assert results and isinstance(results[0], tuple), results


def story_killed_while_it_waits_for_the_dns_server():
    """B-46: what was reserved goes on from the outbox, without the node; the node gets the same when it asks again."""
    imsi, before = next(others), stats("bootstrap")["answers_pending"]
    with silent_dns_server():
        begin(imsi)
        programs.wait_until(lambda: stats("bootstrap")["answers_pending"] > before, "an answer that is pending")
        kill("controlplane")
        daemons.start(BY_NAME["controlplane"])
    programs.wait_until(lambda: imsi in leases() and consistent(), "the lease that was reserved, in store and zone")
    finished = leases()[imsi]
    assert mobile_node.bootstrap_once(imsi, K, OPC)[:2] == (finished["fqdn"], finished["address"])


def story_killed_at_any_moment_of_a_bootstrap():
    """B-46: whatever step it was in. Moments are drawn from the time that a bootstrap takes here; the seed is printed."""
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    moments = random.Random(seed)
    begun = time.monotonic()
    mobile_node.bootstrap_once(next(others), K, OPC)
    whole_s = time.monotonic() - begun
    for _ in range(KILLS):
        imsi = next(others)
        before = leases()
        results, _ = begin(imsi)
        threading.Event().wait(moments.uniform(0.1, 1.2) * whole_s)  # the moment that is tried
        told = list(results)
        kill("controlplane")
        daemons.start(BY_NAME["controlplane"])
        programs.wait_until(consistent, "a zone that agrees with the store")
        after = leases()
        assert before.items() <= after.items(), f"a lease was lost: {before} {after}"
        if told and isinstance(told[0], tuple):
            assert told[0][:2] == (after[imsi]["fqdn"], after[imsi]["address"]), "an acknowledged lease was lost"
        again = mobile_node.bootstrap_once(imsi, K, OPC)
        if imsi in after:
            assert again[:2] == (after[imsi]["fqdn"], after[imsi]["address"])
    assert consistent()


def story_one_sim_in_two_devices():
    """L-4, L-7, B-47: the newer device has name, address and association; the older one's updates move nothing."""
    access = topology.ACCESSES["cellular"]
    first, second = (mobile_node.oracle_device(MATTI, K, OPC) for _ in range(2))
    second.usim = first.usim
    assert first.bootstrap().final
    first.attach(access.address, access.interface)
    assert first.binding_update().accepted
    assert second.bootstrap().final
    assert second.association.home_address == first.association.home_address and second.association.spi != first.association.spi
    before = stats("home_agent")["dead_association"] + stats("home_agent")["unknown_spi"]
    assert not first.binding_update(attempts=1).accepted
    assert stats("home_agent")["dead_association"] + stats("home_agent")["unknown_spi"] == before + 1
    second.attach(access.address, access.interface)
    assert second.binding_update().accepted
    assert len(story.kedge("binding", "show")["rows"]) == 1 and consistent()
    second.binding_update(lifetime_s=0)


def story_a_full_disk_is_told_and_survived():
    """S-rules, F: status 208 for a bootstrap, 130 for a Binding Update; when there is room again all goes on."""
    access, folder = topology.ACCESSES["cellular"], daemons.DATA / "controlplane"
    device = mobile_node.oracle_device(MATTI, K, OPC)
    programs.stop("controlplane")
    saved = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    topology.run("mount", "-t", "tmpfs", "-o", "size=4m,mode=755", "tmpfs", str(folder))
    try:
        for name, content in saved.items():
            (folder / name).write_bytes(content)
        topology.run("chown", "-R", "kedge-controlplane:", str(folder))
        daemons.start(BY_NAME["controlplane"])
        assert device.bootstrap().final
        device.attach(access.address, access.interface)
        assert device.binding_update().accepted
        before = leases()
        fill(folder)
        programs.wait_until(lambda: device.binding_update(attempts=1).status == 130, "a Binding Update that is refused")
        refused = mobile_node.oracle_device(next(others), K, OPC)
        assert refused.bootstrap().status == 208, refused.report()
        assert leases() == before and stats("process")["commits_failed"] > 0
        (folder / "filler").unlink()
        assert device.binding_update().accepted
        assert refused.bootstrap().final
        programs.wait_until(consistent, "a zone that agrees with the store")
        device.binding_update(lifetime_s=0)
    finally:
        programs.stop("controlplane")
        topology.run("umount", str(folder))
    daemons.start(BY_NAME["controlplane"])


def fill(folder):
    """Not one octet more goes into the folder's file system."""
    filler = os.open(folder / "filler", os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(filler, bytes(4096))
    os.close(filler)


def story_an_empty_pool_is_told():
    """B-40, A-rules: 206, and the name does not stand in the zone."""
    programs.stop("controlplane")
    written = daemons.write_configuration

    def with_a_small_pool(daemon):
        path = written(daemon)
        path.write_text(path.read_text().replace(f"store: {daemons.DATA}/controlplane/store.sqlite", f"store: {daemons.DATA}/controlplane/small.sqlite")
                        .replace(f"home-prefix: {topology.HOME_PREFIX}", "home-prefix: 2001:db8:aa::/63"))
        return path

    daemons.write_configuration = with_a_small_pool
    try:
        daemons.start(BY_NAME["controlplane"])
        statuses = []
        for _ in range(3):
            device = mobile_node.oracle_device(next(others), K, OPC)
            statuses.append(device.bootstrap().status)
        assert statuses[0] == 0 and statuses[-1] == 206, statuses
        assert len(leases()) == statuses.count(0)
    finally:
        daemons.write_configuration = written


def story_no_turn_waited_for_a_peer():
    """A turn that waits for DNS, RADIUS or the disk takes as long as these are silent; one of a busy machine is only some milliseconds long."""
    assert stats("process")["longest_turn_us"] < 1_000_000, stats("process")


story.main(__name__)
