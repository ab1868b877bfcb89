-- Indexes that figures are counted from without their tables: what is added up and grouped by lies beside the time, and
-- so does what policies ask for.
-- Runs as hw_owner.

create index crm_deals_created on public.crm_deals (tenant_id, created_at)
    include (connection_id, assigned_to, won, stage, pipeline, source, value, currency);
drop index public.crm_deals_tenant_id_created_at_idx;

create index crm_deals_closed on public.crm_deals (tenant_id, closed_at)
    include (connection_id, assigned_to, won, created_at, stage, pipeline, value, currency);
drop index public.crm_deals_tenant_id_closed_at_idx;

-- Revenue comes from a quarter of all deals, what is under way from a tenth.
create index crm_deals_won on public.crm_deals (tenant_id, closed_at)
    include (connection_id, assigned_to, created_at, pipeline, source, value, currency)
    where won;
create index crm_deals_open on public.crm_deals (tenant_id, stage)
    include (connection_id, external_id, assigned_to, created_at, pipeline, value, currency)
    where won is null;

create index crm_leads_created on public.crm_leads (tenant_id, created_at)
    include (connection_id, assigned_to, source, status, converted);
drop index public.crm_leads_tenant_id_created_at_idx;

create index crm_stage_history_entered on public.crm_stage_history (tenant_id, entered_at)
    include (connection_id, entity, external_id, stage, pipeline, semantics);
drop index public.crm_stage_history_tenant_id_entered_at_idx;
