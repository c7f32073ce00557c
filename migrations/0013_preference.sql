-- What a person keeps for himself: the columns of a list.
create table preference (
    account_id bigint not null,
    name text not null,
    value text not null,
    primary key (account_id, name)
);
