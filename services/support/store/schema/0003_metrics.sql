-- What each conversation contributes to the reports, as its history yields it.
CREATE TABLE metric_fact (
  tenant_id TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  metric INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  at INTEGER NOT NULL,
  started_at INTEGER,
  value INTEGER NOT NULL,
  agent TEXT NOT NULL,
  team TEXT NOT NULL,
  priority INTEGER NOT NULL,
  tags TEXT NOT NULL,
  automatic INTEGER NOT NULL CHECK (automatic IN (0, 1)),
  PRIMARY KEY (tenant_id, conversation_id, metric, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX metric_fact_at ON metric_fact (tenant_id, metric, at, conversation_id);
CREATE INDEX metric_fact_started ON metric_fact (tenant_id, metric, started_at, conversation_id);

-- The same in sums that a weekly report reads: per local day, for the whole (scope 0), per agent (1) and per tag (2).
-- Durations: how many values lie in each value bucket, and their sum.
CREATE TABLE day_bucket (
  tenant_id TEXT NOT NULL,
  scope INTEGER NOT NULL,
  metric INTEGER NOT NULL,
  day INTEGER NOT NULL,
  name TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  n INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, scope, metric, day, name, bucket)
) STRICT, WITHOUT ROWID;

-- The values themselves, sorted within their bucket, so that a median reads one bucket and not all values.
CREATE TABLE day_value (
  tenant_id TEXT NOT NULL,
  scope INTEGER NOT NULL,
  metric INTEGER NOT NULL,
  name TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  day INTEGER NOT NULL,
  value INTEGER NOT NULL,
  conversation_id BLOB NOT NULL,
  ordinal INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, scope, metric, name, bucket, day, value, conversation_id, ordinal)
) STRICT, WITHOUT ROWID;

-- Counts: how many, and the sum of their values (ratings).
CREATE TABLE day_count (
  tenant_id TEXT NOT NULL,
  scope INTEGER NOT NULL,
  metric INTEGER NOT NULL,
  day INTEGER NOT NULL,
  name TEXT NOT NULL,
  n INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, scope, metric, day, name)
) STRICT, WITHOUT ROWID;

-- Closes of conversations that had been closed before, by the day of the close before: what to take away from the closes of a
-- range to get the conversations closed in it.
CREATE TABLE day_reclose (
  tenant_id TEXT NOT NULL,
  scope INTEGER NOT NULL,
  day INTEGER NOT NULL,
  name TEXT NOT NULL,
  previous_day INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, scope, day, name, previous_day)
) STRICT, WITHOUT ROWID;
