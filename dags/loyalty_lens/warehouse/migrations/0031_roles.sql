-- Who may see what (docs/privacy.md). Roles belong to the whole server: where this user may not create them,
-- the warehouse works without and `lens` prints what an administrator has to run (warehouse/roles.py).
create schema if not exists privacy;
create schema if not exists analyst;
create schema if not exists marketing;
create schema if not exists steward;
comment on schema privacy is 'Who may see what: roles, masks, readers, stores; open to the pipeline alone';
comment on schema analyst is 'Views: marts with personal data as keyed hashes';
comment on schema marketing is 'Views: marts with ranges and quarters, without contact data';
comment on schema steward is 'Views: personal data as they are; each reading is in ops.audit_log';

create table privacy.roles (
    role_name name primary key,
    attributes text not null,
    masked_schema name,
    reads text not null,
    smallest_group integer,
    purpose text not null
);
comment on table privacy.roles is 'One row per role of the warehouse; privacy.make_roles() makes those missing';
comment on column privacy.roles.masked_schema is 'Where its masked views lie; null: it has none';
comment on column privacy.roles.reads is
'open: columns of marts that no mask covers; stores: the same, of its own stores; all: all columns';
comment on column privacy.roles.smallest_group is 'Groups of fewer customers are not shown; null: all are';

insert into privacy.roles (role_name, attributes, masked_schema, reads, smallest_group, purpose) values
('lens_owner', 'nologin', null, 'owns', null,
    'The pipeline: owns every table; where it connects as another user, that one plays this part'),
('lens_audit', 'nologin', null, 'log', null, 'Owns ops.audit_log; nobody connects as it'),
('lens_steward', 'nologin', 'steward', 'all', null,
    'Data stewards: everything, each reading of personal data is noted'),
('lens_analyst', 'nologin', 'analyst', 'open', null,
    'Analysts: all marts, personal data as keyed hashes'),
('lens_marketing', 'nologin', 'marketing', 'open', 10,
    'Marketers: ranges and quarters, no contact data, no small groups'),
('lens_bi', 'nologin', 'marketing', 'open', null,
    'Metabase and the local preview: as marketers; its pages add up to all customers'),
('lens_store_manager', 'nologin', null, 'stores', null,
    'Store managers: figures of the stores or regions of privacy.store_access'),
('lens_backup', 'nologin', null, 'all', null, 'Backups: reads every table');

create table privacy.masks (
    role_name name not null references privacy.roles (role_name),
    kind text not null,
    policy text not null check (policy in ('hash', 'quarter', 'range', 'hide', 'pass')),
    edges numeric [],
    primary key (role_name, kind),
    check ((edges is not null) = (policy = 'range'))
);
comment on table privacy.masks is
'How a role sees a kind of personal data (dbt meta `kind`); what is not listed is hidden';
comment on column privacy.masks.edges is 'Of a range: where the next one begins';
insert into privacy.masks (role_name, kind, policy, edges)
select roles.role_name, kinds.kind, 'hash', null
from (values ('lens_analyst')) as roles (role_name)
cross join (
    values ('email'), ('phone'), ('name'), ('address'), ('birth_date'), ('income')
) as kinds (kind);
insert into privacy.masks (role_name, kind, policy, edges)
select roles.role_name, masks.kind, masks.policy, masks.edges
from (values ('lens_marketing')) as roles (role_name)
cross join (
    values
    ('email', 'hide', null), ('phone', 'hide', null), ('name', 'hide', null),
    ('address', 'hide', null), ('birth_date', 'quarter', null),
    ('income', 'range', array[20000, 40000, 60000, 100000])
) as masks (kind, policy, edges);

create table privacy.readers (
    role_name name not null,
    kind text not null,
    reason text not null,
    granted_by text not null default session_user,
    granted_at timestamptz not null default clock_timestamp(),
    primary key (role_name, kind)
);
comment on table privacy.readers is
'Who sees a kind of personal data as it is, through the masked views of its role, whatever the mask says';

create table privacy.store_access (
    role_name name not null,
    store_id text,
    store_region text,
    check (num_nonnulls(store_id, store_region) = 1),
    unique nulls not distinct (role_name, store_id, store_region)
);
comment on table privacy.store_access is 'Stores, or regions of stores, that a member of lens_store_manager sees';

