-- Records whose sets of this kind are to be read, with the read number of what made them so, the last changed first.
with pages as (
    select began, ids,
           sum(cardinality(ids)) over (order by began desc, id desc rows unbounded preceding) - cardinality(ids) as before
      from headwater.unread_sets
     where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s
), due as (
    (select external_id, touched
       from headwater.child_sets
      where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s and due
      order by touched desc, external_id
      limit %(limit)s)
    union all
    select record.id, pages.began
      from pages
     cross join unnest(pages.ids) as record (id)
     where pages.before < %(limit)s
       and not exists (select
                         from headwater.child_sets as s
                        where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s
                          and s.entity = %(slug)s and s.external_id = record.id)
)
select external_id, touched
  from due
 order by touched desc, external_id
 limit %(limit)s
