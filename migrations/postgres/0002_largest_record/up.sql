-- The size of the largest record that a county ever had, in bytes of its JSON: bounds what so many records can weigh.
ALTER TABLE buckets ADD COLUMN largest BIGINT NOT NULL DEFAULT 0;
UPDATE buckets SET largest = COALESCE(
    (SELECT max(octet_length(CAST(r.fields AS TEXT))) FROM records r WHERE r.bucket = buckets.bucket), 0);
