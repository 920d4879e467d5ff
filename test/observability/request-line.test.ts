import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KINDS, type ErrorKind } from '../../src/chat/error.ts'
import type { RequestRecord } from '../../src/gateway/request-record.ts'
import { createRedactor } from '../../src/observability/redact.ts'
import { requestLine } from '../../src/observability/request-line.ts'

const SECRETS = new Map([
  ['sk-planted-0001', 'acme#1'],
  ['sk-planted-0001-longer', 'acme#2'],
  ['s"cret \\ of quotes', 'acme#3'],
  ['schlüssel/+mit=Zeichen', 'acme#4'],
])

/** Texts with secrets in them, and with all that JSON must escape. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(...SECRETS.keys()),
      fc.constantFrom(...[...SECRETS.keys()].map(encodeURIComponent)),
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '\n', '\u007f', '\u2028', '\ud800', 'ö', '[', ']'),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''))
const absent = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })
const count = absent(fc.oneof(fc.nat(), fc.double(), fc.constantFrom(0, -0, 1e21, Number.NaN, Infinity)))
const number = count.map((value) => value ?? 0)

const records: fc.Arbitrary<RequestRecord> = fc.record({
  id: absent(text),
  client: absent(text),
  model: text,
  stream: fc.boolean(),
  outcome: fc.constantFrom('ok', ...(Object.keys(KINDS) as ErrorKind[])),
  provider: absent(text),
  upstream_model: absent(text),
  key: absent(text),
  attempts: number,
  resumed: count,
  queue_ms: number,
  first_ms: count,
  total_ms: number,
  input_tokens: count,
  output_tokens: count,
  cached_tokens: count,
  warnings: absent(fc.array(text)),
  error: absent(text),
} as { [Field in keyof RequestRecord]-?: fc.Arbitrary<RequestRecord[Field]> }) as fc.Arbitrary<RequestRecord>

const times = fc.array(fc.integer({ min: 0, max: Date.UTC(2300, 0) }), { minLength: 1, maxLength: 3 })

describe('the log line of a request', () => {
  it('is what JSON and the search for secrets make of the whole record', () => {
    const redact = createRedactor(SECRETS)
    fc.assert(
      fc.property(fc.constantFrom('info', 'warn'), times, records, (level, moments, record) => {
        for (const time of moments) {
          const whole = JSON.stringify({ level, time: new Date(time).toISOString(), ...record, msg: 'chat' })
          expect(requestLine(level, time, record, redact)).toBe(`${redact(whole)}\n`)
        }
      }),
    )
  })

  it('shows no secret, whichever text holds it', () => {
    const redact = createRedactor(SECRETS)
    fc.assert(
      fc.property(records, (record) => {
        const line = requestLine('info', 0, record, redact)
        for (const secret of SECRETS.keys()) {
          expect(line).not.toContain(secret)
          expect(line).not.toContain(JSON.stringify(secret).slice(1, -1))
          expect(line).not.toContain(encodeURIComponent(secret))
        }
      }),
    )
  })
})
