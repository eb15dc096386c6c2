-- Prices by country, billing category and UTC day, [valid_from, valid_to): days since 1970. Amounts are millionths of the unit.
CREATE TABLE cost_rate (
  tenant_id TEXT NOT NULL,
  country TEXT NOT NULL,
  category TEXT NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_to INTEGER,
  currency TEXT NOT NULL,
  micros INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, country, category, valid_from)
) STRICT, WITHOUT ROWID;

-- What the messages of a campaign cost, by kind: 1 priced, 2 free, 3 unpriced, 4 reserved. Changes with the message.
CREATE TABLE campaign_cost (
  tenant_id TEXT NOT NULL,
  campaign_id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  currency TEXT NOT NULL,
  messages INTEGER NOT NULL,
  micros INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, campaign_id, kind, currency)
) STRICT, WITHOUT ROWID;

-- The last outcomes of a campaign, one character each, and the seconds of its unclear answers: what its protection looks at.
CREATE TABLE campaign_pulse (
  tenant_id TEXT NOT NULL,
  campaign_id BLOB NOT NULL,
  outcomes TEXT NOT NULL,
  unknowns TEXT NOT NULL,
  base_opt_outs INTEGER NOT NULL,
  base_delivered INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, campaign_id)
) STRICT, WITHOUT ROWID;
