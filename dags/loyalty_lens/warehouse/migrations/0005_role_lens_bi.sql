-- The role of dashboards: reads marts without contact data, and nothing else. dbt grants the columns.
-- A role belongs to the whole server; who may not create one is told so by `lens start`.
do $$
begin
    if not exists (select from pg_roles where rolname = 'lens_bi') then
        create role lens_bi nologin;
    end if;
    alter role lens_bi set default_transaction_read_only = on;
    alter role lens_bi set statement_timeout = '60s';
exception
    when insufficient_privilege then
        raise notice 'role lens_bi: not created, this user may not create roles';
    when unique_violation or duplicate_object then
        null;
end
$$;
do $$
begin
    if exists (select from pg_roles where rolname = 'lens_bi') then
        execute format('grant connect on database %I to lens_bi', current_database());
        grant usage on schema marts to lens_bi;
    end if;
end
$$;
