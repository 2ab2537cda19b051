-- Who was erased, so that no old file brings a person back.
create table ops.erasures (
    erasure_id bigint generated always as identity primary key,
    customer_id text not null unique,
    reason text not null,
    certificate jsonb not null,
    erased_at timestamptz not null default clock_timestamp()
);
comment on table ops.erasures is
'One row per customer whose personal data were blanked (lens erase, retention); rows that come later are blanked as they land';
comment on column ops.erasures.certificate is 'What was blanked where, in rows; no personal data';
