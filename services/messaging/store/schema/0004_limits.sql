-- Who was sent a template outside a window, by portfolio: a slot of its daily reach. `uses` counts the messages begun in the slot, of
-- which `message_id` is the last.
CREATE TABLE reach (
  tenant_id TEXT NOT NULL,
  portfolio_id TEXT NOT NULL,
  contact_id BLOB NOT NULL,
  last_at INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  uses INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, portfolio_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reach_age ON reach (tenant_id, portfolio_id, last_at);

-- The number of its rows, so that an intent need not count them.
CREATE TABLE reach_count (
  tenant_id TEXT NOT NULL,
  portfolio_id TEXT NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, portfolio_id)
) STRICT, WITHOUT ROWID;

-- Messages that came in (direction 1) and requests that began (2) for a sender, in a ring of fortieths of a second.
CREATE TABLE sender_traffic (
  tenant_id TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  direction INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  tick INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, sender_id, direction, slot)
) STRICT, WITHOUT ROWID;
