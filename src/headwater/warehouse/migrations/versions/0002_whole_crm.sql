-- The whole CRM: everything beside deals, what its ids are called, and what belongs to its records.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- Policies: rows without an owner of their own
------------------------------------------------------------------------------------------------------------

-- whole: only for those who see the whole tenant; rows whose owner this table cannot tell.
drop function headwater.protect(regclass, name, boolean);
create function headwater.protect(
    target regclass, owner_column name default null, reader boolean default false, whole boolean default false)
    returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    visible text := 'tenant_id = ' || headwater.asked('headwater.tenant()');
begin
    if owner_column is not null then
        visible := visible || format(
            ' and (%s or (connection_id || '':'' || %I) = any (%s))',
            headwater.asked('headwater.sees_all()'), owner_column,
            headwater.asked('headwater.own_people()', 'text[]'));
    elsif whole then
        visible := visible || ' and ' || headwater.asked('headwater.sees_all()');
    end if;
    perform headwater.let_in(target, visible, reader);
end
$$;
revoke all on function headwater.protect(regclass, name, boolean, boolean) from public;

-- How a policy calls a function: in a sub-select it is computed once a statement. Citus cannot keep sub-selects
-- in policies.
create function headwater.asked(call text, type text default null) returns text
    language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    select case when exists (select from pg_extension where extname = 'citus') then call
                else '(select ' || call || ')' || coalesce('::' || type, '')
           end
$$;
revoke all on function headwater.asked(text, text) from public;

create function headwater.let_in(target regclass, visible text, reader boolean) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('alter table %s enable row level security, force row level security', target);
    execute format('drop policy if exists hw_tenant on %s', target);
    execute format('create policy hw_tenant on %s using (%s) with check (%s)', target, visible, visible);
    execute format('grant select, insert, update, delete on %s to hw_app, hw_fix', target);
    if reader then
        execute format('grant select on %s to hw_reader', target);
    end if;
end
$$;
revoke all on function headwater.let_in(regclass, text, boolean) from public;

-- Rows of public.crm_* tables that belong to a record of another: whoever sees the record sees them. The record is
-- external_column of entity_column (leads, deals, contacts, companies, activities, items_<process>), or always of
-- `entity`. Where policies cannot ask other tables (Citus), only who sees the whole tenant sees them.
create function headwater.protect_part(
    target regclass, external_column name, entity_column name default null, entity text default null)
    returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    visible text := 'tenant_id = ' || headwater.asked('headwater.tenant()') ||
                    ' and (' || headwater.asked('headwater.sees_all()');
    kind text;
    owners text := '';
begin
    if not exists (select from pg_extension where extname = 'citus') then
        foreach kind in array case when entity is null then array['leads', 'deals', 'contacts', 'companies', 'activities']
                                   else array[entity] end loop
            owners := owners || case when entity is null then format(' when %L then ', kind) else ' or ' end || format(
                'exists (select from public.%I as o where o.tenant_id = %s.tenant_id'
                ' and o.connection_id = %s.connection_id and o.external_id = %s.%I)',
                'crm_' || kind, target, target, target, external_column);
        end loop;
        if entity is null then
            owners := format(
                ' or case %I%s else exists (select from public.crm_items as o where o.tenant_id = %s.tenant_id'
                ' and o.connection_id = %s.connection_id and o.external_id = %s.%I'
                ' and ''items_'' || o.process = %s.%I) end',
                entity_column, owners, target, target, target, external_column, target, entity_column);
        end if;
    end if;
    perform headwater.let_in(target, visible || owners || ')', true);
end
$$;
revoke all on function headwater.protect_part(regclass, name, name, text) from public;

-- Typed tables of deals that were made before did not know their owner: a login with scope own saw all of them.
do $$
declare
    target regclass;
begin
    for target in
        select c.oid
          from pg_class as c
          join pg_attribute as a on a.attrelid = c.oid and a.attname = 'assigned_by_id' and not a.attisdropped
         where c.relname = 'crm_deals' and c.relkind = 'r' and c.relowner = 'hw_owner'::regrole
           and c.relnamespace <> 'public'::regnamespace
    loop
        perform headwater.protect(target, 'assigned_by_id');
    end loop;
end
$$;

------------------------------------------------------------------------------------------------------------
-- What a source wants to be told next time, and sets of rows that are read with their record
------------------------------------------------------------------------------------------------------------

alter table headwater.connections add column memory jsonb not null default '{}';
comment on column headwater.connections.memory is 'What the source learnt of the account and wants to be told again.';

create table headwater.child_sets (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    entity         text        not null,
    external_id    text        not null,
    touched        bigint      not null default 0,
    began          bigint      not null default 0,
    version        text        not null default '',
    due            boolean     not null,
    primary key (tenant_id, connection_id, entity, external_id)
);
create index on headwater.child_sets (tenant_id, connection_id, entity, touched) where due;
comment on table headwater.child_sets is
    'Product rows, links, comments of a record: read together, under one read number, after their record changed.';
comment on column headwater.child_sets.touched is 'Read number of the answer that brought the record''s last change.';
comment on column headwater.child_sets.began is 'Read number of the answer that brought the set as it is stored.';
select headwater.protect('headwater.child_sets');

------------------------------------------------------------------------------------------------------------
-- Records
------------------------------------------------------------------------------------------------------------

alter table public.crm_deals add column source text, add column type text;
create index on public.crm_deals (tenant_id, source);
comment on column public.crm_deals.source is 'Where it came from · Источник';
comment on column public.crm_deals.type is 'Type · Тип';

