/** A value of another kind at each place of a request: refused with a reason, or written for a vendor; nothing else happens. */
import { expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { checkChatRequest } from '../../src/api/chat-completions/request/schema/schema.ts'
import { GatewayError } from '../../src/chat/error.ts'
import type { ChatRequest } from '../../src/chat/request.ts'
import { checkFormatFile, shippedNames } from '../../src/config/sections/formats.ts'
import { cacheAffinityKey } from '../../src/gateway/cache-affinity-key.ts'
import { estimateInput, needsOf } from '../../src/gateway/estimate.ts'
import type { Format } from '../../src/upstream/types.ts'
import { withPrefix } from '../../src/upstream/request/assistant-prefix.ts'
import { casesOf, formatsWithCases } from '../formats/cases.ts'
import { isLong, PATIENCE } from './effort.ts'
import { HOSTILE_BODIES } from './hostile-bodies.ts'
import { HOSTILE, mustBe, mustRead, NO_TEXT, places, planted, shown, told } from './hostile-values.ts'

const FORMATS = shippedNames().map((name) => checkFormatFile(`src/formats/${name}.yaml`))
const HAVE_CASES = new Set(formatsWithCases())

/** The models of a format's own cases: what a definition says of single models is reached through them. */
const MODELS = new Map(
  FORMATS.map(({ name }) => {
    const named = HAVE_CASES.has(name) ? casesOf(name).flatMap(({ model }) => model ?? []) : []
    return [name, [...new Set(['some-model', ...named])]]
  }),
)

/** The request, unless it is refused as a client's fault. */
function taken(body: Record<string, unknown>): ChatRequest | undefined {
  const refused = checkChatRequest(body)
  if (refused) {
    mustBe(refused.status === 400, 'refused as what it is')
    mustRead(refused.message)
    return undefined
  }
  const request = orRefused(() => parseChatRequest(body))
  if (!request) return undefined
  mustBe(estimateInput(request) > 0, 'a number of tokens')
  needsOf(request)
  mustBe(typeof cacheAffinityKey(request, {}) === 'string', 'a name of its beginning')
  mustBeJson(request)
  return request
}

/** What is found under a name that every object inherits is a function. */
function mustBeJson(value: unknown): void {
  JSON.stringify(value, (key, inner: unknown) => {
    if (typeof inner === 'function') throw new Error(`${key} is a function`)
    return inner
  })
}

function orRefused<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof GatewayError) || error.status >= 500) throw error
    mustRead(error.message)
    return undefined
  }
}

/** True when it was written. */
function written(request: ChatRequest, format: Format, model: string): boolean {
  const target = { base_url: 'https://x.example/v1', model, secret: 'k', headers: {} }
  const encoded = orRefused(() => format.encode(request, target))
  if (!encoded) return false
  const { request: sent, warnings } = encoded
  const text = String(sent.body)
  JSON.parse(text)
  mustRead([text, sent.url, ...Object.values(sent.headers), ...warnings].join('\n'))
  mustBe(new URL(sent.url).host === 'x.example', 'sent to the host that was asked for')
  return true
}

/** Formats for each value at each place: most for the one that finds most. */
const FEW = 2
const MORE = 12
let turn = 0
/** A few formats in turn; all for all in `npm run fuzz`. */
function formatsFor(value: unknown): readonly Format[] {
  if (isLong) return FORMATS
  const count = value === NO_TEXT ? MORE : FEW
  return Array.from({ length: count }, () => FORMATS[turn++ % FORMATS.length]).filter((format) => format !== undefined)
}

function modelFor({ name }: Format): string {
  const models = MODELS.get(name) ?? []
  return models[turn++ % models.length] ?? 'some-model'
}

const seen = new WeakSet<object>()
/** Places of what no body before had: tools that several of them share are spoilt in the first. */
function newPlaces(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  return Object.entries(value).flatMap(([key, inner]) => [[...at, key], ...newPlaces(inner, [...at, key])])
}

test.each(HOSTILE_BODIES)('%s', { timeout: PATIENCE }, (_, body) => {
  const whole = taken(body)
  const takers = FORMATS.filter((format) => whole && written(whole, format, 'some-model'))
  expect(takers.length, 'formats that take the body as it is').toBeGreaterThan(0)
  const faults: string[] = []
  for (const path of isLong ? places(body) : newPlaces(body)) {
    for (const value of HOSTILE) {
      let format: Format | undefined
      try {
        const request = taken(planted(body, path, value) as Record<string, unknown>)
        if (!request) continue
        for (format of formatsFor(value)) {
          written(request, format, modelFor(format))
          const prefix = format.prefix('some-model')
          if (prefix !== false) written(withPrefix(request, 'So ', prefix), format, 'some-model')
        }
      } catch (error) {
        faults.push(`${format?.name ?? 'parsing'}: ${shown(path, value)}: ${told(error)}`)
      }
    }
  }
  expect(faults).toEqual([])
})

test('a model whose name is anything', () => {
  const request = taken({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  const names = [
    ...HOSTILE.filter((value) => typeof value === 'string'),
    '..',
    'a/../b',
    '?a=b#c',
    '\n',
    '//x.other',
    '@x',
  ]
  for (const name of names) {
    for (const format of FORMATS) {
      const told = `${format.name} ${JSON.stringify(name)}`
      if (request) expect(() => written(request, format, name), told).not.toThrow()
    }
  }
})
