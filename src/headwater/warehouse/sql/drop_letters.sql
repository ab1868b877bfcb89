-- Letters of a tenant's alerts go, or of those of one of its connections.
delete from headwater.letters
 where alert_id in (select id
                      from headwater.alerts
                     where tenant_id = %(tenant)s
                       and (%(connection)s::bigint is null or connection_id = %(connection)s))
