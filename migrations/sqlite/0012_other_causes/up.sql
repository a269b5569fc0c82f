-- The other causes of poverty, to filter by: each with a space before and behind it.
ALTER TABLE households ADD COLUMN causes_other TEXT;
UPDATE households SET causes_other = (
    SELECT ' ' || COALESCE((SELECT group_concat(c.value, ' ' ORDER BY c.key) FROM json_each(r.fields, '$.causes_other') c) || ' ', '')
    FROM records r
    WHERE r.bucket = households.bucket AND r.collection = 1 AND r.id = households.id
        AND json_type(r.fields, '$.causes_other') = 'array'
);
