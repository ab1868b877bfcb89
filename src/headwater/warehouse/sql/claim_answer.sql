-- Takes a key for a request: one that is new, too old, or of a request that died. No row: somebody has it.
insert into headwater.answers (tenant_id, caller, key, digest, asked_at, held_until)
values (%(tenant)s, %(caller)s, %(key)s, %(digest)s, %(now)s, %(held_until)s)
    on conflict (tenant_id, caller, key) do update
   set digest = excluded.digest, asked_at = excluded.asked_at, held_until = excluded.held_until, status = null,
       headers = '{}', body = null
 where answers.asked_at < %(too_old)s or (answers.status is null and answers.held_until < %(now)s)
returning true as claimed
