#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A router learns the home prefix by BGP (BIRD) from beside a data plane, which holds it as a route on its host port: announced while in sync;
withdrawn on drain, on loss of sync, when a worker stands, at the end, and when the data plane is killed."""
import contextlib
import ctypes
import os
import pathlib
import signal
import struct
import time

import zmq

import bird
import daemons
import host_port
import programs
import story
import topology

ROUTES = (topology.HOME_PREFIX, topology.SERVICE_ADDRESS)
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, WAIT_ALL = 0x4206, 0x4207, 17, 0x40000000
FEED_HEARTBEAT = 2
ENDS_TRIED = 4  # it lingers for half a second, in which a busy machine may not let BIRD run
libc = ctypes.CDLL(None, use_errno=True)


def announcement():
    return story.kedge("dataplane", "show")["dataplane"]["announcement"]


def is_announced():
    return all(bird.next_hops(route) == {topology.DATA_PLANE_ADDRESS} for route in ROUTES)


def is_withdrawn():
    return all(bird.next_hops(route) == set() for route in ROUTES)


def wait_announced():
    programs.wait_until(is_announced, "the announcement", 60)
    assert announcement()["announced"] is True


def wait_withdrawn(since, what):
    programs.wait_until(is_withdrawn, f"the withdrawal {what}", 40)
    print(f"withdrawn {what} after {(time.monotonic() - since) * 1000:.0f} ms")


def story_in_sync_is_announced():
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    if not bird.is_installed():
        raise story.Skip("bird2 is not installed")
    host_port.restart()
    bird.start_router({"home1": (topology.DATA_PLANE_GATEWAY, topology.DATA_PLANE_ADDRESS)})
    bird.start_beside_data_plane("home", 1, topology.DATA_PLANE_ADDRESS, topology.DATA_PLANE_GATEWAY)
    wait_announced()
    assert announcement() == {"announced": True, "obstacle": "none", "drained": False,
                              "routes": [topology.HOME_PREFIX, topology.SERVICE_ADDRESS + "/128"]}
    assert story.ping("cn", topology.SERVICE_ADDRESS, 3) == 3


def story_drain_withdraws_and_undrain_announces():
    since = time.monotonic()
    assert story.kedge("dataplane", "drain")["dataplane"]["drained"] is True
    wait_withdrawn(since, "on drain")
    assert announcement()["obstacle"] == "drained"
    assert story.ping("internet", topology.DATA_PLANE_ADDRESS, 1) == 1  # it goes on, but attracts nothing
    assert story.kedge("dataplane", "undrain")["dataplane"]["drained"] is False
    wait_announced()


def head_of_the_feed():
    """(shard, epoch, sequence) of one shard of the control plane's, as its socket tells each new subscriber."""
    with contextlib.closing(zmq.Context.instance().socket(zmq.SUB)) as subscriber:
        subscriber.subscribe(b"")
        subscriber.connect(f"ipc://{daemons.SOCKETS}/bus/feed")
        assert subscriber.poll(40000)
        frame = subscriber.recv_multipart()[0]
    return struct.unpack_from(">BxxxIQ", frame, 12)


def story_loss_of_sync_withdraws():
    """An owner tells of changes that nobody hands out: after withdraw-after-ms the table is not called whole any more."""
    shard, epoch, sequence = head_of_the_feed()
    programs.stop("controlplane")
    owner = zmq.Context.instance().socket(zmq.XPUB)
    path = daemons.SOCKETS / "bus" / "feed"
    path.unlink(missing_ok=True)
    owner.bind(f"ipc://{path}")
    path.chmod(0o666)
    assert owner.poll(40000)
    since = time.monotonic()
    owner.send(struct.pack(">BBHQBxxxIQ", 1, FEED_HEARTBEAT, 1, time.time_ns() // 1_000_000, shard, epoch, sequence + 5))
    wait_withdrawn(since, "on loss of sync")
    assert announcement()["obstacle"] == "out of sync"
    owner.close(linger=0)
    path.unlink(missing_ok=True)
    daemons.start(next(daemon for daemon in daemons.DAEMONS if daemon.name == "controlplane"))
    wait_announced()


@contextlib.contextmanager
def standing_worker():
    """The data plane's worker does nothing while the block runs; its other threads go on."""
    pid = programs.running_pid("dataplane")
    tasks = {int(task.name): (task / "comm").read_text().strip() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}
    worker = next(number for number, name in tasks.items() if "worker" in name or name.startswith("lcore"))

    def trace(request):
        if libc.ptrace(ctypes.c_long(request), ctypes.c_long(worker), None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace of {tasks[worker]}")

    trace(PTRACE_SEIZE)
    trace(PTRACE_INTERRUPT)
    os.waitpid(worker, WAIT_ALL)
    try:
        yield
    finally:
        trace(PTRACE_DETACH)


def story_a_standing_worker_withdraws():
    """Its heartbeat is watched by the main core. The host's own packets need the worker, too, so that BFD may be the first to tell."""
    since = time.monotonic()
    with standing_worker():
        wait_withdrawn(since, "as a worker stands")
        programs.wait_until(lambda: announcement()["obstacle"] == "a worker stands still", "the missing heartbeat")
        assert not topology.ip("home", "-6", "route", "show", topology.HOME_PREFIX)
    wait_announced()


def story_a_killed_data_plane_is_withdrawn():
    """Nobody withdraws for it: BFD does."""
    since = time.monotonic()
    os.kill(programs.running_pid("dataplane"), signal.SIGKILL)
    wait_withdrawn(since, "after SIGKILL")
    host_port.restart()
    wait_announced()


def story_an_ending_data_plane_withdraws_first():
    """It forwards on until the router has heard of it; BFD need not tell."""
    for _ in range(ENDS_TRIED):
        since = time.monotonic()
        os.kill(programs.running_pid("dataplane"), signal.SIGTERM)
        programs.wait_until(is_withdrawn, "the withdrawal at the end", 40)
        in_time = programs.running_pid("dataplane") is not None
        print(f"withdrawn {'before' if in_time else 'behind'} its end after {(time.monotonic() - since) * 1000:.0f} ms")
        programs.wait_until(lambda: programs.running_pid("dataplane") is None, "the end of the data plane")
        if in_time:
            return
        host_port.restart()
        wait_announced()
    raise AssertionError("each time it was gone before the router knew")


story.main(__name__)
