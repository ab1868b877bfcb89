-- Which columns are not kept from now on; comments and views tell of it with the next run. `all`: no class is
-- withheld; otherwise what is of none of these classes, or of none that is known, is.
update headwater.typed_columns
   set withheld = not withheld, applied = false,
       heal_below = case when withheld then heal_below end, heal_all = withheld and heal_all
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   and withheld = (%(all)s or coalesce(privacy = any (%(classes)s), false))
