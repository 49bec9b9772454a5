# SPDX-License-Identifier: BSD-3-Clause
"""A lab whose data plane has a host port: the kernel of `home` gets what is for our addresses and not mobility control."""
import contextlib

import daemons
import programs
import topology

INTERFACE = "kedge0"
DATA_PLANE = next(daemon for daemon in daemons.DAEMONS if daemon.name == "dataplane")


@contextlib.contextmanager
def configured(edit):
    """While the block runs, data planes start with the text of their configuration as edit(text) gives it back."""
    written = daemons.write_configuration

    def write(daemon):
        path = written(daemon)
        if daemon == DATA_PLANE:
            path.write_text(edit(path.read_text()))
        return path

    daemons.write_configuration = write
    try:
        yield
    finally:
        daemons.write_configuration = written


def with_host_port(text):
    gateway = f"gateway: {topology.DATA_PLANE_GATEWAY}\n"
    return text.replace(gateway, f"{gateway}    host: {INTERFACE}\n")


IPV4_ADDRESS, IPV4_GATEWAY, IPV4_HOME_PREFIX = "203.0.113.10", "203.0.113.9", "198.18.0.0/16"


def with_both_families(text):
    """The port and its twin have an IPv4 address, too."""
    return (with_host_port(text).replace(f'"{topology.DATA_PLANE_ADDRESS}/64"', f'"{topology.DATA_PLANE_ADDRESS}/64", "{IPV4_ADDRESS}/30"')
            .replace(f"    host: {INTERFACE}\n", f"    gateway-ipv4: {IPV4_GATEWAY}\n    host: {INTERFACE}\n")
            .replace("service-prefixes:\n", f"service-prefixes:\n  - prefix: {IPV4_HOME_PREFIX}\n    key-length: 32\n"))


def restart(edit=with_host_port):
    """The lab's data plane anew, with another configuration."""
    programs.stop(DATA_PLANE.name)
    with configured(edit):
        daemons.start(DATA_PLANE)
