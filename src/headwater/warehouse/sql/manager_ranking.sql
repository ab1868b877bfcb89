-- Managers by the deals they closed in a period, compared fairly; the best first, those of few deals last.
select l.slug as connection, r.assigned_to, r.assigned_to_name, r.place, r.standing, r.closed, r.won, r.win_rate,
       r.expected_won, r.expected_rate, r.ratio, r.ratio_low, r.ratio_high, r.adjusted_win_rate,
       r.others_expected_rate, r.open_share, r.others_open_share, r.waiting, r.untouched, r.untouched_share,
       r.others_untouched_share, r.notes, r.adjusted_for
  from public.manager_ranking(%(since)s::timestamptz, %(until)s::timestamptz) as r
  join headwater.connections as l on l.tenant_id = r.tenant_id and l.id = r.connection_id
 where r.tenant_id = %(tenant)s and (%(connection)s::bigint is null or r.connection_id = %(connection)s)
 order by l.slug, r.place nulls last, r.closed desc, r.assigned_to
