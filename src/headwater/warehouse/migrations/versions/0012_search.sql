-- Search: one narrow table of documents, the words each tenant's documents are made of, and the one function that
-- reads them.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- Words: how text becomes tokens. The same functions read documents and queries.
------------------------------------------------------------------------------------------------------------

-- A text in small letters, its punctuation made spaces, its apostrophes gone.
create function headwater.search_plain(said text) returns text
    language sql immutable parallel safe
as $$
    select translate(lower(normalize(said)),
                     E'.,;:!?/\\|()[]{}<>"«»„“”+*=&%#№@_~^$-–—…·•\u00a0\r\n\tʻʼ''‘’`´′＇\u0301\u00ad\u200b',
                     repeat(' ', 45))
$$;

-- A word in one spelling for all alphabets: Russian and Uzbek in Cyrillic, Uzbek in both Latin alphabets, Russian as
-- people write it in Latin letters. In the result w is sh, c is ch, j is zh; й, ь, iotation and doubled letters make no
-- difference.
create function headwater.search_folded(word text) returns text
    language sql immutable parallel safe
as $$
    select regexp_replace(replace(replace(replace(replace(replace(replace(replace(replace(
             translate(regexp_replace(
               replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
                 translate(replace(word, 'ьо', 'йо'), 'абвгдеёзийклмнопрстуфхцыэюяжчшщўқғҳіїєґәөүұңöõğşçüñéèäáàóíâêôúåšžčyъь', 'abvgdeeziiklmnoprstufhsieuaJCWWokghiiegaouunoogWCuneeaaaoiaeouaWJCi'),
                 'shch', 'W'), 'sch', 'W'), 'WC', 'W'), 'sh', 'W'), 'ch', 'C'), 'zh', 'J'), 'kh', 'h'), 'ph', 'f'),
                 'ts', 's'), 'tz', 's'),
               'c(?=[ei])', 's', 'g'), 'cqwxWCJ', 'kkvhwcj'),
             'dj', 'j'), 'kk', 'k'), 'ks', 'h'), 'ii', 'i'), 'ia', 'a'), 'iu', 'u'), 'ie', 'e'), 'io', 'e'),
           '([a-z])\1+', '\1', 'g')
$$;

-- What a word comes from; a stop word comes from nothing.
create function headwater.search_stem(word text) returns text
    language sql immutable parallel safe
as $$
    select case when word ~ '[а-яё]' then coalesce((ts_lexize('pg_catalog.russian_stem', word))[1], '')
                when word ~ '^[a-z]+$' then coalesce((ts_lexize('pg_catalog.english_stem', word))[1], '')
                else word
           end
$$;

-- The words of a query, each once: as it is written, and folded: as it is (`exact`), what it comes from (`stem`), and what
-- a Russian word may come from that is written in Latin letters (`root`).
create function headwater.search_words_of(said text)
    returns table (word text, exact text, stem text, root text)
    language sql immutable parallel safe
as $$
    select f.word, f.exact, f.stem, case when f.word ~ '^[a-z]{5,}$' then rtrim(f.exact, 'aeiou') else f.stem end
      from (select w.lexeme as word, headwater.search_folded(w.lexeme) as exact,
                   headwater.search_folded(headwater.search_stem(w.lexeme)) as stem
              from unnest(to_tsvector('pg_catalog.simple', headwater.search_plain(said))) as w (lexeme)
             where w.lexeme ~ '..|[0-9]') as f
     where f.stem <> ''
$$;

-- A title for being compared whole.
create function headwater.search_name(said text) returns text
    language sql immutable parallel safe
as $$
    select translate(btrim(regexp_replace(headwater.search_plain(said), '\s+', ' ', 'g')), 'ё', 'е')
$$;

-- The number under which something is found, another one in each tenant: posting lists of one index never mix them.
create function headwater.search_token(tenant uuid, said text) returns bigint
    language sql stable parallel safe
