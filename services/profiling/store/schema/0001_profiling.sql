-- Definitions, products and matrices are kept as the bytes of their contract messages: the store never looks inside.
CREATE TABLE flow (
  tenant_id TEXT NOT NULL,
  flow_id TEXT NOT NULL,
  name TEXT NOT NULL,
  purpose_text TEXT NOT NULL,
  objectives TEXT NOT NULL,
  consent_purpose TEXT NOT NULL,
  base_language TEXT NOT NULL,
  draft BLOB NOT NULL,
  published_version INTEGER NOT NULL,
  state INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, flow_id)
) STRICT;

CREATE TABLE flow_version (
  tenant_id TEXT NOT NULL,
  flow_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  purpose_text TEXT NOT NULL,
  objectives TEXT NOT NULL,
  consent_purpose TEXT NOT NULL,
  base_language TEXT NOT NULL,
  definition BLOB NOT NULL,
  definition_hash TEXT NOT NULL,
  matrices TEXT NOT NULL,
  products BLOB NOT NULL,
  report BLOB NOT NULL,
  state INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  published_by TEXT NOT NULL,
  PRIMARY KEY (tenant_id, flow_id, version)
) STRICT;

CREATE TABLE product (
  tenant_id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  catalogue_rank INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (tenant_id, product_id)
) STRICT;
CREATE UNIQUE INDEX product_rank ON product (tenant_id, catalogue_rank);

CREATE TABLE matrix (
  tenant_id TEXT NOT NULL,
  matrix_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (tenant_id, matrix_id, version)
) STRICT;

CREATE TABLE profile (
  tenant_id TEXT NOT NULL,
  id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  locale TEXT NOT NULL,
  company_id TEXT NOT NULL,
  contact_id TEXT NOT NULL,
  state INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE identity (
  tenant_id TEXT NOT NULL,
  type INTEGER NOT NULL,
  match_key TEXT NOT NULL,
  profile_id BLOB NOT NULL,
  value TEXT NOT NULL,
  assurance INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, type, match_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_of_profile ON identity (tenant_id, profile_id);

CREATE TABLE trait (
  tenant_id TEXT NOT NULL,
  profile_id BLOB NOT NULL,
  trait_key TEXT NOT NULL,
  value TEXT NOT NULL,
  category INTEGER NOT NULL,
  source INTEGER NOT NULL,
  source_ref TEXT NOT NULL,
  observed_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, profile_id, trait_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE consent (
  tenant_id TEXT NOT NULL,
  profile_id BLOB NOT NULL,
  purpose TEXT NOT NULL,
  decision INTEGER NOT NULL,
  decided_at INTEGER NOT NULL,
  expires_at INTEGER,
  shown_text TEXT NOT NULL,
  text_hash TEXT NOT NULL,
  language TEXT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (tenant_id, profile_id, purpose)
) STRICT;

CREATE TABLE session (
  tenant_id TEXT NOT NULL,
  id BLOB NOT NULL,
  profile_id BLOB NOT NULL,
  flow_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  state INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended_at INTEGER,
  is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX session_of_profile ON session (tenant_id, profile_id, id);
CREATE INDEX session_of_flow ON session (tenant_id, flow_id, id);

CREATE TABLE active_session (
  tenant_id TEXT NOT NULL,
  profile_id BLOB NOT NULL,
  session_id BLOB NOT NULL,
  PRIMARY KEY (tenant_id, profile_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE session_log (
  tenant_id TEXT NOT NULL,
  session_id BLOB NOT NULL,
  revision INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, session_id, revision)
) STRICT;

CREATE TABLE session_recommendation (
  tenant_id TEXT NOT NULL,
  session_id BLOB NOT NULL,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, session_id, revision)
) STRICT;

CREATE TABLE inbound (
  tenant_id TEXT NOT NULL,
  channel INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  reply BLOB NOT NULL,
  PRIMARY KEY (tenant_id, channel, event_id)
) STRICT;
CREATE INDEX inbound_by_time ON inbound (tenant_id, at);

CREATE TABLE lead (
  tenant_id TEXT NOT NULL,
  id BLOB NOT NULL,
  profile_id BLOB NOT NULL,
  session_id BLOB NOT NULL,
  product_id TEXT NOT NULL,
  state INTEGER NOT NULL,
  crm_ref TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX lead_of_session ON lead (tenant_id, session_id);
CREATE INDEX lead_of_profile ON lead (tenant_id, profile_id, product_id, created_at);

CREATE TABLE connector (
  tenant_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
  state INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (tenant_id, connector_id)
) STRICT;

CREATE TABLE delivery (
  tenant_id TEXT NOT NULL,
  id BLOB NOT NULL,
  lead_id BLOB NOT NULL,
  connector_id TEXT NOT NULL,
  event TEXT NOT NULL,
  state INTEGER NOT NULL,
  attempts_used INTEGER NOT NULL,
  next_at INTEGER,
  created_at INTEGER NOT NULL,
  error TEXT NOT NULL,
  payload BLOB NOT NULL,
  attempts TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX delivery_of_lead ON delivery (tenant_id, lead_id, id);
CREATE INDEX delivery_waiting ON delivery (tenant_id, connector_id, state);