create table public.crm_leads (
    tenant_id           uuid            not null,
    connection_id       bigint          not null,
    external_id         text            not null,
    crm_source          text            not null,
    title               text,
    status              text,
    source              text,
    assigned_to         text,
    contact_name        text,
    contact_phone       text,
    contact_phone_e164  text,
    contact_email       text,
    value               numeric(18, 2),
    value_rounded       boolean         not null default false,
    currency            text,
    converted           boolean,
    contact_id          text,
    company_id          text,
    company_name        text,
    created_at          timestamptz,
    closed_at           timestamptz,
    modified_at         timestamptz,
    custom_fields       jsonb           not null default '{}',
    began               bigint          not null,
    version             text            not null,
    synced_at           timestamptz     not null,
    primary key (tenant_id, connection_id, external_id)
);
create index on public.crm_leads (tenant_id, created_at);
create index on public.crm_leads (tenant_id, status);
create index on public.crm_leads (tenant_id, assigned_to);
create index on public.crm_leads (tenant_id, source);
create index on public.crm_leads (tenant_id, contact_id);
create index on public.crm_leads (tenant_id, company_id);
comment on table public.crm_leads is 'Leads of all CRMs, as the CRM shows them now · Лиды всех CRM, как их сейчас показывает CRM';
comment on column public.crm_leads.external_id is 'Id in the CRM · Идентификатор в CRM';
comment on column public.crm_leads.crm_source is 'Which CRM · Какая CRM';
comment on column public.crm_leads.title is 'Title · Название';
comment on column public.crm_leads.status is 'Status id · Код статуса';
comment on column public.crm_leads.source is 'Where it came from · Источник';
comment on column public.crm_leads.assigned_to is 'Responsible person''s id · Ответственный';
comment on column public.crm_leads.contact_name is 'Name of the person · Имя контакта';
comment on column public.crm_leads.contact_phone is 'First phone as the CRM has it · Первый телефон, как в CRM';
comment on column public.crm_leads.contact_phone_e164 is 'The same in E.164 · Он же в формате E.164';
comment on column public.crm_leads.contact_email is 'First e-mail · Первый e-mail';
comment on column public.crm_leads.value is 'Amount, in currency · Сумма, в валюте currency';
comment on column public.crm_leads.value_rounded is 'True when the CRM holds more than two decimals: the exact figure is in the typed table · Сумма округлена';
comment on column public.crm_leads.currency is 'Currency code · Код валюты';
comment on column public.crm_leads.converted is 'True when it became a deal or a customer · Лид сконвертирован';
comment on column public.crm_leads.contact_id is 'Contact · Контакт';
comment on column public.crm_leads.company_id is 'Company · Компания';
comment on column public.crm_leads.company_name is 'Company as written in the lead · Компания, как указана в лиде';
comment on column public.crm_leads.created_at is 'Created · Создано';
comment on column public.crm_leads.closed_at is 'Closed · Закрыто';
comment on column public.crm_leads.modified_at is 'Last changed in the CRM · Изменено в CRM';
comment on column public.crm_leads.custom_fields is 'Custom fields by name · Пользовательские поля по имени';
comment on column public.crm_leads.synced_at is 'When this version was stored · Когда сохранена эта версия';
select headwater.protect('public.crm_leads', owner_column => 'assigned_to', reader => true);

create table public.crm_contacts (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    external_id    text         not null,
    crm_source     text         not null,
    name           text,
    phone          text,
    phone_e164     text,
    email          text,
    company_id     text,
    assigned_to    text,
    position       text,
    type           text,
    source         text,
    lead_id        text,
    created_at     timestamptz,
    modified_at    timestamptz,
    custom_fields  jsonb        not null default '{}',
    began          bigint       not null,
    version        text         not null,
    synced_at      timestamptz  not null,
    primary key (tenant_id, connection_id, external_id)
);
create index on public.crm_contacts (tenant_id, created_at);
create index on public.crm_contacts (tenant_id, assigned_to);
create index on public.crm_contacts (tenant_id, company_id);
create index on public.crm_contacts (tenant_id, phone_e164);
create index on public.crm_contacts (tenant_id, email);
comment on table public.crm_contacts is 'Contacts of all CRMs · Контакты всех CRM';
comment on column public.crm_contacts.external_id is 'Id in the CRM · Идентификатор в CRM';
comment on column public.crm_contacts.crm_source is 'Which CRM · Какая CRM';
comment on column public.crm_contacts.name is 'Name · Название или имя';
comment on column public.crm_contacts.phone is 'First phone as the CRM has it · Первый телефон, как в CRM';
comment on column public.crm_contacts.phone_e164 is 'The same in E.164 · Он же в формате E.164';
comment on column public.crm_contacts.email is 'First e-mail · Первый e-mail';
comment on column public.crm_contacts.company_id is 'Company · Компания';
comment on column public.crm_contacts.assigned_to is 'Responsible person''s id · Ответственный';
comment on column public.crm_contacts.position is 'Position at work · Должность';
comment on column public.crm_contacts.type is 'Type · Тип';
comment on column public.crm_contacts.source is 'Where it came from · Источник';
comment on column public.crm_contacts.lead_id is 'Lead it came from · Исходный лид';
comment on column public.crm_contacts.created_at is 'Created · Создано';
comment on column public.crm_contacts.modified_at is 'Last changed in the CRM · Изменено в CRM';
comment on column public.crm_contacts.custom_fields is 'Custom fields by name · Пользовательские поля по имени';
comment on column public.crm_contacts.synced_at is 'When this version was stored · Когда сохранена эта версия';
select headwater.protect('public.crm_contacts', owner_column => 'assigned_to', reader => true);

create table public.crm_companies (
    tenant_id       uuid            not null,
    connection_id   bigint          not null,
    external_id     text            not null,
    crm_source      text            not null,
    name            text,
    industry        text,
    employee_count  text,
    revenue         numeric(18, 2),
    value_rounded   boolean         not null default false,
    currency        text,
    tax_id          text,
    phone           text,
    phone_e164      text,
    email           text,
    assigned_to     text,
    type            text,
    lead_id         text,
    is_ours         boolean,
    created_at      timestamptz,
    modified_at     timestamptz,
    custom_fields   jsonb           not null default '{}',
    began           bigint          not null,
    version         text            not null,
    synced_at       timestamptz     not null,
    primary key (tenant_id, connection_id, external_id)
);
create index on public.crm_companies (tenant_id, created_at);
create index on public.crm_companies (tenant_id, assigned_to);
create index on public.crm_companies (tenant_id, tax_id);
comment on table public.crm_companies is 'Companies of all CRMs · Компании всех CRM';
comment on column public.crm_companies.external_id is 'Id in the CRM · Идентификатор в CRM';
comment on column public.crm_companies.crm_source is 'Which CRM · Какая CRM';
comment on column public.crm_companies.name is 'Name · Название или имя';
comment on column public.crm_companies.industry is 'Industry id · Сфера деятельности';
comment on column public.crm_companies.employee_count is 'Number of employees, as the CRM has it · Число сотрудников, как в CRM';
comment on column public.crm_companies.revenue is 'Annual revenue · Годовой оборот';
comment on column public.crm_companies.value_rounded is 'True when the CRM holds more than two decimals: the exact figure is in the typed table · Сумма округлена';
comment on column public.crm_companies.currency is 'Currency code · Код валюты';
comment on column public.crm_companies.tax_id is 'Tax number · ИНН';
comment on column public.crm_companies.phone is 'First phone as the CRM has it · Первый телефон, как в CRM';
comment on column public.crm_companies.phone_e164 is 'The same in E.164 · Он же в формате E.164';
comment on column public.crm_companies.email is 'First e-mail · Первый e-mail';
comment on column public.crm_companies.assigned_to is 'Responsible person''s id · Ответственный';
comment on column public.crm_companies.type is 'Type · Тип';
comment on column public.crm_companies.lead_id is 'Lead it came from · Исходный лид';
comment on column public.crm_companies.is_ours is 'True for our own legal entities · Своя компания (реквизиты)';
comment on column public.crm_companies.created_at is 'Created · Создано';
comment on column public.crm_companies.modified_at is 'Last changed in the CRM · Изменено в CRM';
comment on column public.crm_companies.custom_fields is 'Custom fields by name · Пользовательские поля по имени';
comment on column public.crm_companies.synced_at is 'When this version was stored · Когда сохранена эта версия';
select headwater.protect('public.crm_companies', owner_column => 'assigned_to', reader => true);

