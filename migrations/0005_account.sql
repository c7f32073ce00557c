-- Who may come in and what he may do. Passwords, tokens and recovery codes are kept as hashes, the secret of the second
-- factor under the installation's key. Instants are µs UTC, days ISO text.

create table account (
    row_id {id},
    -- In small letters; unique, the disabled ones included.
    login text not null,
    name text not null,
    -- The person's record id, if the account is a cadre's.
    person_id bigint,
    -- Null: no login by password.
    password text,
    -- 1: a one-time password, good until password_until, that must be changed at the first login.
    must_change bigint not null,
    password_until bigint,
    -- The sealed secret, whether its first code was given, and the step of the last code used.
    totp text,
    totp_confirmed bigint not null default 0,
    totp_step bigint not null default 0,
    last_login_at bigint,
    last_login_from text,
    created_at bigint not null,
    created_by text not null,
    disabled_at bigint,
    disabled_by text
);
create unique index account_login on account (login);
create index account_person on account (person_id) where person_id is not null;

-- One row a code that is not used yet.
create table recovery_code (
    account_id bigint not null,
    hash text not null,
    primary key (account_id, hash)
);

create table session (
    row_id {id},
    -- SHA-256 of the token, which only the browser has.
    token text not null,
    account_id bigint not null,
    created_at bigint not null,
    -- Last use, written at most once a minute.
    seen_at bigint not null,
    ends_at bigint not null,
    address text not null,
    agent text not null,
    -- 1: begun with an identity of the demo.
    demo bigint not null,
    closed_at bigint
);
create unique index session_token on session (token);
create index session_account on session (account_id, closed_at);

create table role_grant (
    row_id {id},
    account_id bigint not null,
    role text not null,
    -- The unit's record id; null: the whole city.
    unit_id bigint,
    -- First and last day, both included.
    starts text not null,
    ends text,
    granted_at bigint not null,
    granted_by text not null,
    withdrawn_at bigint,
    withdrawn_by text
);
create index role_grant_account on role_grant (account_id);

-- 代理: who acts in whose place for a time.
create table stand_in (
    row_id {id},
    from_account bigint not null,
    to_account bigint not null,
    starts text not null,
    ends text not null,
    reason text not null,
    created_at bigint not null,
    withdrawn_at bigint
);
create index stand_in_from on stand_in (from_account);
create index stand_in_to on stand_in (to_account);

-- Failed logins, by login name (known or not) and by address.
create table login_failure (
    key text primary key,
    failures bigint not null,
    last_at bigint not null,
    -- No attempt is looked at before this instant.
    wait_until bigint not null
);
