#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Rules that show in the shape of the code: what the protocol machines may call, and where a few things stand.

    architecture.md 5   the tree has these folders and no other
    architecture.md 4   a core touches no clock, socket, file or thread, no store, no source of randomness but the one that it is given
    architecture.md 3   the walk reads no clock, and never blocks, allocates from the heap, or locks
    K-15                the host key signs proofs of possession and nothing else
    RFC 6786 7          the keys of Encryption-Encap encrypt it and serve no other purpose
    K-16                secrets are compared in constant time and printed by nobody
    S-8                 what runs inside a transaction asks no DNS or RADIUS server, and sends nothing
    C-3                 each ZeroMQ socket of a daemon has its LINGER, IMMEDIATE and both high-water marks set before it is bound or connected"""
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(os.environ["KEDGE_SOURCE"])
BUILD = pathlib.Path(os.environ["KEDGE_BUILD"])
CORES = [f"controlplane/mobilityserver/{room}" for room in ("access", "bindings", "bootstrap", "decision", "directory", "homeagent", "naming")]
# the node's library also holds its files and its configuration
NODE_CORES = {"bootstrap_client", "eap_aka_peer", "mobile_ipv6", "mobilenode", "movement", "pana_client", "pana_client_session", "pana_client_start"}
FOLDERS = {"dataplane", "controlplane", "proto", "bench", "tests", "docs", ".ci"}
WALK = ["dataplane/walk", "dataplane/binding"]
IMPURE = re.compile(r"clock_\w+|time|gettimeofday|instant_now|socket|bind|connect|send(to|msg|mmsg)?|recv(from|msg|mmsg)?|open(at)?|fopen(64)?|read|write|"
                    r"pthread_\w+|usleep|nanosleep|sleep|poll|select|uv_\w+|zmq_\w+|sqlite3_\w+|s?rand(om)?(_r)?|getrandom|RAND_\w+|randomness_system|"
                    r"channels_\w+|loop_\w+|log_print|log_write|printf|puts|fprintf|fputs|fwrite|getenv|system")
BLOCKING = re.compile(IMPURE.pattern + r"|malloc|calloc|realloc|aligned_alloc|free|rte_malloc\w*|rte_zmalloc\w*|rte_free|rte_delay\w*|rte_rdtsc\w*")
# the writer's side of the table and its making: not the workers'
NOT_THE_WALKS = {"dataplane/binding": {"table_writer", "usage", "binding_table"}}


def calls_of(folder):
    """(object, symbol) for everything that the objects of a folder's libraries leave undefined."""
    archives = list((BUILD / folder).glob("lib*.a"))
    assert archives, f"{folder}: no library in {BUILD}"
    for archive in archives:
        listed = subprocess.run(["nm", "-A", "--undefined-only", archive], capture_output=True, text=True, check=True).stdout
        for line in listed.splitlines():
            name = re.search(r"([\w-]+)\.c\.o:", line)
            yield (name.group(1) if name else line), line.split()[-1]


def check_folders():
    """Beside them there may be git's own folder and build folders."""
    found = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != ".git" and not (path / "meson-private").is_dir()}
    assert found == FOLDERS, f"top-level folders that do not belong: {sorted(found - FOLDERS)}, missing: {sorted(FOLDERS - found)}"


def check_cores():
    for folder in CORES:
        impure = sorted({(name, symbol) for name, symbol in calls_of(folder) if IMPURE.fullmatch(symbol)})
        assert not impure, f"{folder} is a pure core, yet calls {impure}"
    called = set(calls_of("controlplane/mobilenode"))
    missing = NODE_CORES - {name for name, _ in called}
    assert not missing, f"the node has no core {missing}"
    impure = sorted((name, symbol) for name, symbol in called if name in NODE_CORES and IMPURE.fullmatch(symbol))
    assert not impure, f"cores of the node call {impure}"


