-- Roles: the application owns nothing; the log's own role alone may write the log.
do $$ begin
  if not exists (select from pg_roles where rolname = 'huayuan_app') then create role huayuan_app nologin; end if;
  if not exists (select from pg_roles where rolname = 'huayuan_public') then create role huayuan_public nologin; end if;
  if not exists (select from pg_roles where rolname = 'huayuan_log') then create role huayuan_log nologin; end if;
  if not exists (select from pg_roles where rolname = 'huayuan_work') then create role huayuan_work nologin; end if;
  if not exists (select from pg_roles where rolname = 'huayuan_sweep') then create role huayuan_sweep nologin; end if;
end $$;
grant huayuan_app to current_user;
grant huayuan_work to current_user;
grant huayuan_log to current_user;
grant huayuan_public to current_user;
grant huayuan_sweep to current_user;

-- Set the row-level context of this transaction, and bring the caller, the clock and a stored answer.
create function enter(p_county text, p_township text, p_account uuid, p_key text, p_operation text)
returns text language plpgsql as $$
declare
  v_shift interval; v_now timestamptz; v_today date; v_account json; v_person uuid; v_kind text;
  v_appointments json; v_stored json; v_busy boolean := false;
begin
  execute format('set local app.county = %L', p_county);
  execute format('set local app.township = %L', p_township);
  execute format('set local app.reach = %L', case when length(p_township) = 6 then 'county' else 'township' end);
  select shift into v_shift from clock;
  v_now := now() + coalesce(v_shift, interval '0');
  v_today := (v_now at time zone 'UTC' + interval '8 hours')::date;
  select a.person_id, a.kind, json_build_object('person_id', a.person_id, 'name', a.login, 'scopes', a.scopes)
    into v_person, v_kind, v_account
    from accounts a
   where a.county_code = p_county and a.township_code = p_township and a.id = p_account and a.disabled_at is null;
  if v_kind = 'client' then
    v_appointments := json_build_array(json_build_object('office', 'county_system', 'place', p_county, 'since', v_today));
  else
    select coalesce(json_agg(json_build_object('office', o.office, 'place', o.place, 'since', o.starts) order by o.starts, o.id), '[]')
      into v_appointments from appointments o
     where o.county_code = p_county and o.township_code = p_township and o.person_id = v_person
       and o.starts <= v_today and (o.ends is null or o.ends > v_today);
  end if;
  if p_key is not null then
    v_busy := not pg_try_advisory_xact_lock(hashtextextended(p_account::text || ' ' || p_operation || ' ' || p_key, 0));
    if not v_busy then
      select json_build_object('fingerprint', r.fingerprint, 'status', r.status, 'body', r.body, 'headers', r.headers,
                               'log', r.log, 'seq', r.seq) into v_stored
        from retries r
       where r.county_code = p_county and r.township_code = p_township and r.account_id = p_account
         and r.operation = p_operation and r.key = p_key and r.created_at > now() - interval '90 days';
    end if;
  end if;
  return json_build_object('account', v_account, 'appointments', v_appointments, 'now', v_now, 'today', v_today,
                           'simulated', v_shift is not null, 'stored', v_stored, 'busy', v_busy);
end $$;

-- The same for a read, which then cannot change anything: what stands beside it in one statement sees the context.
create function enter_to_read(p_county text, p_township text, p_account uuid) returns text language plpgsql as $$
begin
  set local transaction_read_only = on;
  return enter(p_county, p_township, p_account, null, null);
end $$;

-- Append entries to one log: leaf hashes, frontier and root by RFC 9162, and the root of every tile that is full. Returns the last sequence number.
-- It runs as the log's own role; the caller's context says which logs it may append to.
create function log_append(p_log text, p_leaves bytea[], p_events text[], p_subjects uuid[], p_helpers uuid[],
                           p_households uuid[], p_disclosed text[], p_at timestamptz)
returns bigint language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  v_county text := nullif(current_setting('app.county', true), '');
  n bigint; m bigint; f bytea; h bytea; r bytea; k int; j int; lh bytea;
