-- One flat file that feeds several data sets (splits in datasets.yml): it is loaded as its own batch, and the
-- batches of the data sets are made from that one.
alter table ops.load_batches drop constraint load_batches_status_check;
alter table ops.load_batches add constraint load_batches_status_check
check (status in ('loaded', 'validated', 'held', 'split', 'superseded', 'unloaded', 'failed'));
comment on column ops.load_batches.status is
'loaded: in raw, to be judged; validated: judged; held: judged and stopped by a batch rule, its rows do not count; split: a flat file whose rows count in the batches made from it; superseded: replaced; unloaded: taken out on purpose; failed: refused as a whole';

alter table ops.load_batches add column derived_from bigint references ops.load_batches (batch_id);
alter table ops.load_batches add column definition text;
create index load_batches_derived on ops.load_batches (derived_from) where derived_from is not null;
comment on column ops.load_batches.derived_from is
'The batch of the flat file (status split) that this one was made from; null: delivered as it is';
comment on column ops.load_batches.definition is
'Of a flat file: hash of the split entry of datasets.yml that it was taken apart by';
