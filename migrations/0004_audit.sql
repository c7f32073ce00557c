-- Who did what, when: one entry a transaction, written in it, numbered after it. Nothing but `seq` and `leaf`, which are
-- filled once, and an erased payload ever changes (docs/AUDITORS.md).
create table audit_entry (
    row_id {id},
    -- Number in the log from 1, without gaps, given after the commit; null until then.
    seq bigint,
    -- When, µs.
    at bigint not null,
    -- By whom: the name kept beside each row, and the account.
    actor text not null,
    account bigint,
    kind text not null,
    -- The ledger, where it is one alone.
    ledger text,
    -- The unit of all its rows; null where they belong to several or to none.
    unit_id bigint,
    -- Which rows (src/audit/written.rs).
    written text not null,
    -- SHA-256 (hex) of salt and payload.
    payload_hash text not null,
    -- Root of the Merkle tree over the hashes of the rows, and the first digits of each where they are several.
    root text not null,
    prints text,
    -- JSON; null when erased.
    payload text,
    salt text,
    -- HMAC under a key that lies outside the database.
    mac text,
    -- Hash of the entry with its number: a leaf of the log's tree.
    leaf text
);
create unique index audit_entry_seq on audit_entry (seq) where seq is not null;
create index audit_entry_waiting on audit_entry (row_id) where seq is null;

-- Signed roots of the log's tree.
create table audit_checkpoint (
    size bigint primary key,
    made_at bigint not null,
    note text not null
);
