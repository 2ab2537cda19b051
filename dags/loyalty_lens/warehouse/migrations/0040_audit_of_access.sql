-- Who is let see what is given by plain SQL: each change of that lands in the audit log.
create function privacy.note_access() returns trigger
language plpgsql security definer set search_path = pg_catalog
as $$
begin
    perform ops.write_audit(
        case tg_op when 'INSERT' then 'give access' when 'UPDATE' then 'change access' else 'take access' end,
        coalesce(
            nullif(current_setting('lens.reason', true), ''), to_jsonb(new) ->> 'reason', 'none given'
        ),
        details => jsonb_strip_nulls(jsonb_build_object(
            'table', tg_table_schema || '.' || tg_table_name,
            'before', to_jsonb(old),
            'after', to_jsonb(new)
        ))
    );
    return null;
end
$$;
comment on function privacy.note_access() is
'An entry of ops.audit_log for each row that says who may see what; `set lens.reason` says why';
revoke all on function privacy.note_access() from public;

create trigger note_access after insert or update or delete on privacy.readers
for each row execute function privacy.note_access();
create trigger note_access after insert or update or delete on privacy.store_access
for each row execute function privacy.note_access();
create trigger note_access after insert or update or delete on privacy.masks
for each row execute function privacy.note_access();
create trigger note_access after insert or update or delete on privacy.roles
for each row execute function privacy.note_access();
create trigger note_emptied after truncate on privacy.readers
for each statement execute function privacy.note_access();
create trigger note_emptied after truncate on privacy.store_access
for each statement execute function privacy.note_access();
create trigger note_emptied after truncate on privacy.masks
for each statement execute function privacy.note_access();
