-- The next week that the timer evaluates; one row per tenant.
CREATE TABLE evaluation_schedule (
  tenant_id TEXT NOT NULL,
  next_week INTEGER NOT NULL,
  PRIMARY KEY (tenant_id)
) STRICT, WITHOUT ROWID;