create table privacy.pseudonyms (
    value text primary key,
    pseudonym text not null,
    key_id text not null
);
comment on table privacy.pseudonyms is
'Normalised personal data and their keyed hashes: views look them up, so that nobody but the pipeline needs the key';

create table privacy.relations (
    schema_name name not null,
    table_name name not null,
    columns jsonb not null,
    group_size text,
    roles name [] not null,
    primary key (schema_name, table_name)
);
comment on table privacy.relations is 'What dbt said of each table that it built: its columns and what they hold';

create function privacy.make_roles() returns void
language plpgsql
as $$
declare
    missing record;
begin
    for missing in
        select roles.role_name, roles.attributes from privacy.roles
        where not exists (select from pg_roles where rolname = roles.role_name)
        order by roles.role_name
    loop
        execute format('create role %I %s', missing.role_name, missing.attributes);
        if missing.role_name in ('lens_analyst', 'lens_marketing', 'lens_bi', 'lens_store_manager') then
            execute format('alter role %I set default_transaction_read_only = on', missing.role_name);
            execute format('alter role %I set statement_timeout = ''60s''', missing.role_name);
        end if;
    end loop;
exception
    when insufficient_privilege then null;  -- told by whoever set the warehouse up
    when unique_violation or duplicate_object or internal_error then null;  -- somebody was quicker
end
$$;
select privacy.make_roles();

create function privacy.role_names(of_reads text []) returns name []
language sql stable
as $$
    select coalesce(array_agg(roles.role_name order by roles.role_name), '{}')
    from privacy.roles
    inner join pg_roles on roles.role_name = pg_roles.rolname
    where roles.reads = any(of_reads)
$$;

create function privacy.may_read(reader name, of_kind text) returns boolean
language sql stable security definer set search_path = pg_catalog
as $$
    select exists (
        select from privacy.readers
        inner join pg_roles on readers.role_name = pg_roles.rolname
        where readers.kind = of_kind and pg_has_role(reader, pg_roles.oid, 'member')
    )
$$;
comment on function privacy.may_read(name, text) is 'Whether an explicit permission wins over the mask';

create function privacy.stores_of(reader name) returns setof text
language plpgsql stable security definer set search_path = pg_catalog
as $$
begin
    return query
    select stores.store_id
    from clean.stores
    inner join privacy.store_access
        on stores.store_id = store_access.store_id or stores.store_region = store_access.store_region
    inner join pg_roles on store_access.role_name = pg_roles.rolname
    where pg_has_role(reader, pg_roles.oid, 'member');
end
$$;
comment on function privacy.stores_of(name) is 'The stores that a store manager sees';

create function privacy.range_of(number numeric, edges numeric []) returns text
language sql immutable parallel safe
as $$
    select case
        when number is null then null
        when number < edges[1] then 'under ' || edges[1]
        when number >= edges[cardinality(edges)] then edges[cardinality(edges)] || ' and over'
        else edges[width_bucket(number, edges)] || ' to under ' || edges[width_bucket(number, edges) + 1]
    end
$$;
comment on function privacy.range_of(numeric, numeric []) is 'The range, closed below and open above';

create function privacy.normal(value text) returns text
language sql immutable parallel safe
as $$ select nullif(lower(btrim(value)), '') $$;
comment on function privacy.normal(text) is 'As it is hashed: the same person is joined, however written';

-- HMAC-SHA256 (RFC 2104) of what sha256() gives, with the key of the session in hexadecimal digits.
create function privacy.key_pad(fill integer) returns bytea
language plpgsql stable
as $$
declare
    given constant text := nullif(current_setting('lens.privacy_key', true), '');
    block bytea;
    padded bytea;
