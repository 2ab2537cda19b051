create function ops.newest_business_date() returns date
language sql stable
as $$
    -- The newest business date among accepted sales; without any, what the files say of their date.
    select coalesce(
        max(last_business_date) filter (where data_set = 'store_sales_header'),
        max(last_business_date),
        max(file_date),
        max(cast(loaded_at at time zone 'UTC' as date))
    )
    from ops.load_batches
    where status = 'validated'
$$;
comment on function ops.newest_business_date() is
'The newest business date among accepted sales (design: business date, case 3)';

create function ops.published_business_date() returns date
language sql stable
as $$
    -- The published date never goes back by itself: not behind the newest accepted sale, not behind
    -- an earlier run. A run with an explicit date shows the past and does not count here.
    select greatest(
        ops.newest_business_date(),
        (
            select max(pipeline_runs.business_date)
            from ops.pipeline_runs
            where pipeline_runs.status = 'success' and not pipeline_runs.is_explicit_date
        )
    )
$$;
comment on function ops.published_business_date() is 'The as-of date of the marts unless one is given';
