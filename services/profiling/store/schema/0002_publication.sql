-- Counts the changes of what is published, for the replicas that keep it in memory.
CREATE TABLE publication (
  tenant_id TEXT NOT NULL,
  changes INTEGER NOT NULL,
  PRIMARY KEY (tenant_id)
) STRICT, WITHOUT ROWID;
