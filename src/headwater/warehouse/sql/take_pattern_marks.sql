-- The deals and leads that something was taken from, taken out of their list: what took it is committed with its mark.
with taken as (
    delete from headwater.pattern_marks
     where tenant_id = %(tenant)s and connection_id = %(connection)s
    returning entity, external_id
)
select array(select distinct t.external_id from taken as t where t.entity = 'deals') as deals,
       array(select distinct t.external_id from taken as t where t.entity = 'leads') as leads
