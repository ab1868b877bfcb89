-- Takes what is not kept out of typed rows; says which held any of it. They are trusted no more: read
-- again, they are written, whatever is kept then.
update {typed} as t
   set {emptied}_more = headwater.only(t._more, %(columns)s), _raw = headwater.only(t._raw, %(fields)s),
       _version = ''
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and {those}
   and ({filled}headwater.only(t._more, %(columns)s) is distinct from t._more
        or headwater.only(t._raw, %(fields)s) is distinct from t._raw)
returning t.{key}
