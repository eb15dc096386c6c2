-- Management calls to WhatsApp, counted by the minute: its limits are by the hour and account.
CREATE TABLE template_call (
  tenant_id TEXT NOT NULL,
  channel_id BLOB NOT NULL,
  bucket INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  creations INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, bucket)
) STRICT, WITHOUT ROWID;

-- Edits of approved translations that WhatsApp took: it allows one a day and ten in thirty days.
CREATE TABLE template_edit (
  tenant_id TEXT NOT NULL,
  channel_id BLOB NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, name, language, at)
) STRICT, WITHOUT ROWID;

-- How far the comparison with WhatsApp's listing has come. `full_at` is how many templates the account had when WhatsApp said
-- that it takes no more.
CREATE TABLE template_sync (
  tenant_id TEXT NOT NULL,
  channel_id BLOB NOT NULL,
  running INTEGER NOT NULL CHECK (running IN (0, 1)),
  wanted_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  complete_at INTEGER,
  next_page TEXT NOT NULL,
  pages INTEGER NOT NULL,
  error TEXT NOT NULL,
  full_at INTEGER,
  PRIMARY KEY (tenant_id, channel_id)
) STRICT, WITHOUT ROWID;
