-- The schemas of the warehouse. Tables of raw, reject and accepted follow datasets.yml (tables.py).
create schema if not exists raw;
create schema if not exists reject;
create schema if not exists accepted;
create schema if not exists judge;
create schema if not exists staging;
create schema if not exists clean;
create schema if not exists marts;

comment on schema raw is 'Every delivered row as text, for ever; superseded by batch, never updated';
comment on schema reject is 'Rows that failed a rule, with every rule they failed, and malformed lines';
comment on schema accepted is 'Views: the raw rows that passed the gate and count at present';
comment on schema judge is 'Scratch: the rows under judgement, with looked-up facts as columns';
comment on schema ops is 'Batches, validation results, runs and certificates';
comment on schema staging is 'dbt: typed views over accepted rows';
comment on schema clean is 'dbt: conformed entities';
comment on schema marts is 'dbt: what dashboards and analysts read';
