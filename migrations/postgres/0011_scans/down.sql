DROP INDEX members_facts;
DROP INDEX households_amounts;
DROP INDEX households_facts;
