-- Up Migration
-- Rows are written in batches, one batch at a time among all replicas, so that numbers are seen in their order. `total` is
-- how much was ever written up to a row, in bytes: what is kept now is the newest total less the oldest.
CREATE SEQUENCE request_number;
CREATE TABLE request (
  number bigint PRIMARY KEY, total double precision NOT NULL, id text, at bigint NOT NULL, client text, model text NOT NULL,
  stream smallint NOT NULL, outcome text NOT NULL, provider text, upstream_model text, key text,
  attempts double precision NOT NULL, queue_ms double precision NOT NULL, first_ms double precision,
  total_ms double precision NOT NULL, input_tokens double precision, output_tokens double precision,
  cached_tokens double precision, cache_write_tokens double precision, reasoning_tokens double precision,
  max_tokens double precision, cost double precision, error text, detail text
);
CREATE INDEX request_by_at ON request (at);
CREATE INDEX request_by_id ON request (id);
CREATE INDEX request_by_total ON request (total);
CREATE TABLE request_body (
  number bigint PRIMARY KEY REFERENCES request ON DELETE CASCADE, request text NOT NULL, sent text, answer text
);
CREATE TABLE spend (
  day text NOT NULL, client text NOT NULL, provider text NOT NULL, key text NOT NULL, model text NOT NULL,
  requests double precision NOT NULL, input_tokens double precision NOT NULL, output_tokens double precision NOT NULL,
  cost double precision NOT NULL, PRIMARY KEY (day, client, provider, key, model)
);
-- Who has written a batch and lost the answer writes it again: this tells that it is there.
CREATE TABLE request_batch (id uuid PRIMARY KEY, written timestamptz NOT NULL DEFAULT now());
