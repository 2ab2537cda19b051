-- Row numbers within a file, counted by the server while COPY runs; set back to 1 before each file.
create sequence ops.row_number cache 1000;
comment on sequence ops.row_number is 'Default of raw._row_number; one ingest at a time uses it';

create table ops.landing_files (
    data_set text not null,
    path_key text not null,
    sha256 text not null,
    batch_id bigint not null references ops.load_batches (batch_id),
    seen_at timestamptz not null default clock_timestamp(),
    primary key (data_set, path_key)
);
comment on table ops.landing_files is
'The content last handled at each path, so that a file that merely still lies there is not delivered twice';
comment on column ops.landing_files.batch_id is 'The batch with that content; of another path for a copy';

create function ops.batch_in_progress() returns bigint
language plpgsql immutable
as $$ begin return cast(current_setting('lens.batch_id') as bigint); end $$;
comment on function ops.batch_in_progress() is
'Default of raw._batch_id. Declared immutable on purpose: COPY then asks once a file and not once a row (a quarter of its time)';
