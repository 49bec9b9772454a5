-- SPDX-License-Identifier: BSD-3-Clause
-- What dual-stack bindings need (RFC 5555): the services of an association's lease (bits of B-7), and the port of an
-- IPv4 care-of address, which is in mapped form (M-23).
ALTER TABLE association ADD COLUMN services INTEGER NOT NULL DEFAULT 0;
ALTER TABLE home_binding ADD COLUMN port INTEGER NOT NULL DEFAULT 0 CHECK(port BETWEEN 0 AND 65535);
