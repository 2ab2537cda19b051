create table ops.standing_layers (
    layer text primary key,
    fingerprint text not null,
    nodes jsonb not null,
    built_at timestamptz not null default clock_timestamp()
);
comment on table ops.standing_layers is
'One row per layer that a run may leave as it stands: what it was built from, and its models';
