-- What a place behind a URL says of a file, so that reading it again is spared while that stays.
alter table ops.landing_files add column mark text;
comment on column ops.landing_files.mark is
'ETag, size and time of change of a file behind a URL, as last handled; null in a folder of this machine, where reading costs little';
