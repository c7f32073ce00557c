-- Which persons an entry of the audit log is about: spans of record ids, so that a whole roster is one row.
create table audit_concern (
    row_id {id},
    entry_id bigint not null,
    first bigint not null,
    last bigint not null
);
create index audit_concern_last on audit_concern (last, first);