begin
  if v_county is null or p_log not in (current_setting('app.township', true), v_county) then
    raise insufficient_privilege using message = 'this log is not open to the caller';
  end if;
  select size, frontier into strict n, f from log_head
   where county_code = v_county and township_code = p_log for update;
  for i in 1 .. cardinality(p_leaves) loop
    lh := sha256('\x00'::bytea || p_leaves[i]);
    h := lh; m := n; k := length(f) / 32; j := 0;
    while m & 1 = 1 loop
      h := sha256('\x01'::bytea || substring(f from (k - 1) * 32 + 1 for 32) || h); k := k - 1; m := m >> 1; j := j + 1;
      if j % 8 = 0 then
        insert into log_tile (county_code, township_code, level, number, root) values (v_county, p_log, j / 8, m, h);
      end if;
    end loop;
    f := substring(f from 1 for k * 32) || h;
    insert into log_event (county_code, township_code, seq, event, subject_id, helper_id, household_id, at, leaf_hash, leaf, disclosed)
    values (v_county, p_log, n, p_events[i], p_subjects[i], p_helpers[i], p_households[i], p_at, lh, p_leaves[i], p_disclosed[i]::jsonb);
    n := n + 1;
  end loop;
  k := length(f) / 32; r := substring(f from (k - 1) * 32 + 1 for 32);
  for i in reverse k - 2 .. 0 loop r := sha256('\x01'::bytea || substring(f from i * 32 + 1 for 32) || r); end loop;
  update log_head set size = n, frontier = f, root = r where county_code = v_county and township_code = p_log;
  return n - 1;
end $$;

-- The last statement of every command: store the answer under its retry key, append the entries. The answer's body stands beside
-- what is stored of it where one statement makes the record and ends the command. On a cluster it is handed over
-- whole to the node that holds the county, as are `log_sign` and `log_cosign`: there another role may go on in one transaction.
create function finish(p_county text, p_log text, p_account uuid, p_stored text, p_leaves bytea[], p_events text[], p_subjects uuid[],
                       p_helpers uuid[], p_households uuid[], p_disclosed text[], p_at timestamptz, p_body text default null)
returns bigint language plpgsql as $$
declare s json := p_stored::json; v_seq bigint;
begin
  if cardinality(p_leaves) > 0 then
    v_seq := log_append(p_log, p_leaves, p_events, p_subjects, p_helpers, p_households, p_disclosed, p_at);
  end if;
  if s is not null then
    insert into retries (county_code, township_code, account_id, operation, key, fingerprint, status, body, headers, log, seq)
    values (p_county, current_setting('app.township'), p_account, s->>'operation', s->>'key',
            s->>'fingerprint', (s->>'status')::int, coalesce(s->>'body', p_body), (s->'headers')::jsonb,
            case when v_seq is not null then p_log end, v_seq)
    on conflict (county_code, township_code, account_id, operation, key) do update
      set fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body,
          headers = excluded.headers, log = excluded.log, seq = excluded.seq, created_at = excluded.created_at;
  end if;
  return v_seq;
end $$;

-- The first day of a log: an empty tree. Its root is SHA-256 of nothing.
create function log_open(p_county text, p_log text) returns void language plpgsql as $$
begin
  insert into log_head (county_code, township_code, size, frontier, root) values (p_county, p_log, 0, '', sha256(''))
  on conflict do nothing;
end $$;

