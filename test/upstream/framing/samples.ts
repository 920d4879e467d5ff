/** One sample body a framing, with the events that it holds; odd on purpose. */
import { crc32 } from 'node:zlib'
import type { FramedEvent } from '../../../src/upstream/types.ts'
import type { FRAMINGS } from '../../../src/upstream/response/framing/index.ts'

export interface Sample {
  what: string
  bytes: Uint8Array
  events: FramedEvent[]
  unwrap?: string
}

/** A well-formed frame with text headers. */
export function frame(headers: Record<string, string>, payload: string): Buffer {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const [n, v] = [Buffer.from(name), Buffer.from(value)]
      return Buffer.concat([Buffer.from([n.length]), n, Buffer.from([7, v.length >> 8, v.length & 255]), v])
    }),
  )
  return frameOf(head, Buffer.from(payload))
}

export function frameOf(head: Buffer, body: Buffer): Buffer {
  const prelude = Buffer.alloc(12)
  prelude.writeUInt32BE(16 + head.length + body.length, 0)
  prelude.writeUInt32BE(head.length, 4)
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8)
  const whole = Buffer.concat([prelude, head, body])
  const end = Buffer.alloc(4)
  end.writeUInt32BE(crc32(whole))
  return Buffer.concat([whole, end])
}

const event = (name: string, payload: string): Buffer =>
  frame({ ':message-type': 'event', ':event-type': name, ':content-type': 'application/json' }, payload)

const text = (body: string, ...texts: string[]): { bytes: Uint8Array; events: FramedEvent[] } => ({
  bytes: Buffer.from(body),
  events: texts.map((text) => ({ text })),
})

