#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A hundred thousand subscribers, leases and bindings in the real daemons: the shell pages through them and finds single ones, and no turn of
any daemon's loop is longer than five milliseconds for it. A machine that others use stretches a turn now and then: where pages are too long
they are so by the hundred, and what is judged is that not one in a hundred pages has a long turn."""
import ipaddress
import os
import signal
import sqlite3
import time

import daemons
import programs
import story
import topology

BY_NAME = {daemon.name: daemon for daemon in daemons.DAEMONS}
# a sanitizer makes daemons ten times as slow: then it looks for what is wrong with memory, and a tenth of the rows is enough
SANITIZED = b"__asan_init" in (daemons.build_folder() / BY_NAME["controlplane"].program).read_bytes()
COUNT = 10_000 if SANITIZED else 100_000
K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"
HOME_PREFIX = "2001:db8:a0::/44"  # a /64 for each
BASE = int(ipaddress.ip_network(HOME_PREFIX).network_address)
ROWS_MAX = 100  # of a page
LIFETIME_MS = 3600 * 1000
EVERYBODY = {f"home/00101{number:010}" for number in range(COUNT)}


def imsi_of(number):
    return f"00101{number:010}"


def address_of(number):
    return ipaddress.IPv6Address(BASE + (number + 1 << 64) + 1)


def key_of(number):
    return str(ipaddress.ip_network((address_of(number), 64), strict=False))


def long_turns():
    """How many turns over five milliseconds each daemon's loop has had."""
    return {daemon: story.kedge("--server", daemon, "stats", "show")[daemon]["process"]["turns_over_5_ms"] for daemon in BY_NAME}