def check_walk():
    for folder in WALK:
        calls = sorted({(name, symbol) for name, symbol in calls_of(folder)
                        if BLOCKING.fullmatch(symbol) and name not in NOT_THE_WALKS.get(folder, ())})
        assert not calls, f"{folder} runs on workers, yet calls {calls}"


def sources(*folders):
    return [path for folder in folders for path in sorted((SOURCE / folder).rglob("*.c"))]


def check_host_key():
    """K-15"""
    callers = [path for path in sources("controlplane") if re.search(r"^[\t ]+.*\bhost_key_sign\(", path.read_text(), re.M)]
    assert callers, "nobody signs"
    for path in callers:
        assert re.search(r"\bproof_of_(node|server)\(", path.read_text()), f"{path.relative_to(SOURCE)} signs something else than a proof"


def check_encryption_keys():
    """RFC 6786 7"""
    keys = "controlplane/keys/pana_keys.c"
    users = {path.relative_to(SOURCE).as_posix() for path in sources("controlplane", "proto", "dataplane")
             if re.search(r"\bpa[ac]_encryption\b", path.read_text())}
    assert users == {keys}, f"the keys of Encryption-Encap are used in {sorted(users)}"
    text = (SOURCE / keys).read_text()
    functions = {name for name, body in re.findall(r"^[a-z].*?\b(\w+)\([^{;]*\)\n\{(.*?)^\}", text, re.M | re.S) if re.search(r"\bpa[ac]_encryption\b", body)}
    assert functions == {"pana_keys_derive", "pana_encap_crypt"}, f"{sorted(functions)} take the keys of Encryption-Encap"


def check_transactions():
    """S-8"""
    stores = sources("controlplane/mobilityserver/store") + [SOURCE / "controlplane/authserver/subscriber_store.c", SOURCE / "controlplane/runtime/sqlite_store.c"]
    for path in stores:
        found = re.findall(r"\b(effects_(?:send|query|inject|publish)|channels_\w+|naming_\w+|radius_\w+|zmq_\w+)\(", path.read_text())
        assert not found, f"{path.relative_to(SOURCE)} calls {sorted(set(found))} inside a transaction"


def statements(text, function):
    """The calls of a function, each from its name to the semicolon."""
    return re.findall(rf"(?<!\w){function}\([^;]*;", text)


def check_secrets():
    """K-16: MACs, RES and secrets are compared in constant time; nothing prints what a secret holds."""
    constant_time = 0
    for path in sources("controlplane"):
        text, name = path.read_text(), path.relative_to(SOURCE)
        constant_time += "CRYPTO_memcmp(" in text
        for call in statements(text, "memcmp"):
            assert not re.search(r"\b(mac|mac_[as]|xres|res|secret_bytes|authenticator_value)\b", call), f"{name} compares a secret byte by byte: {call}"
        for printer in ("log_print", "effects_log", "printf", "fprintf", "snprintf", "command_fail", "json_pack"):
            for call in statements(text, printer):
                assert "secret_bytes" not in call, f"{name} prints a secret: {call}"
    assert constant_time >= 5, "the comparisons are not where they are looked for"


def check_sockets():
    """C-3"""
    checked = 0
    for path in sources("controlplane", "dataplane"):
        text = path.read_text()
        if "zmq_socket(" not in text:
            continue
        checked += 1
        first = re.search(r"\bzmq_(bind|connect)\(", text)
        before = text[:first.start()] if first else text
        for option in ("LINGER", "IMMEDIATE", "RCVHWM", "SNDHWM"):
            assert f"ZMQ_{option}," in before, f"{path.relative_to(SOURCE)}: ZMQ_{option} is not set before the socket is used"
    assert checked >= 4, "the sockets are not where they are looked for"


def main():
    failed = 0
    for check in (check_folders, check_cores, check_walk, check_host_key, check_encryption_keys, check_transactions, check_secrets, check_sockets):
        try:
            check()
        except AssertionError as error:
            print(f"{check.__name__}: {error}")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
