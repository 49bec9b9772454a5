# SPDX-License-Identifier: BSD-3-Clause
"""The way to the Python oracle (tests/oracle): `from oracle import aka`."""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))

import aka  # noqa: E402, F401  pylint: disable=wrong-import-position, unused-import
