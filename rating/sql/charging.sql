-- Online charging, one call for what is read and one for what is written (docs/online_charging.md).
-- Locks are taken in this order everywhere: session, reserved units, balance.

-- Functions in SQL name columns that later migrations add; this file is laid by several.
SET LOCAL check_function_bodies = off;

-- What was used and is reserved of the counters of a service; one may have rows in both tables.
-- In SQL, so that it is planned into the statement that asks.
DROP FUNCTION IF EXISTS rating_charging_counters(bigint, timestamptz, text);
CREATE OR REPLACE FUNCTION rating_charging_counters(
    p_account_id bigint, p_subscription_id bigint, p_periods integer[]
) RETURNS TABLE (allowance_id integer, period integer, granted bigint, used bigint, reserved bigint)
LANGUAGE sql STABLE AS $$
    SELECT c.allowance_id, c.period, c.granted + c.carried, c.used, 0::bigint
      FROM rating_allowanceuse c
     WHERE c.account_id = p_account_id AND c.subscription_id = p_subscription_id
       AND c.period = ANY(p_periods)
    UNION ALL
    SELECT h.allowance_id, h.period, NULL::bigint, 0::bigint, h.reserved
      FROM rating_allowancehold h
     WHERE h.account_id = p_account_id AND h.subscription_id = p_subscription_id
       AND h.period = ANY(p_periods)
$$;

-- An answer of another shape can't be put in the place of a function.
DROP FUNCTION IF EXISTS rating_charging_look(bigint, text, bigint, timestamptz, text);

-- All that an answer needs, as JSON: [session, payer, group], each null where there is none.
-- One text and few statements: columns and executor starts are most of what a look costs. The
-- values stand as in `Seen` (rating/queries/charging_looks.py); money is text.
CREATE OR REPLACE FUNCTION rating_charging_look(
    p_client_id bigint, p_session text, p_key bigint, p_at timestamptz, p_zone text
) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    session_id bigint;
    payer_id bigint;
    moment timestamptz := p_at;
    day date;
    number integer;
    periods integer[];
    owner_id bigint;
    caps bigint[];
    session json;
    payer json;
    shared json;
BEGIN
    IF p_session IS NOT NULL THEN
        SELECT c.id, c.subscription_id, c.started_at, json_build_array(
                   c.id, c.kind, extract(epoch FROM c.started_at)::bigint, c.subscriber,
                   c.other_number, c.plan_version_id, c.deck_version_id, c.zone_id, c.used,
                   c.granted, c.held::text, c.units, c.sequence, c.fingerprint, c.answer,
                   CASE WHEN c.ended_at IS NOT NULL THEN c.ending END, c.booked_at IS NOT NULL,
                   c.amount::text)
          INTO session_id, payer_id, moment, session
          FROM rating_chargingsession c
         WHERE c.client_id = p_client_id AND c.session_key = p_session
         -- An expression: by the column itself a plan may walk all sessions in the order of their ids.
         ORDER BY c.id + 0 LIMIT 1;
        moment := coalesce(moment, p_at);
    END IF;
    IF payer_id IS NULL AND p_key IS NULL THEN
        RETURN '[null,null,null]';
    END IF;
    day := (moment AT TIME ZONE p_zone)::date;
    number := to_char(day, 'YYYYMMDD')::integer;
    periods := ARRAY[0, number / 100, number / 100 * 100 + 1,
                     to_char(date_trunc('week', day), 'YYYYMMDD')::integer, number];
    SELECT s.id, m.owner_id, m.caps, json_build_array(
               s.account_id, s.id, a.kind, s.state,
               (SELECT n.confirmed ->> 'level' FROM provisioning_networkstate n
                 WHERE n.subscription_id = s.id),
               (SELECT p.plan_version_id FROM accounts_planassignment p
                 WHERE p.account_id = s.account_id AND p.subscription_id = s.id
                   AND tstzrange(p.active_from, p.active_to) @> moment),
               b.money::text, b.held::text, b.floor::text,
               (SELECT json_agg(json_build_array(c.allowance_id, c.period, c.granted, c.used,
                                                 c.reserved))
                  FROM rating_charging_counters(s.account_id, s.id, periods) AS c),
               (SELECT json_agg(p.package_version_id) FROM accounts_packageassignment p
                 WHERE p.account_id = s.account_id AND p.subscription_id = s.id
                   AND tstzrange(p.active_from, p.active_to) @> moment),
               EXISTS (SELECT FROM rating_spendingguard g WHERE g.subscription_id = s.id),
               -- A company's own decks, by its days: rows of [kind of usage, deck].
               (SELECT json_agg(json_build_array(d.usage_kind, d.deck_id))
                  FROM accounts_deckoverride d
                 WHERE d.customer_id = a.customer_id
                   AND daterange(d.active_from, d.active_to) @> day))
      INTO payer_id, owner_id, caps, payer
      FROM accounts_subscription s
      JOIN accounts_account a ON a.id = s.account_id
      JOIN accounts_accountbalance b ON b.account_id = s.account_id
      LEFT JOIN LATERAL (
            SELECT g.owner_id, ARRAY[i.cap_voice, i.cap_sms, i.cap_data] AS caps
              FROM rating_allowancegroupmember i JOIN rating_allowancegroup g ON g.id = i.group_id
             WHERE i.subscription_id = s.id AND tstzrange(i.active_from, i.active_to) @> moment
           ) AS m ON true
     -- Who pays: by the session, else by the number or login, as accounts_payer says it.
     WHERE s.id = coalesce(payer_id, (
               SELECT u.subscription_id FROM accounts_identifieruse u
                WHERE u.key = p_key AND tstzrange(u.active_from, u.active_to) @> p_at));
    IF owner_id IS NOT NULL THEN
        shared := rating_charging_shared(payer_id, owner_id, caps, session_id, moment, periods);
    END IF;
    RETURN json_build_array(session, payer, shared)::text;
