-- Lists in the order of changes, relations for PostgREST, answers that are given again.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- What lists are ordered by
------------------------------------------------------------------------------------------------------------

create index on public.crm_leads (tenant_id, modified_at);
create index on public.crm_deals (tenant_id, modified_at);
create index on public.crm_contacts (tenant_id, modified_at);
create index on public.crm_companies (tenant_id, modified_at);
create index on public.crm_activities (tenant_id, modified_at);
create index on public.crm_items (tenant_id, created_at);
