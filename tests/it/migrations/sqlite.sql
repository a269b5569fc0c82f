-- Kinds of columns, as coarse as SQLite has them: the other engine's types fall into one of these. What the index of pieces
-- needs is left out: its own tables, and the number by which it knows a row (`n`), which stands before the real key.
WITH tables AS (SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%\_by\_gram%' ESCAPE '\')
SELECT 'column ' || t.name || '.' || c.name || ' ' || lower(c.type) || CASE WHEN c."notnull" OR c.pk THEN ' not null' ELSE '' END AS line
FROM tables t, pragma_table_info(t.name) c WHERE NOT (c.name = 'n' AND t.name IN ('households', 'members'))
UNION ALL
SELECT 'key ' || name || ' (' || columns || ')'
FROM (SELECT t.name, group_concat(c.name, ', ' ORDER BY c.pk) AS columns
      FROM tables t, pragma_table_info(t.name) c WHERE c.pk > 0 AND NOT (c.name = 'n' AND t.name IN ('households', 'members')) GROUP BY t.name)
UNION ALL
SELECT CASE WHEN keyed THEN 'key ' WHEN "unique" THEN 'unique ' ELSE 'index ' END || name || ' (' || columns || ')'
FROM (SELECT t.name, i."unique", i.origin = 'u' AND t.name IN ('households', 'members') AS keyed,
             (SELECT group_concat(x.name, ', ' ORDER BY x.seqno) FROM pragma_index_info(i.name) x) AS columns
      FROM tables t, pragma_index_list(t.name) i WHERE i.origin <> 'pk')
UNION ALL
SELECT 'foreign key ' || t.name || '.' || f."from" || ' to ' || f."table"
FROM tables t, pragma_foreign_key_list(t.name) f
