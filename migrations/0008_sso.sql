-- Single sign-on (OpenID Connect). What is set about the provider lies in meta under 'sso', its secret under the
-- installation's key. Instants are µs UTC.

-- Which subject of which provider an account is: one of each.
create table sso_link (
    row_id {id},
    account_id bigint not null,
    issuer text not null,
    subject text not null,
    linked_at bigint not null,
    linked_by text not null
);
create unique index sso_link_subject on sso_link (issuer, subject);
create unique index sso_link_account on sso_link (issuer, account_id);

-- Logins that came back from the provider: none does twice. A row is good for nothing after its end.
create table sso_used (
    key text primary key,
    ends_at bigint not null
);

-- 0: by password; 1: by the provider; 2: by the provider, the second factor too.
alter table session add column sso bigint not null default 0;
