-- Nothing of a connection is counted beforehand any more.
with days as (
    delete from headwater.rollups
     where tenant_id = %(tenant)s and connection_id = %(connection)s
), months as (
    delete from headwater.rollup_months
     where tenant_id = %(tenant)s and connection_id = %(connection)s
), deals as (
    delete from headwater.rollup_deals
     where tenant_id = %(tenant)s and connection_id = %(connection)s
)
delete from headwater.rollup_marks
 where tenant_id = %(tenant)s and connection_id = %(connection)s
