-- Row-level security on every tenant's table, and the rights of the application's role.
-- Policies are comparisons within one `coalesce`, of which the planner supposes that half of the rows pass. A bare one it
-- judges by the setting as it is when it plans, and a read's plan is made before its door has set any: then it supposes
-- that no row passes, and sorts or hashes all of a county where a list needs the first fifty rows of an index.
do $$
declare t text;
  v_sealed constant text[] := array['log_head', 'log_event', 'log_tile', 'log_checkpoint', 'log_cosignature'];
  v_followed constant text[] := array['imports', 'webhooks'];
  v_reach constant text := $r$ coalesce(county_code = nullif(current_setting('app.county', true), '')
    and (township_code = nullif(current_setting('app.township', true), '')
         or current_setting('app.reach', true) = 'county'), false) $r$;
  v_logs constant text := $r$ coalesce(county_code = '0' or (county_code = nullif(current_setting('app.county', true), '')
    and (township_code in (current_setting('app.township', true), current_setting('app.county', true))
         or current_setting('app.reach', true) = 'county')), false) $r$;
begin
  execute format('grant usage on schema public to huayuan_app, huayuan_log');
  for t in select c.table_name::text from information_schema.tables c
            where c.table_schema = 'public' and c.table_type = 'BASE TABLE' and c.table_name <> 'alembic_version' loop
    if exists (select from information_schema.columns k
                where k.table_schema = 'public' and k.table_name = t and k.column_name = 'township_code') then
      execute format('alter table %I enable row level security', t);
      execute format('alter table %I force row level security', t);
      execute format('create policy tenant on %I using (%s) with check (%s)', t,
                     case when t = any (v_sealed) then v_logs else v_reach end,
                     case when t = any (v_sealed) then v_logs else v_reach end);
      -- A township lies in one county: as independent conditions the two would seem to leave next to nothing.
      execute format('create statistics %I (dependencies) on county_code, township_code from %I', 'st_' || t, t);
      if t = any (v_sealed) then
        execute format('grant select on %I to huayuan_app', t);
      else
        execute format('grant select, insert, update on %I to huayuan_app', t);
      end if;
    else
      execute format('grant select on %I to huayuan_app', t);
    end if;
  end loop;
  grant select, insert, update on log_head to huayuan_log;
  grant select, insert on log_event, log_tile, log_checkpoint, log_cosignature to huayuan_log;
  grant insert, update, delete on clock, sign_in_failures to huayuan_app;
  revoke update on signoff_signatures, signoff_substitutes, signoff_acknowledgements, signoff_codes from huayuan_app;
  grant update (voided_at, voided_by) on signoff_signatures to huayuan_app;
  grant update (used_at, voided_at) on signoff_codes to huayuan_app;
  grant usage on schema public to huayuan_public;
  grant select (id, county_code, township_code, committed_at) on inspection_rounds to huayuan_public;
  create policy published on inspection_rounds for select to huayuan_public using (committed_at is not null);
  grant usage on schema queue to huayuan_work; -- the worker's role alone: the API's has no right there
  grant select, insert, update, delete on all tables in schema queue to huayuan_work;
  grant usage on all sequences in schema queue to huayuan_work;
  grant usage on schema public to huayuan_work;
  foreach t in array v_followed loop -- of these it sees where there is work, and nothing else
    execute format('grant select (county_code, township_code, state) on %I to huayuan_work', t);
    execute format('create policy work on %I for select to huayuan_work using (true)', t);
  end loop;
  grant usage on schema public to huayuan_sweep;
  grant select, delete on sessions, retries, sign_in_failures, webhook_deliveries to huayuan_sweep;
  create policy is_over on sessions to huayuan_sweep
    using (least(expires_at, coalesce(revoked_at, expires_at)) < now() - interval '30 days');
  create policy is_over on webhook_deliveries to huayuan_sweep
    using (state = 'delivered' and last_at < now() - interval '90 days');
  create policy is_over on retries to huayuan_sweep using (created_at < now() - interval '90 days');
  grant create on schema public to huayuan_public, huayuan_log, huayuan_sweep;  -- a function's new owner must be able to make it
  alter function place_of_round owner to huayuan_public;
  revoke execute on function place_of_round from public;
  grant execute on function place_of_round to huayuan_app;
  grant select on alembic_version to huayuan_app; -- /readyz tells the migration
  alter function sweep owner to huayuan_sweep;
  alter function log_append owner to huayuan_log;
  alter function log_sign owner to huayuan_log;
  alter function log_cosign owner to huayuan_log;
  revoke create on schema public from huayuan_public, huayuan_log, huayuan_sweep;
  revoke execute on function log_append, log_sign, log_cosign, sweep from public;
  grant execute on function log_append, log_sign, log_cosign, sweep to huayuan_app;
end $$;
