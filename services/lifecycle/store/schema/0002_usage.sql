-- Dates are days since 1970-01-01.
CREATE TABLE usage_fact (
  tenant_id TEXT NOT NULL,
  module_instance_id BLOB NOT NULL,
  local_date INTEGER NOT NULL,
  source TEXT NOT NULL,
  started INTEGER NOT NULL CHECK (started >= 0),
  completed INTEGER NOT NULL CHECK (completed >= 0),
  active_users INTEGER,
  attribution INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, module_instance_id, local_date, source)
) STRICT, WITHOUT ROWID;

-- kind 1: weeks, kind 2: months; bucket is the first day. Clustered by client, so that a recomputation of all clients is one walk.
CREATE TABLE usage_rollup (
  tenant_id TEXT NOT NULL,
  kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
  customer_id TEXT NOT NULL,
  module_instance_id BLOB NOT NULL,
  bucket INTEGER NOT NULL,
  started INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, kind, customer_id, module_instance_id, bucket)
) STRICT, WITHOUT ROWID;
