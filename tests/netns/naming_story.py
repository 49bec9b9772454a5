#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The naming room against BIND and Knot, and what they hold read back with dnspython: D-1 to D-8, D-10, D-11, D-13, D-14 and the
halving of D-5 on servers that were not written here."""
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.reversename
import dns.tsig
import dns.tsigkeyring
import dns.update

import dns_server

ADDRESS, PORT = "::1", 5300
FORWARD, REVERSE = dns_server.ZONE, dns_server.REVERSE_ZONE
KEY = 'key "kedge" {{ algorithm hmac-sha256; secret "{}"; }};\n'
SECRET = "a2VkZ2UtcmlnLWtleS1rZWRnZS1yaWcta2V5ISEhISE="
OTHER_SECRET = "b3RoZXItcmlnLWtleS1vdGhlci1yaWcta2V5ISEhISE="
SOA = "$TTL 300\n@ SOA ns.mob.example. root.mob.example. 1 600 60 86400 5\n@ NS ns.mob.example.\n"

NAMED_CONF = """\
key kedge {{ algorithm hmac-sha256; secret "{secret}"; }};
options {{ directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key"; listen-on-v6 port {port} {{ ::1; }}; listen-on {{ none; }};
  recursion no; notify no; dnssec-validation no; allow-transfer {{ key kedge; }}; }};
controls {{ }};
zone "{forward}" {{ type primary; file "forward.zone"; update-policy {{ grant kedge zonesub ANY; }}; }};
zone "{reverse}" {{ type primary; file "reverse.zone"; update-policy {{ grant kedge zonesub PTR; }}; }};
"""

KNOT_CONF = """\
server:
    listen: ::1@{port}
    rundir: {folder}/run
    tcp-workers: 1
    udp-workers: 1
    background-workers: 1
    automatic-acl: off
log:
  - target: stderr
    any: info
database:
    storage: {folder}/db
key:
  - id: kedge
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: update
    key: kedge
    action: [update, transfer]
template:
  - id: default
    storage: {folder}
    journal-content: all
    zonefile-sync: 0
    zonefile-load: difference-no-serial
zone:
  - domain: {forward}
    file: forward.zone
    acl: update
  - domain: {reverse}
    file: reverse.zone
    acl: update
