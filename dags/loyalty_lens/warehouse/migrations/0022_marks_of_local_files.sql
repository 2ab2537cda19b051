comment on column ops.landing_files.mark is
'What the place said of the file when it was last handled (ETag or inode, size, times of change): while it says so the file is not read again; null for a file that had just changed';
