-- Up Migration
-- What clients have used of their limits, all replicas together, by stretches of each limit's period. One writer at a time
-- gives out versions, so that whoever has seen one has seen all before it.
CREATE SEQUENCE used_version;
CREATE TABLE used (
  scope text NOT NULL, bound text NOT NULL, slot double precision NOT NULL, units double precision NOT NULL,
  expires double precision NOT NULL, version bigint NOT NULL, PRIMARY KEY (scope, bound, slot)
);
CREATE INDEX used_by_version ON used (version);
CREATE INDEX used_by_expires ON used (expires);
-- Responses that clients asked to keep.
CREATE TABLE response (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client text NOT NULL, id text NOT NULL, previous text,
  native boolean NOT NULL, made double precision NOT NULL, size double precision NOT NULL, items text NOT NULL,
  response text NOT NULL, UNIQUE (client, id)
);
CREATE INDEX response_by_made ON response (made);
