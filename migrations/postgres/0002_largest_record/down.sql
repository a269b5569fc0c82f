ALTER TABLE buckets DROP COLUMN largest;
