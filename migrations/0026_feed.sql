-- Calendars that programs read by a secret link, since they cannot log in.
create table feed (
    row_id {id},
    account_id bigint not null,
    -- Record id of the unit whose calendar it is; 0: the person's own.
    unit_id bigint not null,
    -- SHA-256 of the secret; whoever reads the database cannot use it.
    token text not null,
    made_at bigint not null
);
create unique index feed_token on feed (token);
create unique index feed_one on feed (account_id, unit_id);
