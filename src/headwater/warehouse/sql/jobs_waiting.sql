-- Whether work waits that nobody takes: other work of this connection; work of others for so long that nobody is free.
select exists (select
                 from headwater.jobs
                where connection_id = %(connection)s and kind <> %(kind)s and taken_by is null
                  and due_at <= %(now)s and (held_until is null or held_until <= %(now)s)) as same,
       exists (select
                 from headwater.jobs as j
                where j.connection_id <> %(connection)s and j.taken_by is null
                  and j.due_at <= %(since)s and (j.held_until is null or j.held_until <= %(since)s)
                  and not exists (select
                                    from headwater.jobs as other
                                   where other.connection_id = j.connection_id
                                     and (other.taken_by is not null or other.rests_until > %(now)s))) as others
