-- How many records, of one in `every`, name something that is not here; of each field an example, and how many different.
with picked as materialized (
    select r.{key} as id, {columns}
      from {table} as r
     where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s
       and (%(every)s = 1 or (hashtext(r.{key})::bigint + 2147483648) %% %(every)s = 0)
)
{parts}
