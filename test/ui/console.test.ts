/** What the page asks the server for, without a browser. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { restoreSecrets, hideSecrets } from '../../src/config/document/hidden-secrets.ts'
import { KINDS } from '../../src/chat/error.ts'
import { EN } from '../../src/ui/page/words/en.ts'
import { parseSource } from '../../src/config/document/read-source.ts'
import { SANDBOX, startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { ADMIN, startStage, type Stage } from './stage.ts'

const headers = { 'content-type': 'application/json', authorization: `Bearer ${ADMIN}` }
let stage: Stage

beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage.close())

async function ask(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') {
  const answer = await fetch(`${stage.url}${path}`, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

/** The first picture of the feed that is as wanted. */
async function pictured(isWanted: (picture: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  const answer = await fetch(`${stage.url}/v1/admin/live`, { headers })
  let rest = ''
  for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (rest + piece).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      const picture = JSON.parse(event.slice('data: '.length)) as Record<string, unknown>
      if (isWanted(picture)) return picture
    }
  }
  throw new Error('the feed ended before')
}

describe('the files of the page', () => {
  test('have a word for each way in which a request can end', () => {
    expect(Object.keys(KINDS).filter((kind) => !Object.hasOwn(EN, `outcome.${kind}`))).toEqual([])
  })

  test('are the same for everybody, and hold nothing from elsewhere', async () => {
    const page = await fetch(`${stage.url}/ui`)
    const text = await page.text()
    expect(page.status).toBe(200)
    expect(text).not.toMatch(/https?:\/\//)
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    const paths = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path)
    const imports = Object.values(
      (JSON.parse(/importmap">(.*?)<\/script>/.exec(text)?.[1] ?? '{}') as { imports: Record<string, string> }).imports,
    )
    for (const path of [...paths, ...imports]) {
      const answer = await fetch(`${stage.url}${path}`)
      expect([path, answer.status]).toEqual([path, 200])
      await answer.text()
    }
  })

  test('are read without a warning on the terminal', async () => {
    const read = `import(${JSON.stringify(new URL('../../src/ui/page-files.ts', import.meta.url).href)}).then((page) => page.readPage())`
    const { stderr } = await promisify(execFile)(process.execPath, ['-e', read])
    expect(stderr).toBe('')
  })

  test('are not sent twice', async () => {
    const first = await fetch(`${stage.url}/ui/style.css`)
    await first.text()
    const again = await fetch(`${stage.url}/ui/style.css`, {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(304)
  })

  test.each(['/ui/nothing.ts', '/ui/../package.json', '/ui/%2e%2e/register-page.ts'])('%s is none', async (path) => {
    expect((await fetch(`${stage.url}${path}`)).status).not.toBe(200)
  })

  test('what they ask for wants an administrator', async () => {
    for (const path of ['/v1/admin/live', '/v1/admin/traffic', '/v1/admin/config']) {
      expect((await fetch(`${stage.url}${path}`)).status).toBe(401)
      expect((await fetch(`${stage.url}${path}`, { headers: { authorization: 'Bearer key-of-alice' } })).status).toBe(
        403,
      )
    }
  })

  test('are not there where they are switched off', async () => {
    const gateway: TestGateway = await startGateway({ ...SANDBOX, server: { ui: false } })
    try {
      for (const path of ['/ui', '/ui/main.ts', '/v1/admin/live', '/v1/admin/config'])
        expect([path, (await fetch(`${gateway.url}${path}`)).status]).toEqual([path, 404])
    } finally {
      await gateway.close()
    }
  })
})

test('the feed shows who waits, where, how long, and what for', async () => {
  await Promise.all(Array.from({ length: 4 }, () => stage.chat('narrow', 'bob')))
  const go = stage.vendor.hold()
  const asked = Array.from({ length: 5 }, (_, index) => stage.chat('narrow', index % 2 ? 'alice' : 'bob'))
  const { waiting, queued, keys } = await pictured((picture) => picture['queued'] === 3)
  expect(queued).toBe(3)
  expect(keys).toHaveLength(6)
  const first = {
    model: 'narrow',
    place: 1,
    eta: expect.any(Number) as number,
    reason: expect.stringContaining('concurrency') as string,
  }
  expect(waiting).toMatchObject([first, { place: 2, eta: expect.any(Number) as number }, { place: 3 }])
  const etas = (waiting as { eta: number }[]).map(({ eta }) => eta)
  expect(etas).toEqual(etas.toSorted((a, b) => a - b))
  go()
  expect(await Promise.all(asked)).toEqual(asked.map(() => 200))
})

test('a server that stops does not wait for who listens', async () => {
  const gateway = await startGateway(SANDBOX)
  const answer = await fetch(`${gateway.url}/v1/admin/live`)
  const reader = answer.body?.getReader()
  await reader?.read()
  await gateway.close()
  for (;;) if ((await reader?.read())?.done) break
})

describe('traffic', () => {
  test('is counted by model, with what the queue spared', async () => {
    stage.vendor.refuse.add('north-key-1')
    await Promise.all(Array.from({ length: 6 }, () => stage.chat('deep')))
    await expect
      .poll(
        async () =>
          (
            (await ask('/v1/admin/traffic?by=model&step=3600000')).body['data'] as { name: string; requests: number }[]
          ).find(({ name }) => name === 'deep')?.requests,
      )
      .toBe(6)
    const { body } = await ask('/v1/admin/traffic?by=model&step=3600000')
    const points = body['data'] as { name: string; spared: number; first_p50: number; first_p95: number }[]
    const of = (name: string) => points.find((point) => point.name === name)
    expect(of('deep')).toMatchObject({ errors: 0, input_tokens: 720, output_tokens: 36 })
    expect(of('narrow')?.spared).toBeGreaterThanOrEqual(3)
    expect(of('deep')?.first_p95).toBeGreaterThanOrEqual(of('deep')?.first_p50 ?? Infinity)
  })

  test.each(['by=name', 'step=1', 'since=x', 'since=0&step=1000'])('%s is refused', async (query) => {
    expect((await ask(`/v1/admin/traffic?${query}`)).status).toBe(400)
  })
})

test.each([
  ['chat', { messages: [{ role: 'user', content: 'Hi' }] }],
  ['messages', { max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] }],
  ['responses', { input: 'Hi' }],
  ['generate-content', { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }],
])('the vendor’s request for one of %s is shown without its key', async (door, body) => {
  const told = await ask('/v1/admin/convert', { door, model: 'deep', body })
  expect(told.body).toMatchObject({ provider: 'north', model: 'large', method: 'POST', body: { model: 'large' } })
  expect(JSON.stringify(told.body)).not.toContain('north-key')
  expect(JSON.stringify(told.body)).toContain('Hi')
})

describe('the configuration', () => {
  test('is shown without secrets', async () => {
    const { body } = await ask('/v1/admin/config')
    expect(body).toMatchObject({ editable: true })
    expect(body['text']).toContain('north:')
    expect(body['text']).not.toMatch(/north-key|key-of/)
  })

  test('comes back with them as they were, and one that is changed is refused', () => {
    const source = parseSource(
      'x.yaml',
      'providers:\n  a: { format: openai, keys: [sk-one] }\n  b: { format: openai, keys: [sk-two] }\n',
    )
    const lines = hideSecrets(source)
    expect(lines.join('\n')).not.toContain('sk-')
    expect(restoreSecrets(source, lines.toReversed().join('\n'))).toEqual({
      text: source.text.split('\n').toReversed().join('\n'),
    })
    expect(restoreSecrets(source, lines.join('\n').replace('a: {', 'c: {'))).toEqual({ line: 2 })
  })

  test('with a secret in a comment is shown without it', () => {
    const source = parseSource('a.yaml', '# the old one: sk-proj-1234567890abcdefgh, of May\nproviders: {}\n')
    const lines = hideSecrets(source)
    expect(lines[0]).toBe('# the old one: •••, of May')
    expect(restoreSecrets(source, lines.join('\n'))).toEqual({ text: source.text })
  })

  test('tells no value of a variable that a text names', async () => {
    const text = 'providers: { a: { format: "${PATH}", base_url: "http://a.example", keys: [k] } }'
    const { body } = await ask('/v1/admin/config/check', { text })
    expect(JSON.stringify(body)).not.toContain(process.env['PATH'])
    expect(JSON.stringify(body)).toContain('unknown format [${PATH}]')
  })

  test('that is bad is refused with its line; a good one is served at once', async () => {
    const { body } = await ask('/v1/admin/config')
    const text = String(body['text'])
    const bad = await ask(
      '/v1/admin/config',
      { text: text.replace('rpm: 40', 'rpm: forty'), version: body['version'] },
      'PUT',
    )
    expect(bad).toMatchObject({
      status: 422,
      body: { data: [{ line: 21, message: expect.stringContaining('expected a number') as string }] },
    })
    expect(readFileSync(stage.file, 'utf8')).toContain('rpm: 40 }')
    expect((await ask('/v1/admin/config', { text, version: 'older' }, 'PUT')).status).toBe(409)
    const good = await ask(
      '/v1/admin/config',
      { text: text.replace('narrow: [south/narrow]', 'thin: [south/narrow]'), version: body['version'] },
      'PUT',
    )
    expect(good.body).toMatchObject({ status: 'applied', data: [] })
    expect(readFileSync(stage.file, 'utf8')).toContain('north-key-1')
    expect(await stage.chat('thin')).toBe(200)
  })

  test('is only shown where its owner does not say more', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'balanced-call-ui-'))
    const gateway = await startGateway(SANDBOX)
    try {
      const shown = (await (await fetch(`${gateway.url}/v1/admin/config`)).json()) as Record<string, string>
      expect(shown).toMatchObject({ editable: false })
      const put = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(shown) }
      expect((await fetch(`${gateway.url}/v1/admin/config`, put)).status).toBe(403)
    } finally {
      await gateway.close()
      rmSync(folder, { recursive: true })
    }
  })

  test('changes for no page of another site', async () => {
    const put = { method: 'PUT', headers: { ...headers, origin: 'https://elsewhere.example' }, body: '{}' }
    expect((await fetch(`${stage.url}/v1/admin/config`, put)).status).toBe(403)
  })
})
