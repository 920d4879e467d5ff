/** The shipped providers.yaml: who is in it, when each is live, and that every public model has somebody to serve it. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withPlaceholderKeys } from '../../src/cli/placeholder-env.ts'
import { loadConfig } from '../../src/config/load.ts'
import { readCatalogue, type CatalogueEntry } from '../../src/format-tools/catalogue/catalogue.ts'
import { isSandbox, standAside } from '../../src/app/sandbox-fallback.ts'
import { CATALOGUE } from '../format-tools/page.ts'

const POOLS = ['fast', 'smart', 'vision', 'free', 'auto']
const complete = loadConfig(CATALOGUE, withPlaceholderKeys({}))
const entries = readCatalogue(CATALOGUE, loadConfig(CATALOGUE, {}), complete)
const real = entries.filter(({ name }) => name !== 'sandbox')

function value(variable: string): string {
  return variable.endsWith('_BASE_URL') ? 'https://a.example' : `${variable.toLowerCase()}-value`
}

/** Any of several keys makes a provider live; what stands in its address is needed beside it. */
function environments({ variables, base_url }: CatalogueEntry): Record<string, string>[] {
  const address = variables.filter((name) => base_url.includes(name))
  const keys = variables.filter((name) => !base_url.includes(name))
  const set = (names: string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, value(name)]))
  return [set([...address, ...keys])]
}

test('there are at least 45 providers beside the sandbox', () => {
  expect(real.length).toBeGreaterThanOrEqual(45)
})

test('without any variable only the sandbox is live, and it serves every pool', () => {
  const config = standAside(loadConfig(CATALOGUE, {}))
  expect(config.providers.map(({ name }) => name)).toEqual(['sandbox'])
  expect(config.models.map(({ model }) => model).sort()).toEqual([...POOLS].sort())
})

describe('each provider is live as soon as its variables are set', () => {
  test.each(real)('$name', (entry) => {
    for (const environment of environments(entry)) {
      const config = standAside(loadConfig(CATALOGUE, environment))
      expect(config.providers.map(({ name }) => name)).toContain(entry.name)
      expect(config.providers.some(isSandbox)).toBe(false)
      const known = config.models.filter(({ model }) => POOLS.includes(model)).flatMap(({ routes }) => routes)
      if (Object.keys(entry.models).length > 0) expect(known.map((route) => route.provider)).toContain(entry.name)
    }
  })
})

test('a key pair of AWS signs, with a session token where there is one', () => {
  const pair = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' }
  const [bedrock] = loadConfig(CATALOGUE, pair).providers.filter(({ name }) => name === 'bedrock')
  expect(bedrock?.keys[0]?.secret).toEqual({ access_key_id: 'id', secret_access_key: 'secret', region: 'eu-west-1' })
  expect(bedrock?.base_url).toContain('.eu-west-1.')
})

test('the sandbox is the last of each pool', () => {
  for (const { model, routes } of complete.models) {
    const tiers = routes.filter(({ provider }) => provider !== 'sandbox').map(({ tier }) => tier ?? 0)
    const sandbox = routes.find(({ provider }) => provider === 'sandbox')
    expect([model, sandbox?.tier]).toEqual([model, 9])
    expect(Math.max(...tiers)).toBeLessThan(9)
  }
})

test('every route of a pool is a model that its provider lists', () => {
  for (const { model, routes } of complete.models) {
    for (const route of routes) {
      const provider = complete.providers.find(({ name }) => name === route.provider)
      expect([model, route.provider, Object.keys(provider?.models ?? {})]).toEqual([
        model,
        route.provider,
        expect.arrayContaining([route.model]),
      ])
    }
  }
})

test('every route of vision sees images', () => {
  const vision = complete.models.find(({ model }) => model === 'vision')
  expect(vision?.routes.filter(({ capabilities }) => capabilities?.vision !== true)).toEqual([])
  expect(vision?.routes.length).toBeGreaterThan(20)
})

test('every limit says where it is from and when somebody looked', () => {
  const limited = entries.filter(
    ({ limits, models }) => limits.length > 0 || Object.values(models).some((model) => model.limits?.length),
  )
  expect(limited.length).toBeGreaterThanOrEqual(15)
  expect(limited.filter(({ source, checked }) => !source?.includes('https://') || !checked)).toEqual([])
})

test('every provider has a link to its documentation', () => {
  expect(real.filter(({ notes }) => !notes.some((note) => note.includes('https://'))).map(({ name }) => name)).toEqual(
    [],
  )
})

test('days end where the vendors say: Gemini at midnight Pacific, OpenRouter at midnight UTC', () => {
  const gemini = entries.find(({ name }) => name === 'gemini')?.models['gemini-2.5-flash']?.limits
  expect(gemini).toContainEqual(
    expect.objectContaining({ amount: 20, resets: { unit: 'day', at: '00:00', zone: 'America/Los_Angeles' } }),
  )
  expect(gemini).toContainEqual(expect.objectContaining({ metric: 'input', amount: 250_000, charge: 'input' }))
  const free = entries.find(({ name }) => name === 'openrouter-free')?.limits
  expect(free).toContainEqual(
    expect.objectContaining({ amount: 50, scope: 'account', resets: { unit: 'day', at: '00:00', zone: 'UTC' } }),
  )
})

test('no line is wider than 120 characters, but for addresses', () => {
  const wide = readFileSync(CATALOGUE, 'utf8')
    .split('\n')
    .filter((line) => line.length > 120 && !line.includes('base_url: '))
  expect(wide).toEqual([])
})
