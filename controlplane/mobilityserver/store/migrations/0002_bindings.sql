-- SPDX-License-Identifier: BSD-3-Clause
-- Security associations, home registrations, and the epoch of their versions (M-9, L-1, L-4).
-- Times are milliseconds since 1970, addresses 16 octets in network order.

-- state: 1 live, 2 quarantined. key: MN-HA-K under the store's key (key_wrapping.h), empty in quarantine
CREATE TABLE association(
  spi INTEGER PRIMARY KEY CHECK(spi BETWEEN 256 AND 4294967295),
  state INTEGER NOT NULL CHECK(state IN (1, 2)),
  subscriber TEXT NOT NULL,
  nai TEXT NOT NULL,
  home_address BLOB NOT NULL CHECK(length(home_address) = 16),
  prefix_length INTEGER NOT NULL CHECK(prefix_length BETWEEN 1 AND 128),
  home_agent_address BLOB NOT NULL CHECK(length(home_agent_address) = 16),
  host_identity_digest BLOB NOT NULL CHECK(length(host_identity_digest) = 32),
  created_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  first_number INTEGER CHECK(first_number BETWEEN 0 AND 65535), -- NULL: none yet
  last_number INTEGER CHECK(last_number BETWEEN 0 AND 65535),
  key BLOB NOT NULL
) STRICT;

-- key: the home address without the bits behind prefix_length
CREATE TABLE home_binding(
  key BLOB NOT NULL CHECK(length(key) = 16),
  prefix_length INTEGER NOT NULL CHECK(prefix_length BETWEEN 1 AND 128),
  home_address BLOB NOT NULL CHECK(length(home_address) = 16),
  spi INTEGER NOT NULL,
  care_of_address BLOB NOT NULL CHECK(length(care_of_address) = 16),
  until_ms INTEGER NOT NULL,
  subscriber TEXT NOT NULL,
  PRIMARY KEY(key, prefix_length)
) STRICT, WITHOUT ROWID;

-- one row: the epoch of the last run
CREATE TABLE binding_epoch(
  only INTEGER PRIMARY KEY CHECK(only = 1),
  epoch INTEGER NOT NULL
) STRICT;