create table public.crm_activities (
    tenant_id         uuid         not null,
    connection_id     bigint       not null,
    external_id       text         not null,
    crm_source        text         not null,
    type              text,
    direction         text,
    subject           text,
    body              text,
    transcript        text,
    employee_id       text,
    duration_seconds  bigint,
    completed         boolean,
    provider          text,
    started_at        timestamptz,
    ended_at          timestamptz,
    deadline_at       timestamptz,
    created_at        timestamptz,
    modified_at       timestamptz,
    deal_id           text,
    lead_id           text,
    contact_id        text,
    company_id        text,
    custom_fields     jsonb        not null default '{}',
    began             bigint       not null,
    version           text         not null,
    synced_at         timestamptz  not null,
    primary key (tenant_id, connection_id, external_id)
);
create index on public.crm_activities (tenant_id, started_at);
create index on public.crm_activities (tenant_id, employee_id);
create index on public.crm_activities (tenant_id, deal_id);
create index on public.crm_activities (tenant_id, lead_id);
create index on public.crm_activities (tenant_id, contact_id);
create index on public.crm_activities (tenant_id, company_id);
comment on table public.crm_activities is 'Calls, letters, meetings, tasks · Звонки, письма, встречи, задачи';
comment on column public.crm_activities.external_id is 'Id in the CRM · Идентификатор в CRM';
comment on column public.crm_activities.crm_source is 'Which CRM · Какая CRM';
comment on column public.crm_activities.type is 'call, email, meeting, task or other · Вид: call, email, meeting, task, other';
comment on column public.crm_activities.direction is 'in or out · Направление: in или out';
comment on column public.crm_activities.subject is 'Subject · Тема';
comment on column public.crm_activities.body is 'Text · Текст';
comment on column public.crm_activities.transcript is 'Transcript · Расшифровка';
comment on column public.crm_activities.employee_id is 'Responsible person''s id · Сотрудник';
comment on column public.crm_activities.duration_seconds is 'Seconds it took · Длительность, с';
comment on column public.crm_activities.completed is 'Done · Завершено';
comment on column public.crm_activities.provider is 'What made it, as the CRM calls it · Провайдер в CRM';
comment on column public.crm_activities.started_at is 'Began · Начало';
comment on column public.crm_activities.ended_at is 'Ended · Окончание';
comment on column public.crm_activities.deadline_at is 'To be done by · Крайний срок';
comment on column public.crm_activities.created_at is 'Created · Создано';
comment on column public.crm_activities.modified_at is 'Last changed in the CRM · Изменено в CRM';
comment on column public.crm_activities.deal_id is 'Deal · Сделка';
comment on column public.crm_activities.lead_id is 'Lead · Лид';
comment on column public.crm_activities.contact_id is 'Contact · Контакт';
comment on column public.crm_activities.company_id is 'Company · Компания';
comment on column public.crm_activities.custom_fields is 'Custom fields by name · Пользовательские поля по имени';
comment on column public.crm_activities.synced_at is 'When this version was stored · Когда сохранена эта версия';
select headwater.protect('public.crm_activities', owner_column => 'employee_id', reader => true);

create table public.crm_calls (
    tenant_id         uuid         not null,
    connection_id     bigint       not null,
    external_id       text         not null,
    crm_source        text         not null,
    activity_id       text,
    employee_id       text,
    direction         text,
    phone             text,
    phone_e164        text,
    duration_seconds  bigint,
    answered          boolean,
    status_code       text,
    cost              numeric,
    currency          text,
    entity            text,
    record_id         text,
    vote              bigint,
    started_at        timestamptz,
    custom_fields     jsonb        not null default '{}',
    began             bigint       not null,
    version           text         not null,
    synced_at         timestamptz  not null,
    primary key (tenant_id, connection_id, external_id)
);
create index on public.crm_calls (tenant_id, started_at);
create index on public.crm_calls (tenant_id, employee_id);
create index on public.crm_calls (tenant_id, activity_id);
comment on table public.crm_calls is 'Calls as telephony counted them · Звонки по статистике телефонии';
comment on column public.crm_calls.external_id is 'Id in the CRM · Идентификатор в CRM';
comment on column public.crm_calls.crm_source is 'Which CRM · Какая CRM';
comment on column public.crm_calls.activity_id is 'Activity · Дело';
comment on column public.crm_calls.employee_id is 'Responsible person''s id · Сотрудник';
comment on column public.crm_calls.direction is 'in or out · Направление: in или out';
comment on column public.crm_calls.phone is 'The other side''s number · Номер собеседника';
comment on column public.crm_calls.phone_e164 is 'The same in E.164 · Он же в формате E.164';
comment on column public.crm_calls.duration_seconds is 'Seconds it took · Длительность, с';
comment on column public.crm_calls.answered is 'Somebody answered · Отвечен';
comment on column public.crm_calls.status_code is 'How it ended, as telephony says · Код завершения';
comment on column public.crm_calls.cost is 'Cost · Стоимость';
comment on column public.crm_calls.currency is 'Currency code · Код валюты';
comment on column public.crm_calls.entity is 'Whom it is about: leads, contacts or companies · О ком: leads, contacts или companies';
comment on column public.crm_calls.record_id is 'The id of that record · Идентификатор этой записи';
comment on column public.crm_calls.vote is 'The caller''s mark · Оценка звонящего';
comment on column public.crm_calls.started_at is 'Began · Начало';
comment on column public.crm_calls.custom_fields is 'Custom fields by name · Пользовательские поля по имени';
comment on column public.crm_calls.synced_at is 'When this version was stored · Когда сохранена эта версия';
select headwater.protect('public.crm_calls', owner_column => 'employee_id', reader => true);

