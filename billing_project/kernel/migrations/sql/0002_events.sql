-- Append-only rows, and business events by month. SQLSTATE 23514 makes Django raise IntegrityError.

CREATE FUNCTION kernel_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = '23514';
END
$$;

DROP TABLE kernel_businessevent;

CREATE TABLE kernel_businessevent (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind varchar(40) NOT NULL,
    account_id bigint NOT NULL,
    customer_id bigint,
    subscription_id bigint,
    happened_at timestamptz NOT NULL,
    actor varchar(60) NOT NULL,
    on_behalf_of varchar(60) NOT NULL,
    data jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (account_id, happened_at, id)
) PARTITION BY RANGE (happened_at);

CREATE INDEX kernel_businessevent_id ON kernel_businessevent (id);
-- The customer's timeline, page by page from the newest.
CREATE INDEX kernel_businessevent_customer ON kernel_businessevent (customer_id, happened_at, id);

CREATE TABLE kernel_businessevent_default PARTITION OF kernel_businessevent DEFAULT;

CREATE TRIGGER kernel_businessevent_append_only
    BEFORE UPDATE OR DELETE ON kernel_businessevent
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();

CREATE TRIGGER kernel_statechange_append_only
    BEFORE UPDATE OR DELETE ON kernel_statechange
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
