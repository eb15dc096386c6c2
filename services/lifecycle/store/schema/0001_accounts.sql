CREATE TABLE account (
  tenant_id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  name TEXT NOT NULL,
  owner_cs TEXT NOT NULL,
  owner_ops TEXT NOT NULL,
  segment TEXT NOT NULL,
  users_count INTEGER,
  time_zone TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_by_owner ON account (tenant_id, owner_cs, customer_id) WHERE owner_cs <> '';
CREATE INDEX account_by_segment ON account (tenant_id, segment, customer_id) WHERE segment <> '';

CREATE TABLE module_def (
  tenant_id TEXT NOT NULL,
  module_key TEXT NOT NULL,
  unit_name TEXT NOT NULL,
  started_meaning TEXT NOT NULL,
  completed_meaning TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, module_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE engagement (
  tenant_id TEXT NOT NULL,
  id BLOB NOT NULL,
  customer_id TEXT NOT NULL,
  sequence_no INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX engagement_by_customer ON engagement (tenant_id, customer_id, sequence_no);

-- Clustered by client, because evaluation and health walk the clients in that order.
CREATE TABLE module_instance (
  tenant_id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  id BLOB NOT NULL,
  engagement_id BLOB NOT NULL,
  module_key TEXT NOT NULL,
  contracted_at INTEGER NOT NULL,
  go_live_at INTEGER,
  stage INTEGER NOT NULL,
  stage_since INTEGER NOT NULL,
  adopted_at INTEGER,
  suppressed_until INTEGER,
  suppression_reason TEXT NOT NULL,
  evaluated_week INTEGER,
  was_low INTEGER NOT NULL CHECK (was_low IN (0, 1)),
  adoption_results INTEGER NOT NULL,
  success_misses INTEGER NOT NULL,
  low_hits INTEGER NOT NULL,
  low_holds INTEGER NOT NULL,
  below_adoption INTEGER NOT NULL CHECK (below_adoption IN (0, 1)),
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, customer_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX module_instance_by_id ON module_instance (tenant_id, id);
CREATE INDEX module_instance_by_stage ON module_instance (tenant_id, stage, customer_id, id);

CREATE TABLE stage_event (
  tenant_id TEXT NOT NULL,
  module_instance_id BLOB NOT NULL,
  sequence_no INTEGER NOT NULL,
  id BLOB NOT NULL,
  customer_id TEXT NOT NULL,
  module_key TEXT NOT NULL,
  from_stage INTEGER NOT NULL,
  to_stage INTEGER NOT NULL,
  at INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  comment TEXT NOT NULL,
  rule_version INTEGER NOT NULL,
  evidence TEXT,
  actor TEXT NOT NULL,
  bypass INTEGER NOT NULL CHECK (bypass IN (0, 1)),
  request_id BLOB,
  PRIMARY KEY (tenant_id, module_instance_id, sequence_no)
) STRICT;
