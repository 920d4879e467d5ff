/** Another configuration under running streams: none is broken; and a bad one is refused, and told everywhere. */
import { appendFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { run, start } from '../scheduler-http/command-line.ts'
import { ask, page, serve, setStage, SOON, stage, write } from './stage.ts'

const STREAMS = 500
const BAD_FILES = 100

setStage()

const piece = (content: string, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`

function stream(url: string): Promise<string> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'vendor/m', stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
  }).then((response) => (response.body ? text(response.body) : ''))
}

async function configuration(url: string): Promise<Record<string, string>> {
  return (JSON.parse(await page(url, '/health')) as { configuration: Record<string, string> }).configuration
}

it(`breaks none of ${STREAMS} streams that run`, { timeout: 120_000 }, async () => {
  stage.holds = true
  const limits = { rpm: 100_000 }
  write({ limits })
  const url = await serve(1)
  const answers = Array.from({ length: STREAMS }, () => stream(url))
  await expect.poll(() => stage.open.length, SOON).toBe(STREAMS)
  for (const response of stage.open) {
    response.setHeader('content-type', 'text/event-stream')
    response.write(piece('before '))
  }
  // nobody is told: the file alone changes
  write({ limits, model: 'renamed' })
  await expect.poll(() => stage.said, SOON).toContain('a file changed: configuration reloaded')
  for (const response of stage.open) response.write(piece('between '))
  write({ limits, model: 'renamed-again' })
  stage.child?.kill('SIGHUP')
  await expect.poll(() => page(url, '/v1/models'), SOON).toContain('renamed-again')
  for (const response of stage.open) response.end(`${piece('after', 'stop')}data: [DONE]\n\n`)
  const whole = await Promise.all(answers)
  expect(whole.filter((answer) => /before .*between .*after.*\[DONE\]/s.test(answer))).toHaveLength(STREAMS)
  expect(await page(url, '/metrics')).toContain(
    `balanced_call_requests_total{model="vendor/m",provider="vendor",outcome="ok"} ${STREAMS}`,
  )
})

it(`refuses ${BAD_FILES} bad files, and serves on`, { timeout: 120_000 }, async () => {
  write({})
  const url = await serve(1, '--no-watch')
  const good = await configuration(url)
  expect(good).toMatchObject({ status: 'ok' })
  const bad = [
    'providers: 1',
    'providers: [',
    '{"providers":{"vendor":{"format":"no-such"}}}',
    '{"models":{"fast":["nobody/m"]}}',
    '\u0000',
    'a: &a [*a]',
    'server: {port: -1}',
    '- providers',
    'scheduler: {strategy: ./none.ts}',
    'formats: {acme: ./none.yaml}',
  ]
  for (let number = 0; number < BAD_FILES; number++) {
    writeFileSync(stage.file, `${bad[number % bad.length]}\n# ${number}`)
    const answer = await fetch(`${url}/v1/reload`, { method: 'POST', headers: { connection: 'close' } })
    expect({ number, status: answer.status }).toEqual({ number, status: 422 })
    expect((await answer.json()) as unknown).toMatchObject({
      status: 'refused',
      refused: { why: expect.stringMatching(/\S/) },
    })
  }
  expect(await configuration(url)).toMatchObject({ loaded: good['loaded'], refused_at: expect.any(String) })
  expect((await ask(url)).status).toBe(200)
  expect(stage.said).toContain('the old one stays in use')
  // the command reads the file itself as well, and finds nobody to ask where it is bad
  const refused = await run(['reload', '--config', stage.file, '--port', new URL(url).port])
  expect(refused.code).toBe(1)
  expect(refused.errors).toMatch(/providers\.yaml/)
  write({ model: 'mended' })
  const reloaded = await run(['reload', '--config', stage.file, '--port', new URL(url).port])
  expect(reloaded).toMatchObject({ code: 0, output: expect.stringContaining('reloaded') })
  expect(await configuration(url)).toMatchObject({ status: 'ok' })
  expect(await page(url, '/v1/models')).toContain('mended')
})

it('takes keys from an env file, for workers as well, and sees it change', { timeout: 120_000 }, async () => {
  const variables = path.join(stage.folder, 'variables.env')
  writeFileSync(variables, 'FIRST_KEY=key-one-0001\n')
  write({ keys: ['${FIRST_KEY}', '${SECOND_KEY}'] })
  const url = await serve(2, '--env', variables)
  expect((await ask(url)).status).toBe(200)
  expect(JSON.parse(await page(url, '/health/providers'))).toMatchObject({
    providers: { vendor: { keys: { ready: 1 } } },
  })
  const ready = async (): Promise<unknown> => JSON.parse(await page(url, '/health/providers').catch(() => '{}'))
  appendFileSync(variables, 'SECOND_KEY=key-two-0002\n')
  await expect.poll(ready, SOON).toMatchObject({ providers: { vendor: { keys: { ready: 2 } } } })
  // what is gone from the file is gone
  writeFileSync(variables, 'SECOND_KEY=key-two-0002\n')
  await expect.poll(ready, SOON).toMatchObject({ providers: { vendor: { keys: { ready: 1 } } } })
  const told = await fetch(`${url}/v1/reload`, { method: 'POST', headers: { connection: 'close' } })
  expect((await told.json()) as unknown).toMatchObject({ status: 'reloaded' })
  const gone = start(['serve', '--config', stage.file, '--env', path.join(stage.folder, 'none.env')])
  expect(await text(gone.stderr)).toContain('there is no such file')
})
