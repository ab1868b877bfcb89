-- Whether sets are due for what an answer brought that was asked for after this read number.
select exists (select
                 from headwater.due_sets
                where tenant_id = %(tenant)s and connection_id = %(connection)s and touched > %(since)s) as found
