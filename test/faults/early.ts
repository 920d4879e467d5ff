/** Faults before the first content: what an upstream can do instead of answering, and what its key's next request meets. */
import { gzipSync } from 'node:zlib'
import { EVENT_STREAM, JSON_TYPE, ROLE, wholeBody, type Topic, type VendorCall } from './vendor.ts'

export interface EarlyFault {
  act: (call: VendorCall, topic: Topic) => void
  /** May another key answer? */
  retried: boolean
  /** What the client sees when no key can help. */
  status: number
  /** Only where the client asked for a stream, or for none. */
  only?: 'stream' | 'json'
}

const failing = (status: number, headers: Record<string, string> = {}, body?: unknown): EarlyFault['act'] => {
  const text = JSON.stringify(body ?? { error: { message: `vendor says ${status}`, type: 'vendor_error', code: null } })
  return ({ response }) => void response.writeHead(status, { ...JSON_TYPE, ...headers }).end(text)
}

const page: EarlyFault['act'] = ({ response }) =>
  void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>A hotel wants you to log in</html>')

const streaming =
  (text: string): EarlyFault['act'] =>
  ({ response }) =>
    void response.writeHead(200, EVENT_STREAM).end(text)

const raw =
  (text: string): EarlyFault['act'] =>
  ({ socket }) => {
    socket.write(text)
    socket.end()
  }

const errorEvent = 'data: {"error":{"message":"vendor broke","type":"server_error","code":null}}\n\n'

export const EARLY: Record<string, EarlyFault> = {
  'resets the connection': { act: ({ socket }) => socket.resetAndDestroy(), retried: true, status: 502 },
  'closes without an answer': { act: ({ socket }) => socket.end(), retried: true, status: 502 },
  'speaks no HTTP': { act: raw('hello?\r\n\r\n'), retried: true, status: 502 },
  'stops in its head': { act: raw('HTTP/1.1 200 OK\r\ncontent-ty'), retried: true, status: 502 },
  'sends a head without end': {
    act: raw(`HTTP/1.1 200 OK\r\nx-long: ${'a'.repeat(200_000)}\r\n`),
    retried: true,
    status: 502,
  },
  'never answers': { act: () => {}, retried: true, status: 504, only: 'stream' },
  'never answers in time': { act: () => {}, retried: false, status: 504, only: 'json' },
  'is a redirect': { act: failing(302, { location: 'http://127.0.0.1:1/' }), retried: true, status: 502 },
  'finds the request bad': { act: failing(400), retried: false, status: 400 },
  'finds the key bad': { act: failing(401), retried: true, status: 401 },
  'wants money': { act: failing(402), retried: true, status: 402 },
  forbids: { act: failing(403), retried: true, status: 403 },
  'knows no such model': { act: failing(404), retried: false, status: 404 },
  'is slow and says so': { act: failing(408), retried: true, status: 408 },
  'has a conflict': { act: failing(409), retried: true, status: 409 },
  'finds the body too large': { act: failing(413), retried: false, status: 413 },
  'cannot process it': { act: failing(422), retried: false, status: 422 },
  'limits the rate, for long': { act: failing(429, { 'retry-after': '40' }), retried: true, status: 429 },
  'has no quota': {
    act: failing(429, {}, { error: { message: 'no money', type: 'insufficient_quota', code: 'insufficient_quota' } }),
    retried: true,
    status: 429,
  },
  'fails with 500': { act: failing(500), retried: true, status: 500 },
  'fails with 502 and a page': {
    act: ({ response }) => void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>'),
    retried: true,
    status: 502,
  },
  'fails with 503': { act: failing(503), retried: true, status: 503 },
  'fails with 504': { act: failing(504), retried: true, status: 504 },
  'is overloaded with 529': { act: failing(529), retried: true, status: 503 },
  'answers 200 with a page': { act: page, retried: true, status: 502 },
  'answers 200 with nothing': {
    act: ({ response }) => void response.writeHead(200, JSON_TYPE).end(),
    retried: true,
    status: 502,
  },
  'answers 204': { act: ({ response }) => void response.writeHead(204).end(), retried: true, status: 502 },
  'answers 200 with half a body': {
    act: ({ response }, topic) => void response.writeHead(200, JSON_TYPE).end(wholeBody(topic).slice(0, 40)),
    retried: true,
    status: 502,
  },
  'answers 200 with an empty object': {
    act: ({ response }) => void response.writeHead(200, JSON_TYPE).end('{}'),
    retried: true,
    status: 502,
  },
  'answers 200 with no choices': {
    act: ({ response }) => void response.writeHead(200, JSON_TYPE).end('{"id":"x","choices":null}'),
    retried: true,
    status: 502,
  },
  'answers 200 with an error': {
    act: failing(200, {}, { error: { message: 'vendor broke', code: 503 } }),
    retried: true,
    status: 503,
  },
  'promises gzip and sends none': {
    act: ({ response }, topic) =>
      void response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(wholeBody(topic)),
    retried: true,
    status: 502,
  },
  'cuts its gzip short': {
    act: ({ response }, topic) =>
      void response
        .writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' })
        .end(gzipSync(wholeBody(topic)).subarray(0, 60)),
    retried: true,
    status: 502,
  },
  'encodes in a way nobody knows': {
    act: ({ response }) => void response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'rot13' }).end('{}'),
    retried: true,
    status: 502,
  },
  'promises a longer body': {
    act: ({ response, socket }, topic) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': '100000' })
      response.write(wholeBody(topic), () => socket.end())
    },
    retried: true,
    status: 502,
  },
  'streams nothing': { act: streaming(''), retried: true, status: 502 },
  'streams its end only': { act: streaming('data: [DONE]\n\n'), retried: true, status: 502 },
  'streams comments only': { act: streaming(': busy\n\n: busy\n\n'), retried: true, status: 502 },
  'streams an error first': { act: streaming(errorEvent), retried: true, status: 502 },
  'streams a role and an error': { act: streaming(ROLE + errorEvent), retried: true, status: 502 },
  'streams a role and ends': { act: streaming(ROLE), retried: true, status: 502 },
  'streams what is not valid JSON': { act: streaming('data: {oops\n\n'.repeat(40)), retried: true, status: 502 },
  'falls silent after its role': {
    act: ({ response }) => void response.writeHead(200, EVENT_STREAM).write(ROLE),
    retried: true,
    status: 504,
    only: 'stream',
  },
  'resets after its role': {
    act: ({ response, socket }) =>
      void response.writeHead(200, EVENT_STREAM).write(ROLE, () => socket.resetAndDestroy()),
    retried: true,
    status: 502,
  },
}
