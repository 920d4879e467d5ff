/** POST /v1/embeddings: what a vendor takes at once, and what a client gets of it. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from '../end-to-end/gateway.ts'

interface Seen {
  path: string
  body: Record<string, unknown>
}

const seen: Seen[] = []
let upstream: Server
let gateway: TestGateway
let client: OpenAI

/** A vector that tells which text it is of. */
const vectorOf = (text: unknown): number[] => [Number(String(text).replace(/\D/g, '')) + 0.5, -0.25]

function reply(path: string, body: Record<string, unknown>): unknown {
  const texts = (body['texts'] ?? body['input']) as unknown[]
  if (path.includes('by-type')) return { embeddingsByType: { float: [1.5, 2] }, inputTextTokenCount: 3 }
  if (path.includes('predicted')) return { predictions: [{ embeddings: { values: [2.5, 2] } }] }
  if (body['model'] === 'one-more')
    return { data: [...texts, 'text 99'].map((text, index) => ({ index, embedding: vectorOf(text) })) }
  if (path === '/v2/embed')
    return { embeddings: { float: texts.map(vectorOf) }, meta: { billed_units: { input_tokens: texts.length } } }
  if (path.includes('cohere.'))
    return { embeddings: { float: texts.map(vectorOf) }, response_type: 'embeddings_by_type' }
  if (path.includes('nova')) {
    const { text } = body['singleEmbeddingParams'] as { text: { value: string } }
    return { embeddings: [{ embeddingType: 'TEXT', embedding: vectorOf(text.value) }] }
  }
  if (path.endsWith(':predict')) {
    const instances = body['instances'] as { content: string }[]
    const told = (content: string) => ({ values: vectorOf(content), statistics: { token_count: 2 } })
    return { predictions: instances.map(({ content }) => ({ embeddings: told(content) })) }
  }
  if (path.endsWith(':embedContent')) {
    const { parts } = body['content'] as { parts: { text: string }[] }
    return { embedding: { values: vectorOf(parts[0]?.text) }, usageMetadata: { promptTokenCount: 2 } }
  }
  if (path.endsWith('/invoke')) return { embedding: vectorOf(body['inputText']), inputTextTokenCount: 3 }
  if (path.endsWith(':batchEmbedContents')) {
    const requests = body['requests'] as { content: { parts: { text: string }[] } }[]
    return { embeddings: requests.map(({ content }) => ({ values: vectorOf(content.parts[0]?.text) })) }
  }
  if (path === '/api/embed') return { embeddings: texts.map(vectorOf), prompt_eval_count: texts.length }
  const data = texts.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) }))
  // a server may tell them in any order
  return {
    object: 'list',
    data: data.toReversed(),
    model: 'x',
    usage: { prompt_tokens: texts.length, total_tokens: texts.length },
  }
}

