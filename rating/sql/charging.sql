-- Online charging, one call for what is read and one for what is written (docs/online_charging.md).
-- Locks are taken in this order everywhere: session, reserved units, balance.

-- Units left of the counters of a service in the periods that hold a moment: rows of
-- [owner's account, owner, allowance, period, granted, used, reserved], null if there are none.
CREATE OR REPLACE FUNCTION rating_charging_counters(
    p_subscription_id bigint, p_at timestamptz, p_zone text
) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    day date := (p_at AT TIME ZONE p_zone)::date;
    periods integer[] := ARRAY[
        0,
        to_char(day, 'YYYYMM')::integer,
        to_char(date_trunc('month', day), 'YYYYMMDD')::integer,
        to_char(date_trunc('week', day), 'YYYYMMDD')::integer,
        to_char(day, 'YYYYMMDD')::integer
    ];
BEGIN
    RETURN (
        SELECT json_agg(json_build_array(account_id, subscription_id, allowance_id, period,
                                         granted, used, reserved))
          FROM (
            SELECT coalesce(c.account_id, h.account_id) AS account_id,
                   coalesce(c.subscription_id, h.subscription_id) AS subscription_id,
                   coalesce(c.allowance_id, h.allowance_id) AS allowance_id,
                   coalesce(c.period, h.period) AS period, c.granted + c.carried AS granted, coalesce(c.used, 0) AS used,
                   coalesce(h.reserved, 0) AS reserved
              FROM (SELECT * FROM rating_allowanceuse u
                     WHERE u.account_id = (SELECT s.account_id FROM accounts_subscription s
                                            WHERE s.id = p_subscription_id)
                       AND u.subscription_id = p_subscription_id AND u.period = ANY(periods)) AS c
              FULL JOIN (SELECT * FROM rating_allowancehold u
                     WHERE u.account_id = (SELECT s.account_id FROM accounts_subscription s
                                            WHERE s.id = p_subscription_id)
                       AND u.subscription_id = p_subscription_id AND u.period = ANY(periods)) AS h
                ON h.allowance_id = c.allowance_id AND h.period = c.period
          ) AS found
    );
END
$$;

-- An answer of another shape can't be put in the place of a function.
DROP FUNCTION IF EXISTS rating_charging_look(bigint, text, bigint, timestamptz, text);

-- All that an answer needs: the session, if it is known, and who pays with what.
CREATE OR REPLACE FUNCTION rating_charging_look(
    p_client_id bigint, p_session text, p_key bigint, p_at timestamptz, p_zone text,
    OUT id bigint, OUT kind smallint, OUT started_at bigint, OUT subscriber text,
    OUT other_number bigint, OUT session_plan_version_id integer, OUT deck_version_id integer,
    OUT zone_id smallint, OUT used bigint, OUT granted bigint, OUT session_held numeric,
    OUT units text, OUT sequence bigint, OUT fingerprint bigint, OUT answer text,
    OUT ending text, OUT is_booked boolean, OUT amount numeric,
    OUT account_id bigint, OUT subscription_id bigint, OUT account_kind text, OUT state text,
    OUT level text, OUT plan_version_id bigint, OUT money numeric, OUT held numeric,
    OUT floor numeric, OUT counters text, OUT packages bigint[], OUT has_guard boolean,
    OUT group_owner_id bigint, OUT group_account_id bigint, OUT group_plan_version_id bigint, OUT group_packages bigint[],
    OUT caps bigint[], OUT shared_counters text, OUT taken_of_shared text, OUT own_decks text
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    s rating_chargingsession%ROWTYPE;
    payer record;
    moment timestamptz := p_at;
BEGIN
    IF p_session IS NOT NULL THEN
        SELECT * INTO s FROM rating_chargingsession c
         WHERE c.client_id = p_client_id AND c.session_key = p_session
         ORDER BY c.id LIMIT 1;
        IF FOUND THEN
            id := s.id; kind := s.kind; started_at := extract(epoch FROM s.started_at);
            subscriber := s.subscriber; other_number := s.other_number;
            session_plan_version_id := s.plan_version_id; deck_version_id := s.deck_version_id;
            zone_id := s.zone_id; used := s.used; granted := s.granted; session_held := s.held;
            units := s.units; sequence := s.sequence; fingerprint := s.fingerprint;
            answer := s.answer; ending := CASE WHEN s.ended_at IS NOT NULL THEN s.ending END;
            is_booked := s.booked_at IS NOT NULL; amount := s.amount; subscription_id := s.subscription_id;
            moment := s.started_at;
        END IF;
    END IF;
    IF subscription_id IS NULL AND p_key IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO payer FROM accounts_payer(p_key, subscription_id, moment);
    subscription_id := payer.subscription_id;
    account_id := payer.account_id; account_kind := payer.account_kind; state := payer.state;
    plan_version_id := payer.plan_version_id; money := payer.money; held := payer.held;
    floor := payer.floor;
    SELECT n.confirmed ->> 'level' INTO level FROM provisioning_networkstate n
     WHERE n.subscription_id = payer.subscription_id;
    counters := rating_charging_counters(payer.subscription_id, moment, p_zone);
    SELECT array_agg(p.package_version_id) INTO packages FROM accounts_packageassignment p
     WHERE p.account_id = payer.account_id AND p.subscription_id = payer.subscription_id
       AND tstzrange(p.active_from, p.active_to) @> moment;
    -- A company's own decks, by its days: rows of [kind of usage, deck].
    SELECT json_agg(json_build_array(d.usage_kind, d.deck_id)) INTO own_decks
      FROM accounts_account a JOIN accounts_deckoverride d ON d.customer_id = a.customer_id
     WHERE a.id = payer.account_id
       AND daterange(d.active_from, d.active_to) @> (moment AT TIME ZONE p_zone)::date;
    has_guard := EXISTS (SELECT 1 FROM rating_spendingguard g
                          WHERE g.subscription_id = payer.subscription_id);
    SELECT g.owner_id, ARRAY[m.cap_voice, m.cap_sms, m.cap_data] INTO group_owner_id, caps
      FROM rating_allowancegroupmember m JOIN rating_allowancegroup g ON g.id = m.group_id
     WHERE m.subscription_id = payer.subscription_id
       AND tstzrange(m.active_from, m.active_to) @> moment;
    IF group_owner_id IS NULL THEN
        RETURN;
    END IF;
    SELECT p.account_id, p.plan_version_id INTO group_account_id, group_plan_version_id
      FROM accounts_payer(NULL, group_owner_id, moment) AS p;
    SELECT array_agg(p.package_version_id) INTO group_packages FROM accounts_packageassignment p
     WHERE p.subscription_id = group_owner_id
       AND tstzrange(p.active_from, p.active_to) @> moment;
    shared_counters := rating_charging_counters(group_owner_id, moment, p_zone);
    -- What the member has taken, and what its sessions hold: rows of [allowance, period, units].
    SELECT json_agg(json_build_array(t.number, t.period, t.quantity)) INTO taken_of_shared
      FROM (SELECT r.number, r.period, r.quantity FROM rating_runningtotal r
             WHERE r.account_id = payer.account_id AND r.subscription_id = payer.subscription_id
               AND r.meter = 2
            UNION ALL
            SELECT (u ->> 2)::integer, (u ->> 3)::integer, (u ->> 4)::bigint
              FROM rating_chargingsession c, jsonb_array_elements(c.units) AS u
             WHERE c.account_id = payer.account_id AND c.booked_at IS NULL
               AND c.subscription_id = payer.subscription_id
               AND (u ->> 1)::bigint <> c.subscription_id AND c.id IS DISTINCT FROM s.id) AS t;
END
$$;

-- Reserve units and money, or give them back where they are negative. `p_units` are rows of
-- [owner's account, owner, allowance, period, change, granted]; the last counts where the counter
-- has no row yet. Units are never reserved twice; money only where `p_is_limited` says so. Answers
-- 'ok', 'units' or 'money' (too few left; then nothing is reserved).
CREATE OR REPLACE FUNCTION rating_charging_take(
    p_account_id bigint, p_amount numeric, p_is_limited boolean, p_units jsonb
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF p_units IS NOT NULL THEN
        INSERT INTO rating_allowancehold (account_id, subscription_id, allowance_id, period, reserved)
        SELECT (r ->> 0)::bigint, (r ->> 1)::bigint, (r ->> 2)::integer, (r ->> 3)::integer, 0
          FROM jsonb_array_elements(p_units) AS r
         ORDER BY 1, 2, 3, 4
        ON CONFLICT (account_id, subscription_id, allowance_id, period) DO NOTHING;
        PERFORM 1 FROM rating_allowancehold h
          JOIN jsonb_array_elements(p_units) AS r
            ON h.account_id = (r ->> 0)::bigint AND h.subscription_id = (r ->> 1)::bigint
           AND h.allowance_id = (r ->> 2)::integer AND h.period = (r ->> 3)::integer
         ORDER BY h.account_id, h.subscription_id, h.allowance_id, h.period
           FOR NO KEY UPDATE OF h;
        -- A statement of its own sees what those did who held the locks before.
        IF EXISTS (
            SELECT 1 FROM jsonb_array_elements(p_units) AS r
              JOIN rating_allowancehold h
                ON h.account_id = (r ->> 0)::bigint AND h.subscription_id = (r ->> 1)::bigint
               AND h.allowance_id = (r ->> 2)::integer AND h.period = (r ->> 3)::integer
              LEFT JOIN rating_allowanceuse c
                ON c.account_id = h.account_id AND c.subscription_id = h.subscription_id
               AND c.allowance_id = h.allowance_id AND c.period = h.period
             WHERE (r ->> 4)::bigint > 0
               AND coalesce(c.granted + c.carried, (r ->> 5)::bigint) - coalesce(c.used, 0) - h.reserved
                   < (r ->> 4)::bigint
        ) THEN
            RETURN 'units';
        END IF;
    END IF;
    IF p_amount <> 0 AND accounts_hold(p_account_id, p_amount, p_is_limited) IS NULL THEN
        RETURN 'money';
    END IF;
    IF p_units IS NOT NULL THEN
        UPDATE rating_allowancehold h SET reserved = h.reserved + (r ->> 4)::bigint
          FROM jsonb_array_elements(p_units) AS r
         WHERE h.account_id = (r ->> 0)::bigint AND h.subscription_id = (r ->> 1)::bigint
           AND h.allowance_id = (r ->> 2)::integer AND h.period = (r ->> 3)::integer
           AND (r ->> 4)::bigint <> 0;
    END IF;
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
