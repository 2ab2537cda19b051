-- What people do on purpose, with their reasons, and the states that it leaves batches in.
create table ops.audit_log (
    entry_id bigint generated always as identity primary key,
    happened_at timestamptz not null default clock_timestamp(),
    actor text not null default session_user,
    action text not null,
    data_set text,
    batch_id bigint references ops.load_batches (batch_id),
    row_number bigint,
    reason text not null,
    details jsonb
);
create index audit_log_batch on ops.audit_log (batch_id);
comment on table ops.audit_log is 'One row per deliberate act of a person: who, what, when, why';
comment on column ops.audit_log.action is
'unload, release, waive, repair, export: the command that did it';
comment on column ops.audit_log.row_number is 'Of the row concerned; null where a whole batch is';

alter table ops.load_batches drop constraint load_batches_status_check;
alter table ops.load_batches add constraint load_batches_status_check
check (status in ('loaded', 'validated', 'held', 'superseded', 'unloaded', 'failed'));
comment on column ops.load_batches.status is
'loaded: in raw, to be judged; validated: judged; held: judged and stopped by a batch rule, its rows do not count; superseded: replaced; unloaded: taken out on purpose; failed: refused as a whole';
