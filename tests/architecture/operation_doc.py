#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks docs/operation.md against what it describes: the table of commands against the shell's grammar, the names of counters and drops
against the sources, the samples that it names; runs its Python client against a daemon that is set up as the page says, and the commands by which things are set up."""
import json
import os
import pathlib
import pwd
import re
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["KEDGE_SOURCE"])
BUILD = pathlib.Path(os.environ["KEDGE_BUILD"])
PAGE = (SOURCE / "docs" / "operation.md").read_text()
AUTHSERVER = BUILD / "controlplane" / "authserver" / "kedge-authserver"
READY_S = 20
SAMPLES = {
    "controlplane/authserver/authserver.yaml": "controlplane/authserver/kedge-authserver",
    "controlplane/mobilityserver/controlplane.yaml": "controlplane/mobilityserver/kedge-controlplane",
    "dataplane/dataplane.yaml": "dataplane/kedge-dataplane",
    "controlplane/shell/shell.yaml": "controlplane/shell/kedge",
}
GRAMMAR_ROW = re.compile(r'\{"(\w+)",\s*"(\w*)",\s*TO_(\w+),\s*(true|false),\s*(?:true|false),', re.S)
AUDIENCE = {"AUTHSERVER": "authserver", "CONTROLPLANE": "controlplane", "DATAPLANES": "dataplane", "EVERY": "every"}


def commands_of_the_grammar():
    text = (SOURCE / "controlplane" / "shell" / "commands.c").read_text()
    return {(f"{noun} {verb}".strip(), AUDIENCE[audience], operates == "true") for noun, verb, audience, operates in GRAMMAR_ROW.findall(text)}


def commands_of_the_page():
    table = PAGE.split("<!-- commands -->")[1].split("<!-- end of commands -->")[0]
    rows = re.findall(r"^\| `([a-z ]+)[^`]*` \| (\w+) \| (view|operate)", table, re.M)
    return {(command.strip(), daemon, right == "operate") for command, daemon, right in rows}


def counters_of_the_sources():
    """Every name that stands in an X-macro list, as a member of an answer, or in drop.def."""
    names = set()
    for path in list((SOURCE / "controlplane").rglob("*.[ch]")) + list((SOURCE / "dataplane").rglob("*.[ch]")) + [SOURCE / "proto" / "drop.def"]:
        names.update(re.findall(r'\b(?:X|DROP)\((\w+), |"(\w+)"', path.read_text()))
    return {name for pair in names for name in pair if name}


def check_names():
    section = PAGE.split("## 5. ")[1].split("## 6. ")[0]
    cells = " ".join(line.rsplit("|", 2)[0] for line in section.splitlines() if line.startswith("|"))
    named = set(re.findall(r"`([a-z]+(?:_[a-z0-9]+)+)`", cells))
    assert len(named) > 30, "the table of troubles is not where it is looked for"
    unknown = sorted(named - counters_of_the_sources())
    assert not unknown, f"nothing counts {', '.join(unknown)}"


def check_paths():
    for path in re.findall(r"`([a-z]+/[\w/.-]+\.(?:yaml|txt|md))`", PAGE):
        assert (SOURCE / path).exists(), f"{path} does not exist"


def check_commands():
    page, grammar = commands_of_the_page(), commands_of_the_grammar()
    assert page == grammar, f"only the page: {sorted(page - grammar)}; only the shell: {sorted(grammar - page)}"


def check_options():
    """What section 3 calls an option is one of the grammar's, or of the shell itself."""
    sources = "".join((SOURCE / "controlplane" / "shell" / name).read_text() for name in ("commands.c", "main.c"))
    known = set(re.findall(r'\.name = "(\w+)"', sources)) | set(re.findall(r'\{"(\w+)", (?:no|required)_argument', sources))
    section = PAGE.split("## 3. ")[1].split("## 4. ")[0]
    named = set(re.findall(r"`[^`]*?--([a-z_]+)", section))
    assert len(named) >= 8, f"the options are not where they are looked for: {sorted(named)}"
    assert named <= known, f"the shell has no --{', --'.join(sorted(named - known))}"


def private(path, text):
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def free_port():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return probe.getsockname()[1]


