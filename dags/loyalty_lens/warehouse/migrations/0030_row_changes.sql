-- Which keys have other rows than before, and who has followed that (docs/decisions/0032).
create table ops.row_changes (
    change_id bigint generated always as identity primary key,
    model text not null,
    column_name text,
    key text,
    check ((column_name is null) = (key is null))
);
create index row_changes_of_model on ops.row_changes (model, column_name, change_id);
comment on table ops.row_changes is
'Keys of the rows of a model that have come, gone or changed, until all who follow the model have been
built. column_name, key: null where the whole table was made anew';

create table ops.row_builds (
    model text primary key,
    recipe text not null,
    change_id bigint not null,
    business_date date
);
comment on table ops.row_builds is
'Models built by key: the code they were built with, the last change of ops.row_changes that they have
followed, and the as-of date of that build';
