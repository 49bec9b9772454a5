#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the numbered SQL files as one C array: embed.py OUTPUT FILE.sql…, in the order of their numbers."""
import pathlib
import sys


def literal(text):
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in text.splitlines())
    return "\n".join(f'\t\t"{line}\\n"' for line in escaped)


def main():
    output, *names = sys.argv[1:]
    files = [pathlib.Path(name) for name in names]
    for number, path in enumerate(files, 1):
        if not path.name.startswith(f"{number:04}_"):
            sys.exit(f"{path.name}: expected number {number:04}; migrations are numbered without gap")
    rows = "\n".join(f'\t{{"{path.stem}",\n{literal(path.read_text())}}},' for path in files)
    pathlib.Path(output).write_text(
        "/* Made from store/migrations by embed.py. */\n"
        '#include "migrations.h"\n\n'
        f"const struct sqlite_store_migration mobilityserver_migrations[] = {{\n{rows}\n}};\n"
        f"const size_t mobilityserver_migration_count = {len(files)};\n")


main()
