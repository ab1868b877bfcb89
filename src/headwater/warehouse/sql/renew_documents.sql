-- Makes the documents of these records of a connection anew from what is stored of them; of records that are no more
-- none stays. What the tenant's words count changes along, and what no document has any more goes.
with old as materialized (
    select s.external_id, s.tokens
      from headwater.search as s
     where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s and s.entity = %(entity)s
       and s.external_id = any (%(ids)s)
), records as materialized (
    select r.external_id, r.owner, left(r.title, 1000) as title, left(r.said, 20000) as said, r.email, r.tax_id,
           case when r.at >= '1900-01-01' and r.at < '3000-01-01' then r.at end as at,
           array(select distinct digits
                   from unnest(r.phones) as p
                  cross join regexp_replace(p, '\D', '', 'g') as digits
                  where length(digits) >= 7) as phones
      from headwater.searchable as r
     where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s and r.entity = %(entity)s
       and r.external_id = any (%(ids)s)
), written as materialized (
    select r.external_id, w.lexeme as word, bool_or(part.titled) as titled
      from records as r
     cross join lateral (values (true, r.title), (false, r.said)) as part (titled, said)
     cross join lateral unnest(to_tsvector('pg_catalog.simple', headwater.search_plain(part.said))) as w (lexeme)
     where w.lexeme ~ '..|[0-9]'
     group by r.external_id, w.lexeme
), stems as materialized (
    select each.word, headwater.search_stem(each.word) as stem
      from (select distinct word from written) as each
), forms as materialized (
    select f.word, f.form, headwater.search_token(%(tenant)s, 'w' || f.form) as token,
           headwater.search_token(%(tenant)s, 't' || f.form) as title_token
      from (select word, headwater.search_folded(word) as form from stems where stem <> ''
             union
            select word, headwater.search_folded(stem) from stems where stem <> '') as f
), worded as materialized (
    select w.external_id, f.token, f.title_token, f.form, min(w.word) as shown, bool_or(w.titled) as titled
      from written as w
      join forms as f on f.word = w.word
     group by w.external_id, f.token, f.title_token, f.form
), held as materialized (
    select external_id, token, 'word' as kind, form as word, shown from worded
     union all
    select external_id, title_token, null, null, null from worded where titled
     union all
    select r.external_id, headwater.search_token(%(tenant)s, said.prefix || said.word), said.kind, said.word, said.word
      from records as r
     cross join lateral (
        select 'i' as prefix, null as kind, lower(one) as word from unnest(array[r.external_id, r.tax_id]) as one
         union all
        select distinct 'p', null, right(one, 7) from unnest(r.phones) as one
         union all
        select 'e', null, lower(r.email)
         union all
        select 'd', null, lower(substring(r.email, '@(.+)$'))
         union all
        select 'n', null, nullif(headwater.search_name(r.title), '')
         union all
        select 'o', 'owner', %(connection)s::bigint || ':' || r.owner
         union all
        select 'm', 'month', (%(entity)s = 'activities')::integer
                             || coalesce(to_char(r.at at time zone 'UTC', 'YYYY-MM'), '0000-00') || %(entity)s
           ) as said
     where said.word is not null
), made as (
    select external_id, array_agg(distinct token order by token) as tokens
      from held
     group by external_id
), put as (
    insert into headwater.search as s
           (tenant_id, connection_id, entity, external_id, owner, title, at, phones, tokens)
    select %(tenant)s, %(connection)s, %(entity)s, r.external_id, r.owner, r.title, r.at, r.phones, m.tokens
      from records as r
      join made as m on m.external_id = r.external_id
    on conflict (tenant_id, connection_id, entity, external_id) do update
       set owner = excluded.owner, title = excluded.title, at = excluded.at, phones = excluded.phones,
           tokens = excluded.tokens
     where (s.owner, s.title, s.at, s.phones, s.tokens)
           is distinct from (excluded.owner, excluded.title, excluded.at, excluded.phones, excluded.tokens)
), gone as (
    delete from headwater.search as s
     using old
     where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s and s.entity = %(entity)s
       and s.external_id = old.external_id and old.external_id not in (select external_id from records)
), changed as materialized (
    select token, sum(n) as n, max(kind) as kind, max(word) as word, min(shown) as shown
      from (select token, 1 as n, kind, word, shown from held where kind is not null
             union all
            select token, -1, null, null, null from old cross join unnest(old.tokens) as token) as each
     group by token
    having sum(n) <> 0
), more as (
    insert into headwater.search_words as w (tenant_id, token, kind, word, shown, docs)
    select %(tenant)s, token, kind, word, shown, n
      from changed
     where n > 0
    on conflict (tenant_id, token) do update set docs = w.docs + excluded.docs
    returning token, kind, word, xmax = 0 as fresh
), fewer as (
    update headwater.search_words as w
       set docs = w.docs + c.n
      from changed as c
     where w.tenant_id = %(tenant)s and w.token = c.token and c.n < 0 and w.docs + c.n > 0
), forgotten as (
    delete from headwater.search_words as w
     using changed as c
     where w.tenant_id = %(tenant)s and w.token = c.token and c.n < 0 and w.docs + c.n <= 0
    returning w.token
), unspelled as (
    delete from headwater.search_spellings as s
     using forgotten as f
     where s.tenant_id = %(tenant)s and s.token = f.token
)
insert into headwater.search_spellings (tenant_id, token, keys)
select %(tenant)s, m.token, s.keys
  from more as m
 cross join lateral headwater.search_spellings_of(%(tenant)s, m.word) as s (keys)
 where m.fresh and m.kind = 'word' and s.keys <> '{}'
on conflict (tenant_id, token) do nothing
