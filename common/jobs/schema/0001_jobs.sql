-- Work to be done at a time, by whoever claims it. `attempt` is the fencing token; `ready_at` is when the job may be claimed: its
-- due time, or the end of the lease of whoever holds it.
CREATE TABLE job (
  tenant_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  ready_at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  last_error TEXT,
  payload BLOB NOT NULL,
  PRIMARY KEY (tenant_id, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_ready ON job (kind, ready_at);

CREATE TABLE job_dead (
  tenant_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  died_at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  error TEXT NOT NULL,
  payload BLOB NOT NULL,
  PRIMARY KEY (tenant_id, kind, key)
) STRICT, WITHOUT ROWID;