create table public.crm_users (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    external_id    text         not null,
    crm_source     text         not null,
    name           text,
    email          text,
    phone          text,
    phone_e164     text,
    department     text,
    position       text,
    active         boolean,
    custom_fields  jsonb        not null default '{}',
    began          bigint       not null,
    version        text         not null,
    synced_at      timestamptz  not null,
    primary key (tenant_id, connection_id, external_id)
);
comment on table public.crm_users is 'Managers and other people of the CRM · Менеджеры и другие сотрудники CRM';
comment on column public.crm_users.external_id is 'Id in the CRM · Идентификатор в CRM';
comment on column public.crm_users.crm_source is 'Which CRM · Какая CRM';
comment on column public.crm_users.name is 'Name · Название или имя';
comment on column public.crm_users.email is 'E-mail · Адрес e-mail';
comment on column public.crm_users.phone is 'Phone as the CRM has it: at work, else mobile · Телефон, как в CRM: рабочий или мобильный';
comment on column public.crm_users.phone_e164 is 'The same in E.164 · Он же в формате E.164';
comment on column public.crm_users.department is 'Department id · Отдел';
comment on column public.crm_users.position is 'Position at work · Должность';
comment on column public.crm_users.active is 'Still works there · Работает';
comment on column public.crm_users.custom_fields is 'Custom fields by name · Пользовательские поля по имени';
comment on column public.crm_users.synced_at is 'When this version was stored · Когда сохранена эта версия';
select headwater.protect('public.crm_users', reader => true);

create table public.crm_products (
    tenant_id      uuid            not null,
    connection_id  bigint          not null,
    external_id    text            not null,
    crm_source     text            not null,
    name           text,
    code           text,
    price          numeric(18, 2),
    value_rounded  boolean         not null default false,
    currency       text,
    section        text,
    active         boolean,
    created_at     timestamptz,
    modified_at    timestamptz,
    custom_fields  jsonb           not null default '{}',
    began          bigint          not null,
    version        text            not null,
    synced_at      timestamptz     not null,
    primary key (tenant_id, connection_id, external_id)
);
comment on table public.crm_products is 'What is sold · Товары и услуги';
comment on column public.crm_products.external_id is 'Id in the CRM · Идентификатор в CRM';
comment on column public.crm_products.crm_source is 'Which CRM · Какая CRM';
comment on column public.crm_products.name is 'Name · Название или имя';
comment on column public.crm_products.code is 'Code · Код';
comment on column public.crm_products.price is 'Price, in currency · Цена, в валюте currency';
comment on column public.crm_products.value_rounded is 'True when the CRM holds more than two decimals: the exact figure is in the typed table · Сумма округлена';
comment on column public.crm_products.currency is 'Currency code · Код валюты';
comment on column public.crm_products.section is 'Section id · Раздел';
comment on column public.crm_products.active is 'Still sold · Продаётся';
comment on column public.crm_products.created_at is 'Created · Создано';
comment on column public.crm_products.modified_at is 'Last changed in the CRM · Изменено в CRM';
comment on column public.crm_products.custom_fields is 'Custom fields by name · Пользовательские поля по имени';
comment on column public.crm_products.synced_at is 'When this version was stored · Когда сохранена эта версия';
select headwater.protect('public.crm_products', reader => true);

create table public.crm_items (
    tenant_id      uuid            not null,
    connection_id  bigint          not null,
    external_id    text            not null,
    crm_source     text            not null,
    process        text            not null,
    title          text,
    stage          text,
    pipeline       text,
    value          numeric(18, 2),
    value_rounded  boolean         not null default false,
    currency       text,
    assigned_to    text,
    contact_id     text,
    company_id     text,
    deal_id        text,
    lead_id        text,
    source         text,
    created_at     timestamptz,
    modified_at    timestamptz,
    custom_fields  jsonb           not null default '{}',
    began          bigint          not null,
    version        text            not null,
    synced_at      timestamptz     not null,
    primary key (tenant_id, connection_id, process, external_id)
);
create index on public.crm_items (tenant_id, process, stage);
create index on public.crm_items (tenant_id, assigned_to);
create index on public.crm_items (tenant_id, deal_id);
comment on table public.crm_items is 'Records of smart processes and custom objects · Элементы смарт-процессов и своих объектов';
comment on column public.crm_items.external_id is 'Id in the CRM · Идентификатор в CRM';
comment on column public.crm_items.crm_source is 'Which CRM · Какая CRM';
comment on column public.crm_items.process is 'Type number of the smart process · Номер типа смарт-процесса';
comment on column public.crm_items.title is 'Title · Название';
comment on column public.crm_items.stage is 'Stage id · Код стадии';
comment on column public.crm_items.pipeline is 'Pipeline id · Код воронки';
comment on column public.crm_items.value is 'Amount, in currency · Сумма, в валюте currency';
comment on column public.crm_items.value_rounded is 'True when the CRM holds more than two decimals: the exact figure is in the typed table · Сумма округлена';
comment on column public.crm_items.currency is 'Currency code · Код валюты';
comment on column public.crm_items.assigned_to is 'Responsible person''s id · Ответственный';
comment on column public.crm_items.contact_id is 'Contact · Контакт';
comment on column public.crm_items.company_id is 'Company · Компания';
comment on column public.crm_items.deal_id is 'Deal · Сделка';
comment on column public.crm_items.lead_id is 'Lead · Лид';
comment on column public.crm_items.source is 'Where it came from · Источник';
comment on column public.crm_items.created_at is 'Created · Создано';
comment on column public.crm_items.modified_at is 'Last changed in the CRM · Изменено в CRM';
comment on column public.crm_items.custom_fields is 'Custom fields by name · Пользовательские поля по имени';
comment on column public.crm_items.synced_at is 'When this version was stored · Когда сохранена эта версия';
select headwater.protect('public.crm_items', owner_column => 'assigned_to', reader => true);