-- Where does a log stand? Its head, and the newest checkpoint signed, or the one of that size, with what witnesses
-- signed of it; null where there is no log. Statements of one table each: any plan finds by the key, and a cluster plans them.
create function log_standing(p_log text, p_size bigint) returns text language plpgsql stable as $$
declare h record; c record; v_size bigint := p_size; v_signed json;
begin
  select size, root into h from log_head where county_code = left(p_log, 6) and township_code = p_log;
  if not found then
    return null;
  end if;
  if v_size is null then
    select max(size) into v_size from log_checkpoint where county_code = left(p_log, 6) and township_code = p_log;
  end if;
  select root, note, to_char(signed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at into c
    from log_checkpoint where county_code = left(p_log, 6) and township_code = p_log and size = v_size;
  if found then
    select json_build_object('size', v_size, 'root', encode(c.root, 'hex'),
                             'note', c.note || coalesce(string_agg(line, '' order by witness), ''),
                             'at', c.at, 'witnesses', coalesce(json_agg(witness order by witness), '[]')) into v_signed
      from log_cosignature where county_code = left(p_log, 6) and township_code = p_log and size = v_size;
  end if;
  return json_build_object('size', h.size, 'root', encode(h.root, 'hex'), 'signed', v_signed);
end $$;

-- Hashes of a log's tree, run by run: of level 0 those of leaves, above it those of full tiles; null where there are none.
create function log_hashes(p_log text, p_levels int[], p_firsts bigint[], p_ends bigint[])
returns bytea[] language plpgsql stable as $$
begin
  return (
    select array_agg(case r.level
             when 0 then (select string_agg(e.leaf_hash, '' order by e.seq) from log_event e
                           where e.county_code = left(p_log, 6) and e.township_code = p_log
                             and e.seq >= r.first and e.seq < r.ending)
             else (select string_agg(t.root, '' order by t.number) from log_tile t
                    where t.county_code = left(p_log, 6) and t.township_code = p_log and t.level = r.level
                      and t.number >= r.first and t.number < r.ending) end order by r.place)
      from unnest(p_levels, p_firsts, p_ends) with ordinality r (level, first, ending, place));
end $$;

-- Keep what is being signed of a log; false where it stands already. It runs as the log's own role; the application cannot take it back.
create function log_sign(p_county text, p_log text, p_size bigint, p_root bytea, p_note text) returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
declare v_county text := nullif(current_setting('app.county', true), '');
begin
  if v_county is null or p_county <> v_county or left(p_log, 6) <> v_county
     or not (p_log in (current_setting('app.township', true), v_county) or current_setting('app.reach', true) = 'county') then
    raise insufficient_privilege using message = 'this log is not open to the caller';
  end if;
  perform from log_head where county_code = v_county and township_code = p_log
      and (size > p_size or (size = p_size and root = p_root));
  if not found then
    raise check_violation using message = 'this is no head of the log';
  end if;
  insert into log_checkpoint (county_code, township_code, size, root, note) values (v_county, p_log, p_size, p_root, p_note)
  on conflict do nothing;
  return found;
end $$;

-- Keep what a witness signed of a checkpoint. It runs as the log's own role; the application cannot take it back.
create function log_cosign(p_county text, p_log text, p_size bigint, p_witness text, p_line text) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if p_county is distinct from nullif(current_setting('app.county', true), '') then
    return;
  end if;
  perform from log_checkpoint where county_code = p_county and township_code = p_log and size = p_size;
  if found then
    insert into log_cosignature (county_code, township_code, size, witness, line) values (p_county, p_log, p_size, p_witness, p_line)
    on conflict do nothing;
  end if;
end $$;

-- How much of a log has this witness signed? 0 where nothing.
create function log_cosigned(p_log text, p_witness text) returns bigint language plpgsql stable as $$
begin
  return (select coalesce(max(s.size), 0) from log_cosignature s
           where s.county_code = left(p_log, 6) and s.township_code = p_log and s.witness = p_witness);
end $$;

-- In which township is this committed round? No secret, and all that is needed to show its proof without a sign-in.
-- Clients choose ids: who gives his round the id of one that is committed elsewhere does not take its place.
create function place_of_round(p_id uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
  return (select township_code from inspection_rounds where id = p_id and committed_at is not null
           order by committed_at limit 1);
end $$;

-- The context of a committed round's township for somebody who did not sign in; where its commitment stands in the log, and
-- the first cosigned checkpoint that covers it, else the first signed one, or the newest there is; null where no such round is committed.
create function round_in_log(p_id uuid, p_account uuid) returns text language plpgsql as $$
declare v_log text := place_of_round(p_id); v_seq bigint; v_size bigint;
begin
  if v_log is null then
    return null;
  end if;
  perform enter(left(v_log, 6), v_log, p_account, null, null);
  select seq into v_seq from log_event e
   where e.county_code = left(v_log, 6) and e.township_code = v_log and e.subject_id = p_id
     and e.event = 'inspection_round.committed';
  select min(s.size) into v_size from log_cosignature s
   where s.county_code = left(v_log, 6) and s.township_code = v_log and s.size > v_seq;
  if v_size is null then
    select min(c.size) into v_size from log_checkpoint c
     where c.county_code = left(v_log, 6) and c.township_code = v_log and c.size > v_seq;
  end if;
  return json_build_object('log', v_log, 'seq', v_seq, 'standing', log_standing(v_log, v_size)::json);
end $$;

-- Forget what is over, of each kind so many rows at the most; how many went. It runs as a role to whom the policies show nothing
-- else, with no place of the caller's.
create function sweep(p_many int) returns bigint language plpgsql security definer set search_path = pg_catalog, public as $$
declare n bigint; v_total bigint := 0;
begin
  set local app.county = '';
  delete from sessions t using (select county_code, township_code, id from sessions limit p_many) o
   where (t.county_code, t.township_code, t.id) = (o.county_code, o.township_code, o.id);
  get diagnostics n = row_count; v_total := v_total + n;
  delete from retries t using (select county_code, township_code, account_id, operation, key from retries limit p_many) o
   where (t.county_code, t.township_code, t.account_id, t.operation, t.key) = (o.county_code, o.township_code, o.account_id, o.operation, o.key);
  get diagnostics n = row_count; v_total := v_total + n;
  delete from webhook_deliveries t using (select county_code, township_code, id from webhook_deliveries limit p_many) o
   where (t.county_code, t.township_code, t.id) = (o.county_code, o.township_code, o.id);
  get diagnostics n = row_count; v_total := v_total + n;
  delete from sign_in_failures where ctid = any (array(select ctid from sign_in_failures where until <= now() limit p_many));
  get diagnostics n = row_count;
  return v_total + n;
end $$;
