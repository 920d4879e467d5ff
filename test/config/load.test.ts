import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { directRoute } from '../../src/config/sections/routes.ts'
import { folder, load, problemsOf, write } from './files.ts'
import { cpuTime } from '../cpu-time.ts'

const OPENAI = 'openai: { format: openai, base_url: "https://api.openai.com/v1/", keys: ["${OPENAI_API_KEY}"] }'

describe('a file with providers and nothing else', () => {
  test('works, with defaults', () => {
    const config = load(`providers:\n  ${OPENAI}`, { OPENAI_API_KEY: 'sk-1' })
    expect(config.providers).toHaveLength(1)
    expect(config.providers[0]).toMatchObject({
      name: 'openai',
      base_url: 'https://api.openai.com/v1',
      weight: 1,
      keys: [{ name: 'openai#1', secret: 'sk-1', weight: 1 }],
    })
    expect(config.providers[0]?.format.name).toBe('openai')
    expect(config.models).toEqual([])
    expect(config.server).toMatchObject({
      timeouts: { connect: 10_000, first_byte: 300_000, idle: 120_000, answer: 900_000, total: 0 },
      retries: 2,
      heartbeat: 15_000,
      max_body: 32 * 1024 * 1024,
      shutdown: 30_000,
      api_keys: [],
    })
    expect(config.scheduler).toEqual({
      strategy: 'weighted-fair',
      max_wait: 50_000,
      max_queue: 10_000,
      fallback_after: 0,
    })
  })

  test('may be JSON', () => {
    const text = JSON.stringify(
      { providers: { a: { format: 'openai', base_url: 'http://127.0.0.1:1', keys: ['k'] } } },
      null,
      1,
    )
    expect(load(text).providers[0]?.keys[0]?.secret).toBe('k')
  })

  test('with 400 of them loads in well under a second, and compiles each format once', () => {
    const providers = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [
        `p${i}`,
        { format: 'openai', base_url: `http://127.0.0.1:1/${i}`, keys: ['k'] },
      ]),
    )
    const file = write(folder(), 'providers.yaml', JSON.stringify({ providers }, null, 1))
    const compiled: string[] = []
    let loaded: ReturnType<typeof loadConfig> | undefined
    const load = (): void => {
      loaded = loadConfig(file, {}, (name) => {
        compiled.push(name)
        return { name } as ReturnType<NonNullable<Parameters<typeof loadConfig>[2]>>
      })
    }
    expect(cpuTime(load)).toBeLessThan(900)
    expect(loaded?.providers).toHaveLength(400)
    expect(compiled).toEqual(['openai'])
  })
})

describe('a provider without a key', () => {
  test('is left out with its reason, and so are its routes and the models that only it serves', () => {
    const config = load(
      `providers:
  ${OPENAI}
  groq: { format: openai, base_url: "https://api.groq.com/openai/v1", keys: ["\${GROQ_API_KEY}", "\${GROQ_OTHER}"] }
  empty: { format: openai, base_url: "https://x.example", keys: [] }
models:
  fast: [openai/gpt-5-mini, groq/llama-3.3-70b]
  quick: [groq/llama-3.3-70b]`,
      { OPENAI_API_KEY: 'k' },
    )
    expect(config.providers.map(({ name }) => name)).toEqual(['openai'])
    expect(config.leftOut).toEqual([
      { name: 'groq', reason: 'no key: GROQ_API_KEY and GROQ_OTHER are not set' },
      { name: 'empty', reason: 'no key: give it keys, or say keyless: true if it needs none' },
    ])
    expect(config.models.map(({ model, routes }) => [model, routes.map((route) => route.provider)])).toEqual([
      ['fast', ['openai']],
      ['auto', ['openai']],
    ])
  })

  test('is left out when another part of it needs a variable that is not set', () => {
    const config = load(
      'providers: { azure: { format: openai, base_url: "https://${AZURE_NAME}.example/v1", keys: [k] } }',
    )
    expect(config.leftOut).toEqual([{ name: 'azure', reason: 'AZURE_NAME is not set' }])
  })

  test('is live when it needs none', () => {
    const [provider] = load(
      'providers: { ollama: { format: openai, base_url: "http://127.0.0.1:11434/v1", keyless: true } }',
    ).providers
    expect(provider?.keys).toEqual([{ name: 'ollama#1', secret: '', weight: 1, limits: [] }])
  })

  test('is checked all the same', () => {
    const problems = problemsOf(() =>
      load(
        'providers: { a: { format: openai, base_url: nowhere, limits: [{ requests: 1, per: day, resets: "00:00 Nowhere/X" }] } }',
      ),
    )
    expect(problems.map(({ message }) => message.slice(0, 20))).toEqual([
      'expected a URL such ',
      'unknown time zone No',
    ])
  })
})

