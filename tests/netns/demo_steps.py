# SPDX-License-Identifier: BSD-3-Clause
"""The steps of the demo, in their order. A step is a function that returns its evidence, one readable line or two, and fails by an exception
that says what was expected. A figure that it prints was measured in this run."""
import contextlib
import ipaddress
import json
import os
import signal
import threading
import time

import attacker
import daemons
import kedge_node
import lab
import mobile_node
import programs
import story
import topology
import traffic

OPC = "cd63cb71954a9f4e48a5994e37a02baf"
MATTI = {"imsi": "001010000000001", "k": "465b5ce8b199b49faa5f0a2ee238a6bc", "opc": OPC, "name": "Matti Virtanen", "name_consent": True}
TEPPO = {"imsi": "001010000000002", "k": "0396eb317b6d1c36f19c1c84cd6ffd16", "opc": OPC, "name": "Teppo Tulppu", "name_consent": True}
MAIJA = {"imsi": "001010000000003", "k": "fec86ba6eb707ed08905757b1bb44b8f", "opc": OPC, "name": "Maija Meri", "name_consent": True}
WRONG_K = "00112233445566778899aabbccddeeff"
ATTACKS = 1000  # forged ones, and as many replayed ones
ATTACKS_AT_ONCE = 20

STEPS = []


