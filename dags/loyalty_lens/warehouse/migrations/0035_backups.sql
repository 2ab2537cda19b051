-- What was saved, and what was in it: a restore is held against the row of its own file.
create table ops.backups (
    file_name text primary key,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    size_bytes bigint,
    business_date date,
    run_id text,
    row_counts jsonb not null,
    hashes jsonb not null
);
comment on table ops.backups is 'One row per backup; a backup holds its own row, not yet finished';
comment on column ops.backups.business_date is 'As-of date of the marts that were saved';
comment on column ops.backups.run_id is 'The last successful run before it';
comment on column ops.backups.row_counts is 'Rows of each table, by schema and name';
comment on column ops.backups.hashes is
'Rows and content of the customer-grain marts and the ledger, as in a run certificate';
