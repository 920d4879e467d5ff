/** Speech, transcripts and pictures from pictures: forms, bytes and events, relayed as they are. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI, { APIError, toFile } from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from '../end-to-end/gateway.ts'

interface Seen {
  path: string
  key: string
  headers: IncomingHttpHeaders
  bytes: Buffer<ArrayBuffer>
}

const ILL = ['breaks', 'empty', 'page', 'error', 'breaks-events', 'ends-events', 'error-events']

const seen: Seen[] = []
/** What the upstream does with a good key. */
let answer: (response: ServerResponse) => void
let upstream: Server
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  upstream = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (bytes: Buffer) => pieces.push(bytes))
    request.on('end', () => {
      const key = request.headers.authorization ?? ''
      seen.push({ path: request.url ?? '', key, headers: request.headers, bytes: Buffer.concat(pieces) })
      if (key.includes('bad-key')) response.writeHead(500).end(JSON.stringify({ error: { message: 'down' } }))
      else if (key.includes('no-path'))
        response.writeHead(404).end('{"error":{"message":"Invalid URL (POST /audio/x)"}}')
      else answer(response)
    })
  })
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  const base_url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  gateway = await startGateway({
    server: { heartbeat: '50ms', max_body: '1MiB', bounds: { bodies: '2MiB' } },
    providers: {
      ...SANDBOX.providers,
      // a key that failed rests: one for each fault
      ...Object.fromEntries(ILL.map((name) => [name, { format: 'openai', base_url, keys: [name] }])),
      one: { format: 'openai', base_url, keys: ['bad-key'] },
      none: { format: 'groq', base_url, keys: ['no-path'] },
      two: { format: 'groq', base_url, keys: ['good-key'] },
    },
    models: {
      ...SANDBOX.models,
      own: ['two/whisper-own'],
      fails: [{ to: 'one/a' }, { to: 'none/b', tier: 1 }, { to: 'two/whisper-own', tier: 2 }],
    },
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
})
afterAll(async () => {
  await gateway.close()
  upstream.closeAllConnections()
  upstream.close()
})
beforeEach(() => {
  seen.length = 0
  answer = (response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end('{"text":"hi","new":[1]}')
})

const SOUND = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256))
const sound = () => toFile(SOUND, 'a "sound" of ours, ü.wav', { type: 'audio/wav' })

function formOf({ bytes, headers }: Seen): Promise<FormData> {
  return new Response(bytes, { headers: { 'content-type': headers['content-type'] ?? '' } }).formData()
}

