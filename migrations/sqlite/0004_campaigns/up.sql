-- What a campaign is made of. Where a list or the plan is null, the campaign is older than they are: it has the defaults.
ALTER TABLE campaigns ADD COLUMN region TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN min_days_on_site INTEGER NOT NULL DEFAULT 2;
-- Every county of the province takes part, also one that comes into the list of divisions later.
ALTER TABLE campaigns ADD COLUMN every_county INTEGER NOT NULL DEFAULT 1;
ALTER TABLE campaigns ADD COLUMN topics TEXT;
ALTER TABLE campaigns ADD COLUMN methods TEXT;
ALTER TABLE campaigns ADD COLUMN sample_plan TEXT;
ALTER TABLE campaigns ADD COLUMN closed_at INTEGER;
ALTER TABLE campaigns ADD COLUMN closed_by BLOB;
UPDATE campaigns SET region = COALESCE((SELECT u.region FROM users u WHERE u.id = campaigns.created_by), '');
CREATE INDEX campaigns_by_region ON campaigns (region);

-- Which counties take part; all of them are here too.
CREATE TABLE campaign_counties (
    bucket INTEGER NOT NULL,
    campaign_id BLOB NOT NULL REFERENCES campaigns,
    -- The contiguous poor area that it lies in, if any.
    area TEXT,
    -- `provincial` or `prefecture`.
    led_by TEXT NOT NULL,
    PRIMARY KEY (bucket, campaign_id)
) STRICT;
CREATE INDEX campaign_counties_by_campaign ON campaign_counties (campaign_id, bucket);
INSERT INTO campaign_counties (bucket, campaign_id, area, led_by)
    SELECT b.bucket, c.id, NULL, 'prefecture' FROM campaigns c
    JOIN buckets b ON CAST(b.bucket / 10000 AS TEXT) = c.region;
CREATE INDEX assignments_by_campaign ON assignments (campaign_id, bucket);
