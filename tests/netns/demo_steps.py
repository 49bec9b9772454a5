# SPDX-License-Identifier: BSD-3-Clause
"""The steps of the demo, in their order. A step is a function that returns its evidence, one readable line or two, and fails by an exception
that says what was expected. A figure that it prints was measured in this run."""
import lab
import story
import topology

STEPS = []


def step(title):
    """Enters a function into the story."""
    def enter(function):
        STEPS.append((title, function))
        return function
    return enter


@step("a network: one node, two access networks, DNS, home")
def network_stands():
    lab.up()
    facts = lab.status()
    programs = [f"{program['name']} in {node} (user {program['user']})" for node, what in facts["nodes"].items() for program in what["programs"]]
    for node in ("mn", "cn"):
        assert story.ping(node, topology.DNS_ADDRESS) == 1, f"{node} does not reach the DNS server"
    return f"{len(facts['nodes'])} namespaces; running: {', '.join(programs)}"


@step("the DNS server takes updates under the key, and no others")
def dns_server_takes_updates():
    for signed, expected in ((False, "REFUSED"), (True, "NOERROR")):
        message = story.update("mob.example", signed=signed)
        message.absent("first-light")
        message.add("first-light", 300, "AAAA", "2001:db8:aa:1::1")
        code = story.send_update("home", message)
        assert code == expected, f"update {'with' if signed else 'without'} TSIG: {code}, not {expected}"
    answer = story.ask("cn", "first-light.mob.example", "AAAA")
    assert answer == ["2001:db8:aa:1::1"], f"cn was told {answer}"
    return f"without TSIG REFUSED, with it NOERROR; cn asks first-light.mob.example AAAA: {answer[0]}"


@step("the node moves from cellular to wlan and back")
def node_moves():
    for network in ("wlan", "cellular"):
        lab.move(network)
        assert story.ping("mn", topology.DNS_ADDRESS) == 1, f"no way out by {network}"
    return "its address there: " + ", ".join(f"{network} {access.address}" for network, access in topology.ACCESSES.items())