create table public.crm_stage_history (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    id             text         not null,
    crm_source     text         not null,
    entity         text         not null,
    external_id    text,
    stage          text,
    pipeline       text,
    semantics      text,
    entered_at     timestamptz,
    by             text,
    custom_fields  jsonb        not null default '{}',
    began          bigint       not null,
    version        text         not null,
    synced_at      timestamptz  not null,
    primary key (tenant_id, connection_id, entity, id)
);
create index on public.crm_stage_history (tenant_id, entered_at);
create index on public.crm_stage_history (tenant_id, connection_id, entity, external_id, entered_at);
comment on table public.crm_stage_history is 'When a record reached a stage · Когда запись пришла на стадию';
comment on column public.crm_stage_history.id is 'Id · Идентификатор';
comment on column public.crm_stage_history.crm_source is 'Which CRM · Какая CRM';
comment on column public.crm_stage_history.entity is 'Entity · Сущность';
comment on column public.crm_stage_history.external_id is 'The record''s id in the CRM · Идентификатор записи в CRM';
comment on column public.crm_stage_history.stage is 'Stage id · Код стадии';
comment on column public.crm_stage_history.pipeline is 'Pipeline id · Код воронки';
comment on column public.crm_stage_history.semantics is 'open, won or lost · Смысл стадии: open, won, lost';
comment on column public.crm_stage_history.entered_at is 'When it came to this stage · Когда пришла на стадию';
comment on column public.crm_stage_history.by is 'Who moved it, where the CRM tells · Кто перевёл, если CRM сообщает';
comment on column public.crm_stage_history.custom_fields is 'Custom fields by name · Пользовательские поля по имени';
comment on column public.crm_stage_history.synced_at is 'When this version was stored · Когда сохранена эта версия';
select headwater.protect_part('public.crm_stage_history', 'external_id', entity_column => 'entity');

create table public.crm_activity_links (
    tenant_id      uuid     not null,
    connection_id  bigint   not null,
    activity_id    text     not null,
    place          integer  not null,
    entity         text,
    external_id    text,
    began          bigint   not null,
    primary key (tenant_id, connection_id, activity_id, place)
);
create index on public.crm_activity_links (tenant_id, entity, external_id);
comment on table public.crm_activity_links is 'Everything an activity belongs to · Все записи, к которым относится дело';
select headwater.protect_part('public.crm_activity_links', 'activity_id', entity => 'activities');

create table public.crm_links (
    tenant_id      uuid     not null,
    connection_id  bigint   not null,
    entity         text     not null,
    to_entity      text     not null,
    external_id    text     not null,
    place          integer  not null,
    to_id          text,
    began          bigint   not null,
    primary key (tenant_id, connection_id, entity, to_entity, external_id, place)
);
create index on public.crm_links (tenant_id, to_entity, to_id);
comment on table public.crm_links is 'Which records belong together: contacts of deals and leads, companies of contacts · Связи записей: контакты сделок и лидов, компании контактов';
select headwater.protect_part('public.crm_links', 'external_id', entity_column => 'entity');

create table public.crm_deal_products (
    tenant_id         uuid     not null,
    connection_id     bigint   not null,
    deal_id           text     not null,
    place             integer  not null,
    product_id        text,
    name              text,
    quantity          numeric,
    price             numeric,
    discount          numeric,
    discount_percent  numeric,
    tax_percent       numeric,
    tax_included      boolean,
    unit              text,
    raw               jsonb,
    began             bigint   not null,
    primary key (tenant_id, connection_id, deal_id, place)
);
create index on public.crm_deal_products (tenant_id, product_id);
comment on table public.crm_deal_products is 'Product rows of deals · Товарные позиции сделок';
select headwater.protect_part('public.crm_deal_products', 'deal_id', entity => 'deals');

create table public.crm_comments (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    entity         text         not null,
    external_id    text         not null,
    place          integer      not null,
    comment_id     text,
    author_id      text,
    body           text,
    files          jsonb,
    created_at     timestamptz,
    raw            jsonb,
    began          bigint       not null,
    primary key (tenant_id, connection_id, entity, external_id, place)
);
create index on public.crm_comments (tenant_id, connection_id, comment_id);
comment on table public.crm_comments is 'Comments in the timelines of records · Комментарии в таймлайне записей';
select headwater.protect_part('public.crm_comments', 'external_id', entity_column => 'entity');

------------------------------------------------------------------------------------------------------------
-- What ids are called: a rename touches no record. What the source does not have any more stays, with gone_at
------------------------------------------------------------------------------------------------------------

create table public.crm_labels (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    entity         text         not null,
    field          text         not null,
    id             text         not null,
    lang           text         not null,
    label          text         not null,
    gone_at        timestamptz,
    primary key (tenant_id, connection_id, entity, field, id, lang)
);
comment on table public.crm_labels is 'What values of fields are called · Названия значений полей';
comment on column public.crm_labels.field is 'Column of the typed table · Столбец типизированной таблицы';
comment on column public.crm_labels.gone_at is 'When the CRM did not have it any more · Когда исчезло из CRM';
select headwater.protect('public.crm_labels', reader => true);

create table public.crm_stages (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    entity         text         not null,
    pipeline       text         not null,
    id             text         not null,
    name           text         not null,
    sort           integer      not null,
    semantics      text         not null check (semantics in ('open', 'won', 'lost')),
    gone_at        timestamptz,
    primary key (tenant_id, connection_id, entity, id)
);
comment on table public.crm_stages is 'Stages of pipelines and what they mean · Стадии воронок и их смысл';
comment on column public.crm_stages.semantics is 'open, won or lost · Смысл: в работе, успех, провал';
select headwater.protect('public.crm_stages', reader => true);

create table public.crm_pipelines (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    entity         text         not null,
    id             text         not null,
    name           text         not null,
    sort           integer      not null,
    main           boolean      not null,
    gone_at        timestamptz,
    primary key (tenant_id, connection_id, entity, id)
);
comment on table public.crm_pipelines is 'Pipelines · Воронки';
select headwater.protect('public.crm_pipelines', reader => true);

