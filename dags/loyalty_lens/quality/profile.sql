-- Every cell of the rows looked at, counted once per column and value; all figures come from that.
with rows as (
    select * from {accepted} as accepted
    where
        {step} = 1
        or abs(hashint8extended(accepted._row_number, accepted._batch_id)) % {step} = 0
),

cells as (
    select
        cell.column_name,
        ops.read_text(cell.value) as value,
        rows._decimal_mark,
        rows._date_order
    from rows cross join lateral (values {cells}) as cell (column_name, value)
),

counted as materialized (
    select column_name, value, _decimal_mark, _date_order, count(*) as row_count
    from cells group by column_name, value, _decimal_mark, _date_order
),

columns (position, column_name, column_type, is_personal) as (values {columns}),

-- Read into its type and written in one way: 1.0 and 1 are one value, dates sort as text.
readings as (
    select
        counted.column_name,
        counted.value,
        counted.row_count,
        case
            when columns.column_type in ('number', 'integer')
                then ops.read_number(counted.value, counted._decimal_mark)
        end as number_value,
        case columns.column_type
            when 'number'
                then cast(trim_scale(ops.read_number(counted.value, counted._decimal_mark)) as text)
            when 'integer'
                then cast(trim_scale(ops.read_number(counted.value, counted._decimal_mark)) as text)
            when 'date' then cast(ops.read_date(counted.value, counted._date_order) as text)
            when 'timestamp'
                then cast(ops.read_timestamp(counted.value, counted._date_order) as text)
            when 'boolean' then cast(ops.read_boolean(counted.value) as text)
            when 'phone' then ops.read_phone(counted.value)
            when 'id' then ops.read_id(counted.value)
            else counted.value
        end as read_value
    from counted inner join columns using (column_name)
),

by_value as (
    select column_name, read_value, min(number_value) as number_value, sum(row_count) as row_count
    from readings where read_value is not null group by column_name, read_value
),

totals as (
    select
        column_name,
        sum(row_count) as rows_profiled,
        coalesce(sum(row_count) filter (where value is null), 0) as rows_null,
        min(length(value)) as shortest,
        max(length(value)) as longest,
        sum(length(value) * row_count) / nullif(sum(row_count) filter (where value is not null), 0)
            as average_length
    from readings group by column_name
),

-- Of a sample, the estimate that PostgreSQL makes for its own statistics (Haas and Stokes).
distinct_values as (
    select
        column_name,
        count(*) as seen,
        count(*) filter (where row_count = 1) as seen_once,
        sum(row_count) as rows_seen
    from by_value group by column_name
),

edges as (
    select
        by_value.column_name,
        (array_agg(by_value.read_value
            order by by_value.number_value, by_value.read_value collate "C"))[1] as lowest,
        (array_agg(by_value.read_value
            order by by_value.number_value desc nulls last, by_value.read_value collate "C" desc
        ))[1] as highest
    from by_value group by by_value.column_name
),

ranked as (
    select
        column_name, read_value, row_count,
        row_number() over (
            partition by column_name order by row_count desc, read_value collate "C"
        ) as place
    from by_value
),

commonest as (
    select
        column_name,
        jsonb_agg(jsonb_build_object('value', read_value, 'rows', row_count) order by place)
            as top_values
    from ranked where place <= 5 group by column_name
),

shapes as (
    select distinct on (column_name) column_name, pattern, sum(row_count) as pattern_rows
    from (
        select
            column_name, row_count,
            left(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
                regexp_replace(regexp_replace(value, '[[:upper:]]', 'A', 'g'),
                '[[:lower:]]', 'a', 'g'),
            '[0-9]', '9', 'g'), '9{{5,}}', '9+', 'g'), 'A{{2,}}', 'A+', 'g'), 'a{{2,}}', 'a+', 'g'),
            60) as pattern
        from readings where value is not null
    ) as patterns
    group by column_name, pattern
    order by column_name, sum(row_count) desc, pattern collate "C"
)

insert into ops.column_profiles
select
    {data_set}, columns.column_name, now(), columns.column_type, columns.is_personal,
    {rows_in_all}, totals.rows_profiled, totals.rows_null,
    case
        when {step} = 1 then coalesce(distinct_values.seen, 0)
        else coalesce(round(
            distinct_values.rows_seen * distinct_values.seen / (
                distinct_values.rows_seen - distinct_values.seen_once
                + distinct_values.seen_once / cast({step} as numeric)
            )
        ), 0)
    end,
    {step} > 1,
    case when not columns.is_personal or {with_personal} then edges.lowest end,
    case when not columns.is_personal or {with_personal} then edges.highest end,
    totals.shortest, totals.longest, totals.average_length,
    shapes.pattern, shapes.pattern_rows,
    case when not columns.is_personal or {with_personal} then commonest.top_values end
from columns
inner join totals using (column_name)
left join distinct_values using (column_name)
left join edges using (column_name)
left join commonest using (column_name)
left join shapes using (column_name)
order by columns.position
