-- Another slug, another title of a tenant.
update headwater.tenants
   set slug = coalesce(%(slug)s, slug), title = coalesce(%(title)s, title)
 where slug = %(known)s
returning id, slug, title
