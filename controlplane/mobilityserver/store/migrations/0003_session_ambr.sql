-- SPDX-License-Identifier: BSD-3-Clause
-- The session AMBR that a subscriber was admitted with, bits a second; 0: not limited.
ALTER TABLE association ADD COLUMN ambr_down_bps INTEGER NOT NULL DEFAULT 0;
ALTER TABLE association ADD COLUMN ambr_up_bps INTEGER NOT NULL DEFAULT 0;
