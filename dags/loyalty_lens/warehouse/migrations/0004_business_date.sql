create function ops.newest_business_date() returns date
language sql stable
as $$
    -- The newest business date among accepted sales; without sales, among other accepted events.
    select coalesce(
        max(last_business_date) filter (where data_set = 'store_sales_header'),
        max(last_business_date)
    )
    from ops.load_batches
    where status = 'validated'
$$;
comment on function ops.newest_business_date() is
'The newest business date among accepted sales (design: business date, case 3); never the wall clock';

create function ops.published_business_date() returns date
language sql stable
as $$
    -- The published date never goes back by itself: not behind the newest accepted sale, not behind
    -- an earlier run. A run with an explicit date shows the past and does not count here. While
    -- there are masters alone, the date in their files' names stands in.
    select coalesce(
        greatest(
            ops.newest_business_date(),
            (
                select max(pipeline_runs.business_date)
                from ops.pipeline_runs
                where pipeline_runs.status = 'success' and not pipeline_runs.is_explicit_date
            )
        ),
        (select max(load_batches.file_date) from ops.load_batches where status = 'validated')
    )
$$;
comment on function ops.published_business_date() is 'The as-of date of the marts unless one is given';