describe('public models', () => {
  const file = `providers:
  a:
    format: openai
    base_url: http://127.0.0.1:1
    keys: [k]
    models:
      one: { tools: true, context: 128k, limits: { rpd: 50 }, price: { input: 1, output: 2 } }
      two: ~
models:
  list: [a/one, a/org/three]
  text: a/one
  full:
    strategy: cheapest
    weight: 2
    resume: true
    limits: { rpm: 10 }
    routes:
      - { to: a/one, weight: 3, tier: 1, limits: { rpm: 5 }, capabilities: { vision: true }, price: { input: 3, output: 4 } }
      - a/two`

  test('take lists, single routes and maps, and slashes in upstream names', () => {
    const { models } = load(file)
    const [list, text] = models
    expect(list?.routes.map(({ provider, model }) => `${provider} ${model}`)).toEqual(['a one', 'a org/three'])
    expect(text?.routes).toHaveLength(1)
  })

  test("join what the provider's models say with what the route says", () => {
    const full = load(file).models.find(({ model }) => model === 'full')
    expect(full).toMatchObject({
      weight: 2,
      resume: true,
      limits: [{ metric: 'requests', amount: 10, scope: 'model' }],
    })
    expect(full?.routes[0]).toEqual({
      provider: 'a',
      model: 'one',
      weight: 3,
      tier: 1,
      capabilities: { tools: true, context: 128_000, vision: true },
      price: { input: 3, output: 4 },
      limits: [
        { metric: 'requests', amount: 50, period: 86_400_000, scope: 'account-model' },
        { metric: 'requests', amount: 5, period: 60_000, scope: 'account-model' },
      ],
    })
  })

  test('find a strategy of their own beside the configuration', () => {
    const directory = folder()
    const path = write(directory, 'providers.yaml', file.replace('cheapest', './mine.mjs'))
    expect(problemsOf(() => loadConfig(path, {})).map(({ message }) => message)).toEqual([
      'there is no file ./mine.mjs',
    ])
    write(directory, 'mine.mjs', '')
    const full = loadConfig(path, {}).models.find(({ model }) => model === 'full')
    expect(full?.strategy).toBe(join(dirname(path), 'mine.mjs'))
  })

  test('auto weighs a route by its model as well', () => {
    const weighed =
      'providers: { a: { format: openai, base_url: "https://a.example/v1", keys: [k-0000001], weight: 1 } }\n'
    const models = 'models: { big: { weight: 3, routes: [{ to: a/one, weight: 2 }] }, small: [a/two] }\n'
    const auto = load(weighed + models).models.find(({ model }) => model === 'auto')
    expect(auto?.routes.map(({ model, weight }) => [model, weight])).toEqual([
      ['one', 6],
      ['two', 1],
    ])
  })

  test('auto has models that chat only, of public models and of what providers list', () => {
    const provider = (...models: string[]): string =>
      `{ format: openai, base_url: https://a.example/v1, keys: [k], models: { ${models.map((model) => `${model}: {}`).join(', ')} } }`
    const text = `providers: { a: ${provider('gpt-5.5', 'tts-1', 'text-embedding-3-small', 'gpt-image-1')} }
models: { heard: [a/whisper-1], vectors: [a/bge-m3], fast: [a/gpt-5.4-mini] }`
    const auto = load(text).models.find(({ model }) => model === 'auto')
    expect(auto?.routes.map(({ model }) => model)).toEqual(['gpt-5.4-mini', 'gpt-5.5'])
    expect(load(text.replace(/fast.*\]/, 'ranks: [a/rerank-v3.5]').replace('gpt-5.5: {}, ', '')).models).toEqual(
      ['heard', 'vectors', 'ranks'].map((model) => expect.objectContaining({ model })),
    )
  })

  test('auto has each route once, and is left alone when the file has its own', () => {
    const auto = load(file).models.find(({ model }) => model === 'auto')
    expect(auto?.routes.map(({ model }) => model)).toEqual(['one', 'org/three', 'two'])
    const own = load(`${file}\n  auto: [a/two]`).models.filter(({ model }) => model === 'auto')
    expect(own.map(({ routes }) => routes.map(({ model }) => model))).toEqual([['two']])
  })

  test('a model that is addressed directly brings its limits and capabilities', () => {
    const [provider] = load(file).providers
    if (!provider) throw new Error('no provider')
    expect(directRoute(provider, 'one')).toMatchObject({
      model: 'one',
      capabilities: { tools: true },
      price: { input: 1 },
    })
    expect(directRoute(provider, 'toString')).toEqual({
      provider: 'a',
      model: 'toString',
      weight: 1,
      tier: 0,
      limits: [],
    })
  })
})

