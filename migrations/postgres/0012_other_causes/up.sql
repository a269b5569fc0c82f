-- The other causes of poverty, to filter by: each with a space before and behind it.
ALTER TABLE households ADD COLUMN causes_other TEXT COLLATE "C";
UPDATE households h SET causes_other = ' ' || COALESCE(
    (SELECT string_agg(c.value, ' ' ORDER BY c.n) FROM json_array_elements_text(r.fields->'causes_other') WITH ORDINALITY c (value, n)) || ' ', ''
)
FROM records r
WHERE r.bucket = h.bucket AND r.collection = 1 AND r.id = h.id AND json_typeof(r.fields->'causes_other') = 'array';