describe('a form', () => {
  it('goes on as it came but for the model, to another provider where one fails or has no such path', async () => {
    const asked = { model: 'fails', file: await sound(), language: 'de', timestamp_granularities: ['word', 'segment'] }
    const said = await client.audio.transcriptions.create(asked as OpenAI.Audio.TranscriptionCreateParamsNonStreaming)
    expect(said).toEqual({ text: 'hi', new: [1] })
    expect(seen.map(({ path, key }) => [path, key])).toEqual([
      ['/audio/transcriptions', 'Bearer bad-key'],
      ['/audio/transcriptions', 'Bearer no-path'],
      ['/audio/transcriptions', 'Bearer good-key'],
    ])
    for (const [at, model] of ['a', 'b', 'whisper-own'].entries()) {
      const form = await formOf(seen[at] as Seen)
      const { file, ...fields } = Object.fromEntries(form) as { file: File; [name: string]: unknown }
      expect(fields).toEqual({ model, language: 'de', 'timestamp_granularities[]': 'segment' })
      expect(form.getAll('timestamp_granularities[]')).toEqual(['word', 'segment'])
      expect([file.name, file.type]).toEqual(['a "sound" of ours, ü.wav', 'audio/wav'])
      expect(Buffer.from(await file.arrayBuffer()).equals(SOUND)).toBe(true)
    }
  })

  it('with several files keeps their order', async () => {
    answer = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}')
    const image = [await toFile(Buffer.from('one'), '1.png'), await toFile(Buffer.from('two'), '2.png')]
    await client.images.edit({ model: 'own', image, prompt: 'merge' })
    const files = (await formOf(seen[0] as Seen)).getAll('image[]') as File[]
    expect(await Promise.all(files.map((file) => file.text()))).toEqual(['one', 'two'])
  })

  const post = (path: string, body: string | FormData, type?: string) =>
    fetch(`${gateway.url}${path}`, { method: 'POST', body, ...(type && { headers: { 'content-type': type } }) })
  const without = new FormData()
  without.set('file', new Blob(['x']), 'a.wav')
  const large = new FormData()
  large.set('model', 'own')
  large.set('file', new Blob([Buffer.alloc(2 ** 20)]), 'a.wav')

  it.each<[string, string, string | FormData, string | undefined, number, string]>([
    ['no model', '/v1/audio/transcriptions', without, undefined, 400, 'model'],
    ['too large', '/v1/audio/transcriptions', large, undefined, 413, 'server.max_body'],
    [
      'cut off',
      '/v1/audio/transcriptions',
      '--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nown',
      'multipart/form-data; boundary=x',
      400,
      'cut off',
    ],
    ['no boundary', '/v1/audio/transcriptions', 'x', 'multipart/form-data', 400, 'boundary'],
    ['no such type', '/v1/audio/transcriptions', 'x', 'audio/wav', 415, 'multipart/form-data'],
    ['a form for JSON', '/v1/audio/speech', without, undefined, 415, 'application/json'],
    ['a form for a chat', '/v1/chat/completions', without, undefined, 415, 'application/json'],
  ])('is refused: %s', async (_, path, body, type, status, words) => {
    const response = await post(path, body, type)
    const { error } = (await response.json()) as { error: { message: string; type: string } }
    expect([response.status, error.type, error.message]).toEqual([
      status,
      'invalid_request_error',
      expect.stringContaining(words),
    ])
    expect(seen).toEqual([])
  })
})

describe('an answer', () => {
  const headers = { 'x-max-wait': '0' }
  const speech = (model = 'two/tts') =>
    client.audio.speech.create({ model, voice: 'alloy', input: 'Hello' }, { headers })

  it('of bytes comes piece by piece, with its type and length', async () => {
    let goOn: () => void = () => {}
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': SOUND.length })
      response.write(SOUND.subarray(0, 1000))
      goOn = () => response.end(SOUND.subarray(1000))
    }
    const response = await speech()
    expect([response.headers.get('content-type'), response.headers.get('content-length')]).toEqual([
      'audio/mpeg',
      String(SOUND.length),
    ])
    expect(response.headers.get('x-balanced-call-key')).toBe('two#1')
    const pieces: Uint8Array[] = []
    for await (const bytes of response.body ?? []) {
      if (pieces.length === 0) goOn()
      pieces.push(bytes)
    }
    expect(Buffer.concat(pieces).equals(SOUND)).toBe(true)
  })

  it('of bytes that breaks off breaks off for the client, and is told in the log', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' })
      response.write(SOUND, () => response.destroy())
    }
    const response = await speech('breaks/tts')
    await expect(response.arrayBuffer()).rejects.toThrow()
    expect(gateway.lines.at(-1)).toContain('"outcome":"broken_stream"')
  })

  it('of no bytes is none, but a text of nothing is one', async () => {
    answer = (response) => void response.writeHead(200, { 'content-type': 'audio/mpeg' }).end()
    await expect(speech('empty/tts')).rejects.toMatchObject({ status: 502, code: 'empty_upstream_answer' })
    answer = (response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end()
    const asked = { model: 'own', file: await sound(), response_format: 'text' } as const
    expect(await client.audio.transcriptions.create(asked)).toBe('')
  })

  it('that is a page, or an error under status 200, is a fault', async () => {
    answer = (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
    await expect(speech('page/tts')).rejects.toMatchObject({ status: 502 })
    answer = (response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"error":{"message":"no voice"}}')
    await expect(speech('error/tts')).rejects.toThrow('no voice')
  })

  it('of 429 waits for the key and is asked for again', async () => {
    const good = answer
    answer = (response) => {
      answer = good
      response.writeHead(429, { 'retry-after-ms': '30', 'content-type': 'application/json' })
      response.end('{"error":{"message":"slow down"}}')
    }
    const said = await client.audio.transcriptions.create({ model: 'own', file: await sound() })
    expect([said.text, seen.length]).toEqual(['hi', 2])
  })

  it('that nobody waits for any more is not read on', async () => {
    let closed: Promise<unknown> = Promise.resolve()
    answer = (response) => {
      closed = once(response, 'close')
      response.writeHead(200, { 'content-type': 'audio/mpeg' })
      response.write(SOUND)
    }
    const gone = new AbortController()
    const response = await client.audio.speech.create({ model: 'own', voice: 'x', input: 'y' }, { signal: gone.signal })
    expect(response.status).toBe(200)
    gone.abort()
    await closed
  })
})

