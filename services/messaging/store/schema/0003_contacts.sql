-- A tenant's own words for opting out and in, of one language; no row means ours.
CREATE TABLE compliance_words (
  tenant_id TEXT NOT NULL,
  language TEXT NOT NULL,
  words TEXT NOT NULL,
  revision INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, language)
) STRICT, WITHOUT ROWID;

-- Days, counted from 1970, on which WhatsApp could not deliver to a contact.
CREATE TABLE undeliverable_day (
  tenant_id TEXT NOT NULL,
  contact_id BLOB NOT NULL,
  day INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, contact_id, day)
) STRICT, WITHOUT ROWID;

-- When a contact was last told that an opt-out took effect.
CREATE TABLE opt_out_confirmation (
  tenant_id TEXT NOT NULL,
  contact_id BLOB NOT NULL,
  confirmed_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, contact_id)
) STRICT, WITHOUT ROWID;

-- Saved audience filters.
CREATE TABLE segment (
  tenant_id TEXT NOT NULL,
  segment_id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  filter TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, segment_id)
) STRICT, WITHOUT ROWID;
