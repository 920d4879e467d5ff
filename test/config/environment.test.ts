import { describe, expect, test } from 'vitest'
import { fillText } from '../../src/config/document/environment.ts'
import { load } from './files.ts'

test('variables are filled anywhere in a text, with a default when unset or empty', () => {
  const env = { A: '1', EMPTY: '' }
  expect(fillText('a${A}b${A}', env)).toEqual({ value: 'a1b1', missing: [] })
  expect(fillText('${B:-x}${EMPTY:-y}${B:-}', env)).toEqual({ value: 'xy', missing: [] })
  expect(fillText('${B}-${EMPTY}', env)).toEqual({ value: '-', missing: ['B', 'EMPTY'] })
  expect(fillText('$${A} $A {A}', env)).toEqual({ value: '${A} $A {A}', missing: [] })
})

test('what a variable holds is not filled again', () => {
  expect(fillText('${A}', { A: '${B}', B: 'secret' }).value).toBe('${B}')
})

test("a definition's own ${holes} are left alone", () => {
  const config = load(
    `providers: { a: { format: mine, base_url: "http://127.0.0.1:1", keys: [k] } }
formats: { mine: { extends: openai, request: { path: "/\${model}/chat" } } }`,
    { model: 'wrong' },
  )
  expect(config.providers[0]?.format.name).toBe('mine')
})

describe('keys', () => {
  const keysOf = (keys: string, env: Record<string, string> = {}) =>
    load(`providers:\n  a:\n    format: openai\n    base_url: http://127.0.0.1:1\n    keys: ${keys}`, env).providers[0]
      ?.keys ?? []
  const secrets = (keys: string, env: Record<string, string> = {}) => keysOf(keys, env).map(({ secret }) => secret)

  test('a comma-separated variable gives several, a comma in the file does not', () => {
    expect(secrets('["${K}", "x,y"]', { K: 'a, b,,c ' })).toEqual(['a', 'b', 'c', 'x,y'])
    expect(secrets('${K}', { K: 'a,b' })).toEqual(['a', 'b'])
  })

  test('are named by their position among those that are live', () => {
    expect(keysOf('["${A}", "${B}", c]', { B: 'b' }).map(({ name, secret }) => [name, secret])).toEqual([
      ['a#1', 'b'],
      ['a#2', 'c'],
    ])
  })

  test('the same key twice counts once', () => {
    expect(secrets('["${A}", "${B}"]', { A: 'x,y', B: 'y' })).toEqual(['x', 'y'])
  })

  test('a key of digits stays a text', () => {
    expect(secrets('["${A}"]', { A: '123456' })).toEqual(['123456'])
  })

  test('weight, account and limits belong to each key of the entry', () => {
    expect(
      keysOf('[{ key: "${K}", weight: "${W:-2}", account: team, limits: { rpm: "${RPM}" } }]', { K: 'a,b', RPM: '30' }),
    ).toEqual(
      ['a', 'b'].map((secret, index) => ({
        name: `a#${index + 1}`,
        secret,
        weight: 2,
        account: 'team',
        limits: [{ metric: 'requests', amount: 30, period: 60_000, scope: 'key' }],
      })),
    )
  })

  test('a compound credential keeps its parts, less the empty ones', () => {
    const parts = '{ access_key_id: "${ID}", secret_access_key: s, session_token: "${TOKEN:-}", region: eu-west-1 }'
    const expected = [{ access_key_id: 'AKIA', secret_access_key: 's', region: 'eu-west-1' }]
    expect(secrets(`[${parts}]`, { ID: 'AKIA' })).toEqual(expected)
    expect(secrets(`[{ key: ${parts} }]`, { ID: 'AKIA' })).toEqual(expected)
  })

  test("a service account's JSON in one variable gives its parts", () => {
    const json = '{\n "client_email": "a@b", "private_key": "-----BEGIN\\nx,y", "n": 1 }'
    expect(secrets('["${SA}"]', { SA: json })).toEqual([{ client_email: 'a@b', private_key: '-----BEGIN\nx,y' }])
  })

  test('a variable that is missing beside a key leaves the provider out', () => {
    const text =
      'providers: { a: { format: openai, base_url: "http://x.example", keys: [{ key: k, account: "${TEAM}" }] } }'
    expect(load(text).leftOut).toEqual([{ name: 'a', reason: 'TEAM is not set' }])
  })
})
