-- The work that is due longest, of a connection on which nobody works and that does not rest, becomes the worker's
-- while he is registered. To refresh what follows the changes is done beside other work, and while its portal rests.
with me as (
    select id from headwater.workers where id = %(worker)s for share
), next as (
    select j.connection_id, j.kind
      from headwater.jobs as j
     where j.due_at <= %(now)s and j.taken_by is null and j.kind = any(%(kinds)s)
       and (j.held_until is null or j.held_until <= %(now)s)
       and (j.kind = 'refresh'
            or not exists (select
                             from headwater.jobs as other
                            where other.connection_id = j.connection_id and other.kind <> 'refresh'
                              and (other.taken_by is not null or other.rests_until > %(now)s)))
     order by j.due_at, j.connection_id, j.kind
     limit 1
       for update skip locked
)
update headwater.jobs as j
   set taken_by = me.id, taken_at = %(now)s, taken = j.wanted, held_until = %(now)s
  from next, me
 where j.connection_id = next.connection_id and j.kind = next.kind
returning j.connection_id as connection, j.kind, j.tenant_id as tenant, j.due_at, j.payload, j.tries