"""


class Server:
    """BIND or Knot on ::1, with both zones; can be ended and started again."""

    def __init__(self, kind, folder):
        self.kind, self.folder, self.process = kind, folder, None
        values = {"folder": folder, "port": PORT, "secret": SECRET, "forward": FORWARD, "reverse": REVERSE}
        for name in ("run", "db"):
            (folder / name).mkdir()
        (folder / "forward.zone").write_text(SOA + "ns AAAA ::1\nwww AAAA 2001:db8:99::1\nalias CNAME www\n")
        (folder / "reverse.zone").write_text(SOA)
        (folder / "named.conf").write_text(NAMED_CONF.format(**values))
        (folder / "knot.conf").write_text(KNOT_CONF.format(**values))
        self.log = open(folder / "log", "wb")

    def start(self):
        command = ("named", "-g", "-n", "1", "-c", str(self.folder / "named.conf")) if self.kind == "bind" else \
            ("knotd", "-c", str(self.folder / "knot.conf"))
        self.process = subprocess.Popen(dns_server.unconfined() + command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_until(lambda: all(self.serves(zone) for zone in (FORWARD, REVERSE)), f"{self.kind} serves its zones")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def serves(self, zone):
        try:
            return bool(dns.query.udp(dns.message.make_query(zone, "SOA"), ADDRESS, port=PORT, timeout=2).answer)
        except (OSError, dns.exception.Timeout):
            return False


def wait_until(predicate, what, timeout_s=40.0):
    end = time.monotonic() + timeout_s
    while not predicate():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Client:
    """The naming room in a process of its own (naming_client.c)."""

    def __init__(self, folder, secret=SECRET):
        key_file = folder / f"key-{secret[:4]}"
        key_file.touch(mode=0o600)
        key_file.write_text(KEY.format(secret))
        program = pathlib.Path(os.environ["KEDGE_BUILD"]) / "tests/netns/naming_client"
        self.process = subprocess.Popen((program, f"[{ADDRESS}]:{PORT}", key_file, FORWARD, REVERSE), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, bufsize=0)
        self.token, self.ends, self.buffer, self.lines = 0, {}, b"", []

    def say(self, *words):
        self.process.stdin.write((" ".join(str(word) for word in words) + "\n").encode())

    def read_line(self, timeout_s=80.0):
        while b"\n" not in self.buffer:
            readable, _, _ = select.select([self.process.stdout], [], [], timeout_s)
            assert readable, "the client says nothing"
            octets = os.read(self.process.stdout.fileno(), 65536)
            assert octets, "the client has ended"
            self.buffer += octets
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode()

    def next_line(self, first_word):
        """The next line that begins so; ends of requests are kept on the way."""
        while True:
            line = self.read_line()
            if line.startswith("end "):
                _, token, outcome = line.split()[:3]
                self.ends[int(token)] = outcome
                if first_word == "end":
                    return line
            elif line.startswith(first_word):
                return line

    def apply(self, kind, name, address, owner, previous=""):
        """Begins a request and returns its token."""
        self.token += 1
        self.say(kind, self.token, name, address, owner, previous)
        return self.token

    def end_of(self, token):
        while token not in self.ends:
            self.next_line("end")
        return self.ends[token]

    def do(self, *arguments):
        return self.end_of(self.apply(*arguments))

    def counters(self):
        self.say("counters")
        counters = {}
        while True:
            words = self.next_line("counter").split()
            if words[0] == "counters":
                return counters
            counters[words[1]] = int(words[2])

    def holding(self, name, owner):
        self.say("holding", name, owner)
        return self.next_line("holding").split()[2]

    def quit(self):
        self.say("quit")
        assert self.process.wait(60) == 0


def ask(name, kind):
    """What the server says, as sorted texts; by TCP, since HIP records are long."""
    answer = dns.query.tcp(dns.message.make_query(name, kind), ADDRESS, port=PORT, timeout=30)
    assert answer.flags & dns.flags.AA
    return sorted(record.to_text() for rrset in answer.answer for record in rrset if rrset.rdtype == dns.rdatatype.from_text(kind))


def pointer(address):
    return ask(dns.reversename.from_address(address), "PTR")


def expect_name(name, address, hip=1):
    assert ask(name, "AAAA") == [address], (name, ask(name, "AAAA"))
    assert len(ask(name, "HIP")) == hip, (name, ask(name, "HIP"))
    marker, = ask(f"_kedge.{name}", "TXT")
    assert marker.startswith('"v1 ') and len(marker) == 37, marker
    assert pointer(address) == [f"{name}."], pointer(address)


def expect_nothing(name, address):
    assert not any(ask(at, kind) for at in (name, f"_kedge.{name}") for kind in ("AAAA", "HIP", "TXT"))
    assert pointer(address) != [f"{name}."]


def update_by_hand(zone, change):
    message = dns.update.Update(zone, keyring=dns.tsigkeyring.from_text({"kedge": SECRET}), keyname="kedge", keyalgorithm=dns.tsig.HMAC_SHA256)
    change(message)
    assert dns.query.tcp(message, ADDRESS, port=PORT, timeout=30).rcode() == dns.rcode.NOERROR


# The story's steps; each gets the server and its folder.

def story_create_change_delete(server, folder):
    """D-1, D-2, D-8"""
    client = Client(folder)
    assert client.do("create", "matti.mob.example", "2001:db8:aa:1::1", "001010000000001") == "done"
    expect_name("matti.mob.example", "2001:db8:aa:1::1")
    record, = ask("matti.mob.example", "HIP")
    assert record.split()[:2] == ["3", "200100220102030405060708090a0b0c"] and record.endswith(" ha.mob.example."), record
    assert client.do("create", "matti.mob.example", "2001:db8:aa:1::1", "001010000000001") == "done"  # D-4: repeated is done
    client.say("hip", "off")
    assert client.do("change", "matti.mob.example", "2001:db8:aa:1::1", "001010000000001") == "done"
    expect_name("matti.mob.example", "2001:db8:aa:1::1", hip=0)
    assert client.do("delete", "matti.mob.example", "2001:db8:aa:1::1", "001010000000001") == "done"
    expect_nothing("matti.mob.example", "2001:db8:aa:1::1")
    client.quit()


def story_names_of_others(server, folder):
    """D-2, D-4, D-9: beside a CNAME, an existing name, another subscriber's name."""
    client = Client(folder)
    assert client.do("create", "theirs.mob.example", "2001:db8:aa:2::1", "001010000000002") == "done"
    for name in ("theirs.mob.example", "www.mob.example", "alias.mob.example"):
        assert client.do("create", name, "2001:db8:aa:3::1", "001010000000003") == "taken", name
        assert client.do("change", name, "2001:db8:aa:3::1", "001010000000003") == "taken", name
        assert client.do("delete", name, "2001:db8:aa:3::1", "001010000000003") == "done", name
    expect_name("theirs.mob.example", "2001:db8:aa:2::1")
    assert ask("www.mob.example", "AAAA") == ["2001:db8:99::1"] and ask("alias.mob.example", "CNAME") == ["www.mob.example."]
    assert not pointer("2001:db8:aa:3::1")
    assert client.do("delete", "theirs.mob.example", "2001:db8:aa:2::1", "001010000000002") == "done"
    client.quit()


