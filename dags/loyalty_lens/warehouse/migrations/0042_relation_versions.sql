-- Whether a table can stand as it is, as all that it is made of does (docs/decisions/0044).
create table ops.relation_versions (
    relation text primary key,
    version text not null,
    recipe text,
    inputs text
);
comment on table ops.relation_versions is
'Tables of clean and marts as they were built last. version: another one whenever a row is another; recipe:
code, settings and columns; inputs: the versions of all that was read. recipe and inputs: of models that
are made anew as a whole';