export const SAMPLES: Record<keyof typeof FRAMINGS, Sample[]> = {
  sse: [
    { what: 'LF and [DONE]', ...text('data: {"a":"ü€😀"}\n\ndata: [DONE]\n\n', '{"a":"ü€😀"}', '[DONE]') },
    { what: 'CRLF', ...text('data: 1\r\n\r\ndata: 2\r\n\r\n', '1', '2') },
    { what: 'lone CR', ...text('data: 1\r\rdata: 2\r\r', '1', '2') },
    { what: 'all line ends mixed', ...text('data: 1\r\n\rdata: 2\n\r\ndata: 3\r\n\n', '1', '2', '3') },
    { what: 'a byte order mark, once', ...text('\uFEFFdata: 1\n\ndata: \uFEFF\n\n', '1', '\uFEFF') },
    { what: 'no space, one space, two spaces', ...text('data:1\n\ndata: 2\n\ndata:  3\n\n', '1', '2', ' 3') },
    { what: 'comments', ...text(': OPENROUTER PROCESSING\n\n:HTTP_STATUS/200\ndata: 1\n:x\n\n:\n', '1') },
    { what: 'many data lines', ...text('data:  upon\ndata: \ndata: a time\n\n', ' upon\n\na time') },
    { what: 'data without colon, and empty data', ...text('data\n\ndata\ndata\n\ndata:\n\n', '', '\n', '') },
    { what: 'unknown fields, id and retry', ...text('id:1\nretry: 5\nfoo: x\nDATA: no\n data: no\ndata: 1\n\n', '1') },
    { what: 'no last line end', ...text('data: 1\n\ndata: 2', '1', '2') },
    { what: 'no last empty line', ...text('data: 1\n\ndata: 2\r\n', '1', '2') },
    {
      what: 'event names, which last for one event',
      bytes: Buffer.from('event: a\ndata: 1\n\ndata: 2\n\nevent:b\ndata: 3\nevent: c\n\nevent: none\n\ndata: 4\n\n'),
      events: [{ name: 'a', text: '1' }, { text: '2' }, { name: 'c', text: '3' }, { text: '4' }],
    },
    {
      what: 'an error field',
      bytes: Buffer.from('data: 1\n\nerror: {"code":500}\n\ndata: 2\nerror: {}'),
      events: [{ text: '1' }, { name: 'error', text: '{"code":500}' }, { text: '2' }, { name: 'error', text: '{}' }],
    },
    { what: 'bare JSON', ...text('data: 1\n\n{"error":\n  {"code": 1}\n}\n', '1', '{"error":\n  {"code": 1}\n}') },
    {
      what: 'bare JSON between fields',
      ...text('{"a":1}\n{"b":2}\ndata: 3\n\n[\n{"c":4}\n]\n\n', '{"a":1}', '{"b":2}', '3', '[\n{"c":4}\n]'),
    },
    { what: 'nothing', ...text('') },
  ],
  ndjson: [
    { what: 'lines', ...text('{"a":"ü😀"}\n\n{"b":1}\r\n  {"c":2}  \n', '{"a":"ü😀"}', '{"b":1}', '{"c":2}') },
    { what: 'no last line end', ...text('\uFEFF{"a":1}\n{"b":2}', '{"a":1}', '{"b":2}') },
    { what: 'nothing', ...text('\n\n') },
  ],
  'json-array': [
    {
      what: 'a streamed list',
      ...text('[{"a":"}],[{ü😀\\"\\\\"}\n,\r\n{"b":[1,{"c":2}]}\n]\n', '{"a":"}],[{ü😀\\"\\\\"}', '{"b":[1,{"c":2}]}'),
    },
    { what: 'scalars', ...text('[1, "a,]" ,null,[2],true]', '1', '"a,]"', 'null', '[2]', 'true') },
    { what: 'a single object', ...text('\uFEFF {"error": {"code": 1}} ', '{"error": {"code": 1}}') },
    { what: 'objects one behind another', ...text('{"a":1}{"b":2}\n{"c":3}', '{"a":1}', '{"b":2}', '{"c":3}') },
    { what: 'an empty list', ...text(' [ ] ') },
    { what: 'a list that was never closed', ...text('[{"a":1},\n', '{"a":1}') },
    { what: 'nothing', ...text('') },
  ],
  json: [
    { what: 'a body', ...text('\uFEFF{"a": "ü😀"}\n', '{"a": "ü😀"}') },
    { what: 'nothing', ...text(' \n') },
  ],
  'aws-event-stream': [
    {
      what: 'events',
      bytes: Buffer.concat([
        event('messageStart', '{"role":"assistant"}'),
        event('ping', ''),
        event('delta', '{"t":"ü😀"}'),
      ]),
      events: [
        { name: 'messageStart', text: '{"role":"assistant"}' },
        { name: 'ping', value: {} },
        { name: 'delta', text: '{"t":"ü😀"}' },
      ],
    },
    {
      what: 'an exception and an error',
      bytes: Buffer.concat([
        frame({ ':exception-type': 'throttlingException', ':message-type': 'exception' }, '{"message":"slow down"}'),
        frame({ ':exception-type': 'odd', ':message-type': 'exception' }, 'no JSON'),
        frame({ ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'ill' }, ''),
      ]),
      events: [
        { name: 'throttlingException', value: { message: 'slow down' }, fault: true },
        { name: 'odd', value: { message: 'no JSON' }, fault: true },
        { name: 'InternalError', value: { message: 'ill' }, fault: true },
      ],
    },
    {
      what: 'JSON in base64',
      unwrap: 'bytes',
      bytes: Buffer.concat([
        event('chunk', JSON.stringify({ bytes: Buffer.from('{"type":"ping","t":"ü"}').toString('base64'), p: 'abc' })),
        event('other', '{"a":1}'),
      ]),
      events: [
        { name: 'chunk', text: '{"type":"ping","t":"ü"}' },
        { name: 'other', text: '{"a":1}' },
      ],
    },
    {
      what: 'headers of every type',
      bytes: frameOf(
        Buffer.concat([
          ...[0, 1, 2, 3, 4, 5, 8, 9].map((type) =>
            Buffer.concat([Buffer.from([1, 120, type]), Buffer.alloc([0, 0, 1, 2, 4, 8, 0, 0, 8, 16][type] ?? 0)]),
          ),
          Buffer.from([1, 121, 6, 0, 2, 1, 2]),
          Buffer.from('\x0b:event-type\x07\x00\x01e'),
        ]),
        Buffer.from('{}'),
      ),
      events: [{ name: 'e', text: '{}' }],
    },
    { what: 'nothing', bytes: new Uint8Array(), events: [] },
  ],
}
