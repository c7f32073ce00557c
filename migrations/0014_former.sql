-- What rows hashed to before an entry of the audit log stated them anew: 64 digits a row, in the order of the entry's rows.
create table audit_former (
    entry_id bigint primary key,
    hashes text not null
);
