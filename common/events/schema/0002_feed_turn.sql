-- Which replica follows a feed, where several share this store.
CREATE TABLE feed_turn (
  tenant_id TEXT NOT NULL,
  source TEXT NOT NULL,
  holder TEXT NOT NULL,
  until_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, source)
) STRICT, WITHOUT ROWID;
