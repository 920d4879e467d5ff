import { describe, expect, test } from 'vitest'
import { hideSecrets } from '../../src/config/document/hidden-secrets.ts'
import { parseSource } from '../../src/config/document/read-source.ts'
import { secretNames } from '../../src/app/secret-names.ts'
import { load, problemsOf } from './files.ts'

const URL = 'postgres://me:pa%40ss-0001@db.example:5433/keys'

describe('database', () => {
  test('is none where no server is named', () => {
    expect(load('providers: {}').database).toBeUndefined()
    expect(load('providers: {}', { BALANCED_CALL_DATABASE_URL: 'no-key-set-here' }).database).toBeUndefined()
  })

  test('is named by the file, by a variable in it, or by the environment alone; the file goes first', () => {
    const named = { url: URL, schema: 'balanced_call' }
    expect(load(`providers: {}\ndatabase: { url: "${URL}" }`).database).toEqual(named)
    expect(load('providers: {}\ndatabase: { url: "${DB}", schema: team }', { DB: URL }).database).toEqual({
      ...named,
      schema: 'team',
    })
    const env = { BALANCED_CALL_DATABASE_URL: URL }
    expect(load('providers: {}', env).database).toEqual(named)
    expect(load('providers: {}\ndatabase: { url: "postgresql://other/db" }', env).database?.url).toContain('other')
  })

  test.each(['url: "http://127.0.0.1"', 'url: "postgres://a:b@c:d/e"', 'schema: "a-b"', 'schema: a', 'pool: 3'])(
    'refuses { %s }',
    (written) => {
      expect(problemsOf(() => load(`providers: {}\ndatabase: { ${written} }`))).not.toEqual([])
    },
  )

  test('its password is shown nowhere', () => {
    const text = `providers: {}\ndatabase:\n  url: ${URL}\n  schema: team\n`
    const shown = hideSecrets(parseSource('providers.yaml', text)).join('\n')
    expect(shown).toContain('schema: team')
    expect(shown).not.toContain('ss-0001')
    const names = secretNames(load(text))
    expect([...names.keys()]).toEqual(expect.arrayContaining(['pa%40ss-0001', 'pa@ss-0001']))
  })
})