test('the upstream that is built in has no address of its own', () => {
  const [provider] = load('providers: { sandbox: { format: openai, base_url: "sandbox:", keyless: true } }').providers
  expect(provider?.base_url).toBe('sandbox:')
})

test('the shipped providers.yaml is sound, with every key set and with none', () => {
  const file = new URL('../../providers.yaml', import.meta.url).pathname
  const address = (name: string): boolean => name.endsWith('_BASE_URL')
  const every = new Proxy<Record<string, string>>(
    {},
    { get: (_, name) => (address(String(name)) ? 'https://a.example' : 'k1') },
  )
  for (const env of [{}, every]) expect(problemsOf(() => loadConfig(file, env))).toEqual([])
  expect(loadConfig(file, every).warnings).toEqual([])
})

describe('a base_url', () => {
  const read = (format: string, base_url: string) =>
    load(JSON.stringify({ providers: { a: { format, base_url, keyless: true } } }))

  test.each([
    ['anthropic', 'https://a.example/v1', 'https://a.example'],
    ['anthropic', 'https://a.example/team/v1/messages/', 'https://a.example/team'],
    ['anthropic', 'https://a.example/v2', 'https://a.example'],
    ['gemini', 'https://a.example/v1beta/', 'https://a.example'],
    ['gemini', 'https://a.example/v1', 'https://a.example'],
    ['gemini', 'https://a.example/v1beta/models/m-1:generateContent', 'https://a.example'],
    ['openai', 'https://a.example/v1/chat/completions', 'https://a.example/v1'],
    ['openai', 'https://a.example/v1/embeddings', 'https://a.example/v1'],
    ['groq', 'https://a.example/openai/v1/chat/completions/', 'https://a.example/openai/v1'],
    ['openai-responses', 'https://a.example/v1/responses', 'https://a.example/v1'],
    ['ollama', 'http://127.0.0.1:11434/api', 'http://127.0.0.1:11434'],
    ['azure-deployments', 'https://a.example/openai/deployments/my-gpt', 'https://a.example'],
    ['cohere', 'https://a.example/v2/chat', 'https://a.example'],
  ])('of %s that ends in what is added anyway is taken without, and said: %s', (format, written, taken) => {
    const { providers, warnings } = read(format, written)
    expect(providers[0]?.base_url).toBe(taken)
    expect(warnings).toMatchObject([{ line: 1, message: expect.stringContaining(`taken as ${taken};`) }])
  })

  test.each([
    ['anthropic', 'https://a.example', 'https://a.example'],
    // an API of its own below such a path is written with it twice
    ['anthropic', 'https://a.example/v1/v1', 'https://a.example/v1'],
    ['anthropic', 'https://a.example/v1/proxy', 'https://a.example/v1/proxy'],
    ['anthropic', 'https://a.example/xv1', 'https://a.example/xv1'],
    ['gemini', 'https://a.example/v1beta/models/m-1', 'https://a.example/v1beta/models/m-1'],
    ['bedrock', 'https://a.example/model/x', 'https://a.example/model/x'],
    ['openai', 'https://a.example/v1', 'https://a.example/v1'],
    ['openai', 'https://a.example/api/v3', 'https://a.example/api/v3'],
    // where some vendors' chats are
    ['openai', 'https://a.example/models', 'https://a.example/models'],
  ])('of %s is left as it is, without a word: %s', (format, written, taken) => {
    const { providers, warnings } = read(format, written)
    expect([providers[0]?.base_url, warnings]).toEqual([taken, []])
  })

  test('is held against the paths of a format of your own', () => {
    const request = { path: '/v2/talk/${model}', body: {} }
    const formats = { mine: { request, response: [{ when: { text: '$text' }, emit: { text: '$text' } }] } }
    const providers = { a: { format: 'mine', base_url: 'https://a.example/v2/talk', keyless: true } }
    expect(load(JSON.stringify({ formats, providers })).providers[0]?.base_url).toBe('https://a.example')
  })
})