begin
    if given is null then
        raise exception 'the session has no key for pseudonyms (lens.privacy_key)';
    end if;
    block := decode(given, 'hex');
    if length(block) > 64 then
        block := sha256(block);
    end if;
    block := block || decode(repeat('00', 64 - length(block)), 'hex');
    padded := block;
    for place in 0..63 loop
        padded := set_byte(padded, place, get_byte(block, place) # fill);
    end loop;
    return padded;
end
$$;
create function privacy.keyed_hash(value text, inner_pad bytea, outer_pad bytea) returns text
language sql immutable parallel safe
as $$
    select encode(sha256(outer_pad || sha256(inner_pad || convert_to(value, 'UTF8'))), 'hex')
$$;
comment on function privacy.keyed_hash(text, bytea, bytea) is 'HMAC-SHA256 in hexadecimal digits';

create function privacy.refresh_pseudonyms() returns bigint
language plpgsql
as $$
declare
    inner_pad constant bytea := privacy.key_pad(54);
    outer_pad constant bytea := privacy.key_pad(92);
    this_key constant text := left(privacy.keyed_hash('key', inner_pad, outer_pad), 16);
    source text;
    added bigint;
begin
    select string_agg(
        format('select privacy.normal(cast(%I as text)) as value from %I.%I', told.name, schema_name, table_name),
        ' union '
    ) into source
    from privacy.relations
    cross join lateral jsonb_to_recordset(relations.columns) as told (name text, kind text)
    where
        relations.schema_name = 'marts'
        and to_regclass(format('%I.%I', schema_name, table_name)) is not null
        and exists (select from privacy.masks where masks.kind = told.kind and masks.policy = 'hash');
    if source is null then
        return 0;
    end if;
    execute 'create temporary table wanted on commit drop as ' || source;
    delete from privacy.pseudonyms
    where key_id <> this_key or not exists (select from wanted where wanted.value = pseudonyms.value);
    insert into privacy.pseudonyms (value, pseudonym, key_id)
    select wanted.value, privacy.keyed_hash(wanted.value, inner_pad, outer_pad), this_key
    from wanted
    where
        wanted.value is not null
        and not exists (select from privacy.pseudonyms where pseudonyms.value = wanted.value);
    get diagnostics added = row_count;
    drop table wanted;
    return added;
end
$$;
comment on function privacy.refresh_pseudonyms() is
'Hashes what is new in the marts and forgets what is there no more; all anew with another key';

-- What of a person's readings is noted. A reading whose transaction is rolled back is in the server's log.
create function privacy.note_reading(relation text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    raise log 'loyalty lens audit: % reads %', session_user, relation;
    insert into ops.audit_log (action, reason, details)
    values (
        'read',
        coalesce(nullif(current_setting('lens.reason', true), ''), 'none given'),
        jsonb_build_object('relation', relation)
    );
    return true;
end
$$;
comment on function privacy.note_reading(text) is
'An entry of ops.audit_log for whoever reads personal data; `set lens.reason` says why';

create function privacy.masked_column(
    reader name, column_name text, data_type text, of_kind text
) returns text
language sql stable
as $$
    with mask as (
        select coalesce(max(masks.policy), 'hide') as policy, max(masks.edges) as edges
        from privacy.masks where masks.role_name = reader and masks.kind = of_kind
    ),
    plain as (
        select
            format('told.%I', column_name) as value,
            format('(select privacy.may_read(current_user, %L))', of_kind) as is_open
    )
    select case
        when of_kind is null or mask.policy = 'pass' then plain.value
        when mask.policy = 'hide' then format('case when %s then %s end', plain.is_open, plain.value)
        when mask.policy = 'quarter' then format(
            'case when %s then %s else cast(date_trunc(''quarter'', %2$s) as %s) end',
            plain.is_open, plain.value, data_type
        )
        when mask.policy = 'range' then format(
            'case when %s then cast(%s as text) else privacy.range_of(%2$s, %L) end',
            plain.is_open, plain.value, mask.edges
        )
        else format(
            'case when %s then cast(%s as text) else (select known.pseudonym from privacy.pseudonyms'
            ' as known where known.value = privacy.normal(cast(%2$s as text))) end',
            plain.is_open, plain.value
        )
    end || format(' as %I', column_name)
    from mask cross join plain
$$;

create function privacy.view_of(
    viewer privacy.roles, of_schema name, of_table name, of_relation regclass, columns jsonb
) returns void
language plpgsql
as $$
declare
    place constant text := format(
        '%I.%I',
        viewer.masked_schema,
        case when of_schema = 'marts' then of_table else of_schema || '_' || of_table end
    );
    selected text;
begin
    select string_agg(
        case
            when viewer.reads = 'all' then format('told.%I', attributes.attname)
            else privacy.masked_column(
                viewer.role_name, attributes.attname,
                format_type(attributes.atttypid, attributes.atttypmod), told.kind
            )
        end,
        ', ' order by attributes.attnum
    ) into selected
    from pg_attribute as attributes
    left join jsonb_to_recordset(columns) as told (name text, classification text, kind text)
        on attributes.attname = told.name
    where
        attributes.attrelid = of_relation and attributes.attnum > 0 and not attributes.attisdropped
        and (viewer.reads = 'all' or privacy.is_shown(told.classification, told.kind));
    if selected is null then
        return;
    end if;
    if of_schema in ('raw', 'reject') then
        -- The whole record: a column that comes or goes does not concern the view.
        selected := 'told._batch_id, to_jsonb(told) as record';
    end if;
    execute format('drop view if exists %s', place);
    execute format(
        'create view %s with (security_barrier) as %s select %s from %s as told%s',
        place,
        case when viewer.reads = 'all' then format(
            'with noted as materialized (select privacy.note_reading(%L) as is_noted)',
            of_schema || '.' || of_table
        ) end,
        selected,
        of_relation,
        case when viewer.reads = 'all' then ' where (select noted.is_noted from noted)' end
    );
end
$$;

create function privacy.is_shown(classification text, kind text) returns boolean
language sql immutable
as $$
    select coalesce(
        classification in ('none', 'personal') or (classification = 'contact' and kind is not null),
        false
    )
$$;
comment on function privacy.is_shown(text, text) is 'A column that nobody classified stays closed';

create function privacy.steward_view(of_schema name, of_table name) returns regclass
language sql stable
as $$
    select to_regclass(format(
        'steward.%I', case when of_schema = 'marts' then of_table else of_schema || '_' || of_table end
    ))
$$;

create function privacy.open_table(
    of_schema name, of_table name, columns jsonb, group_size text default null
) returns void
language plpgsql set client_min_messages = warning
as $$
declare
    target constant regclass := to_regclass(format('%I.%I', of_schema, of_table));
    existing constant name [] := privacy.role_names(array['open', 'stores', 'all', 'owns', 'log']);
    is_table constant boolean := (select relkind in ('r', 'p') from pg_class where oid = target);
    has_store constant boolean := exists (
        select from pg_attribute
        where attrelid = target and attname = 'store_id' and attnum > 0 and not attisdropped
    );
    has_masks boolean;
    plain text;
    viewer privacy.roles;
begin
    if target is null then
        return;
    end if;
    select
        string_agg(quote_ident(told.name), ', ')
            filter (where told.kind is null and told.classification in ('none', 'personal')),
        coalesce(bool_or(told.kind is not null), false)
    into plain, has_masks
    from jsonb_to_recordset(columns) as told (name text, classification text, kind text)
    inner join pg_attribute
        on pg_attribute.attrelid = target and told.name = pg_attribute.attname
        and not pg_attribute.attisdropped;

    -- A table that is new has no grants and no views yet.
    if
        exists (
            select from privacy.relations
            where
                relations.schema_name = of_schema and relations.table_name = of_table
                and relations.columns = open_table.columns
                and relations.group_size is not distinct from open_table.group_size
                and relations.roles = existing
        )
        and (
            of_schema <> 'marts' or plain is null
            or exists (
                select from pg_attribute
                where pg_attribute.attrelid = target and pg_attribute.attacl is not null
            )
        )
        and (not has_masks or privacy.steward_view(of_schema, of_table) is not null)
    then
        return;
    end if;

    for viewer in select roles.* from privacy.roles where roles.role_name = any(existing) order by 1 loop
        if viewer.reads = 'all' and viewer.masked_schema is null then
            execute format('grant select on %s to %I', target, viewer.role_name);
        elsif of_schema = 'marts' and viewer.reads in ('all', 'open') and plain is not null then
            if viewer.reads = 'all' and not has_masks then
                execute format('grant select on %s to %I', target, viewer.role_name);
            else
                execute format('grant select (%s) on %s to %I', plain, target, viewer.role_name);
            end if;
        elsif of_schema = 'marts' and viewer.reads = 'stores' and has_store and is_table
            and plain is not null
        then
            execute format('grant select (%s) on %s to %I', plain, target, viewer.role_name);
        end if;
    end loop;

    if of_schema = 'marts' and is_table and (has_store or group_size is not null) then
        execute format('alter table %s enable row level security', target);
        for viewer in
            select roles.* from privacy.roles
            where roles.role_name = any(existing) and roles.reads in ('open', 'all', 'stores')
        loop
            execute format('drop policy if exists %I on %s', viewer.role_name, target);
            execute format(
                'create policy %I on %s for select to %1$I using (%3$s)',
                viewer.role_name,
                target,
                case
                    when viewer.reads = 'stores' and has_store
                        then 'store_id in (select privacy.stores_of(current_user))'
                    when viewer.reads = 'stores' then 'false'
                    when group_size is not null and viewer.smallest_group is not null then format(
                        '%I = 0 or %1$I >= %s', group_size, viewer.smallest_group
                    )
                    else 'true'
                end
            );
        end loop;
    end if;

    for viewer in
        select distinct on (roles.masked_schema) roles.*
        from privacy.roles
        where roles.masked_schema is not null and (of_schema = 'marts' or roles.reads = 'all')
        order by roles.masked_schema, roles.role_name desc
    loop
        if has_masks then
            perform privacy.view_of(viewer, of_schema, of_table, target, columns);
        end if;
    end loop;
    perform privacy.grant_views(of_schema, of_table, existing);

    insert into privacy.relations as known (schema_name, table_name, columns, group_size, roles)
    values (of_schema, of_table, columns, group_size, existing)
    on conflict (schema_name, table_name) do update set
    columns = excluded.columns, group_size = excluded.group_size, roles = excluded.roles;
end
$$;
comment on function privacy.open_table(name, name, jsonb, text) is
'Grants, masked views and row policies of a table that dbt has built; called in the transaction that built it';

create function privacy.grant_views(of_schema name, of_table name, existing name []) returns void
language plpgsql
as $$
declare
    viewer record;
begin
    for viewer in
        select roles.role_name, views.view
        from privacy.roles
        cross join lateral (
            select to_regclass(format(
                '%I.%I', coalesce(roles.masked_schema, 'none'),
                case when of_schema = 'marts' then of_table else of_schema || '_' || of_table end
            )) as view
        ) as views
        where roles.role_name = any(existing) and views.view is not null
    loop
        execute format('grant select on %s to %I', viewer.view, viewer.role_name);
    end loop;
end
$$;

-- Delivered rows: stewards read them through views of their own.
create function privacy.open_delivered() returns void
language plpgsql set client_min_messages = warning
as $$
declare
    delivered record;
    viewer privacy.roles;
    existing constant name [] := privacy.role_names(array['open', 'stores', 'all', 'owns', 'log']);
begin
    select roles.* into viewer from privacy.roles where roles.role_name = 'lens_steward';
    for delivered in
        select tables.oid, tables.relname, schemas.nspname,
            jsonb_agg(jsonb_build_object('name', attributes.attname) order by attributes.attnum) as columns
        from pg_class as tables
        inner join pg_namespace as schemas on tables.relnamespace = schemas.oid
        inner join pg_attribute as attributes
            on tables.oid = attributes.attrelid and attributes.attnum > 0 and not attributes.attisdropped
        where schemas.nspname in ('raw', 'reject') and tables.relkind in ('r', 'p')
        group by tables.oid, tables.relname, schemas.nspname
    loop
        if not exists (
            select from privacy.relations
            where
                relations.schema_name = delivered.nspname and relations.table_name = delivered.relname
                and relations.columns = delivered.columns and relations.roles = existing
                and privacy.steward_view(delivered.nspname, delivered.relname) is not null
        ) then
            perform privacy.view_of(
                viewer, delivered.nspname, delivered.relname, delivered.oid, delivered.columns
            );
            perform privacy.grant_views(delivered.nspname, delivered.relname, existing);
            insert into privacy.relations as known (schema_name, table_name, columns, roles)
            values (delivered.nspname, delivered.relname, delivered.columns, existing)
            on conflict (schema_name, table_name) do update set
            columns = excluded.columns, roles = excluded.roles;
        end if;
    end loop;
end
$$;

create function privacy.open_all() returns void
language plpgsql
as $$
declare
    known record;
    reader name;
    schema_name text;
begin
    perform privacy.make_roles();
    foreach reader in array privacy.role_names(array['open', 'stores', 'all']) loop
        begin
            execute format('grant connect on database %I to %I', current_database(), reader);
        exception when insufficient_privilege then null;
        end;
        if reader <> 'lens_backup' then
            execute format('grant usage on schema marts to %I', reader);
        end if;
    end loop;
    for known in
        select roles.role_name, roles.masked_schema from privacy.roles
        where
            roles.masked_schema is not null
            and roles.role_name = any(privacy.role_names(array['open', 'all']))
    loop
        execute format('grant usage on schema %I to %I', known.masked_schema, known.role_name);
    end loop;
    if 'lens_backup' = any(privacy.role_names(array['all'])) then
        -- Rebuilt tables keep this right by default privileges.
        for schema_name in
            select nspname from pg_namespace
            where nspname in (
                'raw', 'reject', 'accepted', 'judge', 'staging', 'clean', 'marts', 'ops', 'privacy',
                'analyst', 'marketing'
            )
        loop
            execute format('grant usage on schema %I to lens_backup', schema_name);
            execute format(
                'alter default privileges in schema %I grant select on tables to lens_backup', schema_name
            );
            execute format(
                'alter default privileges in schema %I grant select on sequences to lens_backup', schema_name
            );
        end loop;
        for known in
            select relations.oid::regclass as name, relations.relkind
            from pg_class as relations
            inner join pg_namespace as schemas on relations.relnamespace = schemas.oid
            where
                schemas.nspname in (
                    'raw', 'reject', 'accepted', 'judge', 'staging', 'clean', 'marts', 'ops', 'privacy',
                    'analyst', 'marketing'
                )
                and relations.relkind in ('r', 'p', 'v', 'S')
                and pg_has_role(relations.relowner, 'usage')
                and not has_table_privilege('lens_backup', relations.oid, 'select')
        loop
            execute format(
                'grant select on %s %s to lens_backup',
                case known.relkind when 'S' then 'sequence' else 'table' end, known.name
            );
        end loop;
    end if;
    perform privacy.open_delivered();
    for known in
        select relations.* from privacy.relations where relations.schema_name in ('clean', 'marts')
    loop
        perform privacy.open_table(known.schema_name, known.table_name, known.columns, known.group_size);
    end loop;
end
$$;
comment on function privacy.open_all() is
'Brings all rights to what privacy says: after roles, masks or tables have changed; repeated, it changes nothing';

create function privacy.reopen() returns trigger
language plpgsql
as $$
begin
    update privacy.relations set roles = '{}';
    perform privacy.open_all();
    return null;
end
$$;
create trigger reopen after insert or update or delete on privacy.masks
for each statement execute function privacy.reopen();
create trigger reopen after insert or update or delete on privacy.roles
for each statement execute function privacy.reopen();

-- What lens_bi was granted by columns before this: each build grants it anew.
do $$
declare
    told record;
begin
    if exists (select from pg_roles where rolname = 'lens_bi') then
        for told in
            select tables.relname, string_agg(quote_ident(attributes.attname), ', ') as columns
            from pg_class as tables
            inner join pg_attribute as attributes
                on tables.oid = attributes.attrelid and attributes.attnum > 0
                and not attributes.attisdropped
            where
                tables.relnamespace = 'marts'::regnamespace
                and attributes.attname in ('birth_date', 'annual_income', 'post_code')
            group by tables.relname
        loop
            execute format('revoke select (%s) on marts.%I from lens_bi', told.columns, told.relname);
        end loop;
    end if;
end
$$;
revoke all on all functions in schema privacy from public;
grant execute on function
privacy.may_read(name, text), privacy.stores_of(name), privacy.range_of(numeric, numeric []),
privacy.normal(text), privacy.note_reading(text)
to public;
select privacy.open_all();
