-- What a run was asked for, beside the business date that it came to.
alter table ops.pipeline_runs add column requested_date date;
comment on column ops.pipeline_runs.requested_date is
'The date of --business-date or of the scheduled interval; null: the newest accepted sale decides';
comment on column ops.pipeline_runs.business_date is 'The as-of date of the marts that the run made';
