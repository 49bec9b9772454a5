#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The same with FRR beside the data plane, and BIRD as the router that it speaks to: two foreign ends, neither of which knows kedge. Announced while
in sync; withdrawn on drain, on loss of sync, at the end, and when the data plane is killed. This holds for the home prefix; the service address goes
with the host port (frr.py)."""
import bgp_story
import bird
import daemons
import frr
import host_port
import story
import topology

HOME, BOTH = (topology.HOME_PREFIX,), bgp_story.ROUTES


def story_in_sync_is_announced():
    for daemon in daemons.DAEMONS:
        story.requires(daemon.name)
    if not bird.is_installed() or not frr.is_installed():
        raise story.Skip("bird2 or frr is not installed")
    host_port.restart()
    bird.start_router({"home1": (topology.DATA_PLANE_GATEWAY, topology.DATA_PLANE_ADDRESS)})
    frr.start_beside_data_plane("home", 1, topology.DATA_PLANE_ADDRESS, topology.DATA_PLANE_GATEWAY)
    bgp_story.wait_announced()
    bgp_story.ROUTES = HOME
    assert story.ping("cn", topology.SERVICE_ADDRESS, 3) == 3


def story_nothing_else_is_announced():
    """Neither the host's other networks nor its default route."""
    told = {line.split()[0] for line in topology.ip("internet", "-6", "route", "show", "proto", "bird").splitlines()}
    assert told == set(BOTH), told


story_drain_withdraws_and_undrain_announces = bgp_story.story_drain_withdraws_and_undrain_announces
story_loss_of_sync_withdraws = bgp_story.story_loss_of_sync_withdraws
story_a_killed_data_plane_is_withdrawn = bgp_story.story_a_killed_data_plane_is_withdrawn
story_an_ending_data_plane_withdraws_first = bgp_story.story_an_ending_data_plane_withdraws_first

story.main(__name__)
