#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Includes follow the direction of dependence of docs/architecture.md, and no file outgrows one subject."""
import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(os.environ["KEDGE_SOURCE"])
ROLES = ("authserver", "mobilityserver", "mobilenode", "shell")
LINES_MAX = 800

# folder prefix -> prefixes of the project's headers it may include (its own subtree always)
ALLOWED = {
    "proto/": ("proto/",),
    "dataplane/": ("dataplane/", "proto/"),
    "bench/": ("bench/", "dataplane/", "proto/", "controlplane/runtime/", "controlplane/keys/", "controlplane/aka/",
               "controlplane/mobilityserver/bindings/", "controlplane/mobilityserver/bus/"),
    "controlplane/runtime/": ("controlplane/runtime/", "proto/"),
    "controlplane/keys/": ("controlplane/keys/", "controlplane/runtime/", "proto/"),
    "controlplane/aka/": ("controlplane/aka/", "controlplane/keys/", "controlplane/runtime/", "proto/"),
}
for role in ROLES:
    ALLOWED[f"controlplane/{role}/"] = (f"controlplane/{role}/", "controlplane/keys/", "controlplane/aka/",
                                        "controlplane/runtime/", "proto/")


def sources():
    for top in ("proto", "dataplane", "controlplane", "bench", "tests"):
        yield from sorted(p for p in (SOURCE / top).rglob("*.[ch]"))


def main():
    faults = []
    files = list(sources())
    headers = {}
    for path in files:
        if path.suffix == ".h":
            headers.setdefault(path.name, []).append(path.relative_to(SOURCE).as_posix())
    for name, places in sorted(headers.items()):
        if len([p for p in places if not p.startswith("tests/")]) > 1:
            faults.append(f"{name}: the header's name stands twice: {', '.join(places)}")
    for path in files:
        relative = path.relative_to(SOURCE).as_posix()
        text = path.read_text()
        if "SPDX-License-Identifier: BSD-3-Clause" not in text.split("\n", 1)[0]:
            faults.append(f"{relative}:1: no SPDX line")
        if text.count("\n") > LINES_MAX:
            faults.append(f"{relative}: {text.count(chr(10))} lines; a file holds one subject (at most {LINES_MAX})")
        for part in pathlib.PurePath(relative).parts:
            if re.fullmatch(r"(util|utils|common|misc|lib|helpers?)(\.[ch])?", part):
                faults.append(f"{relative}: a shared thing has a name of its own, not '{part}'")
        allowed = next((v for k, v in ALLOWED.items() if relative.startswith(k)), None)
        for number, line in enumerate(text.split("\n"), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            name = match.group(1)
            if "../" in name:
                faults.append(f"{relative}:{number}: includes {name}: no '../'")
            if allowed is None:
                continue
            for place in headers.get(pathlib.PurePath(name).name, []):
                if not place.startswith(allowed):
                    faults.append(f"{relative}:{number}: includes {place}, against the direction of dependence")
    print("\n".join(faults) if faults else f"{len(files)} files, each include in the right direction")
    return 1 if faults or not files else 0


sys.exit(main())
