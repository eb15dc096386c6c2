-- Who works in support, and how their desk is arranged.
CREATE TABLE team (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  team TEXT NOT NULL,
  capacity INTEGER NOT NULL,
  presence INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  channel INTEGER,
  sender_id TEXT,
  reopen_policy INTEGER NOT NULL,
  reopen_window INTEGER NOT NULL,
  note_unsnoozes INTEGER NOT NULL CHECK (note_unsnoozes IN (0, 1)),
  survey_on_close INTEGER NOT NULL CHECK (survey_on_close IN (0, 1)),
  team TEXT NOT NULL,
  survey_text TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
-- A sender's customers come in at one door.
CREATE UNIQUE INDEX inbox_sender ON inbox (tenant_id, sender_id);

CREATE TABLE tag (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tag_name ON tag (tenant_id, display_name);

-- What messaging and profiling told about contacts.
CREATE TABLE contact (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  opted_out INTEGER NOT NULL CHECK (opted_out IN (0, 1)),
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
