-- What the certificate of a run counted of a table is kept while the table's rows stand
-- (docs/decisions/0047): a run with nothing new read them all, to say what the run before had said.
create table ops.counted_tables (
    relation text not null,
    counted text not null,
    state text not null,
    value jsonb not null,
    counted_at timestamptz not null default clock_timestamp(),
    primary key (relation, counted)
);
comment on table ops.counted_tables is
'What was counted of tables of clean and marts, and of which rows. relation: schema and table; counted: a
checksum of the query; state: the table''s version in ops.relation_versions, which of its files it is, and how
many rows were ever written to it; value: the answer';

alter table ops.published_accounts add column ledger_state text;
comment on column ops.published_accounts.ledger_state is
'The state of marts.points_ledger (as in ops.counted_tables) that ops.accounts was made of';
