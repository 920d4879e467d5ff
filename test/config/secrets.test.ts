import { describe, expect, test } from 'vitest'
import { describeConfig } from '../../src/config/describe.ts'
import { loadConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problem.ts'
import { folder, load, write } from './files.ts'

const SECRET = 'gsk_Zq81mN0pLr77'
const provider = (rest: string): string => `providers:\n  a: { format: openai, base_url: "https://x.example", ${rest} }`

const FILES: Record<string, string> = {
  'beside a fault in the same line': provider(`keys: [${SECRET}], wieght: 2`),
  'in quotes': provider(`keys: ['${SECRET}', "${SECRET}"], wieght: 2`),
  'under a misspelt keys:': provider(`kyes: [${SECRET}]`),
  'under a misspelt key:': provider(`keys: [{ kye: ${SECRET} }]`),
  'as a part of a compound credential': provider(`keys: [{ access_key_id: ${SECRET}, secret_access_key: 5 }]`),
  'in the wrong type of list': provider(`keys: { a: ${SECRET} }`),
  'in a header': provider(`headers: { authorization: "Bearer ${SECRET}" }, wieght: 1`),
  'with a line break in it': provider(`keys: ["${SECRET}\\n${SECRET}"]`),
  "in the clients' keys": `${provider('keys: [k]')}\nserver: { api_keys: [${SECRET}], retires: 1 }`,
  'in a URL': `providers: { a: { format: openai, base_url: "https://me:${SECRET}@x.example/?q", keys: [k] } }`,
  'in the query of a URL': `providers: { a: { format: openai, base_url: "https://x.example/?key=${SECRET}" } }`,
  "in a definition's header": `providers: {}\nformats: { f: { extends: openai, reqest: {}, request: { headers: { authorization: "Bearer ${SECRET}" } } } }`,
  'in the URL of the shared state': `providers: {}\nstate: { url: "redis://:${SECRET}@127.0.0.1:6379", prefx: a }`,
  'in the URL of a shared state that is none': `providers: {}\nstate: { url: "http://:${SECRET}@127.0.0.1:6379" }`,
  'in the URL of the database': `providers: {}\ndatabase: { url: "postgres://me:${SECRET}@127.0.0.1/db", shema: a }`,
  'in a URL of the database that is none': `providers: {}\ndatabase: { url: "postgres://me:${SECRET}@/db:x@h:p" }`,
  'in a list that never ends': `providers:\n  a:\n    keys: [${SECRET}\n    weight: 2`,
  'in a text that never ends': `providers:\n  a:\n    keys: ["${SECRET}]`,
  'in a line that is indented wrong': `providers:\n  a:\n    weight: 1\n     keys: ${SECRET}`,
  'behind an anchor': `x-keys: &keys [${SECRET}]\n${provider('keys: *keys, wieght: 2')}`,
  'behind an anchor that is broken': `x-keys: &keys { a: ${SECRET} }\n${provider('keys: *keys')}`,
  'twice in a map': provider(`keys: [${SECRET}], keys: [${SECRET}]`),
}

describe('a literal key is never in an error', () => {
  test.each(Object.entries(FILES))('%s', (_where, text) => {
    const file = write(folder(), 'providers.yaml', text)
    let shown = ''
    try {
      loadConfig(file, {})
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      shown = `${error.message}\n${JSON.stringify(error.problems)}`
    }
    expect(shown).not.toBe('')
    expect(shown).not.toContain(SECRET)
  })
})

test('the caret still points at the fault behind a masked key', () => {
  const file = write(folder(), 'providers.yaml', provider(`keys: [${SECRET}], wieght: 2`))
  expect(() => loadConfig(file, {})).toThrow(/\[•••\], wieght: •••.*\n *\^$/)
  try {
    loadConfig(file, {})
  } catch (error) {
    const [line = '', caret = ''] = (error as ConfigError).problems[0]?.excerpt.split('\n') ?? []
    expect(line.slice(caret.indexOf('^'))).toMatch(/^wieght/)
  }
})

test('the name of a variable is shown, it is what the reader needs', () => {
  const file = write(folder(), 'providers.yaml', provider('keys: ["${GROQ_API_KEY}"], wieght: 2'))
  expect(() => loadConfig(file, {})).toThrow('${GROQ_API_KEY}')
})

test('a description names providers, formats, models and limits, and shows no key', () => {
  const config = load(
    `${provider(`keys: [${SECRET}, two], limits: { rpm: 30 }, models: [m1, m2, m3, m4]`)}\n  b: { format: openai, base_url: "https://x.example" }\nmodels: { fast: [a/m1] }`,
  )
  const text = describeConfig(config)
  expect(text).not.toContain(SECRET)
  expect(text.split('\n').slice(1).join('\n')).toBe(`
provider  format  keys  models                 limits
a         openai  2     m1, m2, m3 and 1 more  30 requests per minute

model  served by                    limits
fast   a/m1
auto   a/m1, a/m2, a/m3 and 1 more

left out  why
b         no key: give it keys, or say keyless: true if it needs none`)
})
