-- Entries of several ledgers, and of none: of what is deleted by rule they may tell as well.
create index audit_entry_mixed on audit_entry (kind, row_id) where ledger is null;
