-- The engine's own tables: each tenant's event counter, and the replies of mutating requests.
CREATE TABLE tenant_seq (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE replay (
  tenant_id TEXT NOT NULL,
  request_id BLOB NOT NULL,
  method TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  reply BLOB NOT NULL,
  PRIMARY KEY (tenant_id, request_id, method)
) STRICT, WITHOUT ROWID;