create table public.crm_currencies (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    id             text         not null,
    name           text         not null,
    base           boolean      not null,
    rate           numeric      not null,
    recorded_at    timestamptz  not null,
    primary key (tenant_id, connection_id, id, recorded_at)
);
comment on table public.crm_currencies is
    'Price of a currency in the base one, a row for each change since we record it; before that the first holds · Курсы валют';
select headwater.protect('public.crm_currencies', reader => true);

create table public.crm_departments (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    id             text         not null,
    name           text         not null,
    parent         text,
    head           text,
    sort           integer      not null,
    gone_at        timestamptz,
    primary key (tenant_id, connection_id, id)
);
comment on table public.crm_departments is 'Departments · Отделы';
select headwater.protect('public.crm_departments', reader => true);

------------------------------------------------------------------------------------------------------------
-- The short names: records with their ids called by name
------------------------------------------------------------------------------------------------------------

create or replace view public.deals with (security_invoker = true) as
    select d.*, s.name as stage_name, p.name as pipeline_name, u.name as assigned_to_name, o.name as company_name,
           c.name as contact_name, k.label as source_name, y.label as type_name
      from public.crm_deals as d
      left join public.crm_stages as s
        on s.tenant_id = d.tenant_id and s.connection_id = d.connection_id and s.entity = 'deals' and s.id = d.stage
      left join public.crm_pipelines as p
        on p.tenant_id = d.tenant_id and p.connection_id = d.connection_id and p.entity = 'deals' and p.id = d.pipeline
      left join public.crm_users as u
        on u.tenant_id = d.tenant_id and u.connection_id = d.connection_id and u.external_id = d.assigned_to
      left join public.crm_companies as o
        on o.tenant_id = d.tenant_id and o.connection_id = d.connection_id and o.external_id = d.company_id
      left join public.crm_contacts as c
        on c.tenant_id = d.tenant_id and c.connection_id = d.connection_id and c.external_id = d.contact_id
      left join public.crm_labels as k
        on k.tenant_id = d.tenant_id and k.connection_id = d.connection_id and k.entity = 'deals'
       and k.field = 'source_id' and k.id = d.source and k.lang = ''
      left join public.crm_labels as y
        on y.tenant_id = d.tenant_id and y.connection_id = d.connection_id and y.entity = 'deals'
       and y.field = 'type_id' and y.id = d.type and y.lang = '';

create view public.leads with (security_invoker = true) as
    select l.*, s.name as status_name, u.name as assigned_to_name, k.label as source_name
      from public.crm_leads as l
      left join public.crm_stages as s
        on s.tenant_id = l.tenant_id and s.connection_id = l.connection_id and s.entity = 'leads' and s.id = l.status
      left join public.crm_users as u
        on u.tenant_id = l.tenant_id and u.connection_id = l.connection_id and u.external_id = l.assigned_to
      left join public.crm_labels as k
        on k.tenant_id = l.tenant_id and k.connection_id = l.connection_id and k.entity = 'leads'
       and k.field = 'source_id' and k.id = l.source and k.lang = '';

create view public.contacts with (security_invoker = true) as
    select c.*, o.name as company_name, u.name as assigned_to_name
      from public.crm_contacts as c
      left join public.crm_companies as o
        on o.tenant_id = c.tenant_id and o.connection_id = c.connection_id and o.external_id = c.company_id
      left join public.crm_users as u
        on u.tenant_id = c.tenant_id and u.connection_id = c.connection_id and u.external_id = c.assigned_to;

create view public.companies with (security_invoker = true) as
    select o.*, u.name as assigned_to_name, k.label as industry_name, n.label as employee_count_name
      from public.crm_companies as o
      left join public.crm_users as u
        on u.tenant_id = o.tenant_id and u.connection_id = o.connection_id and u.external_id = o.assigned_to
      left join public.crm_labels as k
        on k.tenant_id = o.tenant_id and k.connection_id = o.connection_id and k.entity = 'companies'
       and k.field = 'industry' and k.id = o.industry and k.lang = ''
      left join public.crm_labels as n
        on n.tenant_id = o.tenant_id and n.connection_id = o.connection_id and n.entity = 'companies'
       and n.field = 'employees' and n.id = o.employee_count and n.lang = '';

-- A call takes as long as telephony says: the CRM itself only knows when it was planned.
create view public.activities with (security_invoker = true) as
    select a.tenant_id, a.connection_id, a.external_id, a.crm_source, a.type, a.direction, a.subject, a.body,
           a.transcript, a.employee_id, coalesce(t.duration_seconds, a.duration_seconds) as duration_seconds,
           a.completed, a.provider, a.started_at, a.ended_at, a.deadline_at, a.created_at, a.modified_at, a.deal_id,
           a.lead_id, a.contact_id, a.company_id, a.custom_fields, a.began, a.version, a.synced_at,
           t.answered, u.name as employee_name, d.title as deal_title, c.name as contact_name, o.name as company_name
      from public.crm_activities as a
      left join lateral
           (select max(t.duration_seconds) as duration_seconds, bool_or(t.answered) as answered
              from public.crm_calls as t
             where t.tenant_id = a.tenant_id and t.connection_id = a.connection_id and t.activity_id = a.external_id
               and a.type = 'call') as t on true
      left join public.crm_users as u
        on u.tenant_id = a.tenant_id and u.connection_id = a.connection_id and u.external_id = a.employee_id
      left join public.crm_deals as d
        on d.tenant_id = a.tenant_id and d.connection_id = a.connection_id and d.external_id = a.deal_id
      left join public.crm_contacts as c
        on c.tenant_id = a.tenant_id and c.connection_id = a.connection_id and c.external_id = a.contact_id
      left join public.crm_companies as o
        on o.tenant_id = a.tenant_id and o.connection_id = a.connection_id and o.external_id = a.company_id;

create view public.managers with (security_invoker = true) as
    select u.*, d.name as department_name
      from public.crm_users as u
      left join public.crm_departments as d
        on d.tenant_id = u.tenant_id and d.connection_id = u.connection_id and d.id = u.department;

