-- Counts patterns of a connection anew: of these deals and leads, of all where null is said; how many rows changed.
select public.update_deal_patterns(%(connection)s, %(deals)s) + public.update_lead_patterns(%(connection)s, %(leads)s)