as $$
    select ('x' || encode(substr(sha256(convert_to(tenant::text || said, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint
$$;

-- What is left of the first seven letters of a folded word without one or two of them: words that share any of these
-- differ by a typo or two. Short words allow none, longer ones one, from eight letters on two.
create function headwater.search_spellings_of(tenant uuid, word text) returns bigint[]
    language sql stable parallel safe
as $$
    select array(select headwater.search_token(tenant, 's' || left(head, i - 1) || substr(head, i + 1, j - i - 1)
                                                           || substr(head, j + 1))
                   from left(word, 7) as head
                  cross join generate_series(1, length(head) + 1) as i
                  cross join generate_series(i + 1, length(head) + 2) as j
                  where (i > length(head) or j = length(head) + 1 or j <= length(head) and length(word) >= 8)
                    and length(word) >= 4 and word !~ '[0-9]')
$$;

-- How many letters apart two words are: changed, missing, too many, or swapped with their neighbour.
create function headwater.search_apart(one text, other text) returns integer
    language plpgsql immutable parallel safe
as $$
declare
    before  integer[];
    last    integer[] := array(select n from generate_series(0, length(other)) as n);
    now_    integer[];
    cost    integer;
begin
    for i in 1 .. length(one) loop
        now_ := array[i];
        for j in 1 .. length(other) loop
            cost := (substr(one, i, 1) <> substr(other, j, 1))::integer;
            now_[j + 1] := least(last[j + 1] + 1, now_[j] + 1, last[j] + cost);
            if i > 1 and j > 1 and substr(one, i, 1) = substr(other, j - 1, 1)
                    and substr(one, i - 1, 1) = substr(other, j, 1) then
                now_[j + 1] := least(now_[j + 1], before[j - 1] + 1);
            end if;
        end loop;
        before := last;
        last := now_;
    end loop;
    return last[length(other) + 1];
end
$$;

------------------------------------------------------------------------------------------------------------
-- What is searched
------------------------------------------------------------------------------------------------------------

create table headwater.search (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    entity         text        not null,
    external_id    text        not null,
    owner          text,
    title          text,
    at             timestamptz,
    phones         text[]      not null,
    tokens         bigint[]    not null,
    primary key (tenant_id, connection_id, entity, external_id)
);
create index search_tokens on headwater.search using gin (tokens) with (gin_pending_list_limit = 512);
-- No statistics: the planner would keep words of people, and take common ones for a reason to read everything.
alter table headwater.search
    alter column tokens set statistics 0,
    alter column title set statistics 0,
    alter column phones set statistics 0,
    alter column external_id set statistics 0;
comment on table headwater.search is 'What search(…) finds: a row for each record, made behind the feed of changes.';
comment on column headwater.search.tokens is
    'Numbers of all it is found by: words, those of its title once more, ids, phones, e-mails, its owner, its month.';
select headwater.protect('headwater.search', owner_column => 'owner');
-- search(…) reads it as its owner, past the policies: operators that find words are not leakproof, and would never
-- reach the index behind them. It applies tenant and visibility itself.
alter table headwater.search no force row level security;

create table headwater.search_words (
    tenant_id  uuid     not null,
    token      bigint   not null,
    kind       text     not null check (kind in ('word', 'month', 'owner')),
    word       text     collate "C" not null,
    shown      text     not null,
    docs       integer  not null,
    primary key (tenant_id, token)
) with (fillfactor = 70);
create index search_words_word on headwater.search_words (tenant_id, word);
create index search_words_months on headwater.search_words (tenant_id) where kind = 'month';
alter table headwater.search_words alter column word set statistics 0, alter column shown set statistics 0;
comment on table headwater.search_words is
    'The words of each tenant''s documents, and in how many each is; how many are of which month, and whose they are.';
select headwater.protect('headwater.search_words', whole => true);
alter table headwater.search_words no force row level security;

create table headwater.search_spellings (
    tenant_id  uuid      not null,
    token      bigint    not null,
    keys       bigint[]  not null,
    primary key (tenant_id, token)
);
create index search_spellings_keys on headwater.search_spellings using gin (keys);
alter table headwater.search_spellings alter column keys set statistics 0;
comment on table headwater.search_spellings is 'By what a word is found that was written with a typo.';
select headwater.protect('headwater.search_spellings', whole => true);
alter table headwater.search_spellings no force row level security;

create table headwater.search_fills (
    tenant_id      uuid    not null,
    connection_id  bigint  not null,
    entity         text    not null,
    after          text    not null default '',
    primary key (tenant_id, connection_id, entity)
);
comment on table headwater.search_fills is 'How far the documents of a connection were made anew from its records; no row: wholly.';
select headwater.protect('headwater.search_fills');

create function headwater.search_strings(custom jsonb) returns text
    language sql immutable parallel safe
as $$
    select string_agg(found #>> '{}', ' ')
      from jsonb_path_query(custom, 'strict $.** ? (@.type() == "string")') as found
     where custom <> '{}'
$$;

create view headwater.searchable with (security_invoker = true) as
    select tenant_id, connection_id, 'leads' as entity, external_id, assigned_to as owner, title,
           concat_ws(' ', contact_name, company_name, contact_email, headwater.search_strings(custom_fields)) as said,
           array[contact_phone_e164, contact_phone] as phones, contact_email as email, null as tax_id,
           coalesce(created_at, modified_at) as at
      from public.crm_leads
    union all
    select tenant_id, connection_id, 'deals', external_id, assigned_to, title,
           headwater.search_strings(custom_fields), null, null, null, coalesce(created_at, modified_at)
      from public.crm_deals
    union all
    select tenant_id, connection_id, 'contacts', external_id, assigned_to, name,
           concat_ws(' ', position, email, headwater.search_strings(custom_fields)),
           array[phone_e164, phone], email, null, coalesce(created_at, modified_at)
      from public.crm_contacts
    union all
    select tenant_id, connection_id, 'companies', external_id, assigned_to, name,
           concat_ws(' ', tax_id, email, headwater.search_strings(custom_fields)),
           array[phone_e164, phone], email, tax_id, coalesce(created_at, modified_at)
      from public.crm_companies
    union all
    select tenant_id, connection_id, 'activities', external_id, employee_id, subject,
           concat_ws(' ', body, transcript, headwater.search_strings(custom_fields)),
           null, null, null, coalesce(started_at, created_at, modified_at)
      from public.crm_activities;
comment on view headwater.searchable is 'What is searched of each record: what privacy mode does not keep is not in it.';
grant select on headwater.searchable to hw_app, hw_fix;

------------------------------------------------------------------------------------------------------------
-- Searching
------------------------------------------------------------------------------------------------------------

-- Words of the tenant that may have been meant by one it does not have: typed with another keyboard, begun, or
-- misspelt; at most eight, the nearest first.
create function headwater.search_similar(tenant uuid, said text, folded text)
    returns table (token bigint, shown text, docs integer)
    language plpgsql stable
as $$
declare
    typed    text := translate(said, 'qwertyuiop[]asdfghjkl;''zxcvbnm,.йцукенгшщзхъфывапролджэячсмитьбюё`',
                                     'йцукенгшщзхъфывапролджэячсмитьбюqwertyuiop[]asdfghjkl;''zxcvbnm,.`ё');
    allowed  constant integer := case when length(folded) >= 8 then 2 when length(folded) >= 4 then 1 else 0 end;
begin
    return query
        select w.token, w.shown, w.docs
          from headwater.search_words_of(typed) as t
          join headwater.search_words as w
            on w.tenant_id = tenant
           and w.token in (headwater.search_token(tenant, 'w' || t.exact), headwater.search_token(tenant, 'w' || t.stem))
         where w.docs > 0;
    if found or allowed = 0 then
        return;
    end if;
    return query
        with near as (
            select w.token, w.shown, w.docs, headwater.search_apart(folded, w.word) as apart
              from headwater.search_spellings as s
              join headwater.search_words as w on w.tenant_id = tenant and w.token = s.token
             where s.tenant_id = tenant
               and s.keys && headwater.search_spellings_of(tenant, folded)
               and w.docs > 0
               and abs(length(w.word) - length(folded)) <= allowed
             order by w.docs desc
             limit 50
        ), begun as (
            select w.token, w.shown, w.docs, 1 as apart
              from headwater.search_words as w
             where w.tenant_id = tenant and w.kind = 'word'
               and w.word > folded and w.word < folded || '~' and w.docs > 0
             limit 50
        ), every as (
            select * from near where near.apart <= allowed union all select * from begun
        )
        select e.token, e.shown, e.docs
          from every as e
         where e.apart = (select min(apart) from every)
         group by e.token, e.shown, e.docs
         order by e.docs desc
         limit 8;
end
$$;

-- The months that hold the tenant's documents from one place to another in the order of answers: everything but
-- activities first, the newest first. Null when there are none.
create function headwater.search_months(tenant uuid, among text, since bigint, until bigint) returns bigint[]
    language sql stable
as $$
    with months as (
        select left(w.word, 1) as late, substr(w.word, 2, 7) as month, array_agg(w.token) as tokens, sum(w.docs) as docs
          from headwater.search_words as w
         where w.tenant_id = tenant and w.kind = 'month' and (among is null or substr(w.word, 9) = among)
         group by 1, 2
    ), placed as (
        select m.tokens, sum(m.docs) over (order by m.late, m.month desc) - m.docs as place
          from months as m
    )
    select array_agg(token)
      from placed as p
     cross join unnest(p.tokens) as token
     where p.place >= since and (until is null or p.place < until)
$$;

-- That a document has a word of each of these groups.
create function headwater.search_each(groups text[]) returns text
    language sql immutable
as $$
    select string_agg(format('s.tokens && %L::bigint[]', each), ' and ') from unnest(groups) as each
$$;

-- Documents that meet a condition, best first, but for those in `seen`. `fewest`: at most so many meet it. Of common
-- words the newest months are looked through first, and older ones only while there is room: what is weighed is bounded
-- before it is.
create function headwater.search_hits(
    tenant uuid, condition text, score text, fewest bigint, among text, most integer, seen text[])
    returns table (entity text, external_id text, connection_id bigint, title text, at timestamptz, tokens bigint[])
    language plpgsql stable
as $$
declare
    wide    constant bigint := 10000;  -- so many are looked through at once
    ranked  constant integer := 3000;  -- so many are weighed
    best    constant text := '(s.entity = ''activities''), s.at desc nulls last, s.connection_id, s.external_id';
    bounds  constant bigint[] := case when fewest > wide then array[0, wide, 10 * wide, null] else array[null, null]::bigint[] end;
    months  bigint[];
    room    integer := most;
    came    integer;
begin
    for n in 1 .. cardinality(bounds) - 1 loop
        if bounds[n] is not null then
            months := headwater.search_months(tenant, among, bounds[n], bounds[n + 1]);
            exit when months is null;
        end if;
        return query execute format(
            'select s.entity, s.external_id, s.connection_id, s.title, s.at, s.tokens'
            '  from (select s.*, %s as score'
            '          from headwater.search as s'
            '         where s.tenant_id = $1 and %s%s'
            '           and (s.connection_id || '':'' || s.entity || '':'' || s.external_id) <> all ($2)'
            '         order by %s'
            '         limit $3) as s'
            ' order by s.score desc, %s'
            ' limit $4',
            score, condition, case when months is not null then format(' and s.tokens && %L::bigint[]', months) else '' end,
            best, best)
            using tenant, seen, case when score = '0' then room else ranked end, room;
        get diagnostics came = row_count;
        room := room - came;
        exit when room <= 0 or score <> '0' and came > 0;
    end loop;
end
$$;

create function public.search(query text, among text default null, most integer default 20)
    returns table (place integer, entity text, external_id text, connection_id bigint, title text, at timestamptz,
                   step text, matched text[])
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    enough   constant integer := least(most, 5);  -- with so many answers nothing looser is asked for
    tenant   constant uuid := headwater.tenant();
    people   constant text[] := headwater.own_people();
    said     constant text := btrim(coalesce(query, ''));
    digits   constant text := regexp_replace(said, '\D', '', 'g');
    phone    constant boolean := said ~ '^[+0-9().\-–—/\s]+$' and length(digits) between 7 and 15;
    mails    constant text[] := array(select lower(m[1]) from regexp_matches(said, '([\w.+''-]+@[\w-]+(?:\.[\w-]+)+)', 'g') as m);
    domain   constant text := lower(substring(said, '^@?((?:[[:alnum:]-]+\.)+[[:alpha:]]{2,})$'));
    folds    text[] := '{}';    -- its words, folded
    stems    text[] := '{}';    -- and what they come from
    typed    text[] := '{}';    -- as they were typed
    groups   text[] := '{}';    -- the numbers any of which stands for the word
    titled   text[] := '{}';    -- the same in titles
    docs     bigint[] := '{}';  -- in how many documents they are, at most
    tokens   bigint[] := '{}';  -- all of these numbers
    shown    text[] := '{}';    -- and the words they stand for
    guessed  boolean := false;
    likely   bigint;
    visible  text := '';        -- whose records are seen
    mine     bigint;            -- and how many they are
    total    numeric;
    wanted   text;
    score    text;
    fewest   bigint;
    picked   integer[];
    seen     text[] := '{}';
    word     record;
    hit      record;
begin
    if length(said) > 500 then
        raise exception 'a search is at most 500 characters, this one has %', length(said)
            using errcode = 'string_data_right_truncation', hint = 'Search for the words that matter.';
    end if;
    if among not in ('leads', 'deals', 'contacts', 'companies', 'activities') then
        raise exception 'there are no % to search: only leads, deals, contacts, companies or activities', among
            using errcode = 'invalid_parameter_value';
    end if;
    if tenant is null or said = '' then
        return;
    end if;
    most := least(coalesce(most, 20), 100);
    place := 0;

    -- What is not one's own is left out within the index: one's own would hide behind it.
    if not headwater.sees_all() then
        visible := format(' and s.tokens && %L::bigint[] and (s.connection_id || '':'' || s.owner) = any (%L::text[])',
                          array(select headwater.search_token(tenant, 'o' || p) from unnest(people) as p), people);
        select coalesce(sum(w.docs), 0) into mine
          from headwater.search_words as w
          join unnest(people) as p on w.token = headwater.search_token(tenant, 'o' || p)
         where w.tenant_id = tenant;
    end if;
    if among is not null then
        visible := visible || format(' and s.entity = %L', among);
    end if;

    for word in
        select r.said, f.word, f.exact, f.stem, f.root
          from regexp_split_to_table(said, '\s+') with ordinality as r (said, n)
         cross join headwater.search_words_of(r.said) as f
         order by r.n, f.word
    loop
        continue when word.exact = any (folds);
        folds := folds || word.exact;
        stems := stems || word.stem;
        typed := typed || lower(word.said);
        groups := groups || array(select headwater.search_token(tenant, 'w' || form)
                                    from unnest(array[word.exact, word.stem, word.root]) as form)::text;
        titled := titled || array(select headwater.search_token(tenant, 't' || form)
                                    from unnest(array[word.exact, word.stem, word.root]) as form)::text;
        tokens := tokens || groups[cardinality(groups)]::bigint[];
        shown := shown || array[word.word, word.word, word.word];
        docs := docs || (select coalesce(max(w.docs), 0)::bigint from headwater.search_words as w
                          where w.tenant_id = tenant and w.token = any (groups[cardinality(groups)]::bigint[]));
    end loop;
    if cardinality(folds) > 32 then
        raise exception 'a search is at most 32 words, this one has %', cardinality(folds)
            using errcode = 'string_data_right_truncation', hint = 'Search for the words that matter.';
    end if;

    foreach step in array array['id', 'phone', 'email', 'name', 'title_words', 'all_words',
                                'similar_words', 'most_words', 'some_words'] loop
        exit when place >= most;
        exit when step = 'similar_words' and (phone or mails <> '{}' or place >= enough);
        wanted := null;
        score := '0';
        fewest := null;
        case step
        when 'id' then
            if said ~ '^[#№]?\s*[[:alnum:]_:-]{1,64}$' then
                wanted := format('s.tokens && array[%s]', headwater.search_token(tenant, 'i' || lower(btrim(said, '#№ '))));
            end if;
        when 'phone' then
            if phone then
                wanted := format(
                    's.tokens && array[%s] and exists (select from unnest(s.phones) as p where right(p, %s) = %L)',
                    headwater.search_token(tenant, 'p' || right(digits, 7)), least(10, length(digits)), right(digits, 10));
            end if;
        when 'email' then
            if mails <> '{}' then
                wanted := format('s.tokens && %L::bigint[]',
                                 array(select headwater.search_token(tenant, 'e' || m) from unnest(mails) as m));
            elsif domain is not null then
                wanted := format('s.tokens && array[%s]', headwater.search_token(tenant, 'd' || domain));
                fewest := 1e9;
            end if;
        when 'name' then
            wanted := format('s.tokens && array[%s]', headwater.search_token(tenant, 'n' || headwater.search_name(said)));
            fewest := 1e9;
        when 'title_words' then
            if 0 <> all (docs) then
                wanted := headwater.search_each(titled);
            end if;
        when 'all_words' then
            if 0 <> all (docs) then
                wanted := headwater.search_each(groups);
            end if;
        when 'similar_words' then
            -- A word that is nowhere, or hardly anywhere and brought nothing, may be another one, written wrongly.
            for n in 1 .. cardinality(folds) loop
                continue when docs[n] > 5 or docs[n] > 0 and place > 0;
                likely := 0;
                for word in
                    select * from headwater.search_similar(tenant, typed[n], folds[n])
                     union
                    select * from headwater.search_similar(tenant, typed[n], stems[n])
                loop
                    continue when word.token = any (tokens) or word.docs <= 20 * docs[n];
                    guessed := true;
                    groups[n] := (groups[n]::bigint[] || word.token)::text;
                    likely := likely + word.docs;
                    tokens := tokens || word.token;
                    shown := shown || word.shown;
                end loop;
                docs[n] := docs[n] + likely;
            end loop;
            if guessed and 0 <> all (docs) then
                wanted := headwater.search_each(groups);
            end if;
        when 'most_words' then
            -- Without the words that are nowhere; if there are none, without the commonest.
            picked := array(select n::integer from unnest(docs) with ordinality as d (docs, n) where d.docs > 0 order by d.docs, n);
            if 0 <> all (docs) then
                picked := trim_array(picked, least(1, cardinality(picked)));
            end if;
            if picked <> '{}' then
                wanted := headwater.search_each(array(select groups[n] from unnest(picked) as n));
            end if;
        when 'some_words' then
            -- The rarest words, as long as they bring no more candidates than are weighed.
            select sum(w.docs) into total from headwater.search_words as w where w.tenant_id = tenant and w.kind = 'month';
            select '(' || string_agg(format('s.tokens && %L::bigint[]', groups[d.n]), ' or ') || ')', max(d.docs)
              into wanted, fewest
              from (select n, d.docs, sum(d.docs) over (order by d.docs, n) as together, row_number() over (order by d.docs, n) as at_
                      from unnest(docs) with ordinality as d (docs, n)
                     where d.docs > 0) as d
             where d.together <= 3000 or d.at_ = 1;
            select string_agg(format('case when s.tokens && %L::bigint[] then %s else 0 end',
                                     groups[n], round(ln(1 + total / d.docs), 6)), ' + ')
              into score
              from unnest(docs) with ordinality as d (docs, n)
             where d.docs > 0;
        end case;
        continue when wanted is null;
        fewest := least(coalesce(fewest, case when step in ('id', 'phone', 'email') then 0 when step = 'most_words'
                                 then docs[picked[1]] else (select min(d) from unnest(docs) as d) end), mine);
        for hit in
            select * from headwater.search_hits(tenant, wanted || visible, score, fewest, among, most - place, seen)
        loop
            place := place + 1;
            entity := hit.entity;
            external_id := hit.external_id;
            connection_id := hit.connection_id;
            title := hit.title;
            at := hit.at;
            matched := case step when 'id' then array[said] when 'phone' then array[digits] when 'name' then array[said]
                                 when 'email' then coalesce(nullif(mails, '{}'), array[domain])
                                 else array(select distinct m.shown from unnest(tokens, shown) as m (token, shown)
                                             where m.token = any (hit.tokens)) end;
            seen := seen || (hit.connection_id || ':' || hit.entity || ':' || hit.external_id);
            return next;
        end loop;
    end loop;
end
$$;
comment on function public.search(text, text, integer) is
    'Finds records by words, phones, e-mails and ids: select * from search(''roof moscow'') · Поиск по словам, телефонам, e-mail и номерам';
revoke all on function public.search(text, text, integer) from public;
grant execute on function public.search(text, text, integer) to hw_app, hw_query, hw_reader;
