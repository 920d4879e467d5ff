/** Bodies in the log of requests: of clients that say so alone, without secrets and files, with what the upstream got. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { run as logs } from '../../src/cli/commands/logs.ts'
import { boundedJson, KeptBodies } from '../../src/gateway/kept-bodies.ts'
import { redactBody } from '../../src/store/redact-body.ts'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

const PICTURE = `data:image/png;base64,${'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2j'.repeat(20)}`
let gateway: TestGateway
let data: string
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'bodies-'))
  const clients = {
    alice: { keys: 'key-of-alice', log_bodies: true },
    bob: { keys: 'key-of-bob' },
  }
  const server = { admin_keys: ['key-of-admin'] }
  gateway = await startGateway({ ...SANDBOX, clients, server }, {}, { data })
})
afterAll(async () => {
  await gateway.close()
  rmSync(data, { recursive: true, force: true })
})

async function ask(client: string, path: string, body: object): Promise<string> {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer key-of-${client}` },
    body: JSON.stringify({ model: 'fast', max_tokens: 30, ...body }),
  })
  const text = await answer.text()
  expect({ status: answer.status, text }).toMatchObject({ status: 200 })
  return answer.headers.get('x-request-id') ?? ''
}

type Bodies = Record<'request' | 'sent' | 'answer', string>

async function bodiesOf(id: string): Promise<Bodies | undefined> {
  const headers = { authorization: 'Bearer key-of-admin' }
  const found = await fetch(`${gateway.url}/v1/admin/requests/${id}`, { headers })
  expect(found.status).toBe(200)
  return ((await found.json()) as { bodies?: Bodies }).bodies
}

const content = [
  { type: 'text', text: 'What is it? My key is sk-proj-abcdefghij0123456789 and key-of-bob.' },
  { type: 'image_url', image_url: { url: PICTURE } },
]

test.each([false, true])(
  'a client that wants it: what it asked, what was sent, what came (stream: %s)',
  async (stream) => {
    const id = await ask('alice', '/v1/chat/completions', { stream, messages: [{ role: 'user', content }] })
    await expect.poll(() => bodiesOf(id).catch(() => undefined), { timeout: 5000 }).toBeDefined()
    const bodies = (await bodiesOf(id)) as Bodies
    expect(JSON.parse(bodies.request)).toMatchObject({ model: 'fast', messages: [{ role: 'user' }] })
    expect(JSON.parse(bodies.sent)).toMatchObject({ model: 'sandbox-fast', messages: [{ role: 'user' }] })
    expect((JSON.parse(bodies.answer) as { text: string }).text.length).toBeGreaterThan(3)
    for (const text of [bodies.request, bodies.sent]) {
      expect(text).toContain('My key is [secret] and [bob].')
      expect(text).toMatch(/data:image\/png;base64,… \d+ characters/)
    }
    for (const name of readdirSync(data).filter((each) => each.startsWith('requests')))
      expect(readFileSync(join(data, name), 'latin1')).not.toMatch(/sk-proj-abcdef|key-of-bob|AAAAgCAIAAAD8/)
  },
)

test('over another door it is what the client’s own API had, beside what the upstream got', async () => {
  const id = await ask('alice', '/v1/messages', { system: 'Be brief.', messages: [{ role: 'user', content: 'Hi' }] })
  await expect.poll(() => bodiesOf(id).catch(() => undefined), { timeout: 5000 }).toBeDefined()
  const bodies = (await bodiesOf(id)) as Bodies
  expect(JSON.parse(bodies.request)).toMatchObject({ system: 'Be brief.' })
  expect(JSON.parse(bodies.sent)).toMatchObject({ messages: [{ role: 'system' }, { role: 'user' }] })
  const log = vi.spyOn(console, 'log').mockReturnValue()
  expect(await logs(['--data', data, id])).toBe(0)
  const shown = log.mock.calls.flat().join('\n')
  log.mockRestore()
  expect(shown).toMatch(
    /what the client asked[\s\S]*"system": "Be brief."[\s\S]*what the upstream got[\s\S]*what came back/,
  )
})

test('the terminal shows what was sent beside what came, where it is wide', async () => {
  const id = await ask('alice', '/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi\tthere\u001b[2J' }] })
  await expect.poll(() => bodiesOf(id).catch(() => undefined), { timeout: 5000 }).toBeDefined()
  const log = vi.spyOn(console, 'log').mockReturnValue()
  const before = Object.getOwnPropertyDescriptor(process.stdout, 'columns')
  Object.defineProperty(process.stdout, 'columns', { value: 120, configurable: true })
  expect(await logs(['--data', data, 'show', id])).toBe(0)
  if (before) Object.defineProperty(process.stdout, 'columns', before)
  else Reflect.deleteProperty(process.stdout, 'columns')
  const lines = log.mock.calls.flat().join('\n').split('\n')
  log.mockRestore()
  const head = lines.findIndex((line) => /^what the upstream got {30,} │ what came back$/.test(line))
  expect(head).toBeGreaterThan(0)
  const shown = lines.slice(head)
  expect(shown.every((line) => line.length <= 120 && line.includes('│'))).toBe(true)
  expect(shown.some((line) => /^ {2}"model": "sandbox-fast".* │ /.test(line))).toBe(true)
  expect(shown.some((line) => / │ +"text": /.test(line))).toBe(true)
  await expect(logs(['--data', data, 'show'])).rejects.toThrow('which request?')
})

test('nothing is kept of others', async () => {
  const id = await ask('bob', '/v1/chat/completions', { messages: [{ role: 'user', content: 'a secret of bob' }] })
  await expect
    .poll(
      () =>
        bodiesOf(id).then(
          () => true,
          () => false,
        ),
      { timeout: 5000 },
    )
    .toBe(true)
  expect(await bodiesOf(id)).toBeUndefined()
  for (const name of readdirSync(data))
    expect(readFileSync(join(data, name), 'latin1')).not.toContain('a secret of bob')
})

test('what is long is cut, and files are told by their size', () => {
  expect(boundedJson({ a: 'x'.repeat(255), n: 2n ** 64n })).toBe(`{"a":"${'x'.repeat(255)}","n":18446744073709551616}`)
  expect(boundedJson({ a: 'x'.repeat(300) })).toBe('{"a":"… 300 characters of base64"}')
  expect(boundedJson({ a: 'word '.repeat(300) })).toContain('word word')
  const long = boundedJson({ a: 'word '.repeat(100_000) })
  expect(long.length).toBeLessThan(262_200)
  expect(long).toMatch(/… 23\d{4} characters more$/)
  expect(boundedJson(undefined)).toBe('null')
})

test('a form that is sent on is told by its size', async () => {
  const kept = new KeptBodies({ body: {}, relay: { operation: 'audio/transcriptions', body: { model: 'm' } } })
  const client = { send: () => Promise.reject(new Error('sent')), close: () => Promise.resolve() }
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  for (const sent of [
    { body: 'RIFF-of-a-voice' },
    { body: '', pieces: [Buffer.from('RIFF-of-'), Buffer.from('a-voice')] },
  ]) {
    const request = { method: 'POST', url: 'http://a.example/v1/audio', headers, ...sent }
    await expect(kept.watchClient(client, 'http://a.example').send(request, {} as never)).rejects.toThrow('sent')
    expect(kept.read().sent).toBe('… 15 bytes of multipart/form-data')
  }
})

test('what looks like a secret is none any more', () => {
  const as = (text: string): string => redactBody(text, (same) => same)
  expect(as('a ghp_0123456789abcdefABCD b')).toBe('a [secret] b')
  expect(as('Authorization: Bearer abcdefghijklmnop1234==')).toBe('Authorization: [secret]')
  expect(as('-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----!')).toBe('[secret]!')
  expect(as('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-_x')).toBe('[secret]')
  expect(as('sketch, skeleton-of-a-dinosaur and hf-labels')).toBe('sketch, skeleton-of-a-dinosaur and hf-labels')
})
