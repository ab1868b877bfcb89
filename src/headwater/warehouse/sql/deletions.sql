-- Which tenants were deleted, the last first.
select tenant, slug, asked_by, begun_at, ended_at, counts
  from headwater.deletions
 order by begun_at desc
