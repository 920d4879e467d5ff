-- Up Migration
-- One writer at a time gives out versions, so that whoever has seen one has seen all before it. What is gone stays
-- for a while as a row without a document, for those who have not heard.
CREATE SEQUENCE document_version;
CREATE TABLE document (
  kind text NOT NULL,
  id text NOT NULL,
  document json,
  version bigint NOT NULL DEFAULT nextval('document_version'),
  changed timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, id)
);
CREATE INDEX document_by_version ON document (version);
