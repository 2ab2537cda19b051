-- Names with commas: dbt's unit tests cannot stand in for a source with an array. The view that reads
-- them comes back with the next build.
drop view if exists marts.data_status;
alter table ops.pipeline_runs
alter column missing_data_sets type text using array_to_string(missing_data_sets, ', ');
comment on column ops.pipeline_runs.missing_data_sets is
'Data sets, with commas, that the business date should have brought and did not; empty: none';