def story_rename(server, folder):
    """D-14"""
    client = Client(folder)
    assert client.do("create", "old.mob.example", "2001:db8:aa:4::1", "001010000000004") == "done"
    assert client.do("create", "new.mob.example", "2001:db8:aa:4::1", "001010000000004", "old.mob.example") == "done"
    expect_name("new.mob.example", "2001:db8:aa:4::1")
    assert client.do("delete", "old.mob.example", "2001:db8:aa:4::1", "001010000000004") == "done"
    expect_nothing("old.mob.example", "2001:db8:aa:4::1")
    expect_name("new.mob.example", "2001:db8:aa:4::1")
    assert client.do("delete", "new.mob.example", "2001:db8:aa:4::1", "001010000000004") == "done"
    client.quit()


def story_rsa_keys_go_over_tcp(server, folder):
    """D-7"""
    client = Client(folder)
    client.say("rsa", "on")
    assert client.do("create", "rsa.mob.example", "2001:db8:aa:5::1", "001010000000005") == "done"
    expect_name("rsa.mob.example", "2001:db8:aa:5::1")
    assert client.counters()["stream_messages"] >= 1
    assert client.do("delete", "rsa.mob.example", "2001:db8:aa:5::1", "001010000000005") == "done"
    client.quit()


def story_race_for_a_name(server, folder):
    """Two mobility servers want one name at the same time: one gets it, whole (D-4)."""
    clients = [Client(folder), Client(folder)]
    for turn in range(10):
        name = f"race{turn}.mob.example"
        tokens = [client.apply("create", name, f"2001:db8:aa:{0x60 + i:x}::1", f"00101000000006{i}") for i, client in enumerate(clients)]
        outcomes = [client.end_of(token) for client, token in zip(clients, tokens)]
        assert sorted(outcomes) == ["done", "taken"], outcomes
        winner = outcomes.index("done")
        expect_name(name, f"2001:db8:aa:{0x60 + winner:x}::1")
        assert clients[winner].do("delete", name, f"2001:db8:aa:{0x60 + winner:x}::1", f"00101000000006{winner}") == "done"
    for client in clients:
        client.quit()


def story_two_hundred_names(server, folder):
    """D-5: a few updates for many names, and with three names that are others' already the rest still gets theirs."""
    client = Client(folder)
    for taken in (17, 118, 119):
        update_by_hand(FORWARD, lambda message, taken=taken: message.add(f"n{taken}", 300, "A", "192.0.2.1"))
    begun = time.monotonic()
    tokens = [client.apply("create", f"n{i}.mob.example", f"2001:db8:aa:{0x100 + i:x}::1", f"00101{i:010}") for i in range(200)]
    for i, token in enumerate(tokens):
        assert client.end_of(token) == ("taken" if i in (17, 118, 119) else "done"), i
    took = time.monotonic() - begun
    for i in (0, 16, 18, 100, 199):
        expect_name(f"n{i}.mob.example", f"2001:db8:aa:{0x100 + i:x}::1")
    counters = client.counters()
    print(f"   200 names in {took * 1000:.0f} ms, {counters['updates_sent']} updates, {counters['updates_halved']} halved")
    assert counters["updates_sent"] < 80 and counters["updates_halved"] >= 6
    tokens = [client.apply("delete", f"n{i}.mob.example", f"2001:db8:aa:{0x100 + i:x}::1", f"00101{i:010}") for i in range(200)]
    assert {client.end_of(token) for token in tokens} == {"done"}
    for i in (0, 100, 199):
        expect_nothing(f"n{i}.mob.example", f"2001:db8:aa:{0x100 + i:x}::1")
    for taken in (17, 118, 119):
        assert ask(f"n{taken}.mob.example", "A") == ["192.0.2.1"]
        update_by_hand(FORWARD, lambda message, taken=taken: message.delete(f"n{taken}"))
    client.quit()