def set_up(folder):
    """A configuration, key files and folders as section 1 says; returns the configuration."""
    for audience in ("view", "operate"):
        (folder / audience).mkdir()
    secret = private(folder / "secret", "0123456789abcdef0123456789abcdef\n")
    key = private(folder / "subscriber.key", "00" * 32 + "\n")
    configuration = folder / "authserver.yaml"
    configuration.write_text(f"""listen: ["[::1]:{free_port()}"]
clients:
  - {{prefix: "::1/128", secret-file: {secret}, paa-id: ha.mob.example}}
key-file: {key}
store: {folder}/subscribers.sqlite
sockets: {folder}
user: ""
""")
    return configuration


def wait_for(path, daemon):
    deadline = time.monotonic() + READY_S
    while not path.exists():
        assert daemon.poll() is None, f"the daemon ended: {daemon.stderr.read()}"
        assert time.monotonic() < deadline, f"no {path}"
        time.sleep(0.02)


def check_client():
    """The ten lines of section 4, as they stand there."""
    client = re.search(r"```python\n(.*?)```", PAGE, re.S).group(1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        configuration = set_up(folder)
        program = folder / "client.py"
        program.write_text(client)
        assert subprocess.run([AUTHSERVER, "--config", configuration, "--check"], check=False, stdout=subprocess.DEVNULL).returncode == 0
        with subprocess.Popen([AUTHSERVER, "--config", configuration], stderr=subprocess.PIPE, text=True) as daemon:
            try:
                wait_for(folder / "operate" / "authserver", daemon)

                def call(audience, command, arguments):
                    done = subprocess.run([sys.executable, program, folder / audience / "authserver", command, json.dumps(arguments)],
                                          capture_output=True, text=True, check=False, timeout=READY_S)
                    assert done.stdout, done.stderr
                    return done.returncode, json.loads(done.stdout)

                row = {"imsi": "001010000000001", "k": "00" * 16, "opc": "11" * 16}
                assert call("operate", "subscriber import", {"file": "f", "content": json.dumps([row])})[1]["created"] == 1
                status, body = call("view", "subscriber show", {"limit": 10})
                assert status == 0 and [found["imsi"] for found in body["rows"]] == [row["imsi"]], body
                assert row["k"] not in json.dumps(body)
                status, body = call("view", "subscriber bar", {"imsi": row["imsi"]})
                assert status == 1 and body["error"]["code"] == "not-permitted", body
                status, body = call("operate", "subscriber delete", {"imsi": row["imsi"]})
                assert status == 1 and body["error"]["code"] == "confirm", body
                status, body = call("operate", "subscriber delete", {"imsi": row["imsi"], "confirm": body["error"]["expected"][0]})
                assert status == 0, body
            finally:
                daemon.terminate()
        assert daemon.returncode == 0, daemon.returncode


def check_setting_up():
    """The commands of section 1 as they stand there, but for a folder in front of each path; then the samples, by their programs."""
    commands = "\n".join(line[4:] for line in PAGE.split("### Configuration")[0].splitlines() if line.startswith("    "))
    with tempfile.TemporaryDirectory() as root:
        for folder in ("run", "var/lib", "etc"):
            os.makedirs(f"{root}/{folder}")

        def moved(text):
            return re.sub(r"/(?:etc|run|var/lib)/kedge\b", lambda found: root + found.group(), text)

        done = subprocess.run(["bash", "-euc", moved(commands)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for sample, program in SAMPLES.items():
            path = pathlib.Path(f"{root}/etc/kedge", pathlib.Path(sample).name)
            path.write_text(moved((SOURCE / sample).read_text()))
            done = subprocess.run([BUILD / program, "--config", path, "--check"], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


def is_set_up():
    try:
        return os.geteuid() == 0 and all(pwd.getpwnam(f"kedge-{name}") for name in ("authserver", "controlplane"))
    except KeyError:
        return False


def main():
    failed = 0
    checks = [check_commands, check_options, check_names, check_paths, check_client]
    if is_set_up():
        checks.append(check_setting_up)
    else:
        print("not root, or the users are not made: the commands of section 1 are not tried")
    for check in checks:
        try:
            check()
        except AssertionError as error:
            print(f"docs/operation.md: {check.__name__}: {error}")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
