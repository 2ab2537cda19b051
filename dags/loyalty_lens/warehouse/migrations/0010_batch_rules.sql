-- Repaired rows, rules about whole batches, and the statistics of outliers.

alter table ops.load_batches add column repairs_batch bigint references ops.load_batches (batch_id);
create index load_batches_repairs on ops.load_batches (repairs_batch)
where repairs_batch is not null;
comment on column ops.load_batches.repairs_batch is
'Of a steward''s batch: the delivered batch whose rows it repairs, under their row numbers; loaded_at, file_date and business_date are those of that delivery, so that its rows are dated as they would have been. When it was made: ops.audit_log';
comment on column ops.load_batches.path_key is
'source_file without a compression suffix; of a steward''s batch a text that is no path, so that no file ever takes its place';

alter table ops.load_batches add column cleared_at timestamptz;
comment on column ops.load_batches.cleared_at is
'When the batch rules let the batch through, or a person did (lens release); they do not stop it afterwards';
alter table ops.load_batches add column held_because text;
comment on column ops.load_batches.held_because is
'What the batch rules said that held it; kept when it was let through or replaced';
update ops.load_batches set cleared_at = coalesce(validated_at, loaded_at)
where status in ('validated', 'superseded');

-- A cell that begins like a formula would be run by a spreadsheet; the two functions are inverse to
-- each other for every text, so that what was exported comes back as it was.
create function ops.is_formula(value text) returns boolean
language sql immutable parallel safe
as $$
    select value ~ '^''*[=+@\t\r\n-]' and value !~ '^[+-]?[0-9]+([.,][0-9]+)*$'
$$;
comment on function ops.is_formula(text) is
'Begins like a formula, perhaps behind apostrophes; plain numbers such as -5 do not count';

create function ops.to_spreadsheet(value text) returns text
language sql immutable parallel safe
as $$ select case when ops.is_formula(value) then '''' || value else value end $$;
comment on function ops.to_spreadsheet(text) is 'A text as it is written for spreadsheets';

create function ops.from_spreadsheet(value text) returns text
language sql immutable parallel safe
as $$
    select case
        when left(value, 1) = '''' and ops.is_formula(substr(value, 2)) then substr(value, 2)
        else value
    end
$$;
comment on function ops.from_spreadsheet(text) is 'Takes back what to_spreadsheet did';

-- Robust z (Iglewicz and Hoaglin; NIST handbook eda35h): 0.6745 (x - median) / MAD; where the MAD is
-- 0, (x - median) / (1.253314 x mean absolute deviation); where that is 0, too, none.
create function ops.robust_limits(
    amounts double precision [], counts bigint [],
    out row_count bigint, out median double precision, out scale double precision
)
language sql immutable parallel safe
as $$
    with given as (
        select
            amount,
            sum(occurrences) as occurrences
        from unnest(amounts, counts) as listed (amount, occurrences)
        where amount is not null
        group by amount
    ),
    ranked as (
        select
            amount,
            occurrences,
            sum(occurrences) over (order by amount) as upto,
            sum(occurrences) over () as total
        from given
    ),
    middle as (
        select
            cast(max(total) as bigint) as row_count,
            -- Of an even number of rows the mean of the two in the middle.
            (
                min(amount) filter (where upto >= div(total + 1, 2))
                + min(amount) filter (where upto >= div(total + 2, 2))
            ) / 2 as median
        from ranked
    ),
    deviations as (
        select
            abs(given.amount - middle.median) as deviation,
            sum(given.occurrences) as occurrences
        from given
        cross join middle
        group by deviation
    ),
    ranked_deviations as (
        select
            deviation,
            occurrences,
            sum(occurrences) over (order by deviation) as upto,
            sum(occurrences) over () as total
        from deviations
    ),
    spread as (
        select
            (
                min(deviation) filter (where upto >= div(total + 1, 2))
                + min(deviation) filter (where upto >= div(total + 2, 2))
            ) / 2 as mad,
            sum(deviation * cast(occurrences as double precision) order by deviation)
            / cast(max(total) as double precision) as mean_deviation
        from ranked_deviations
    )
    select
        coalesce(middle.row_count, 0),
        middle.median,
        coalesce(nullif(spread.mad, 0) / 0.6745, nullif(1.253314 * spread.mean_deviation, 0))
    from middle
    cross join spread
$$;
comment on function ops.robust_limits(double precision [], bigint []) is
'Rows, median and scale of values that occur so many times each; (value - median) / scale is the robust z';

create function ops.is_outlier(
    value double precision, median double precision, scale double precision
) returns boolean
language sql immutable parallel safe
as $$ select coalesce(abs(value - median) > 3.5 * scale, false) $$;
comment on function ops.is_outlier(double precision, double precision, double precision) is
'Whether the robust z exceeds 3.5; without a median or a scale nothing does';
