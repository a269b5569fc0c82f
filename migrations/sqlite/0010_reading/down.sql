DROP INDEX draw_units_replaced;
