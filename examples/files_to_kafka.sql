-- Files to Kafka: the stock of each article, kept current in a compacted topic. Each file in stock/
-- holds movements such as {"article": "nut", "moved": -3}.
-- Run it with: psql -h 127.0.0.1 -p 5440 -v brokers=127.0.0.1:9092 -f examples/files_to_kafka.sql
\if :{?brokers}
\else
    \set brokers 127.0.0.1:9092
\endif

CREATE SOURCE movements (article text, moved int8)
WITH (connector = 'file', path = 'stock/', format = 'json');

-- envelope = 'upsert': the newest message of a key counts, and one without a value says that the key
-- is gone. Here an article of which nothing is left.
CREATE SINK kafka_stock WITH (connector = 'kafka', brokers = :'brokers', topic = 'stock',
    envelope = 'upsert', key = 'article', format = 'json', create_topic = true);

CREATE STREAM stock INTO kafka_stock OUTPUT MODE UPDATE AS
SELECT article, sum(moved) AS pieces
FROM movements GROUP BY article HAVING sum(moved) > 0;
