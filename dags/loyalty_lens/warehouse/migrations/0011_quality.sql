-- One judgement of a batch has one time, so that the latest of a batch judged again can be told.
alter table ops.validation_results alter column validated_at set default now();
update ops.validation_results as results
set validated_at = judgements.validated_at
from (
    select run_id, batch_id, min(validated_at) as validated_at
    from ops.validation_results group by run_id, batch_id
) as judgements
where
    results.batch_id = judgements.batch_id
    and results.run_id is not distinct from judgements.run_id;
comment on column ops.validation_results.validated_at is
'The same for all rows of one judgement; the latest of a batch is the one that counts';

-- A master delivered whole every day repeats itself by design; a copy inside one file is a defect.
create index duplicates_in_file on ops.duplicates (_batch_id)
where original_batch_id = _batch_id;

create table ops.column_profiles (
    data_set text not null,
    column_name text not null,
    profiled_at timestamptz not null default now(),
    column_type text not null,
    is_personal boolean not null,
    rows_in_all bigint not null,
    rows_profiled bigint not null,
    rows_null bigint not null,
    distinct_values bigint not null,
    is_distinct_approximate boolean not null,
    lowest text,
    highest text,
    shortest integer,
    longest integer,
    average_length numeric(12, 2),
    pattern text,
    pattern_rows bigint,
    top_values jsonb,
    primary key (data_set, column_name, profiled_at)
);
comment on table ops.column_profiles is
'One row per data set, column and profiling: what the accepted rows hold (lens profile)';
comment on column ops.column_profiles.is_personal is
'Classified as personal or contact data: no value of it is kept here unless asked for';
comment on column ops.column_profiles.rows_profiled is
'Fewer than rows_in_all where a sample was looked at';
comment on column ops.column_profiles.rows_null is 'Of the rows profiled; empty, NULL, NaN, N/A';
comment on column ops.column_profiles.lowest is
'Of the values as read; null where personal or nothing can be read';
comment on column ops.column_profiles.pattern is
'The commonest shape: 9 a digit, A and a letters, + one or more of the kind before it';
comment on column ops.column_profiles.top_values is
'The commonest values, [{"value", "rows"}, ...]; null where personal';
