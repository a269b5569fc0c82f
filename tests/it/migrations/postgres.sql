SELECT 'column ' || table_name || '.' || column_name || ' ' ||
    CASE WHEN data_type IN ('uuid', 'bytea') THEN 'blob'
         WHEN data_type IN ('smallint', 'integer', 'bigint', 'boolean', 'timestamp with time zone') THEN 'integer'
         WHEN data_type IN ('text', 'json', 'date') THEN 'text'
         WHEN data_type = 'double precision' THEN 'real' ELSE data_type END ||
    CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END AS line
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT CASE WHEN i.indisprimary THEN 'key ' WHEN i.indisunique THEN 'unique ' ELSE 'index ' END || t.relname || ' (' ||
    (SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum) || ')'
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
-- But for the index of pieces, an expression.
WHERE n.nspname = 'public' AND i.indexprs IS NULL
UNION ALL
SELECT 'foreign key ' || t.relname || '.' || a.attname || ' to ' || f.relname
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f'