-- Every deal with its pace and its touches.
create view public.v_deals_analytics with (security_invoker = true) as
    select d.*, date_part('day', coalesce(d.closed_at, now()) - d.created_at)::integer as days_open,
           h.entered_at as stage_entered_at, h.moves as stage_moves,
           case when d.won is null then date_part('day', now() - h.entered_at)::integer end as days_in_stage,
           t.touches, t.calls, t.emails, t.meetings, t.last_touch_at
      from public.deals as d
      left join lateral
           (select max(h.entered_at) as entered_at, greatest(count(*) - 1, 0) as moves
              from public.crm_stage_history as h
             where h.tenant_id = d.tenant_id and h.connection_id = d.connection_id and h.entity = 'deals'
               and h.external_id = d.external_id) as h on true
      left join lateral
           (select count(*) as touches, count(*) filter (where a.type = 'call') as calls,
                   count(*) filter (where a.type = 'email') as emails,
                   count(*) filter (where a.type = 'meeting') as meetings, max(a.started_at) as last_touch_at
              from public.crm_activities as a
             where a.tenant_id = d.tenant_id and a.connection_id = d.connection_id
               and a.deal_id = d.external_id) as t on true;

-- Who closes how much, currencies apart.
create view public.v_top_managers with (security_invoker = true) as
    select d.tenant_id, d.connection_id, d.assigned_to, u.name as assigned_to_name, d.currency, count(*) as deals,
           count(*) filter (where d.won) as won, count(*) filter (where not d.won) as lost,
           count(*) filter (where d.won is null) as open, sum(d.value) filter (where d.won) as revenue,
           round(count(*) filter (where d.won)::numeric
                 / nullif(count(*) filter (where d.won is not null), 0), 4) as win_rate,
           avg(d.value) filter (where d.won) as average_deal
      from public.crm_deals as d
      left join public.crm_users as u
        on u.tenant_id = d.tenant_id and u.connection_id = d.connection_id and u.external_id = d.assigned_to
     group by d.tenant_id, d.connection_id, d.assigned_to, u.name, d.currency;

grant select on public.deals, public.leads, public.contacts, public.companies, public.activities, public.managers,
                public.v_deals_analytics, public.v_top_managers
   to hw_app, hw_fix, hw_reader;

------------------------------------------------------------------------------------------------------------
-- What everything is called, for people who meet it in a BI tool: every view and column has its words
------------------------------------------------------------------------------------------------------------

comment on view public.deals is 'Deals with names instead of ids · Сделки с названиями вместо кодов';
comment on view public.leads is 'Leads with names instead of ids · Лиды с названиями вместо кодов';
comment on view public.contacts is 'Contacts with names instead of ids · Контакты с названиями вместо кодов';
comment on view public.companies is 'Companies with names instead of ids · Компании с названиями вместо кодов';
comment on view public.activities is
    'Calls, letters, meetings, tasks with names; calls as long as telephony counted · Дела с названиями; длительность звонков — по телефонии';
comment on view public.managers is 'People with their departments · Сотрудники с отделами';
comment on view public.v_deals_analytics is 'Every deal with its pace and its touches · Сделки: темп и касания';
comment on view public.v_top_managers is 'Who closes how much, currencies apart · Кто сколько закрывает, по валютам';
comment on view public.sync_config is 'What is read, and how often · Что и как часто читается';
comment on view public.sync_state is 'How far every entity is · Докуда прочитана каждая сущность';
comment on view public.sync_logs is 'Every run: what it read, what became of it · Все запуски: что прочитано и что вышло';
comment on view public.sync_log is 'Every run: what it read, what became of it · Все запуски: что прочитано и что вышло';
comment on view public.crm_sync_status is 'How every entity stands now · Состояние каждой сущности';

create function pg_temp.say(places text[], words text[]) returns void
    language plpgsql
as $$
declare
    at record;
begin
    -- Names and words in turn; only what has none yet.
    for at in
        select c.oid::regclass as place, a.attname as name, words[2 * said.number] as said
          from generate_series(1, cardinality(words) / 2) as said (number)
          join pg_attribute as a on a.attname = words[2 * said.number - 1] and not a.attisdropped
          join pg_class as c on c.oid = a.attrelid and c.relkind in ('r', 'v')
         where c.relnamespace = 'public'::regnamespace and (places = '{}' or c.relname = any (places))
           and col_description(c.oid, a.attnum) is null
    loop
        execute format('comment on column %s.%I is %L', at.place, at.name, at.said);
    end loop;
end
$$;

create function pg_temp.say_as(viewed text, stored text) returns void
    language plpgsql
as $$
declare
    at record;
begin
    -- A column of a view is called as that of the table it shows.
    for at in
        select v.attname as name, col_description(t.attrelid, t.attnum) as said
          from pg_attribute as v
          join pg_attribute as t on t.attname = v.attname and t.attrelid = ('public.' || stored)::regclass
         where v.attrelid = ('public.' || viewed)::regclass and col_description(t.attrelid, t.attnum) is not null
           and col_description(v.attrelid, v.attnum) is null
    loop
        execute format('comment on column public.%I.%I is %L', viewed, at.name, at.said);
    end loop;
end
$$;

select pg_temp.say('{}', array[
    'tenant_id', 'Whose data it is · Чьи это данные',
    'connection_id', 'Which account of the CRM · Какой портал CRM',
    'began', 'Read number: of two reads the later one holds · Номер чтения: верно более позднее',
    'version', 'Hash of the content · Хеш содержимого']);
select pg_temp.say('{crm_activity_links, crm_links, crm_deal_products, crm_comments}', array[
    'place', 'Place among its record''s rows, from 0 · Место среди строк записи, с 0',
    'raw', 'What does not fit its column, as it came · Что не вошло в столбцы, как пришло',
    'entity', 'Entity: leads, deals, contacts, … · Сущность: leads, deals, contacts, …',
    'external_id', 'The record''s id in the CRM · Идентификатор записи в CRM',
    'activity_id', 'Activity · Дело',
    'to_entity', 'Entity of the other record · Сущность другой записи',
    'to_id', 'The other record''s id · Идентификатор другой записи']);
select pg_temp.say('{crm_deal_products}', array[
    'deal_id', 'Deal · Сделка',
    'product_id', 'Product; empty when it is not in the catalogue · Товар; пусто, если его нет в каталоге',
    'name', 'Name in the deal · Название в сделке',
    'quantity', 'Quantity · Количество',
    'price', 'Price of one, in the deal''s currency · Цена за единицу, в валюте сделки',
    'discount', 'Discount on one · Скидка на единицу',
    'discount_percent', 'The same, per cent · Она же, %',
    'tax_percent', 'Tax, per cent · Налог, %',
    'tax_included', 'The price includes it · Налог включён в цену',
    'unit', 'Unit · Единица измерения']);
