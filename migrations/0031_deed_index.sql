-- What an account has done is looked up by 已办 and by an empty 待办: by account, the latest first.
create index remedy_event_account on remedy_event (account, row_id);
create index supervision_event_account on supervision_event (account, row_id);
create index doubt_account on doubt (account, row_id);
