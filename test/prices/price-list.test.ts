/** Prices of the list, reckoned by us, are what its own package reckons; and where they come from is told. */
import { readFileSync } from 'node:fs'
import { calcPrice, findProvider } from '@pydantic/genai-prices'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { costOf, dollarsText } from '../../src/chat/price.ts'
import { createPriceBook } from '../../src/prices/price-book.ts'
import { loadPriceList, priceOf } from '../../src/prices/price-list.ts'

const AT = new Date('2026-11-01T12:00:00Z')
const VENDORS = ['openai', 'anthropic', 'google', 'aws', 'mistral', 'groq', 'deepseek', 'x-ai', 'cohere', 'openrouter']
const models = VENDORS.flatMap(
  (id) => findProvider({ providerId: id })?.models.map((model) => [id, model.id] as const) ?? [],
)

/** Tokens: parts are no more than their whole. */
const counts = fc
  .record({
    rest: fc.nat(400_000),
    cached: fc.nat(100_000),
    written: fc.nat(100_000),
    audio: fc.nat(1000),
    output: fc.nat(50_000),
    spoken: fc.nat(1000),
  })
  .map(({ rest, cached, written, audio, output, spoken }) => ({
    cached_audio: Math.min(cached, audio >> 1),
    input: rest + cached + written + audio,
    cached,
    cache_write: written,
    input_audio: audio,
    output: output + spoken,
    output_audio: spoken,
  }))

describe('a price of the list', () => {
  test('gives the same cost as its package', () => {
    fc.assert(
      fc.property(fc.constantFrom(...models), counts, ([providerId, model], used) => {
        const theirs = calcPrice(
          {
            input_tokens: used.input,
            cache_read_tokens: used.cached,
            cache_audio_read_tokens: used.cached_audio,
            cache_write_tokens: used.cache_write,
            input_audio_tokens: used.input_audio,
            output_tokens: used.output,
            output_audio_tokens: used.output_audio,
          },
          model,
          { providerId, timestamp: AT },
        )
        fc.pre(theirs !== null)
        expect(costOf(priceOf(theirs.model_price), used)).toBeCloseTo(theirs.total_price, 9)
      }),
      { numRuns: 500 },
    )
  })

  test('is of a package whose version and day are told', async () => {
    const { edition } = await loadPriceList()
    const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
      packages: Record<string, { version: string }>
    }
    expect(edition.version).toBe(lock.packages[`node_modules/${edition.name}`]?.version)
    // with a new version, its day stands in `PUBLISHED` (npm view @pydantic/genai-prices time)
    expect(edition.date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
  })
})

describe('the price of a route', () => {
  const own = { input: 7, output: 9 }
  const route = { input: 1, output: 2 }
  const book = createPriceBook({
    providers: [
      { name: 'acme', base_url: 'https://api.openai.com/v1', models: { mine: { price: own }, 'gpt-4o': {} } },
      { name: 'near', base_url: 'http://127.0.0.1:9/v1', models: {} },
      { name: 'resold', base_url: 'http://127.0.0.1:9/v1', prices: 'openai', models: {} },
      { name: 'free', base_url: 'https://api.openai.com/v1', prices: false, models: {} },
    ],
    pools: [{ model: 'fast', routes: [{ provider: 'acme', model: 'gpt-4o', price: route }] }],
    wall: () => AT.getTime(),
  })

  test('is the configuration’s own first, of the route before the model', async () => {
    await book.ready()
    expect(book.find('fast', 'acme', 'gpt-4o')).toEqual({ price: route, isOwn: true })
    expect(book.find('other', 'acme', 'mine')).toEqual({ price: own, isOwn: true })
  })

  test('is the list’s by the address, by a name, or not at all', async () => {
    await book.ready()
    const listed = { isOwn: false, price: { input: 2.5, output: 10, cached: 1.25 } }
    expect(book.find('other', 'acme', 'gpt-4o')).toEqual(listed)
    expect(book.find('other', 'resold', 'gpt-4o')).toEqual(listed)
    expect(book.find('other', 'near', 'gpt-4o')).toBeUndefined()
    expect(book.find('other', 'free', 'gpt-4o')).toBeUndefined()
    expect(book.find('other', 'acme', 'constructor')).toBeUndefined()
  })
})

describe('what an answer costs', () => {
  test('of a long prompt, at the rates of long prompts for all of it', () => {
    const price = { input: 1, output: 2, long: [{ above: 1000, input: 3, output: 4 }] }
    expect(costOf(price, { input: 1000, output: 10 })).toBeCloseTo(0.00102, 12)
    expect(costOf(price, { input: 1001, output: 10 })).toBeCloseTo(0.003043, 12)
  })

  test('in batch and flex, half; in a tier of which the price tells, that share; a price per request always', () => {
    const price = { input: 2, output: 4, request: 0.01, service_tiers: { priority: 1.7 } }
    const used = { input: 1_000_000, output: 500_000 }
    expect(costOf(price, used)).toBeCloseTo(4.01, 12)
    expect(costOf(price, { ...used, service_tier: 'batch' })).toBeCloseTo(2.01, 12)
    expect(costOf(price, { ...used, service_tier: 'flex' })).toBeCloseTo(2.01, 12)
    expect(costOf(price, { ...used, service_tier: 'priority' })).toBeCloseTo(6.81, 12)
    expect(costOf(price, { ...used, service_tier: 'constructor' })).toBeCloseTo(4.01, 12)
  })

  test('never less than nothing, though parts be told that are more than their whole', () => {
    const price = { input: 1, output: 1, cached: 0.1, cache_write: 2, input_audio: 5, reasoning: 3 }
    const used = { input: 10, cached: 50, cache_write: 70, input_audio: 4, cached_audio: 90, output: 5, reasoning: 99 }
    expect(costOf(price, used)).toBeGreaterThanOrEqual(0)
  })

  test('is written without an exponent', () => {
    expect(dollarsText(0.00000012)).toBe('0.00000012')
    expect(dollarsText(3)).toBe('3')
    expect(dollarsText(0)).toBe('0')
  })
})
