DROP INDEX records_by_warnings;
ALTER TABLE records DROP COLUMN warnings;
DROP TABLE forms;
