-- Whether the day that a run shows was over when it was certified, and what had not come for it.
alter table ops.pipeline_runs add column is_provisional boolean;
alter table ops.pipeline_runs add column missing_data_sets text[];
comment on column ops.pipeline_runs.is_provisional is
'The store day of the business date was not over when the run was certified: more sales will come';
comment on column ops.pipeline_runs.missing_data_sets is
'Data sets that the business date should have brought and did not; null: not certified';
