/** Spans of requests: which there are, what they tell, held against OpenTelemetry's own list of names, and who is told of them. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { json } from 'node:stream/consumers'
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wantsTraces } from '../../src/observability/tracing.ts'
import { beginTrace, givenTrace, traceHeaders } from '../../src/runtime/trace-context.ts'
import { startGateway } from '../end-to-end/gateway.ts'
import { greeted, start } from '../scheduler-http/command-line.ts'

let upstream: Server
let seen: IncomingHttpHeaders[] = []
let base = ''
beforeAll(async () => {
  upstream = createServer(async (request, response) => {
    const { stream } = (await json(request)) as { stream?: boolean }
    seen.push(request.headers)
    if (request.headers.authorization === 'Bearer key-that-fails') return response.writeHead(500).end('{}')
    if (request.headers.authorization === 'Bearer key-that-is-told')
      return response.writeHead(400).end('{"error":{"message":"key-that-is-told is wrong"}}')
    const usage = {
      prompt_tokens: 7,
      completion_tokens: 5,
      total_tokens: 12,
      prompt_tokens_details: { cached_tokens: 3 },
    }
    const head = { id: 'x', created: 1, model: 'm' }
    if (stream === true) {
      response.setHeader('content-type', 'text/event-stream')
      const chunk = (more: object): string =>
        `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...more })}\n\n`
      response.write(chunk({ choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] }))
      response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
      return response.end(`${chunk({ choices: [], usage })}data: [DONE]\n\n`)
    }
    response.setHeader('content-type', 'application/json')
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }]
    response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }))
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`
})
afterAll(() => upstream.close())

const config = (keys: string[]) => ({
  providers: { acme: { format: 'openai', base_url: base, keys, models: { m: { price: { input: 1, output: 1 } } } } },
  models: { fast: ['acme/m'] },
})
const PARENT = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }

async function ask(url: string, more: object = {}, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'fast', max_tokens: 20, messages: [{ role: 'user', content: 'Hello' }], ...more }),
  })
  return answer.text()
}

/** Spans of what is asked, by name. */
async function spansOf(keys: string[], more: object, headers: Record<string, string>): Promise<ReadableSpan[]> {
  seen = []
  const spans = new InMemorySpanExporter()
  const shutdown = Promise.withResolvers<ReadableSpan[]>()
  const exporter = {
    export: spans.export.bind(spans),
    shutdown: async () => {
      // what it holds goes with it
      shutdown.resolve([...spans.getFinishedSpans()])
    },
  }
  const gateway = await startGateway(config(keys), {}, { spans: exporter })
  await ask(gateway.url, more, headers)
  await gateway.close()
  return shutdown.promise
}

const attributesOf = (span: ReadableSpan | undefined): Record<string, unknown> => ({ ...span?.attributes })

test('a request, its tries and its stream are spans of the client’s trace, and the upstream goes on with it', async () => {
  const traceparent = `00-${PARENT.traceId}-${PARENT.spanId}-01`
  const spans = await spansOf(
    ['key-that-fails', 'key-that-works'],
    { stream: true },
    { traceparent, tracestate: 'a=1' },
  )
  const [request] = spans.filter(({ kind }) => kind === 1)
  const tries = spans.filter(({ kind }) => kind === 2)
  const streams = spans.filter(({ name }) => name === 'stream')
  expect(spans.map(({ name }) => name)).toContain('chat fast')
  expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([PARENT.traceId]))
  expect(request?.parentSpanContext?.spanId).toBe(PARENT.spanId)
  expect(tries.length).toBe(seen.length)
  expect(streams).toHaveLength(1)
  for (const each of tries) expect(each.parentSpanContext?.spanId).toBe(request?.spanContext().spanId)
  // the upstream was told of just these spans
  expect(seen.map((headers) => headers['traceparent'])).toEqual(
    tries.map((each) => `00-${PARENT.traceId}-${each.spanContext().spanId}-01`),
  )
  expect(seen[0]?.['tracestate']).toBe('a=1')
  const last = tries.find(({ attributes }) => attributes['balanced_call.key'] === 'acme#2')
  expect(streams[0]?.parentSpanContext?.spanId).toBe(last?.spanContext().spanId)
  const usage = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'acme',
    'gen_ai.usage.input_tokens': 7,
    'gen_ai.usage.output_tokens': 5,
    'gen_ai.usage.cache_read.input_tokens': 3,
  }
  expect(attributesOf(last)).toMatchObject({ ...usage, 'gen_ai.request.model': 'm' })
  expect(attributesOf(request)).toMatchObject({
    ...usage,
    'gen_ai.request.model': 'fast',
    'gen_ai.request.max_tokens': 20,
    'gen_ai.request.stream': true,
  })
  for (const failed of tries.filter((each) => each !== last)) {
    expect(attributesOf(failed)['error.type']).toBe('server_error')
    expect(failed.status.code).toBe(2)
  }
  const time = ([seconds, rest]: [number, number]): number => seconds * 1e3 + rest / 1e6
  for (const span of spans) expect(time(span.endTime)).toBeGreaterThanOrEqual(time(span.startTime))
})