test('settings are read in the units that people write', () => {
  const { server, scheduler } = load(
    `providers: {}
server: { timeouts: { connect: 500, first_byte: 1m30s, idle: 1.5s, total: 1h }, heartbeat: "20", max_body: 1MiB, port: "\${PORT:-8080}", api_keys: "\${CLIENT_KEYS}" }
scheduler: { max_wait: 2m, fallback_after: 250ms }`,
    { CLIENT_KEYS: 'a, b' },
  )
  expect(server).toMatchObject({
    timeouts: { connect: 500, first_byte: 90_000, idle: 1500, answer: 900_000, total: 3_600_000 },
    heartbeat: 20,
    max_body: 1_048_576,
    port: 8080,
    api_keys: ['a', 'b'],
  })
  expect(scheduler).toMatchObject({ max_wait: 120_000, fallback_after: 250 })
})

test("clients' keys come from the environment when the file has none", () => {
  expect(load('providers: {}', { BALANCED_CALL_API_KEYS: 'x,y' }).server.api_keys).toEqual(['x', 'y'])
})

test('all that is wrong is told at once, each with its place', () => {
  const problems = problemsOf(() =>
    load(
      `providers:
  a: { fromat: openai, base_url: "https://x.example" }
  b: { format: opnai, base_url: "https://x.example" }
models: { m: [c/d] }
server: { retries: x }
formats: { f: { extends: anthropic, request: { body: { model: $modle } } } }`,
    ),
  )
  expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6])
})

test('the message is what a person sees: place, fault, line and caret', () => {
  const file = write(folder(), 'providers.yaml', 'providers:\n  a: { format: opnai, base_url: "https://x.example" }\n')
  expect(() => loadConfig(file, {})).toThrow(
    `${file}:2:16  unknown format opnai, did you mean openai?

  2 |   a: { format: opnai, base_url: "https://x.example" }
                     ^`,
  )
})

test('the schema says what each key is for, so that an editor can show it', () => {
  const schema = JSON.parse(readFileSync(new URL('../../src/config/providers.schema.json', import.meta.url), 'utf8'))
  const bare: string[] = []
  const look = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return
    const { properties } = node as { properties?: Record<string, Record<string, unknown>> }
    for (const [key, value] of Object.entries(properties ?? {})) {
      const reference = String(value['$ref'] ?? '').replace('#/$defs/', '')
      if (!value['description'] && !schema.$defs[reference]?.description) bare.push(`${path}/${key}`)
    }
    for (const [key, value] of Object.entries(node)) look(value, `${path}/${key}`)
  }
  look(schema, '')
  expect(bare).toEqual([])
})
