-- What the tables of accepted rows hold of each batch (docs/decisions/0022): a row per model and batch.
create table ops.batch_builds (
    model text not null,
    batch_id bigint not null,
    fingerprint bigint not null,
    recipe text not null,
    primary key (model, batch_id)
);
comment on table ops.batch_builds is
'Batches whose accepted rows a model holds. fingerprint: which of its rows were accepted then, and how
it was read; recipe: the code that read it. A batch that differs from these is read again';
