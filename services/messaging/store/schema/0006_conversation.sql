-- Files that WhatsApp keeps for us: uploaded ones, and those of people, which belong to a contact.
CREATE TABLE media (
  tenant_id TEXT NOT NULL,
  media_id TEXT NOT NULL,
  sender_id BLOB NOT NULL,
  contact_id BLOB,
  kind INTEGER NOT NULL,
  mime_type TEXT NOT NULL,
  filename TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expire_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, media_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX media_expire ON media (tenant_id, expire_at);
CREATE INDEX media_contact ON media (tenant_id, contact_id) WHERE contact_id IS NOT NULL;

-- Which process applies webhooks, under the tenant '_system': one at a time, so that items of a contact keep their order.
-- The token grows with each change of hands, and a batch commits only under the current one.
CREATE TABLE inbox_lease (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  holder TEXT NOT NULL,
  token INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;