def story_wrong_key(server, folder):
    """D-6: what the server says without a signature proves nothing, so the outcome is unknown; nothing was changed."""
    client = Client(folder, OTHER_SECRET)
    assert client.do("create", "forged.mob.example", "2001:db8:aa:7::1", "001010000000007") == "unknown"
    expect_nothing("forged.mob.example", "2001:db8:aa:7::1")
    assert client.counters()["answers_unsigned"] >= 1
    client.quit()


def story_server_dead_then_alive(server, folder):
    """A dead server: requests wait, are taken up when it is back, and end as unknown when it stays away."""
    client = Client(folder)
    server.stop()
    token = client.apply("create", "late.mob.example", "2001:db8:aa:8::1", "001010000000008")
    wait_until(lambda: client.counters()["retransmissions"] >= 1, "the request is repeated")
    server.start()
    assert client.end_of(token) == "done"
    expect_name("late.mob.example", "2001:db8:aa:8::1")
    assert client.do("delete", "late.mob.example", "2001:db8:aa:8::1", "001010000000008") == "done"
    server.stop()
    assert client.do("create", "never.mob.example", "2001:db8:aa:8::1", "001010000000008") == "unknown"
    server.start()
    expect_nothing("never.mob.example", "2001:db8:aa:8::1")
    client.quit()


def story_contents_and_reconciliation(server, folder):
    """D-10, D-11, D-13: contents by AXFR; what the store wants comes back, what is nobody's goes, what is others' stays."""
    client = Client(folder)
    for i in range(150):
        assert client.do("create", f"z{i}.mob.example", f"2001:db8:aa:{0x200 + i:x}::1", f"00101{i:010}") == "done"
    update_by_hand(FORWARD, lambda message: message.delete("z3", "AAAA"))
    update_by_hand(REVERSE, lambda message: message.delete(dns.reversename.from_address("2001:db8:aa:204::1")))
    client.quit()
    client = Client(folder)
    assert client.holding("www.mob.example", "001010000000001") == "unknown"
    for i in range(100):
        client.say("wish", f"z{i}.mob.example", f"2001:db8:aa:{0x200 + i:x}::1", f"00101{i:010}")
    client.say("start")
    assert int(client.next_line("known").split()[1]) >= 152
    assert client.holding("www.mob.example", "001010000000001") == "taken"
    assert client.holding("z7.mob.example", "001010000000007") == "ours"
    assert client.holding("z7.mob.example", "001010000000008") == "taken"
    assert client.holding("free.mob.example", "001010000000008") == "free"
    wait_until(lambda: ask("z3.mob.example", "AAAA") and pointer("2001:db8:aa:204::1") and not ask("_kedge.z149.mob.example", "TXT"),
               "the zones agree with the store")
    wait_until(lambda: not any(ask(f"z{i}.mob.example", "AAAA") for i in (100, 120, 149)), "orphans are gone")
    for i in (0, 3, 4, 99):
        expect_name(f"z{i}.mob.example", f"2001:db8:aa:{0x200 + i:x}::1")
    assert ask("www.mob.example", "AAAA") == ["2001:db8:99::1"]
    counters = client.counters()
    assert (counters["repairs"], counters["orphans"], counters["zone_faults"]) == (2, 50, 0), counters
    client.quit()


def tell(kind):
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"naming-{kind}-", dir="/run"))
    server = Server(kind, folder)
    try:
        server.start()
        for name, step in list(globals().items()):
            if name.startswith("story_"):
                begun = time.monotonic()
                step(server, folder)
                print(f"ok {kind} {name} {time.monotonic() - begun:.2f} s", flush=True)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        print((folder / "log").read_text(errors="replace")[-4000:])
        raise SystemExit(1) from None
    finally:
        if server.process and server.process.poll() is None:
            server.stop()


def main():
    kinds = [kind for kind, program in (("bind", "named"), ("knot", "knotd")) if shutil.which(program)]
    if not kinds:
        print("skipped: neither BIND nor Knot is installed")
        raise SystemExit(77)
    for kind in kinds:
        tell(kind)


main()
