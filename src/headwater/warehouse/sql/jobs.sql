-- What is to be done for a tenant and for the whole house, and how it stands.
select connection_id as connection, kind, due_at, greatest(held_until, rests_until) as held_until, taken_by as worker, taken_at, tries, error,
       error_kind, payload,       failing_since, done_at
  from headwater.jobs
 where tenant_id = %(tenant)s or tenant_id is null
 order by connection_id, kind
