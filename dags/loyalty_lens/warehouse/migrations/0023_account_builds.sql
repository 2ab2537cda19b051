-- Which accounts the points marts show (docs/decisions/0018): a row per model, the id of the
-- points_accounts that it was built with. Whoever stands behind is built for the same customers again.
create table ops.account_builds (
    model text primary key,
    build_id text not null,
    is_partial boolean not null,
    changed_from date,
    -- Of points_accounts alone:
    recipe text,
    business_date date,
    business_date_before date,
    was_complete boolean,
    built_at timestamptz not null default now()
);
comment on table ops.account_builds is
'Models of the points, as built last. is_partial: of changed accounts only; changed_from: first date as
of which its rows are others than before. recipe: what all accounts follow from; business_date_before: of the build before;
was_complete: all models stood as that build wanted them';