select pg_temp.say('{crm_comments}', array[
    'comment_id', 'Comment · Комментарий',
    'author_id', 'Who wrote it · Кто написал',
    'body', 'Text · Текст',
    'files', 'What is attached · Приложенные файлы',
    'created_at', 'Written · Написан']);
select pg_temp.say('{crm_labels, crm_stages, crm_pipelines, crm_currencies, crm_departments}', array[
    'entity', 'Entity: leads, deals, … · Сущность: leads, deals, …',
    'id', 'Id in the CRM · Идентификатор в CRM',
    'name', 'Name · Название',
    'label', 'What the value is called · Название значения',
    'lang', 'Language; empty: whatever there is · Язык; пусто — какое есть',
    'pipeline', 'Pipeline id · Код воронки',
    'sort', 'Place in the order people see · Порядок',
    'main', 'The usual one · Основная',
    'base', 'The one others are priced in · Базовая валюта',
    'rate', 'Price of one unit in the base currency · Цена единицы в базовой валюте',
    'recorded_at', 'Since when we know this rate · С какого момента известен курс',
    'parent', 'Department above it · Вышестоящий отдел',
    'head', 'Who leads it · Руководитель',
    'gone_at', 'When the CRM did not have it any more · Когда исчезло из CRM']);

select pg_temp.say('{activities}', array[
    'duration_seconds', 'Seconds: of a call as telephony says · Длительность, с; звонка — по телефонии',
    'answered', 'Somebody answered the call · На звонок ответили',
    'deal_title', 'Deal by its title · Название сделки']);
select pg_temp.say('{}', array[
    'stage_name', 'Stage by name · Название стадии',
    'status_name', 'Status by name · Название статуса',
    'pipeline_name', 'Pipeline by name · Название воронки',
    'assigned_to_name', 'Responsible person by name · Имя ответственного',
    'employee_name', 'Who did it, by name · Имя сотрудника',
    'department_name', 'Department by name · Название отдела',
    'source_name', 'Where it came from, by name · Название источника',
    'type_name', 'Type by name · Название типа',
    'industry_name', 'Industry by name · Название сферы деятельности',
    'employee_count_name', 'Number of employees in words · Число сотрудников словами']);
select pg_temp.say_as(viewed, stored)
  from (values ('deals', 'crm_deals'), ('leads', 'crm_leads'), ('contacts', 'crm_contacts'),
               ('companies', 'crm_companies'), ('activities', 'crm_activities'), ('managers', 'crm_users'))
       as shown (viewed, stored);
select pg_temp.say('{deals, activities, contacts}', array[
    'company_name', 'Company by name · Название компании',
    'contact_name', 'Contact by name · Имя контакта']);
select pg_temp.say_as('v_deals_analytics', 'deals');
select pg_temp.say('{v_deals_analytics}', array[
    'days_open', 'Days from creation to closing, or until now · Дней от создания до закрытия или до сегодня',
    'stage_entered_at', 'When it came to its stage · Когда пришла на стадию',
    'stage_moves', 'How often it was moved · Сколько раз передвигалась',
    'days_in_stage', 'Days in its stage, while it is open · Дней на стадии, пока открыта',
    'touches', 'Activities · Касания',
    'calls', 'Calls among them · Из них звонки',
    'emails', 'Letters among them · Из них письма',
    'meetings', 'Meetings among them · Из них встречи',
    'last_touch_at', 'The last of them · Последнее касание']);
select pg_temp.say('{v_top_managers}', array[
    'assigned_to', 'Responsible person''s id · Ответственный',
    'currency', 'Currency code · Код валюты',
    'deals', 'Deals · Сделки',
    'won', 'Won · Выиграно',
    'lost', 'Lost · Проиграно',
    'open', 'Open · В работе',
    'revenue', 'Amounts of won deals together · Сумма выигранных сделок',
    'win_rate', 'Won of all that are closed, 0 to 1 · Доля выигранных среди закрытых, от 0 до 1',
    'average_deal', 'Average amount of a won deal · Средняя сумма выигранной сделки']);
select pg_temp.say('{sync_config, sync_state, sync_logs, sync_log, crm_sync_status}', array[
    'id', 'Number of the run · Номер запуска',
    'entity', 'Entity · Сущность',
    'entity_type', 'Entity · Сущность',
    'enabled', 'Is read · Читается',
    'sync_interval_minutes', 'Minutes between two reads · Минут между чтениями',
    'webhook_enabled', 'Events are listened to · События принимаются',
    'privacy', 'analytics or full: what is kept · analytics или full: что хранится',
    'due_at', 'Next read · Следующее чтение',
    'last_sync_at', 'Last read · Последнее чтение',
    'last_modified_date', 'Complete up to this time · Полно до этого времени',
    'cursor', 'Where reading goes on · Где чтение продолжится',
    'total_records', 'Records in the CRM · Записей в CRM',
    'synced_records', 'Records here · Записей здесь',
    'last_sync_cursor', 'Where reading goes on · Где чтение продолжится',
    'last_full_sync_at', 'Last read of everything · Последнее полное чтение',
    'last_incremental_at', 'Last read of changes · Последнее чтение изменений',
    'sync_type', 'full, incremental, webhook, reconcile or ids · Вид: full, incremental, webhook, reconcile, ids',
    'status', 'Status · Состояние',
    'records_processed', 'Records read · Прочитано записей',
    'created', 'New ones among them · Из них новых',
    'updated', 'Changed ones among them · Из них изменённых',
    'deleted', 'Found gone · Исчезло',
    'failed', 'Put into the failed queue · Попало в очередь ошибок',
    'requests', 'Requests to the CRM · Запросов к CRM',
    'notes', 'What does not fit its column, by field · Что не вошло в столбцы, по полям',
    'error_message', 'What went wrong · Что пошло не так',
    'started_at', 'Began · Начало',
    'completed_at', 'Ended · Окончание']);
drop function pg_temp.say(text[], text[]);
drop function pg_temp.say_as(text, text);
