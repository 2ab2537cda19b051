-- Only tables of clean and marts that hold what is hashed are asked whether they are another: what reads them as
-- a view follows from them. Pseudonyms are made of the columns of a table in one pass, not in one each.
create or replace function privacy.refresh_pseudonyms() returns bigint
language plpgsql
as $$
declare
    inner_pad constant bytea := privacy.key_pad(54);
    outer_pad constant bytea := privacy.key_pad(92);
    this_key constant text := left(privacy.keyed_hash('key', inner_pad, outer_pad), 16);
    found constant text := md5(concat_ws(
        '|',
        this_key,
        (select string_agg(versions.relation || ' ' || versions.version, ',' order by versions.relation)
        from ops.relation_versions as versions
        where versions.relation in (
            select relations.table_name
            from privacy.relations
            cross join lateral jsonb_to_recordset(relations.columns) as told (kind text)
            inner join privacy.masks on told.kind = masks.kind
            where masks.policy = 'hash'
        )),
        (select string_agg(relations::text, ',' order by relations::text) from privacy.relations),
        (select string_agg(masks::text, ',' order by masks::text) from privacy.masks)
    ));
    source text;
    added bigint;
begin
    if exists (select from privacy.pseudonyms_made where pseudonyms_made.fingerprint = found) then
        return 0;
    end if;
    -- Columns of a table are read in one pass: the largest is a view that compares each version of a
    -- customer with the one before.
    select string_agg(
        format(
            'select said.value from %I.%I as told cross join lateral (values %s) as said (value)',
            tables.schema_name, tables.table_name, tables.columns
        ),
        ' union all '
    ) into source
    from (
        select
            relations.schema_name,
            relations.table_name,
            string_agg(format('(cast(told.%I as text))', told.name), ', ' order by told.name) as columns
        from privacy.relations
        cross join lateral jsonb_to_recordset(relations.columns) as told (name text, kind text)
        where
            relations.schema_name = 'marts'
            and to_regclass(format('%I.%I', relations.schema_name, relations.table_name)) is not null
            and exists (select from privacy.masks where masks.kind = told.kind and masks.policy = 'hash')
        group by relations.schema_name, relations.table_name
    ) as tables;
    if source is null then
        return 0;
    end if;
    execute 'create temporary table wanted on commit drop as '
        || 'select distinct privacy.normal(said.value) as value from (' || source || ') as said';
    analyze wanted;
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
    delete from privacy.pseudonyms_made;
    insert into privacy.pseudonyms_made (fingerprint) values (found);
    return added;
end
$$;
