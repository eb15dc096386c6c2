-- What precedes knowing the tenant lies under the tenant '_system': the map from Graph ids to tenants, raw webhook bodies.
CREATE TABLE provider_id (
  tenant_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  owner TEXT NOT NULL,
  object_id BLOB NOT NULL,
  PRIMARY KEY (tenant_id, kind, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE raw_inbox (
  tenant_id TEXT NOT NULL,
  id BLOB NOT NULL,
  app TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  processed_at INTEGER,
  body BLOB NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX raw_inbox_waiting ON raw_inbox (tenant_id, id) WHERE processed_at IS NULL;
CREATE INDEX raw_inbox_done ON raw_inbox (tenant_id, processed_at) WHERE processed_at IS NOT NULL;

CREATE TABLE channel (
  tenant_id TEXT NOT NULL,
  channel_id BLOB NOT NULL,
  display_name TEXT NOT NULL,
  waba_id TEXT NOT NULL,
  portfolio_id TEXT NOT NULL,
  app TEXT NOT NULL,
  token_sealed BLOB NOT NULL,
  token_tail TEXT NOT NULL,
  state INTEGER NOT NULL,
  block_reason TEXT NOT NULL,
  blocked_until INTEGER,
  created_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  webhook_at INTEGER,
  account_at INTEGER,
  PRIMARY KEY (tenant_id, channel_id)
) STRICT;

CREATE TABLE sender (
  tenant_id TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  channel_id BLOB NOT NULL,
  phone_number_id TEXT NOT NULL,
  phone_number TEXT NOT NULL,
  display_name TEXT NOT NULL,
  throughput INTEGER NOT NULL,
  daily_reach INTEGER NOT NULL,
  state INTEGER NOT NULL,
  block_reason TEXT NOT NULL,
  blocked_until INTEGER,
  is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
  created_at INTEGER NOT NULL,
  quality TEXT NOT NULL,
  tier TEXT NOT NULL,
  read_at INTEGER,
  revision INTEGER NOT NULL,
  resumed_at INTEGER,
  PRIMARY KEY (tenant_id, sender_id)
) STRICT, WITHOUT ROWID;

-- What a tenant decides for all its sending; no row means the defaults.
CREATE TABLE policy (
  tenant_id TEXT NOT NULL,
  settings TEXT NOT NULL,
  revision INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id)
) STRICT, WITHOUT ROWID;

-- Who sends for a number: the token grows with each claim, and an intent commits only under the current one.
CREATE TABLE dispatcher (
  tenant_id TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  token INTEGER NOT NULL,
  holder TEXT NOT NULL,
  lease_until INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, sender_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE template (
  tenant_id TEXT NOT NULL,
  channel_id BLOB NOT NULL,
  name TEXT NOT NULL,
  variable_format INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE translation (
  tenant_id TEXT NOT NULL,
  channel_id BLOB NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  category INTEGER NOT NULL,
  state INTEGER NOT NULL,
  status TEXT NOT NULL,
  quality TEXT NOT NULL,
  graph_id TEXT NOT NULL,
  rejected_reason TEXT NOT NULL,
  submitted_version INTEGER,
  draft_version INTEGER,
  text_hash BLOB NOT NULL,
  status_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  quality_at INTEGER NOT NULL,
  category_at INTEGER NOT NULL,
  announced_category INTEGER NOT NULL,
  pause_title TEXT NOT NULL,
  paused_at INTEGER,
  locked_until INTEGER,
  submitted_at INTEGER NOT NULL,
  previous_version INTEGER,
  posts INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, name, language)
) STRICT;
CREATE INDEX translation_graph_id ON translation (tenant_id, graph_id) WHERE graph_id <> '';
CREATE INDEX translation_text ON translation (tenant_id, channel_id, text_hash);

CREATE TABLE template_version (
  tenant_id TEXT NOT NULL,
  channel_id BLOB NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  version INTEGER NOT NULL,
  components TEXT NOT NULL,
  content_hash BLOB NOT NULL,
  origin INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  category INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, name, language, version)
) STRICT;

-- marketing, transactional and suppressed repeat what evidence and suppressions say, so that a send reads one row.
CREATE TABLE contact (
  tenant_id TEXT NOT NULL,
  contact_id BLOB NOT NULL,
  state INTEGER NOT NULL,
  merged_into BLOB,
  name TEXT NOT NULL,
  first_name TEXT NOT NULL,
  language TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  country TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  phone TEXT NOT NULL,
  bsuid TEXT NOT NULL,
  tags TEXT NOT NULL,
  attributes TEXT NOT NULL,
  marketing INTEGER NOT NULL,
  transactional INTEGER NOT NULL,
  suppressed INTEGER NOT NULL,
  last_inbound_at INTEGER,
  last_route INTEGER NOT NULL,
  last_route_ref TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  recent_marketing TEXT NOT NULL DEFAULT '',
  marketing_rest_until INTEGER,
  tester INTEGER NOT NULL CHECK (tester IN (0, 1)),
  PRIMARY KEY (tenant_id, contact_id)
) STRICT;
CREATE INDEX contact_merged ON contact (tenant_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX contact_customer ON contact (tenant_id, customer_id, last_inbound_at) WHERE customer_id <> '';

CREATE TABLE identity (
  tenant_id TEXT NOT NULL,
  kind INTEGER NOT NULL,
  value TEXT NOT NULL,
  phone_key TEXT NOT NULL,
  contact_id BLOB NOT NULL,
  PRIMARY KEY (tenant_id, kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_phone_key ON identity (tenant_id, phone_key) WHERE phone_key <> '';
CREATE INDEX identity_contact ON identity (tenant_id, contact_id);

CREATE TABLE consent (
  tenant_id TEXT NOT NULL,
  contact_id BLOB NOT NULL,
  purpose INTEGER NOT NULL,
  at INTEGER NOT NULL,
  id BLOB NOT NULL,
  decision INTEGER NOT NULL,
  source TEXT NOT NULL,
  text_version TEXT NOT NULL,
  reference TEXT NOT NULL,
  actor TEXT NOT NULL,
  by_person INTEGER NOT NULL CHECK (by_person IN (0, 1)),
  expires_at INTEGER,
  PRIMARY KEY (tenant_id, contact_id, purpose, at, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_newest ON consent (tenant_id, contact_id, at, id);

CREATE TABLE suppression (
  tenant_id TEXT NOT NULL,
  hash BLOB NOT NULL,
  scope INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  until_at INTEGER,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hash, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_list (
  tenant_id TEXT NOT NULL,
  list_id BLOB NOT NULL,
  display_name TEXT NOT NULL,
  members INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  PRIMARY KEY (tenant_id, list_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX contact_list_name ON contact_list (tenant_id, display_name) WHERE deleted = 0;

CREATE TABLE list_member (
  tenant_id TEXT NOT NULL,
  list_id BLOB NOT NULL,
  contact_id BLOB NOT NULL,
  variables TEXT NOT NULL,
  PRIMARY KEY (tenant_id, list_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX list_member_contact ON list_member (tenant_id, contact_id);

-- `owner` is the process that takes the file in; a running import is its until `alive_until`, which it moves ahead.
CREATE TABLE import (
  tenant_id TEXT NOT NULL,
  import_id BLOB NOT NULL,
  state INTEGER NOT NULL,
  dry_run INTEGER NOT NULL,
  row_count INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  warnings INTEGER NOT NULL,
  ignored_columns TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  owner TEXT NOT NULL,
  alive_until INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, import_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_running ON import (tenant_id, state) WHERE state = 1;

CREATE TABLE import_row (
  tenant_id TEXT NOT NULL,
  import_id BLOB NOT NULL,
  line INTEGER NOT NULL,
  item INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  code TEXT NOT NULL,
  column_title TEXT NOT NULL,
  fix TEXT NOT NULL,
  duplicate_of INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, import_id, line, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign (
  tenant_id TEXT NOT NULL,
  campaign_id BLOB NOT NULL,
  display_name TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  channel_id BLOB NOT NULL,
  template_name TEXT NOT NULL,
  plan TEXT NOT NULL,
  reply_route INTEGER NOT NULL,
  reply_ref TEXT NOT NULL,
  rate_per_second INTEGER NOT NULL,
  deadline INTEGER,
  state INTEGER NOT NULL,
  pause_reason TEXT NOT NULL,
  pause_when_frozen INTEGER NOT NULL CHECK (pause_when_frozen IN (0, 1)),
  freeze_cursor BLOB NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  caller TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  guards TEXT NOT NULL,
  frozen INTEGER NOT NULL CHECK (frozen IN (0, 1)),
  frozen_places TEXT NOT NULL,
  canary_phase INTEGER NOT NULL,
  canary_size INTEGER NOT NULL,
  canary_until INTEGER,
  waiting_on TEXT NOT NULL,
  waiting_until INTEGER,
  PRIMARY KEY (tenant_id, campaign_id)
) STRICT;
CREATE INDEX campaign_template ON campaign (tenant_id, channel_id, template_name, state, campaign_id) WHERE state IN (2, 3, 4, 5);
CREATE INDEX campaign_running ON campaign (tenant_id, sender_id, state, campaign_id) WHERE state IN (3, 4);
CREATE INDEX campaign_live ON campaign (tenant_id, campaign_id) WHERE state IN (2, 3, 4);

-- The ledger: what became of each person of a campaign. A queued row is the queue. Rows lie in the order in which they go out,
-- so that those of one moment share their pages.
CREATE TABLE campaign_recipient (
  tenant_id TEXT NOT NULL,
  campaign_id BLOB NOT NULL,
  contact_id BLOB NOT NULL,
  position INTEGER NOT NULL,
  state INTEGER NOT NULL,
  reason TEXT NOT NULL,
  language TEXT NOT NULL,
  version INTEGER NOT NULL,
  category INTEGER NOT NULL,
  params TEXT NOT NULL,
  round INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  message_id BLOB,
  not_before INTEGER NOT NULL,
  replied INTEGER NOT NULL,
  opted_out INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  first_message_id BLOB,
  capped_retries INTEGER NOT NULL,
  replied_at INTEGER,
  opted_out_at INTEGER,
  PRIMARY KEY (tenant_id, campaign_id, position, contact_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX campaign_recipient_person ON campaign_recipient (tenant_id, campaign_id, contact_id);
CREATE INDEX campaign_recipient_contact ON campaign_recipient (tenant_id, contact_id, campaign_id);
CREATE INDEX campaign_recipient_retry ON campaign_recipient (tenant_id, campaign_id, state, contact_id) WHERE state IN (3, 5, 11);
CREATE INDEX campaign_recipient_queue ON campaign_recipient (tenant_id, campaign_id, not_before, position) WHERE state = 2;

CREATE TABLE campaign_count (
  tenant_id TEXT NOT NULL,
  campaign_id BLOB NOT NULL,
  state INTEGER NOT NULL,
  reason TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, campaign_id, state, reason)
) STRICT, WITHOUT ROWID;

-- Outbound messages. `ledger_contact_id` is whose ledger row it is, set when that contact was merged. `phase` and the
-- times are facts, `state` is the pure function of them. `due_at` is when a queued row may go and when an unknown one is
-- given up; of an accepted one that was not delivered, when to see whether it has expired. `wa_id` is the person's, as
-- WhatsApp answered it: what proves a phone.
CREATE TABLE message (
  tenant_id TEXT NOT NULL,
  message_id BLOB NOT NULL,
  contact_id BLOB NOT NULL,
  sender_id BLOB NOT NULL,
  campaign_id BLOB,
  lane INTEGER NOT NULL,
  state INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  token INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  expire_at INTEGER NOT NULL,
  resend INTEGER NOT NULL,
  content TEXT NOT NULL,
  fallback TEXT NOT NULL,
  version INTEGER NOT NULL,
  category INTEGER NOT NULL,
  quote_wamid TEXT NOT NULL,
  reply_route INTEGER NOT NULL,
  reply_ref TEXT NOT NULL,
  labels TEXT NOT NULL,
  caller TEXT NOT NULL,
  wamid TEXT NOT NULL,
  error_reason TEXT NOT NULL,
  error_code INTEGER NOT NULL,
  billing_category TEXT NOT NULL,
  billable INTEGER,
  created_at INTEGER NOT NULL,
  accepted_at INTEGER,
  sent_at INTEGER,
  delivered_at INTEGER,
  read_at INTEGER,
  failed_at INTEGER,
  expired_at INTEGER,
  ledger_contact_id BLOB,
  origin INTEGER NOT NULL,
  test INTEGER NOT NULL CHECK (test IN (0, 1)),
  price INTEGER,
  currency TEXT NOT NULL,
  reserved INTEGER NOT NULL,
  template_name TEXT NOT NULL,
  template_language TEXT NOT NULL,
  wa_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, message_id)
) STRICT;
CREATE INDEX message_open ON message (tenant_id, sender_id, lane, state, due_at, message_id) WHERE state IN (1, 2, 3);
CREATE INDEX message_expiry ON message (tenant_id, expire_at, message_id) WHERE state = 1 AND campaign_id IS NULL;
CREATE INDEX message_awaited ON message (tenant_id, due_at, message_id) WHERE state IN (4, 5, 6);
CREATE INDEX message_wamid ON message (tenant_id, wamid) WHERE wamid <> '';
CREATE INDEX message_contact ON message (tenant_id, contact_id, message_id);
CREATE INDEX message_campaign ON message (tenant_id, campaign_id, message_id) WHERE campaign_id IS NOT NULL;

-- Named so because `window` is a word of SQL.
CREATE TABLE contact_window (
  tenant_id TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  contact_id BLOB NOT NULL,
  open_until INTEGER,
  hold_route INTEGER NOT NULL,
  hold_ref TEXT NOT NULL,
  hold_until INTEGER,
  hold_set_at INTEGER,
  pair_paid_at INTEGER,
  entry_until INTEGER,
  PRIMARY KEY (tenant_id, sender_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_window_contact ON contact_window (tenant_id, contact_id, open_until);

CREATE TABLE inbound_event (
  tenant_id TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  wamid TEXT NOT NULL,
  contact_id BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  content TEXT NOT NULL,
  route INTEGER NOT NULL,
  ref TEXT NOT NULL,
  campaign_id BLOB,
  message_id BLOB,
  PRIMARY KEY (tenant_id, sender_id, wamid)
) STRICT;
CREATE INDEX inbound_event_contact ON inbound_event (tenant_id, contact_id, received_at, wamid);

-- Statuses of messages that are not known yet.
CREATE TABLE parked_status (
  tenant_id TEXT NOT NULL,
  wamid TEXT NOT NULL,
  callback TEXT NOT NULL,
  status INTEGER NOT NULL,
  at INTEGER NOT NULL,
  error_code INTEGER NOT NULL,
  has_pricing INTEGER NOT NULL,
  billing_category TEXT NOT NULL,
  billable INTEGER,
  parked_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, wamid, callback, status, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_status_age ON parked_status (tenant_id, parked_at);

CREATE TABLE routing_rule (
  tenant_id TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  priority INTEGER NOT NULL,
  keywords TEXT NOT NULL,
  prefixes TEXT NOT NULL,
  route INTEGER NOT NULL,
  ref TEXT NOT NULL,
  pre_empt INTEGER NOT NULL CHECK (pre_empt IN (0, 1)),
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, rule_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX routing_rule_order ON routing_rule (tenant_id, priority, rule_id);
