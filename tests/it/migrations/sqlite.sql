-- Kinds of columns, as coarse as SQLite has them: the other engine's types fall into one of these.
SELECT 'column ' || t.name || '.' || c.name || ' ' || lower(c.type) || CASE WHEN c."notnull" OR c.pk THEN ' not null' ELSE '' END AS line
FROM sqlite_schema t, pragma_table_info(t.name) c
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'
UNION ALL
SELECT 'key ' || name || ' (' || columns || ')'
FROM (SELECT t.name, group_concat(c.name, ', ' ORDER BY c.pk) AS columns
      FROM sqlite_schema t, pragma_table_info(t.name) c
      WHERE t.type = 'table' AND c.pk > 0 AND t.name NOT LIKE 'sqlite%' GROUP BY t.name)
UNION ALL
SELECT CASE WHEN "unique" THEN 'unique ' ELSE 'index ' END || name || ' (' || columns || ')'
FROM (SELECT t.name, i."unique", (SELECT group_concat(x.name, ', ' ORDER BY x.seqno) FROM pragma_index_info(i.name) x) AS columns
      FROM sqlite_schema t, pragma_index_list(t.name) i WHERE t.type = 'table' AND i.origin <> 'pk')
UNION ALL
SELECT 'foreign key ' || t.name || '.' || f."from" || ' to ' || f."table"
FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
