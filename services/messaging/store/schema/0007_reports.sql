-- Counters of reports, changed in the transaction of the rows they count. Times are begun minutes and quarters of an hour since 1970 in
-- UTC, so that every zone's hours, days and months are sums of them.
CREATE TABLE campaign_minute (
  tenant_id TEXT NOT NULL,
  campaign_id BLOB NOT NULL,
  minute INTEGER NOT NULL,
  figure INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, campaign_id, minute, figure)
) STRICT, WITHOUT ROWID;

CREATE TABLE sender_quarter (
  tenant_id TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  quarter INTEGER NOT NULL,
  source INTEGER NOT NULL,
  figure INTEGER NOT NULL,
  detail TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, sender_id, quarter, source, figure, detail)
) STRICT, WITHOUT ROWID;

CREATE TABLE template_count (
  tenant_id TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  version INTEGER NOT NULL,
  source INTEGER NOT NULL,
  figure INTEGER NOT NULL,
  detail TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, sender_id, name, language, version, source, figure, detail)
) STRICT, WITHOUT ROWID;

-- What delivered messages cost, by kind: 1 priced, 3 unpriced. They count in the quarter of their delivery.
CREATE TABLE sender_cost (
  tenant_id TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  quarter INTEGER NOT NULL,
  source INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  currency TEXT NOT NULL,
  messages INTEGER NOT NULL,
  micros INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, sender_id, quarter, source, kind, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE template_cost (
  tenant_id TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  version INTEGER NOT NULL,
  source INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  currency TEXT NOT NULL,
  messages INTEGER NOT NULL,
  micros INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, sender_id, name, language, version, source, kind, currency)
) STRICT, WITHOUT ROWID;

-- Every change of quality that WhatsApp told.
CREATE TABLE template_quality (
  tenant_id TEXT NOT NULL,
  channel_id BLOB NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  at INTEGER NOT NULL,
  quality TEXT NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, name, language, at)
) STRICT, WITHOUT ROWID;

-- The first submission of each translation, and WhatsApp's first verdict on it; '' while there is none.
CREATE TABLE template_first (
  tenant_id TEXT NOT NULL,
  channel_id BLOB NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  submitted_at INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  PRIMARY KEY (tenant_id, channel_id, name, language)
) STRICT, WITHOUT ROWID;
CREATE INDEX template_first_submitted ON template_first (tenant_id, submitted_at);

-- What reports read of tables of others.
CREATE INDEX template_created ON template (tenant_id, created_at);
CREATE INDEX campaign_started ON campaign (tenant_id, started_at) WHERE started_at IS NOT NULL;
CREATE INDEX message_accepted ON message (tenant_id, accepted_at, contact_id) WHERE accepted_at IS NOT NULL;
CREATE INDEX campaign_recipient_answered ON campaign_recipient (tenant_id, campaign_id, contact_id) WHERE replied > 0;
CREATE INDEX campaign_recipient_reason ON campaign_recipient (tenant_id, campaign_id, reason, contact_id) WHERE reason <> '';
