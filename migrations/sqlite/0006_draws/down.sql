DROP TABLE draw_units;
DROP TABLE draws;
