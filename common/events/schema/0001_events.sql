-- What happened, per tenant in commit order; kept 14 days. And how far this service has read the feeds of others.
CREATE TABLE events (
  tenant_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  payload_type TEXT NOT NULL,
  payload BLOB NOT NULL,
  PRIMARY KEY (tenant_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_cursor (
  tenant_id TEXT NOT NULL,
  source TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, source)
) STRICT, WITHOUT ROWID;

-- Events that could not be applied in several tries; kept for a person to look at.
CREATE TABLE feed_dead_letter (
  tenant_id TEXT NOT NULL,
  source TEXT NOT NULL,
  seq INTEGER NOT NULL,
  type TEXT NOT NULL,
  error TEXT NOT NULL,
  event BLOB NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, source, seq)
) STRICT, WITHOUT ROWID;
