-- What `lens models` foretells of sales, and marts.sales_forecast reads: kept through every build.
create table ops.sales_forecasts (
    scope text not null check (scope in ('all', 'store')),
    store_id text not null,
    period text not null check (period in ('day', 'week')),
    period_date date not null,
    business_date date not null,
    forecast_amount double precision not null,
    lower_amount double precision not null,
    upper_amount double precision not null,
    fitted_at timestamptz not null default clock_timestamp(),
    primary key (scope, store_id, period, period_date)
);
comment on table ops.sales_forecasts is
'One row per series and day or week to come, as foretold last; the interval holds 95 of 100';
comment on column ops.sales_forecasts.store_id is 'Empty where all stores stand together';
