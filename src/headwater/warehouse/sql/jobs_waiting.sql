-- Whether work waits that nobody takes: other work of this connection; work for so long that nobody is free, of others
-- or such as is done beside this.
select exists (select
                 from headwater.jobs
                where connection_id = %(connection)s and kind <> %(kind)s and taken_by is null
                  and kind <> 'refresh' and %(kind)s <> 'refresh'
                  and due_at <= %(now)s and (held_until is null or held_until <= %(now)s)) as same,
       exists (select
                 from headwater.jobs as j
                where (j.connection_id <> %(connection)s or (j.kind = 'refresh') <> (%(kind)s = 'refresh'))
                  and j.taken_by is null
                  and j.due_at <= %(since)s and (j.held_until is null or j.held_until <= %(since)s)
                  and (j.kind = 'refresh'
                       or not exists (select
                                        from headwater.jobs as other
                                       where other.connection_id = j.connection_id and other.kind <> 'refresh'
                                         and (other.taken_by is not null or other.rests_until > %(now)s)))) as others
