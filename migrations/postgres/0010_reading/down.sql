DROP SCHEMA bi CASCADE;
DROP INDEX draw_units_replaced;
