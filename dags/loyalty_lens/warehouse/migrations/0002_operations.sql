create table ops.pipeline_runs (
    run_id text primary key,
    requested_date date,
    business_date date,
    is_explicit_date boolean not null default false,
    trigger text not null default 'cli',
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    status text not null default 'running' check (status in ('running', 'success', 'failed')),
    message text,
    certificate jsonb
);
comment on table ops.pipeline_runs is 'One row per run; the certificate says what the run left';
comment on column ops.pipeline_runs.requested_date is
'The date of --business-date or of the scheduled interval; null: the newest accepted sale decides';
comment on column ops.pipeline_runs.business_date is 'The as-of date of the marts that the run made';

create table ops.load_batches (
    batch_id bigint generated always as identity primary key,
    data_set text not null,
    source_file text not null,
    path_key text not null,
    file_date date,
    sha256 text not null,
    size_bytes bigint not null,
    rows_read bigint not null default 0,
    rows_malformed bigint not null default 0,
    rows_accepted bigint not null default 0,
    rows_rejected bigint not null default 0,
    rows_duplicate bigint not null default 0,
    rows_short bigint not null default 0,
    status text not null check (status in ('loaded', 'validated', 'superseded', 'failed')),
    message text,
    encoding text,
    separator text,
    extra_columns text[] not null default '{}',
    date_order text not null default 'day_first',
    decimal_mark text not null default '.',
    is_discount_in_percent boolean not null default false,
    business_date date,
    first_business_date date,
    last_business_date date,
    superseded_by bigint references ops.load_batches (batch_id),
    loaded_at timestamptz not null default clock_timestamp(),
    validated_at timestamptz,
    run_id text
);
create index load_batches_live on ops.load_batches (data_set, status);
create index load_batches_path_key on ops.load_batches (data_set, path_key);
comment on table ops.load_batches is 'One row per file content as loaded once';
comment on column ops.load_batches.source_file is 'Path below the landing folder, as delivered';
comment on column ops.load_batches.path_key is 'source_file without a compression suffix';
comment on column ops.load_batches.status is
'loaded: in raw, to be judged; validated: judged; superseded: replaced; failed: refused as a whole';
comment on column ops.load_batches.business_date is
'Business date of the run that first loaded it: the date of arrival where nothing else dates a row';
comment on column ops.load_batches.first_business_date is 'Earliest business date of accepted rows';
comment on column ops.load_batches.last_business_date is 'Latest business date of accepted rows';

create table ops.duplicates (
    data_set text not null,
    _batch_id bigint not null references ops.load_batches (batch_id),
    _row_number bigint not null,
    original_batch_id bigint not null,
    original_row_number bigint not null,
    primary key (data_set, _batch_id, _row_number)
);
create index duplicates_original on ops.duplicates (data_set, original_batch_id);
comment on table ops.duplicates is 'Exact duplicates: the row, and the earlier row that it repeats';

create table ops.validation_results (
    run_id text,
    batch_id bigint not null references ops.load_batches (batch_id),
    data_set text not null,
    rule_id text not null,
    column_name text,
    dimension text not null,
    severity text not null,
    rows_evaluated bigint not null,
    rows_failed bigint not null,
    validated_at timestamptz not null default clock_timestamp()
);
create index validation_results_batch on ops.validation_results (batch_id);
comment on table ops.validation_results is 'One row per judgement, batch, rule and column';

create table ops.model_runs (
    run_id text,
    unique_id text not null,
    resource_type text not null,
    status text not null,
    started_at timestamptz,
    execution_seconds numeric,
    rows_affected bigint,
    failures bigint,
    message text
);
create index model_runs_run on ops.model_runs (run_id);
comment on table ops.model_runs is 'What dbt did in each run: one row per model, seed and test';

create table reject.malformed_lines (
    _batch_id bigint not null references ops.load_batches (batch_id),
    line_number bigint not null,
    line text not null,
    reason text not null,
    primary key (_batch_id, line_number)
);
comment on table reject.malformed_lines is 'What is not even a CSV record';
