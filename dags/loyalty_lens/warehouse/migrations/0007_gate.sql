-- What the gate keeps between statements: scratch, so unlogged, and refilled where it is found empty.
create unlogged table judge.time_zones (
    name text primary key
);
comment on table judge.time_zones is 'The server''s time zones: its own view takes long to read';

create unlogged table judge.store_zones (
    store_id text primary key,
    time_zone text
);
comment on table judge.store_zones is 'Accepted stores and their time zone, written in each run';

create function ops.business_date(
    clock_time timestamp, moment timestamptz, time_zone text
) returns date
language sql stable parallel safe
as $$ select cast(coalesce(moment at time zone time_zone, clock_time) as date) $$;
comment on function ops.business_date(timestamp, timestamptz, text) is
'The date in the store''s time zone; without an offset the time is the store''s own already';
