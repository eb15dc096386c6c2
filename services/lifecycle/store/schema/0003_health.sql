CREATE TABLE health_snapshot (
  tenant_id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  as_of INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  window_first INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  started INTEGER NOT NULL,
  raw_tier TEXT NOT NULL,
  tier TEXT NOT NULL,
  tier_since INTEGER NOT NULL,
  terms TEXT NOT NULL,
  model_version INTEGER NOT NULL,
  computed_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, customer_id, as_of, revision)
) STRICT, WITHOUT ROWID;

-- The newest snapshot of each client that is listed, by score. sort_key: millionths of a point, no data last.
CREATE TABLE health_current (
  tenant_id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  as_of INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  tier TEXT NOT NULL,
  sort_key INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX health_current_by_score ON health_current (tenant_id, sort_key, customer_id);
CREATE INDEX health_current_by_tier ON health_current (tenant_id, tier, sort_key, customer_id);

-- What support told about its conversations.
CREATE TABLE support_conversation (
  tenant_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  spam INTEGER NOT NULL CHECK (spam IN (0, 1)),
  merged INTEGER NOT NULL CHECK (merged IN (0, 1)),
  PRIMARY KEY (tenant_id, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX support_conversation_by_customer ON support_conversation (tenant_id, customer_id, created_at);

CREATE TABLE support_rating (
  tenant_id TEXT NOT NULL,
  survey_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  rating INTEGER NOT NULL,
  rated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, survey_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX support_rating_by_customer ON support_rating (tenant_id, customer_id, rated_at);
