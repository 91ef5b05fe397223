-- Kafka to Kafka, exactly once: what each city ordered in each minute.
-- Topic `orders` must be there, with values such as
--     {"id": 1, "city": "Oslo", "amount": 12.5, "at": "2026-01-01T10:00:01Z"}
-- Run it with: psql -h 127.0.0.1 -p 5440 -v brokers=127.0.0.1:9092 -f examples/kafka_windows.sql
\if :{?brokers}
\else
    \set brokers 127.0.0.1:9092
\endif

-- The offsets are part of the stream's checkpoint: no consumer group is joined.
CREATE SOURCE kafka_orders (
    id     int8,
    city   text,
    amount numeric(10, 2),
    at     timestamptz,
    WATERMARK FOR at AS at - INTERVAL '5 seconds'
) WITH (connector = 'kafka', brokers = :'brokers', topic = 'orders', format = 'json');

-- One transaction an epoch: read it with isolation.level=read_committed. The city is the message's
-- key, so that a city's rows stay in order in one partition.
CREATE SINK kafka_revenue WITH (connector = 'kafka', brokers = :'brokers', topic = 'revenue',
    key = 'city', format = 'json', create_topic = true, partitions = 2);

CREATE STREAM revenue INTO kafka_revenue OUTPUT MODE APPEND AS
SELECT window_start, city, count(*) AS orders, sum(amount) AS revenue
FROM TUMBLE(kafka_orders, at, INTERVAL '1 minute')
GROUP BY window_start, window_end, city;
