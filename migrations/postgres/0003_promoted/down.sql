DROP INDEX records_by_time;
DROP TABLE photos;
DROP TABLE findings;
DROP TABLE interviews;
DROP TABLE visits;
DROP TABLE villages;
DROP TABLE members;
DROP TABLE households;
