-- Kafka to files: an archive of every click, as JSON lines with the place where each came from.
-- Topics that begin with `clicks.` are all read, those also that are made later.
-- Run it with: psql -h 127.0.0.1 -p 5440 -v brokers=127.0.0.1:9092 -f examples/kafka_to_files.sql
\if :{?brokers}
\else
    \set brokers 127.0.0.1:9092
\endif

CREATE SOURCE clicks (
    page        text,
    "user"      text METADATA FROM 'key',
    topic       text METADATA,
    "partition" int4 METADATA,
    "offset"    int8 METADATA,
    sent        timestamptz METADATA FROM 'timestamp'
) WITH (connector = 'kafka', brokers = :'brokers', topic_pattern = 'clicks\..*', format = 'json');

CREATE SINK archive WITH (connector = 'file', path = 'archive/', format = 'json');

CREATE STREAM archive_clicks INTO archive AS
SELECT topic, "partition", "offset", sent, "user", page FROM clicks;
