-- What scripts/quickstart describes to the server: a folder of orders that keeps growing, and two
-- questions that are answered for ever. Run it with: psql -h 127.0.0.1 -p 5440 -f examples/orders.sql

CREATE SOURCE IF NOT EXISTS orders (
    id     int8,
    city   text,
    amount numeric(10, 2),
    at     timestamptz,
    WATERMARK FOR at AS at - INTERVAL '3 seconds'
) WITH (connector = 'file', path = 'in/', format = 'json');

CREATE SINK IF NOT EXISTS per_city_files WITH (connector = 'file', path = 'out/', format = 'json');

-- Every ten seconds of event time, one row a city, as soon as it can no longer change.
CREATE STREAM IF NOT EXISTS per_city INTO per_city_files OUTPUT MODE APPEND AS
SELECT window_start, window_end, city, count(*) AS orders, sum(amount) AS revenue
FROM TUMBLE(orders, at, INTERVAL '10 seconds')
GROUP BY window_start, window_end, city;

-- A running total that SELECT can read at any time.
CREATE STREAM IF NOT EXISTS totals OUTPUT MODE UPDATE AS
SELECT city, count(*) AS orders, sum(amount) AS revenue FROM orders GROUP BY city;
