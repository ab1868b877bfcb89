-- The privacy mode of a connection: what it keeps, what is still to be erased, and the class of every field.
-- Runs as hw_owner. What is connected already goes on keeping everything.

alter table headwater.connections
    add column privacy    text     not null default 'full' check (privacy in ('analytics', 'full')),
    add column erasing    boolean  not null default false,
    add column kept_from  bigint   not null default 0;
comment on column headwater.connections.privacy is
    'analytics: no free text, files, secrets are kept; full: everything. Changed by `headwater privacy` alone.';
comment on column headwater.connections.erasing is
    'True while something that is not kept any more may still be here: it is erased before the next read.';
comment on column headwater.connections.kept_from is
    'Read number at the last change to full: rows with a lower one were stored when less was kept.';
comment on column headwater.sync_config.privacy is 'A copy of headwater.connections.privacy, to look at.';

alter table headwater.typed_columns
    add column privacy   text,
    add column withheld  boolean  not null default false;
comment on column headwater.typed_columns.privacy is
    'Class of the field: plain, personal, free_text, secret; null when its source was not asked since.';
comment on column headwater.typed_columns.withheld is 'True where the privacy mode does not keep its values.';

-- An object with these keys only; null when nothing is left of it, or when it is no object.
create function headwater.only(document jsonb, names text[]) returns jsonb
    language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    select jsonb_object_agg(key, value)
      from jsonb_each(case when jsonb_typeof(document) = 'object' then document end)
     where key = any(names)
$$;

-- A list of objects, each with these keys only; an empty one when it is no list.
create function headwater.only_rows(documents jsonb, names text[]) returns jsonb
    language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(coalesce(headwater.only(one.row, names), '{}') order by one.place), '[]')
      from jsonb_array_elements(case when jsonb_typeof(documents) = 'array' then documents end)
           with ordinality as one (row, place)
$$;
revoke all on function headwater.only(jsonb, text[]), headwater.only_rows(jsonb, text[]) from public;
grant execute on function headwater.only(jsonb, text[]), headwater.only_rows(jsonb, text[]) to hw_app, hw_fix;