class Cast:
    """Who is on the stage."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.node = None     # Matti's
        self.stream = None   # from cn to the name, open from step 3 to step 8
        self.recording = None  # what the access network saw of the first binding

    @property
    def address(self):
        return self.node.facts["home_address"]

    def leave(self):
        self.stack.close()


cast = Cast()
actor = kedge_node if kedge_node.is_built() else mobile_node


def step(title):
    """Enters a function into the story."""
    def enter(function):
        STEPS.append((title, function))
        return function
    return enter


def sim(subscriber):
    return subscriber["imsi"], subscriber["k"], subscriber["opc"]


def stats(daemon):
    return story.kedge("--server", daemon, "stats", "show")[daemon]


def bindings():
    """(key, care-of address) of each binding in the control plane's table, and in the data plane's."""
    return tuple([(row["key"], row["care_of_address"]) for row in story.kedge(*words)["rows"]]
                 for words in (("binding", "show"), ("dataplane", "bindings")))


def in_sync():
    shown = story.kedge("dataplane", "show")["dataplane"]
    return shown["in_sync"] and shown["owner_heard"] and not shown["shards_behind"]


def kill(name):
    os.kill(programs.running_pid(name), signal.SIGKILL)
    programs.wait_until(lambda: programs.running_pid(name) is None, f"the end of {name}")


def restart(name):
    """Returns how long it took until the daemon served, in milliseconds."""
    begun = time.monotonic()
    daemons.start(next(daemon for daemon in daemons.DAEMONS if daemon.name == name))
    return (time.monotonic() - begun) * 1000


def stream_goes_on():
    """Waits for ten more records of the stream."""
    records = cast.stream.records
    programs.wait_until(lambda: cast.stream.error or cast.stream.records >= records + 10, "more of the stream")
    if cast.stream.error:
        raise cast.stream.error


@step("the network stands: one node, two access networks, DNS, home")
def network_stands():
    lab.up()
    facts = lab.status()
    running = [f"{program['name']} ({program['user']})" for what in facts["nodes"].values() for program in what["programs"]]
    assert story.ping("mn", topology.SERVICE_ADDRESS) == 1, "the data plane does not answer the node"
    return f"{len(facts['nodes'])} namespaces; running: {', '.join(running)}"


@step("the operator imports subscribers")
def subscribers_come_in():
    path = story.scratch("subscribers.json")
    path.write_text(json.dumps([MATTI, TEPPO, MAIJA], indent=1))
    return f"kedge subscriber import {path.name}: {story.kedge('subscriber', 'import', str(path))['summary']}"


@step("the node proves itself with its SIM, gets name and address")
def node_comes_up():
    with story.Capture("mn", topology.ACCESSES["cellular"].interface) as cast.recording:
        cast.node = actor.Node(*sim(MATTI))
        cast.stack.callback(cast.node.stop)
        cast.node.start()
    explained = story.kedge("explain", MATTI["imsi"])
    kept = "; host key and association sealed to the SIM" if cast.node.facts.get("state_is_kept") else ""
    return [f"{explained['subscriber']['last_run']}{kept}; {cast.node.facts['fqdn']} is {cast.address}",
            f"why: {explained['decision']['reason']}",
            f"bound at {cast.node.facts['care_of_address']} for {cast.node.facts['binding_ends_s']} s, {cast.node.facts['round_trip_ms']:.0f} ms from update to acknowledgement"]


@step("a correspondent knows the name alone: DNS, ping, a TCP stream")
def correspondent_finds_it():
    name = cast.node.facts["fqdn"]
    addresses, keys = story.ask("cn", name, "AAAA"), story.ask("cn", name, "HIP")
    pointers = story.ask("cn", ipaddress.ip_address(cast.address).reverse_pointer, "PTR")
    assert addresses == [cast.address], f"AAAA {addresses}, not {cast.address}"
    assert len(keys) == 1, f"HIP {keys}"
    assert pointers == [name + "."], f"PTR {pointers}"
    answered = story.ping("cn", name, 10)
    assert answered == 10, f"{answered} of 10 echo requests answered"
    cast.stream = cast.stack.enter_context(traffic.Stream("cn", "mn", addresses[0]))
    stream_goes_on()
    return [f"AAAA {addresses[0]}; PTR {pointers[0]}; HIP {keys[0][:46]}…",
            f"ping {name}: {answered} of 10 answered; TCP stream open"]


@step("the node moves from cellular to wlan, and its traffic with it")
def node_moves():
    access = topology.ACCESSES["wlan"]
    first = len(cast.stream.times)
    with traffic.Echo("cn", cast.address) as echo:
        programs.wait_until(lambda: len(echo.received) > 20, "answers before the move")
        lab.move("wlan")
        cast.node.wait_bound_at(access.address)
        answered = len(echo.received)
        programs.wait_until(lambda: len(echo.received) > answered + 20, "answers after the move")
    stream_goes_on()
    times = cast.stream.times[first:]
    gap_ms = max(after - before for before, after in zip(times, times[1:])) * 1000
    assert [care_of for _, care_of in bindings()[1]] == [access.address], f"the data plane sends to {bindings()[1]}"
    return [f"Binding Update from {access.address}: acknowledged after {cast.node.facts['round_trip_ms']:.0f} ms",
            f"echo: {echo.lost} of {len(echo.sent)} lost, longest gap {echo.longest_gap_ms:.0f} ms; the TCP stream went on, longest gap {gap_ms:.0f} ms"]


@step("another wants his name; a thousand forged updates, a thousand replayed")
def attacks_change_nothing():
    wish = cast.node.facts["fqdn"]
    name, _ = actor.bootstrap_once(*sim(TEPPO), wish=wish)
    reason = story.kedge("explain", TEPPO["imsi"])["decision"]["reason"]
    programs.wait_until(lambda: len(bindings()[1]) == 1, "the end of Teppo's binding")
    assert name != wish and story.ask("cn", wish, "AAAA") == [cast.address], f"{wish} went to another"
    before, control, drops = bindings(), stats("controlplane")["home_agent"], stats("dataplane")["drops"]
    with traffic.Echo("cn", cast.address) as echo:
        counted = attack(control, drops)
    stream_goes_on()
    assert bindings() == before, f"bindings were {before}, are {bindings()}"
    assert echo.lost == 0, f"{echo.lost} of {len(echo.sent)} echo requests lost"
    told = ", ".join(f"{reason} {count}" for reason, count in counted.items())
    return [f"Teppo wished for {wish}, got {name}: {reason}",
            f"{2 * ATTACKS} updates: {told}, sum {sum(counted.values())}; bindings as before, 0 of {len(echo.sent)} pings lost"]


def attack(control, drops):
    """Sends the forged and the replayed updates; returns how they were counted, by name, once all are. They come a few at a time, as the
    network's own queues would else drop them unseen."""
    recorded = attacker.recorded_updates(cast.recording)
    enemy = attacker.Attacker("cellular")
    for number in range(1, ATTACKS + 1):
        enemy.send(attacker.forged(recorded[-1], cast.address, number))
        enemy.send(recorded[number % len(recorded)])
        if number % ATTACKS_AT_ONCE == 0:
            programs.wait_until(lambda: sum(refusals(control, drops).values()) >= 2 * number, f"the count of {2 * number} updates")  # noqa: B023
    enemy.close()
    counted = refusals(control, drops)
    assert sum(counted.values()) == 2 * ATTACKS, f"counted {counted}"
    return counted


def refusals(control, drops):
    """What was refused since then, by the counter's name."""
    now, dropped = stats("controlplane")["home_agent"], stats("dataplane")["drops"].get("punt_rate_mobility", 0)
    found = {name: now[name] - control[name] for name in ("mac", "sequence", "rate_of_source", "rate_of_node")}
    found["punt_rate_mobility"] = dropped - drops.get("punt_rate_mobility", 0)
    return {name: count for name, count in found.items() if count}


@step("each daemon is killed in turn (SIGKILL), and comes back")
def daemons_die():
    return [control_plane_dies(), authentication_server_dies(), data_plane_dies()]


