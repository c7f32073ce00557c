-- Whose account an import was, so that the entries of its chunks carry it.
alter table import add column account bigint;
