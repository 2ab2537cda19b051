-- The audit log belongs to a role of its own, is written through a function and never changed.
alter table ops.audit_log add column login text not null default session_user;
alter table ops.audit_log alter column actor
set default coalesce(nullif(current_setting('lens.actor', true), ''), session_user);
comment on column ops.audit_log.login is 'Who was connected: said by the server';
comment on column ops.audit_log.actor is
'Who did it: the person whom the command names (LENS_ACTOR, else the user of the machine), else the login';
comment on column ops.audit_log.action is
'unload, release, waive, repair, export, merge, restore, erase, read, ...: what was done';

create function ops.refuse_change() returns trigger
language plpgsql
as $$
begin
    raise exception 'ops.audit_log is only added to: entries are neither changed nor taken away';
end
$$;
create trigger append_only before update or delete on ops.audit_log
for each statement execute function ops.refuse_change();

create function ops.write_audit(
    action text, reason text, data_set text default null, batch_id bigint default null,
    row_number bigint default null, details jsonb default null
) returns bigint
language sql volatile security definer set search_path = pg_catalog
as $$
    insert into ops.audit_log (action, reason, data_set, batch_id, row_number, details)
    values ($1, $2, $3, $4, $5, $6)
    returning entry_id
$$;
comment on function ops.write_audit(text, text, text, bigint, bigint, jsonb) is
'Adds an entry; the server says who is connected and when';
revoke all on function ops.write_audit(text, text, text, bigint, bigint, jsonb) from public;

create or replace function privacy.note_reading(relation text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    raise log 'loyalty lens audit: % reads %', session_user, relation;
    perform ops.write_audit(
        'read',
        coalesce(nullif(current_setting('lens.reason', true), ''), 'none given'),
        details => jsonb_build_object('relation', relation)
    );
    return true;
end
$$;

-- Gives the log to lens_audit, where that role is there and this user may: after a set-up, and a restore.
create function privacy.seal_audit_log() returns void
language plpgsql set client_min_messages = warning
as $$
declare
    pipeline constant text := quote_ident(current_user);
    sequence_name constant text := pg_get_serial_sequence('ops.audit_log', 'entry_id');
    writer constant text := 'ops.write_audit(text, text, text, bigint, bigint, jsonb)';
begin
    if
        not exists (select from pg_roles where rolname = 'lens_audit')
        or (select relowner::regrole::text from pg_class where oid = 'ops.audit_log'::regclass)
        = 'lens_audit'
    then
        return;
    end if;
    execute format('grant lens_audit to %s with set true, inherit false', pipeline);
    grant usage, create on schema ops to lens_audit;
    alter table ops.audit_log owner to lens_audit;
    execute format('alter function %s owner to lens_audit', writer);
    revoke create on schema ops from lens_audit;
    set local role lens_audit;
    revoke all on ops.audit_log from public;
    execute format('grant select on ops.audit_log to %s', pipeline);
    execute format('grant select on sequence %s to %s', sequence_name, pipeline);
    execute format('grant execute on function %s to %s', writer, pipeline);
    if exists (select from pg_roles where rolname = 'lens_backup') then
        grant select on ops.audit_log to lens_backup;
        execute format('grant select on sequence %s to lens_backup', sequence_name);
    end if;
    reset role;
    execute format('revoke lens_audit from %s', pipeline);
exception
    when insufficient_privilege then
        raise notice 'ops.audit_log stays with %: it may not be given to lens_audit', pipeline;
end
$$;

-- What stewards look at besides delivered rows and marts.
create function privacy.open_operations() returns void
language plpgsql set client_min_messages = warning
as $$
begin
    if not exists (select from pg_roles where rolname = 'lens_steward') then
        return;
    end if;
    grant usage on schema ops to lens_steward;
    grant execute on function privacy.note_reading(text) to lens_steward;
    grant select on ops.load_batches, ops.pipeline_runs, ops.validation_results, ops.model_runs
    to lens_steward;
    create or replace view steward.audit_log with (security_barrier) as
    select * from ops.audit_log;
    grant select on steward.audit_log to lens_steward;
end
$$;
revoke all on function
privacy.seal_audit_log(), privacy.open_operations(), privacy.note_reading(text)
from public;
