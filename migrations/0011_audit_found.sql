-- How entries of the audit log are found by what they tell of, and by the persons whom they are about.
create index audit_entry_kind on audit_entry (kind, row_id);
create index audit_entry_actor on audit_entry (actor, row_id);
create index audit_entry_ledger on audit_entry (ledger, row_id) where ledger is not null;
create index audit_entry_unit on audit_entry (unit_id, row_id) where unit_id is not null;
create index audit_entry_at on audit_entry (at, row_id);

-- The least n for which last - first < 2^n: a person is looked for among spans of each length, near the own id alone.
alter table audit_concern add column size bigint not null default 0;
update audit_concern set size = case
    when last - first < 1 then 0 when last - first < 2 then 1 when last - first < 4 then 2 when last - first < 8 then 3
    when last - first < 16 then 4 when last - first < 32 then 5 when last - first < 64 then 6
    when last - first < 128 then 7 when last - first < 256 then 8 when last - first < 512 then 9
    when last - first < 1024 then 10 when last - first < 2048 then 11 when last - first < 4096 then 12
    when last - first < 8192 then 13 when last - first < 16384 then 14 when last - first < 32768 then 15
    when last - first < 65536 then 16 when last - first < 131072 then 17 when last - first < 262144 then 18
    when last - first < 524288 then 19 when last - first < 1048576 then 20 else 62 end;
drop index audit_concern_last;
create index audit_concern_span on audit_concern (size, first, last, entry_id);