def check_turns(before, asked):
    """`asked`: pages and single rows that every daemon was asked for, at least. Walking all rows for each would make all these turns long; a busy
    machine makes some of them long, and those say nothing."""
    grown = {daemon: count - before[daemon] for daemon, count in long_turns().items()}
    assert SANITIZED or all(count <= asked // 4 for count in grown.values()), f"long turns: {grown} in {asked} questions"


def pages(*words, limit, most=None):
    """Page after page, as an operator asks for them; returns the rows."""
    rows, after = [], ()
    while True:
        body = story.kedge(*words, "--limit", str(limit), *after)
        assert len(body["rows"]) <= limit
        rows += body["rows"]
        if "next" not in body or (most and len(rows) >= most):
            return rows
        after = ("--after", body["next"])


def write_rows(path, now_ms):
    """Leases and bindings as the mobility server itself would have written them."""
    until_ms = now_ms + LIFETIME_MS
    with sqlite3.connect(path) as store:
        for number in range(COUNT):
            subscriber, fqdn, address = f"home/{imsi_of(number)}", f"n{number}.mob.example", address_of(number).packed
            hit = b"\x20\x01\x00\x20" + number.to_bytes(12, "big")
            store.execute("INSERT INTO lease VALUES(?, ?, ?, ?, ?, 1, ?, 1, 0, 0, 0, 0, 0, 0)", (subscriber, fqdn, address, hit, b"key", until_ms))
            store.execute("INSERT INTO name VALUES(?, ?, 2, ?, 1, ?)", (fqdn, subscriber, until_ms, address))
            store.execute("INSERT INTO identity VALUES(?, ?, ?, ?, 1)", (hit, subscriber, fqdn, until_ms))
            store.execute("INSERT INTO home_binding(key, prefix_length, home_address, spi, care_of_address, until_ms, subscriber) VALUES(?, 64, ?, 256, ?, ?, ?)",
                          (address[:8] + bytes(8), address, ipaddress.IPv6Address(f"2001:db8:100::{number // 65536:x}:{number % 65536:x}").packed, until_ms, subscriber))
            store.execute("INSERT INTO address VALUES(?, ?, ?, 2, ?, 1)", (address[:8], address, subscriber, until_ms))
    store.close()


as_the_lab_has_it = daemons.write_configuration


def with_room(daemon):
    """Home prefix and table large enough for all."""
    path = as_the_lab_has_it(daemon)
    path.write_text(path.read_text().replace(topology.HOME_PREFIX, HOME_PREFIX).replace("bindings-max: 65536", f"bindings-max: {2 * COUNT}"))
    return path


def story_a_hundred_thousand_are_known():
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    os.kill(programs.running_pid("named"), signal.SIGSTOP)  # what stands in the zones is another story
    programs.stop("dataplane")
    programs.stop("controlplane")
    write_rows(daemons.DATA / "controlplane" / "store.sqlite", time.time_ns() // 1_000_000)
    daemons.write_configuration = with_room
    daemons.start(BY_NAME["controlplane"])
    daemons.start(BY_NAME["dataplane"])
    story.import_subscribers([{"imsi": imsi_of(number), "k": K, "opc": OPC} for number in range(COUNT)], timeout_s=90)

    def has_all():
        shown = story.kedge("dataplane", "show")["dataplane"]
        return shown["in_sync"] and shown["bindings"] == COUNT

    programs.wait_until(has_all, "a data plane with all bindings", 60)


def story_all_are_shown_page_by_page():
    """The shell's own pages, each row once, none missing."""
    before = long_turns()
    rows = story.kedge("lease", "show", timeout_s=90)["rows"]
    assert len(rows) == COUNT and {row["subscriber"] for row in rows} == EVERYBODY
    rows = story.kedge("binding", "show", timeout_s=120)["rows"]
    assert len(rows) == COUNT and {row["subscriber"] for row in rows} == EVERYBODY
    assert all(row["down_packets"] == 0 and row["age_s"] is not None for row in rows), "each is joined with what the data plane has"
    rows = story.kedge("dataplane", "bindings", timeout_s=90)["rows"]
    assert len({row["key"] for row in rows}) == COUNT
    rows = story.kedge("subscriber", "show", timeout_s=90)["rows"]
    assert len({row["imsi"] for row in rows}) == COUNT
    check_turns(before, COUNT // ROWS_MAX)


def story_pages_are_as_long_as_they_are_asked_for():
    """--limit and --after, up to the longest page."""
    before = long_turns()
    for words, name in ((("lease", "show"), "subscriber"), (("binding", "show"), "key"), (("subscriber", "show"), "imsi"), (("dataplane", "bindings"), "key")):
        for limit, most in ((7, 50), (1000, 5000)):
            rows = pages(*words, limit=limit, most=most)
            assert len({row[name] for row in rows}) == len(rows) >= most, words
    check_turns(before, 100)


def story_filters_find_one():
    before = long_turns()
    for number in (0, 1, COUNT // 2, COUNT - 1):
        imsi, address = imsi_of(number), str(address_of(number))
        assert [row["address"] for row in story.kedge("lease", "show", "--imsi", imsi)["rows"]] == [address]
        for filters in (("--imsi", imsi), ("--address", address)):
            rows = story.kedge("binding", "show", *filters)["rows"]
            assert [(row["subscriber"], row["key"]) for row in rows] == [(f"home/{imsi}", key_of(number))], rows
        assert [row["key"] for row in story.kedge("dataplane", "bindings", "--address", address)["rows"]] == [key_of(number)]
        assert [row["imsi"] for row in story.kedge("subscriber", "show", imsi)["rows"]] == [imsi]
        explained = story.kedge("explain", imsi)
        assert explained["lease"]["address"] == address and explained["dataplanes"]["dataplane"]["key"] == key_of(number), explained
    assert story.kedge("lease", "show", "--imsi", "001019999999999")["rows"] == []
    check_turns(before, 100)


def story_a_page_goes_on_behind_what_has_gone():
    """Not an empty page, which would read as the end of the list; what ends no page is no mark."""
    gone = story.kedge("binding", "show", "--limit", "100", "--after", "2001:db8:af:ffff::/64")["rows"]
    assert len(gone) == 100 and len({row["key"] for row in gone}) == 100
    behind = story.kedge("binding", "show", "--limit", "99", "--after", gone[0]["key"])["rows"]
    assert [row["key"] for row in behind] == [row["key"] for row in gone[1:]]
    for words in (("lease", "show"), ("session", "show"), ("dataplane", "bindings")):
        answer = story.kedge(*words, "--after", "home/001019999999999", check=False)
        assert answer["error"]["code"] == "bad-argument", answer


story.main(__name__)
