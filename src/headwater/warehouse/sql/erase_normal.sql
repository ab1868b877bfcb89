-- Takes what is not kept out of normalised rows, and the trust out of `distrusted`, too; says which rows are trusted
-- no more.
update {normal} as t
   set {emptied}custom_fields = coalesce(headwater.only(t.custom_fields, %(customs)s), '{{}}'), version = ''
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and {those}{t_part}
   and (t.{id} = any (%(distrusted)s) or {filled}
        coalesce(headwater.only(t.custom_fields, %(customs)s), '{{}}') <> t.custom_fields)
returning t.{id}
