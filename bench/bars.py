# SPDX-License-Identifier: BSD-3-Clause
"""The bars of the forwarder: what is measured, by which command of kedge-bench, and what it must and should be."""
import collections

# sense "most": no more than that; "least": no less; None: reported alone
Bar = collections.namedtuple("Bar", "name what command unit sense must aim")

BARS = (
    Bar("lookup_10m_over_one_line", "lookup, 10 M bindings, all hits / one cache line from memory", "table", "", "most", 1.45, 1.15),
    Bar("lookup_10m_over_two_lines", "the same / two cache lines, one after the other", "table", "", "most", 1.00, 0.80),
    Bar("lookup_10m_half_hits_over_two_lines", "half of the keys without a binding / two cache lines", "table", "", "most", 1.05, 0.80),
    Bar("rte_hash_over_lookup_10m", "DPDK's hash in bulk, with the line of the binding / lookup", "table", "", "least", 2.5, 3.3),
    Bar("walk_10m_over_1k", "a worker, encapsulation, everything on: 10 M bindings / 1,000", "walk", "", "most", 2.1, 1.7),
    Bar("walk_over_bare", "a worker / a loop that writes the same octets without a check or a counter, 1 M", "walk", "", "most", 1.3, 1.1),
    Bar("decapsulation_over_encapsulation", "out of a tunnel, with the source check / into it, 1 M", "walk", "", "most", 1.15, 1.05),
    Bar("walk_cycles_1k", "cycles per packet of a worker, 1,000 bindings", "walk", "cycles", None, None, None),
    Bar("walk_cycles_1m", "the same, 1 M", "walk", "cycles", None, None, None),
    Bar("walk_cycles_10m", "the same, 10 M", "walk", "cycles", None, None, None),
    Bar("reader_slowdown_handover_1m", "a worker beside 1 M handovers a second / alone", "churn", "", "most", 1.03, 1.01),
    Bar("new_bindings_per_s", "bindings withdrawn and new ones set at 10 M, the worker slowed by 5 % at most", "churn", "1/s", "least", 0.5e6, 1.3e6),
    Bar("resync_10m_s", "10 M bindings by a snapshot over ipc, the worker beside it at 90 % or more", "feed", "s", "most", 15, 5),
    Bar("change_to_visible_p99_ms", "from the feed's change to a worker that forwards by it, 100,000 changes a second", "feed", "ms", "most", 2, 0.5),
    Bar("bytes_per_binding", "all memory of the data plane / bindings, 10 M", "walk", "octets", "most", 150, 110),
)


# what another figure of the same command must be, so that the bar's says what its name does
CONDITIONS = {
    "reader_slowdown_handover_1m": ("handovers_per_s", 950e3, "handovers a second were reached"),
    "resync_10m_s": ("resync_walk_share", 0.9, "of its packets the worker kept beside it"),
}


def condition_missed(name, figures):
    """A sentence when the bar's figure was not measured as its name says, else None."""
    if name not in CONDITIONS:
        return None
    figure, least, words = CONDITIONS[name]
    found = figures.get(figure, {}).get("median")
    return None if found is not None and found >= least else f"only {found:,.4g} {words}" if found is not None else f"{figure} is missing"


def is_met(bar, value, wanted):
    """None where there is nothing to meet, False where there is no figure."""
    if wanted is None:
        return None
    if value is None:
        return False
    return value <= wanted if bar.sense == "most" else value >= wanted