def control_plane_dies():
    before = bindings()
    with traffic.Echo("cn", cast.address) as echo:
        kill("controlplane")
        answered = len(echo.received)
        programs.wait_until(lambda: len(echo.received) > answered + 50, "answers without a control plane")
        back_ms = restart("controlplane")
        programs.wait_until(in_sync, "a data plane that has caught up")
    stream_goes_on()
    assert echo.lost == 0, f"{echo.lost} of {len(echo.sent)} echo requests lost without a control plane"
    assert bindings() == before, f"bindings were {before}, are {bindings()}"
    return f"control plane: 0 of {len(echo.sent)} pings lost; back after {back_ms:.0f} ms with {len(before[0])} binding, data plane in sync"


def authentication_server_dies():
    results = []

    def bootstrap():
        try:
            results.append(actor.bootstrap_once(*sim(MAIJA)))
        except Exception as error:  # pylint: disable=broad-except  (shown by the step)
            results.append(error)

    before = stats("controlplane")["relay"]["retransmissions"]
    with traffic.Echo("cn", cast.address) as echo:
        kill("authserver")
        waiting = threading.Thread(target=bootstrap, daemon=True)
        waiting.start()
        programs.wait_until(lambda: stats("controlplane")["relay"]["retransmissions"] > before, "a repeated question to the authentication server")
        assert not results, f"a bootstrap without an authentication server ended: {results[0]}"
        restart("authserver")
        waiting.join(programs.PATIENCE_S)
    stream_goes_on()
    assert echo.lost == 0, f"{echo.lost} of {len(echo.sent)} echo requests lost without an authentication server"
    assert results and isinstance(results[0], tuple), f"the bootstrap that waited: {results}"
    return f"authentication server: 0 of {len(echo.sent)} pings lost; a new node waited and is now {results[0][0]}"


def data_plane_dies():
    before = bindings()
    with traffic.Echo("cn", cast.address, last_s=1) as echo:
        kill("dataplane")
        begun = time.monotonic()
        restart("dataplane")
        programs.wait_until(in_sync, "a data plane that has caught up")
        back_ms = (time.monotonic() - begun) * 1000
        answered = len(echo.received)
        programs.wait_until(lambda: len(echo.received) > answered + 20, "answers")
    stream_goes_on()
    assert bindings() == before, f"bindings were {before}, are {bindings()}"
    return f"data plane: table filled again by catch-up after {back_ms:.0f} ms; {echo.lost} of {len(echo.sent)} pings lost meanwhile, the TCP stream went on"


@step("a wrong SIM is refused; another SIM does not open what is stored")
def wrong_sim_is_refused():
    imsi, _, opc = sim(MATTI)
    try:
        got = actor.bootstrap_once(imsi, WRONG_K, opc)
    except mobile_node.Refused as error:
        reason = str(error)
    else:
        raise AssertionError(f"a SIM with a wrong K was given {got}")
    last_run = story.kedge("explain", imsi)["subscriber"]["last_run"]
    evidence = [f"right IMSI, wrong K: {reason}; the operator sees \"{last_run}\""]
    if actor is kedge_node:
        evidence.append(f"Matti's stored state with Teppo's SIM: {state_of_another_is_refused()}")
    stream_goes_on()
    return evidence


def state_of_another_is_refused():
    """What kedge-mobilenode says when it finds what another SIM has sealed."""
    thief = kedge_node.Node(*sim(TEPPO), state_of=cast.node)
    try:
        thief.start()
    except mobile_node.Refused as error:
        return str(error).splitlines()[-1]
    finally:
        thief.stop()
    raise AssertionError("Teppo's SIM opened Matti's state")


@step("the counters add up")
def counters_add_up():
    cast.stream.end()
    programs.wait_until(lambda: quiet("cn"), "the end of the stream's last packets")
    before = story.kedge("dataplane", "bindings")["rows"][0]
    with story.Capture("cn", "internet0") as capture, traffic.Echo("cn", cast.address, count=200) as echo:
        echo.finish()
    after = story.kedge("dataplane", "bindings")["rows"][0]
    sent, received = (len(capture.packets(f"ipv6.{end} == {cast.address}")) for end in ("dst", "src"))
    down, up = (after[name] - before[name] for name in ("down_packets", "up_packets"))
    assert (down, up) == (sent, received), f"the binding counts {down} down and {up} up, the correspondent sent {sent} and got {received}"
    shown = stats("dataplane")
    assert shown["adds_up"], f"{shown['walk']} {shown['drops']}"
    walk, told = shown["walk"], ", ".join(f"{name} {count}" for name, count in shown["drops"].items())
    return [f"binding: {down} down, {up} up; the correspondent: {sent} sent, {received} received",
            f"data plane: {walk['received']} received, {walk['transmitted']} transmitted, dropped: {told or 'none'}; the equation holds"]


def quiet(node):
    """Whether no connection of a node is still closing."""
    return not story.run(node, "ss", "-6nHt", "state", "fin-wait-1", "state", "fin-wait-2", "state", "closing", "state", "last-ack").strip()