beforeAll(async () => {
  upstream = createServer((request, response) => {
    let text = ''
    request.on('data', (bytes: Buffer) => (text += bytes.toString()))
    request.on('end', () => {
      const body = JSON.parse(text) as Record<string, unknown>
      const path = decodeURIComponent(request.url ?? '')
      seen.push({ path, body })
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(reply(path, body)))
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const base_url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const keys = ['test-key']
  gateway = await startGateway({
    providers: {
      ...SANDBOX.providers,
      oai: { format: 'openai', base_url, keys },
      co: { format: 'cohere', base_url, keys },
      br: { format: 'bedrock', base_url, keys },
      ge: { format: 'gemini', base_url, keys },
      ol: { format: 'ollama', base_url, keys },
      vo: { format: 'voyage', base_url, keys },
      ji: { format: 'jina', base_url, keys },
      mi: { format: 'mistral', base_url, keys },
      ve: { format: 'vertex', base_url, keys },
      an: { format: 'anthropic', base_url, keys },
    },
    models: {
      ...SANDBOX.models,
      small: ['oai/text-embedding-3-small'],
      english: ['co/embed-english-v3.0'],
      titan: ['br/amazon.titan-embed-text-v2:0'],
      gem: ['ge/gemini-embedding-001'],
      nomic: ['ol/nomic-embed-text'],
      voyage: ['vo/voyage-3.5'],
      jina: ['ji/jina-embeddings-v3'],
      mistral: ['mi/mistral-embed'],
      vertex: ['ve/text-embedding-005'],
      'vertex-one': ['ve/gemini-embedding-001'],
      'vertex-new': ['ve/gemini-embedding-2'],
      'bedrock-cohere': ['br/cohere.embed-english-v3'],
      nova: ['br/amazon.nova-2-multimodal-embeddings-v1:0'],
      none: ['an/claude-embed'],
      'by-type': ['br/amazon.titan-embed-by-type'],
      predicted: ['ge/predicted'],
      'one-more': ['oai/one-more'],
    },
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
})

afterAll(async () => {
  await gateway.close()
  upstream.close()
})

const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `text ${i}`)

describe('an official client gets the vectors of its texts, in their order', () => {
  test.each([
    ['small', 3, 1],
    ['english', 200, 3],
    ['titan', 12, 12],
    ['gem', 150, 2],
    ['nomic', 5, 1],
    ['voyage', 1200, 10],
    ['jina', 520, 2],
    ['mistral', 600, 2],
    ['vertex', 260, 2],
    ['vertex-one', 3, 3],
    ['vertex-new', 3, 3],
    ['bedrock-cohere', 100, 2],
    ['nova', 3, 3],
  ])('%s: %i texts in %i requests', async (model, count, requests) => {
    seen.length = 0
    const answer = await client.embeddings.create({ model, input: texts(count) })
    expect(answer.data.map(({ index, embedding }) => [index, embedding])).toEqual(
      texts(count).map((text, i) => [i, vectorOf(text)]),
    )
    expect(seen).toHaveLength(requests)
    expect(answer.model).toBe(model)
    expect(answer.usage.prompt_tokens).toBeGreaterThan(0)
  })

  test('as numbers, where numbers are asked for', async () => {
    const answer = await client.embeddings.create({ model: 'small', input: 'text 7', encoding_format: 'float' })
    expect(answer.data[0]?.embedding).toEqual([7.5, -0.25])
  })

  test.each([
    ['by-type', [[1.5, 2]]],
    ['predicted', [[2.5, 2]]],
    // an upstream's own, whoever asked for how many
    [
      'one-more',
      [
        [1.5, -0.25],
        [99.5, -0.25],
      ],
    ],
  ])('of one text, as the upstream tells them: %s', async (model, vectors) => {
    const answer = await client.embeddings.create({ model, input: 'text 1', encoding_format: 'float' })
    expect(answer.data.map(({ embedding }) => embedding)).toEqual(vectors)
  })

  test('and none where they would be taken for those of other texts', async () => {
    await expect(client.embeddings.create({ model: 'one-more', input: texts(2) })).rejects.toThrow(
      /3 vectors for 2 inputs/,
    )
  })

  test('from the sandbox, with no key', async () => {
    const answer = await client.embeddings.create({ model: 'fast', input: ['a cat', 'a cat', 'dogs'], dimensions: 64 })
    const [first, second, third] = answer.data.map(({ embedding }) => embedding)
    expect(first).toEqual(second)
    expect(first).not.toEqual(third)
    expect(first).toHaveLength(64)
  })
})

describe('what a vendor is sent', () => {
  test('tokens, dimensions and fields of its own', async () => {
    seen.length = 0
    await client.embeddings.create({ model: 'small', input: [[1, 2], [3]], dimensions: 2 })
    await client.embeddings.create({ model: 'english', input: 'a 1', input_type: 'search_query' } as never)
    expect(seen.map(({ body }) => body)).toEqual([
      {
        model: 'text-embedding-3-small',
        input: [[1, 2], [3]],
        dimensions: 2,
        encoding_format: 'base64',
      },
      { model: 'embed-english-v3.0', texts: ['a 1'], input_type: 'search_query', embedding_types: ['float'] },
    ])
  })
})

describe('what is refused, and how', () => {
  test.each<[string, Record<string, unknown>, number, string]>([
    ['tokens for a vendor of texts', { model: 'english', input: [1, 2] }, 400, 'no lists of tokens'],
    ['a vendor without vectors', { model: 'none', input: 'a' }, 400, 'no embeddings'],
    ['an empty text', { model: 'small', input: ['a', ''] }, 400, 'input[1]'],
    ['no input', { model: 'small' }, 400, 'input'],
    ['another form of vectors', { model: 'small', input: 'a', encoding_format: 'int8' }, 400, 'encoding_format'],
    ['any model', { model: 'auto', input: 'a' }, 400, 'do not compare'],
    ['no model of this name', { model: 'smal', input: 'a' }, 404, "'small'"],
  ])('%s', async (_, body, status, message) => {
    const answer = await fetch(`${gateway.url}/v1/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining(message) as string } })
  })

  test('a pool of two embedding models, when the configuration is read', async () => {
    const provider = { format: 'openai', base_url: 'http://127.0.0.1:1', keys: ['k'] }
    const mixed = { providers: { a: provider, b: provider }, models: { m: ['a/text-embedding-3-small', 'b/bge-m3'] } }
    await expect(startGateway(mixed)).rejects.toThrow(/do not compare/)
    const hosts = { providers: { a: provider, b: provider }, models: { m: ['a/bge-m3', 'b/baai/bge-m3'] } }
    await (await startGateway(hosts)).close()
  })
})

describe("Gemini's API of vectors", () => {
  const ask = async (path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await fetch(`${gateway.url}/v1beta/models/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const content = (text: string) => ({ parts: [{ text }] })

  test.each(['small', 'english', 'gem', 'nomic', 'titan', 'voyage', 'jina', 'fast'])('over %s', async (model) => {
    const one = await ask(`${model}:embedContent`, { content: content('text 1'), taskType: 'RETRIEVAL_QUERY' })
    expect(one.status).toBe(200)
    const { values } = one.body['embedding'] as { values: number[] }
    if (model !== 'fast') expect(values).toEqual(vectorOf('text 1'))
    expect(values.length).toBeGreaterThan(1)
    const requests = texts(3).map((text) => ({ model: `models/${model}`, content: content(text) }))
    const many = await ask(`${model}:batchEmbedContents`, { requests })
    expect(many.body['embeddings']).toHaveLength(3)
  })

  test('requests for other purposes go apart, and come back in their places', async () => {
    seen.length = 0
    const kinds = ['RETRIEVAL_QUERY', 'CLUSTERING', 'RETRIEVAL_QUERY']
    const requests = kinds.map((taskType, i) => ({ content: content(`text ${i}`), task_type: taskType }))
    const { body } = await ask('english:batchEmbedContents', { requests })
    expect(body['embeddings']).toEqual(texts(3).map((text) => ({ values: vectorOf(text) })))
    expect(seen.map((each) => [each.body['input_type'], each.body['texts']])).toEqual([
      ['search_query', ['text 0', 'text 2']],
      ['clustering', ['text 1']],
    ])
    expect(seen[0]?.body).not.toHaveProperty('task_type')
  })

  test.each([
    ['gem:embedContent', {}, 'content'],
    ['gem:embedContent', { content: { parts: [{ inlineData: {} }] } }, 'no text'],
    ['gem:batchEmbedContents', { requests: [] }, 'requests'],
    ['gem:embedContent', { content: content('x'), outputDimensionality: 'big' }, 'outputDimensionality'],
  ])('%s refuses %j', async (path, body, words) => {
    const answer = await ask(path, body)
    expect(answer.status).toBe(400)
    expect(answer.body['error']).toMatchObject({ status: 'INVALID_ARGUMENT', message: expect.stringContaining(words) })
  })
})
