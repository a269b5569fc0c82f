-- Few units have been replaced: what moves a county's figures is counted from these.
CREATE INDEX draw_units_replaced ON draw_units (bucket, draw_id) WHERE replaced_at IS NOT NULL;