END
$$;

-- What the owner of a group shares with a member, and what the member took of it:
-- [owner, its account, its plan, its packages, caps, its counters, rows of [allowance, period, units]].
CREATE OR REPLACE FUNCTION rating_charging_shared(
    p_member_id bigint, p_owner_id bigint, p_caps bigint[], p_session_id bigint, p_at timestamptz,
    p_periods integer[]
) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_array(
               p_owner_id, o.account_id, o.plan_version_id,
               (SELECT json_agg(p.package_version_id) FROM accounts_packageassignment p
                 WHERE p.subscription_id = p_owner_id
                   AND tstzrange(p.active_from, p.active_to) @> p_at),
               p_caps,
               (SELECT json_agg(json_build_array(c.allowance_id, c.period, c.granted, c.used,
                                                 c.reserved))
                  FROM rating_charging_counters(o.account_id, p_owner_id, p_periods) AS c),
               (SELECT json_agg(json_build_array(t.number, t.period, t.quantity))
                  FROM (SELECT r.number, r.period, r.quantity FROM rating_runningtotal r
                         WHERE r.account_id = s.account_id AND r.subscription_id = s.id
                           AND r.meter = 2
                        UNION ALL
                        -- What its other sessions hold.
                        SELECT (u ->> 2)::integer, (u ->> 3)::integer, (u ->> 4)::bigint
                          FROM rating_chargingsession c, jsonb_array_elements(c.units) AS u
                         WHERE c.account_id = s.account_id AND c.booked_at IS NULL
                           AND c.subscription_id = s.id
                           AND (u ->> 1)::bigint <> c.subscription_id
                           AND c.id IS DISTINCT FROM p_session_id) AS t))
      FROM accounts_subscription s, accounts_payer(NULL, p_owner_id, p_at) AS o
     WHERE s.id = p_member_id
$$;