test('every name is one of the conventions, or ours', async () => {
  const all = conventions as Record<string, unknown>
  const known = new Set(Object.keys(all).map((name) => (name.startsWith('ATTR_') ? all[name] : undefined)))
  const spans = await spansOf(['key-that-fails', 'key-that-works'], { stream: true }, {})
  const names = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)))
  expect(names.size).toBeGreaterThan(8)
  expect([...names].filter((name) => !known.has(name) && !name.startsWith('balanced_call.'))).toEqual([])
  const deprecated = ['gen_ai.system', 'gen_ai.usage.prompt_tokens', 'gen_ai.usage.completion_tokens']
  expect(deprecated.filter((name) => names.has(name))).toEqual([])
})

test('a request that fails is told by its kind, and one that the client does not keep is not kept', async () => {
  const [request] = (await spansOf(['key-that-fails'], {}, {})).filter(({ kind }) => kind === 1)
  expect(attributesOf(request)['error.type']).toBe('server_error')
  const traceparent = `00-${PARENT.traceId}-${PARENT.spanId}-00`
  expect(await spansOf(['key-that-works'], {}, { traceparent })).toEqual([])
  expect(seen[0]?.['traceparent']).toMatch(new RegExp(`^00-${PARENT.traceId}-[0-9a-f]{16}-00$`))
})

test('no secret is in a span, whoever said it', async () => {
  const spans = await spansOf(['key-that-is-told'], {}, {})
  expect(spans.map(({ status }) => status.message).join()).toContain('[acme#1] is wrong')
  const told = spans.map(({ name, attributes, status, events }) => ({ name, attributes, status, events }))
  expect(JSON.stringify(told)).not.toContain('key-that-is-told')
})

test('without a collector nothing of it is sent on', async () => {
  seen = []
  const gateway = await startGateway(config(['key-that-works']))
  await ask(gateway.url, {}, { traceparent: `00-${PARENT.traceId}-${PARENT.spanId}-01` })
  await gateway.close()
  expect(seen[0]).not.toHaveProperty('traceparent')
})

test('a malformed header begins a new trace', () => {
  for (const traceparent of [
    '',
    '00-0-0-0',
    `00-${'0'.repeat(32)}-${PARENT.spanId}-01`,
    `ff-${PARENT.traceId}-${PARENT.spanId}-01`,
  ]) {
    const trace = beginTrace(givenTrace({ traceparent, tracestate: 'a=1' }))
    expect(trace.traceId).not.toBe(PARENT.traceId)
    expect(trace.parentId).toBeUndefined()
    expect(traceHeaders(trace, trace.spanId)).toEqual({ traceparent: `00-${trace.traceId}-${trace.spanId}-01` })
  }
  // a version to come has more behind it
  const later = beginTrace({ traceparent: `01-${PARENT.traceId}-${PARENT.spanId}-01-more` })
  expect(later).toMatchObject({ traceId: PARENT.traceId, parentId: PARENT.spanId, flags: 1 })
  expect(givenTrace({ traceparent: ['a', 'b'] })).toBeUndefined()
})

test('the environment turns them on and off', () => {
  expect(wantsTraces({})).toBe(false)
  expect(wantsTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })).toBe(true)
  expect(wantsTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_SDK_DISABLED: 'true' })).toBe(false)
})

interface Told {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] }
    scopeSpans: { spans: { name: string; traceId: string; attributes: { key: string }[] }[] }[]
  }[]
}

test('a server sends them to a collector by OTLP over HTTP', { timeout: 60_000 }, async () => {
  const told: Told[] = []
  const paths: (string | undefined)[] = []
  const collector = createServer(async (request, response) => {
    paths.push(request.url)
    told.push((await json(request)) as Told)
    response.setHeader('content-type', 'application/json')
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs')
  const folder = mkdtempSync('/tmp/balanced-call-traces-')
  writeFileSync(`${folder}/c.yaml`, JSON.stringify(config(['key-that-works'])))
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'mine' }
  const server = start(['serve', '--config', `${folder}/c.yaml`, '--port', '0'], env)
  try {
    const url = await greeted(server)
    await ask(url)
    // what waits is sent before the end
    server.kill('SIGTERM')
    await once(server, 'exit')
    expect(paths[0]).toBe('/v1/traces')
    const [first] = told.flatMap(({ resourceSpans }) => resourceSpans)
    expect(first?.resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'mine' } })
    const names = first?.scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name))
    expect(names).toEqual(expect.arrayContaining(['chat fast', 'chat m']))
  } finally {
    server.kill('SIGKILL')
    collector.closeAllConnections()
    collector.close()
    rmSync(folder, { recursive: true })
  }
})
