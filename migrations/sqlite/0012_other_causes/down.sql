ALTER TABLE households DROP COLUMN causes_other;