-- Reserve units and money, or give them back where they are negative. `p_units` are rows of
-- [owner's account, owner, allowance, period, change, granted]; the last counts where the counter
-- has no row yet. Units are never reserved twice; money only where `p_is_limited` says so. Answers
-- 'ok', 'units' or 'money' (too few left; then nothing is reserved).
CREATE OR REPLACE FUNCTION rating_charging_take(
    p_account_id bigint, p_amount numeric, p_is_limited boolean, p_units jsonb
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    unit jsonb;
    taken bigint;
    left_over bigint;
    last_unit integer := coalesce(jsonb_array_length(p_units), 0) - 1;
BEGIN
    -- One at a time, in the order they come in, which is that of their keys: so they are locked.
    FOR i IN 0 .. last_unit LOOP
        unit := p_units -> i;
        LOOP
            SELECT h.reserved INTO taken FROM rating_allowancehold h
             WHERE h.account_id = (unit ->> 0)::bigint AND h.subscription_id = (unit ->> 1)::bigint
               AND h.allowance_id = (unit ->> 2)::integer AND h.period = (unit ->> 3)::integer
               FOR NO KEY UPDATE;
            EXIT WHEN FOUND;
            INSERT INTO rating_allowancehold (account_id, subscription_id, allowance_id, period, reserved)
            VALUES ((unit ->> 0)::bigint, (unit ->> 1)::bigint, (unit ->> 2)::integer,
                    (unit ->> 3)::integer, 0)
            ON CONFLICT (account_id, subscription_id, allowance_id, period) DO NOTHING;
        END LOOP;
        IF (unit ->> 4)::bigint > 0 THEN
            -- A statement of its own sees what those did who held the locks before.
            SELECT c.granted + c.carried - c.used INTO left_over FROM rating_allowanceuse c
             WHERE c.account_id = (unit ->> 0)::bigint AND c.subscription_id = (unit ->> 1)::bigint
               AND c.allowance_id = (unit ->> 2)::integer AND c.period = (unit ->> 3)::integer;
            IF coalesce(left_over, (unit ->> 5)::bigint) - taken < (unit ->> 4)::bigint THEN
                RETURN 'units';
            END IF;
        END IF;
    END LOOP;
    IF p_amount <> 0 AND accounts_hold(p_account_id, p_amount, p_is_limited) IS NULL THEN
        RETURN 'money';
    END IF;
    FOR i IN 0 .. last_unit LOOP
        unit := p_units -> i;
        UPDATE rating_allowancehold h SET reserved = h.reserved + (unit ->> 4)::bigint
         WHERE h.account_id = (unit ->> 0)::bigint AND h.subscription_id = (unit ->> 1)::bigint
           AND h.allowance_id = (unit ->> 2)::integer AND h.period = (unit ->> 3)::integer;
    END LOOP;
    RETURN 'ok';
END
$$;

-- Begin a session. Answers as `rating_charging_take`, or 'known': somebody was first.
CREATE OR REPLACE FUNCTION rating_charging_begin(
    p_is_limited boolean, p_changes jsonb, p_client_id bigint, p_session text, p_account_id bigint,
    p_subscription_id bigint, p_kind integer, p_source_id integer, p_record_key bigint,
    p_subscriber text, p_other_number bigint, p_started_at bigint, p_plan_version_id integer,
    p_deck_version_id integer, p_zone_id integer, p_used bigint, p_granted bigint, p_held numeric,
    p_units jsonb, p_sequence bigint, p_fingerprint bigint, p_answer text, p_heard_at timestamptz,
    p_expires_at timestamptz, p_ended_at timestamptz, p_ending text, p_billed bigint,
    p_band_id integer, p_amount numeric, p_bookable_at timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    new_id bigint;
    outcome text;
BEGIN
    INSERT INTO rating_chargingsession (client_id, session_key, account_id, subscription_id, kind,
        source_id, record_key, subscriber, other_number, started_at, plan_version_id,
        deck_version_id, zone_id, used, granted, held, units, sequence, fingerprint, answer,
        heard_at, expires_at, ended_at, ending, ended_by, reason, billed, band_id, amount,
        is_overrun, bookable_at)
    VALUES (p_client_id, p_session, p_account_id, p_subscription_id, p_kind, p_source_id,
        p_record_key, p_subscriber, p_other_number, to_timestamp(p_started_at), p_plan_version_id,
        p_deck_version_id, p_zone_id, p_used, p_granted, p_held, p_units, p_sequence,
        p_fingerprint, p_answer, p_heard_at, p_expires_at, p_ended_at, p_ending, '', '', p_billed,
        p_band_id, p_amount, false, p_bookable_at)
    ON CONFLICT (client_id, session_key, account_id) DO NOTHING
    RETURNING id INTO new_id;
    IF new_id IS NULL THEN
        RETURN 'known';
    END IF;
    outcome := rating_charging_take(p_account_id, p_held, p_is_limited, p_changes);
    IF outcome <> 'ok' THEN
        DELETE FROM rating_chargingsession WHERE id = new_id;
    END IF;
    RETURN outcome;
END
$$;

-- Go on with a running session, or end it. `p_changes` and `p_amount_change` are what is reserved
-- more or less. Answers as `rating_charging_take`, or 'moved': it is not as it was looked at.
CREATE OR REPLACE FUNCTION rating_charging_go_on(
    p_id bigint, p_seen_sequence bigint, p_seen_used bigint, p_is_limited boolean,
    p_changes jsonb, p_started_at bigint, p_used bigint, p_granted bigint, p_held numeric,
    p_units jsonb, p_sequence bigint, p_fingerprint bigint, p_answer text, p_heard_at timestamptz,
    p_expires_at timestamptz, p_ended_at timestamptz, p_ending text, p_ended_by text,
    p_reason text, p_billed bigint, p_band_id integer, p_amount numeric, p_is_overrun boolean,
    p_bookable_at timestamptz, p_booked_at timestamptz, p_is_late boolean, p_booking_lock bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    s rating_chargingsession%ROWTYPE;
    outcome text;
BEGIN
    IF p_is_late THEN
        -- Not while ended sessions are booked: that locks in another order.
        PERFORM pg_advisory_xact_lock_shared(p_booking_lock);
    END IF;
    SELECT * INTO s FROM rating_chargingsession c
     WHERE c.id = p_id AND c.sequence = p_seen_sequence AND c.used = p_seen_used
       AND c.booked_at IS NULL AND (c.ended_at IS NULL OR p_is_late) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'moved';
    END IF;
    outcome := rating_charging_take(s.account_id, p_held - s.held, p_is_limited, p_changes);
    IF outcome = 'ok' THEN
        UPDATE rating_chargingsession c
           SET started_at = to_timestamp(p_started_at), used = p_used, granted = p_granted,
               held = p_held, units = p_units, sequence = p_sequence,
               fingerprint = p_fingerprint, answer = p_answer, heard_at = p_heard_at,
               expires_at = p_expires_at, ended_at = p_ended_at, ending = p_ending,
               ended_by = p_ended_by, reason = p_reason, billed = p_billed, band_id = p_band_id,
               amount = p_amount, is_overrun = p_is_overrun, bookable_at = p_bookable_at,
               booked_at = p_booked_at
         WHERE c.id = p_id;
    END IF;
    RETURN outcome;
END
$$;
