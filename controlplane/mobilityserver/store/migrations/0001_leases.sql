-- SPDX-License-Identifier: BSD-3-Clause
-- Who has which name, address and key; sagas under way; decisions; billing; audit (B-44, B-46, B-47, A-4, A-10, L-10).
-- Times are milliseconds since 1970, addresses and HITs 16 octets in network order.

CREATE TABLE lease(
  subscriber TEXT PRIMARY KEY,
  fqdn TEXT NOT NULL UNIQUE,
  address BLOB NOT NULL UNIQUE CHECK(length(address) = 16),
  hit BLOB NOT NULL UNIQUE CHECK(length(hit) = 16),
  host_identity BLOB NOT NULL,
  services INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  version INTEGER NOT NULL,
  key_change_1_ms INTEGER NOT NULL, key_change_2_ms INTEGER NOT NULL, key_change_3_ms INTEGER NOT NULL,
  name_change_1_ms INTEGER NOT NULL, name_change_2_ms INTEGER NOT NULL, name_change_3_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- state: 1 reserved, 2 active, 3 removing, 4 resting, 5 repairing
CREATE TABLE name(
  fqdn TEXT PRIMARY KEY,
  subscriber TEXT NOT NULL,
  state INTEGER NOT NULL CHECK(state BETWEEN 1 AND 5),
  until_ms INTEGER NOT NULL,
  version INTEGER NOT NULL,
  address BLOB NOT NULL CHECK(length(address) = 16)
) STRICT, WITHOUT ROWID;

-- a /64 has one holder
CREATE TABLE address(
  prefix BLOB PRIMARY KEY CHECK(length(prefix) = 8),
  address BLOB NOT NULL CHECK(length(address) = 16),
  subscriber TEXT NOT NULL,
  state INTEGER NOT NULL CHECK(state IN (1, 2, 4)),
  until_ms INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identity(
  hit BLOB PRIMARY KEY CHECK(length(hit) = 16),
  subscriber TEXT NOT NULL,
  fqdn TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- one a subscriber: the outbox
CREATE TABLE saga(
  subscriber TEXT PRIMARY KEY,
  state INTEGER NOT NULL,
  request_id BLOB NOT NULL,
  content_digest BLOB NOT NULL,
  billing_id BLOB NOT NULL,
  status INTEGER NOT NULL,
  name_is_new INTEGER NOT NULL, address_is_new INTEGER NOT NULL, identity_is_new INTEGER NOT NULL,
  fqdn TEXT NOT NULL,
  address BLOB NOT NULL,
  hit BLOB NOT NULL,
  host_identity BLOB NOT NULL,
  services INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  version INTEGER NOT NULL,
  key_change_1_ms INTEGER NOT NULL, key_change_2_ms INTEGER NOT NULL, key_change_3_ms INTEGER NOT NULL,
  name_change_1_ms INTEGER NOT NULL, name_change_2_ms INTEGER NOT NULL, name_change_3_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE decision(
  subscriber TEXT NOT NULL,
  request_id BLOB NOT NULL,
  content_digest BLOB NOT NULL,
  billing_id BLOB NOT NULL,
  status INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY(subscriber, request_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE billing(
  transaction_id BLOB PRIMARY KEY,
  subscriber TEXT NOT NULL,
  services INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  reversed_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX billing_by_subscriber ON billing(subscriber, at_ms);

-- event: 1 assigned, 2 changed, 3 renewed, 4 ended
CREATE TABLE audit(
  number INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  version INTEGER NOT NULL,
  event INTEGER NOT NULL,
  actor TEXT NOT NULL,
  subscriber TEXT NOT NULL,
  fqdn TEXT NOT NULL,
  address BLOB NOT NULL,
  hit BLOB NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_address ON audit(address, at_ms);
CREATE INDEX audit_by_subscriber ON audit(subscriber, at_ms);
