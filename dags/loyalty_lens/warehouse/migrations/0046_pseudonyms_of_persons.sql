-- Only tables of clean and marts that hold what is hashed are asked whether they are another: what reads
-- them as a view follows from them. Balances and messages that change are no reason to look for pseudonyms.
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
    select string_agg(
        format(
            'select privacy.normal(cast(told.%1$I as text)) as value from (select distinct %1$I from %2$I.%3$I) as told',
            told.name, schema_name, table_name
        ),
        ' union all '
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
    execute 'create temporary table wanted on commit drop as select distinct value from (' || source || ') as said';
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
