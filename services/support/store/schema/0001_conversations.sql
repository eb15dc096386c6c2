-- Conversations, what was said in them, and what happened to them.
CREATE TABLE conversation (
  tenant_id TEXT NOT NULL,
  id BLOB NOT NULL,
  number INTEGER NOT NULL,
  external_id TEXT,
  customer_id TEXT NOT NULL,
  requester_id TEXT NOT NULL,
  channel INTEGER NOT NULL,
  inbox TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  state INTEGER NOT NULL,
  waiting_on INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  team TEXT NOT NULL,
  assignee TEXT NOT NULL,
  tags TEXT NOT NULL,
  module_key TEXT NOT NULL,
  snoozed_until INTEGER,
  merged_into BLOB,
  follow_up_of BLOB,
  transcript_ref TEXT NOT NULL,
  spam INTEGER NOT NULL CHECK (spam IN (0, 1)),
  contact_opted_out INTEGER NOT NULL CHECK (contact_opted_out IN (0, 1)),
  created_at INTEGER NOT NULL,
  first_contact_at INTEGER,
  last_contact_at INTEGER,
  closed_at INTEGER,
  reopen_count INTEGER NOT NULL,
  human_replies INTEGER NOT NULL,
  last_message_id BLOB,
  open_survey BLOB,
  rating INTEGER NOT NULL,
  remark TEXT NOT NULL,
  rated_agent TEXT NOT NULL,
  rated_at INTEGER,
  last_seq INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX conversation_number ON conversation (tenant_id, number);
CREATE UNIQUE INDEX conversation_external ON conversation (tenant_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX conversation_created ON conversation (tenant_id, created_at, id);
CREATE INDEX conversation_state ON conversation (tenant_id, state, created_at, id);
CREATE INDEX conversation_assignee ON conversation (tenant_id, assignee, created_at, id) WHERE assignee <> '';
CREATE INDEX conversation_customer ON conversation (tenant_id, customer_id, created_at, id);
CREATE INDEX conversation_requester ON conversation (tenant_id, requester_id, created_at, id);

CREATE TABLE conversation_tag (
  tenant_id TEXT NOT NULL,
  tag TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  conversation_id BLOB NOT NULL,
  PRIMARY KEY (tenant_id, tag, created_at, conversation_id)
) STRICT, WITHOUT ROWID;

-- The next number of each tenant's conversations.
CREATE TABLE conversation_counter (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation_event (
  tenant_id TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  actor_kind INTEGER NOT NULL,
  actor_id TEXT NOT NULL,
  cause INTEGER NOT NULL,
  message_id BLOB,
  from_value TEXT NOT NULL,
  to_value TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (tenant_id, conversation_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
  tenant_id TEXT NOT NULL,
  id BLOB NOT NULL,
  conversation_id BLOB NOT NULL,
  channel INTEGER NOT NULL,
  external_id TEXT,
  direction INTEGER NOT NULL,
  author_kind INTEGER NOT NULL,
  author_id TEXT NOT NULL,
  visibility INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  attachments INTEGER NOT NULL,
  in_reply_to TEXT NOT NULL,
  delivery INTEGER NOT NULL,
  delivery_reason TEXT NOT NULL,
  messaging_message_id TEXT,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX message_external ON message (tenant_id, channel, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX message_conversation ON message (tenant_id, conversation_id, created_at, id);
CREATE INDEX message_messaging ON message (tenant_id, messaging_message_id) WHERE messaging_message_id IS NOT NULL;

CREATE TABLE attachment (
  tenant_id TEXT NOT NULL,
  message_id BLOB NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  content_type TEXT NOT NULL,
  reference TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, message_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE survey (
  tenant_id TEXT NOT NULL,
  id BLOB NOT NULL,
  conversation_id BLOB NOT NULL,
  token_hash BLOB NOT NULL,
  state INTEGER NOT NULL,
  agent TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  delivered_at INTEGER,
  expires_at INTEGER NOT NULL,
  rating INTEGER NOT NULL,
  remark TEXT NOT NULL,
  rated_at INTEGER,
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX survey_token ON survey (tenant_id, token_hash);
CREATE INDEX survey_rated ON survey (tenant_id, rated_at, id);
CREATE INDEX survey_conversation ON survey (tenant_id, conversation_id, rated_at, id);
