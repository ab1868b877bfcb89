-- Takes documents of a connection out of what is searched, a stretch of them, and out of what words count; how many.
with gone as materialized (
    delete from headwater.search as s
     where s.ctid = any (array(select t.ctid
                                 from headwater.search as t
                                where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s
                                limit %(size)s))
    returning s.tokens
), fewer as materialized (
    select token, count(*) as n
      from gone
     cross join unnest(gone.tokens) as token
     group by token
), counted as (
    update headwater.search_words as w
       set docs = w.docs - f.n
      from fewer as f
     where w.tenant_id = %(tenant)s and w.token = f.token and w.docs > f.n
), forgotten as (
    delete from headwater.search_words as w
     using fewer as f
     where w.tenant_id = %(tenant)s and w.token = f.token and w.docs <= f.n
    returning w.token
), unspelled as (
    delete from headwater.search_spellings as s
     using forgotten as f
     where s.tenant_id = %(tenant)s and s.token = f.token
)
select count(*) as documents from gone