describe('events', () => {
  const stream = async (model: string) =>
    client.audio.transcriptions.create({ model, file: await sound(), stream: true })
  const begin = (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: {"type":"transcript.text.delta","delta":"Hel"}\n\n')
  }
  const read = async (events: AsyncIterable<unknown>): Promise<unknown[]> => {
    const list: unknown[] = []
    for await (const each of events) list.push(each)
    return list
  }

  it('come as they are, with signs of life before them, and are counted', async () => {
    answer = (response) => {
      // behind the first sign of life
      const wait = setInterval(() => {
        if (!beaten) return
        clearInterval(wait)
        begin(response)
        response.end(
          'data: {"type":"transcript.text.done","text":"Hello","usage":{"input_tokens":31,"output_tokens":7}}\n\n',
        )
      }, 5)
    }
    let beaten = false
    const form = new FormData()
    form.set('model', 'own')
    form.set('stream', 'true')
    form.set('file', new Blob([SOUND]), 'a.wav')
    const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, { method: 'POST', body: form })
    beaten = true
    const text = await response.text()
    expect(text).toMatch(/^: keep-alive\n/)
    expect(text).toContain('data: {"type":"transcript.text.delta","delta":"Hel"}\n\n')
    expect(gateway.lines.at(-1)).toContain('"input_tokens":31,"output_tokens":7')
  })

  it.each<[string, string, (response: ServerResponse) => void]>([
    ['break off', 'breaks-events', (response) => response.destroy()],
    ['end in the middle', 'ends-events', (response) => response.end()],
    ['tell an error', 'error-events', (response) => response.end('data: {"error":{"message":"broken"}}\n\n')],
  ])('that %s end in an error', async (_, provider, end) => {
    answer = (response) => {
      begin(response)
      setImmediate(end, response)
    }
    const events = await stream(`${provider}/own`)
    await expect(read(events)).rejects.toThrow(APIError)
  })
})

describe('the sandbox', () => {
  it('speaks, listens and paints for the SDK', async () => {
    const said = await client.audio.speech.create({ model: 'fast', voice: 'alloy', input: 'Hello there' })
    const wav = Buffer.from(await said.arrayBuffer())
    expect(wav.subarray(0, 4).toString()).toBe('RIFF')
    const heard = await client.audio.transcriptions.create({ model: 'fast', file: await toFile(wav, 'a.wav') })
    expect(heard.text).toBe(`You sent ${wav.length} bytes of sound.`)
    const events = await client.audio.transcriptions.create({
      model: 'fast',
      file: await toFile(wav, 'a.wav'),
      stream: true,
    })
    let text = ''
    for await (const event of events) if (event.type === 'transcript.text.delta') text += event.delta
    expect(text).toBe(heard.text)
    const picture = await client.images.edit({ model: 'fast', image: await toFile(wav, 'a.png'), prompt: 'grey' })
    expect(picture.data?.[0]?.b64_json).toMatch(/^iVBOR/)
  })

  it.each([
    ['/v1/audio/speech', '{"model":"fast"}', 'input'],
    ['/v1/images/edits', '{"model":"fast","image":"x"}', 'prompt'],
  ])('%s refuses %s', async (path, body, field) => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${gateway.url}${path}`, { method: 'POST', headers, body })
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(field)])
  })
})
