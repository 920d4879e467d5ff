/** The commands that ask a vendor, against a server: `probe`, `test --live --record`, `init-format`. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { greeted, run, start, type Ended } from '../scheduler-http/command-line.ts'
import { asker, Faulty } from './ask.ts'
import type { Scenario } from './scenarios.ts'
import type { Setting } from './setting.ts'

/** What noise cannot do: two calls, a text of any length as JSON, a colour. */
const BEYOND = new Set(['parallel tools', 'json_schema', 'image'])

async function command(args: string[], codes = [0]): Promise<Ended> {
  const ended = await run(args)
  if (!codes.includes(ended.code ?? -1))
    throw new Faulty(`${args[0]} ends with ${ended.code}: ${(ended.errors + ended.output).trim().slice(-600)}`)
  return ended
}

async function probe({ config }: Setting): Promise<string> {
  const { output } = await command(['probe', 'up', '--config', config, '--json'])
  const [{ status, took }] = JSON.parse(output) as [{ status: string; took: string }]
  return `${status} in ${took}`
}

interface Told {
  exchanges: { name: string; ok: boolean; faults: string[] }[]
}

function recordings(setting: Setting): string {
  return join(setting.folder, 'recorded')
}

async function live(setting: Setting): Promise<string> {
  const to = recordings(setting)
  rmSync(to, { recursive: true, force: true })
  const { output } = await command(
    ['test', 'up', '--config', setting.config, '--live', '--json', '--record', to],
    [0, 1],
  )
  const [{ exchanges }] = JSON.parse(output) as [Told]
  const failed = exchanges.filter(({ ok }) => !ok)
  const own = failed.filter(({ name }) => !BEYOND.has(name) && !setting.server.beyond?.includes(name))
  if (own.length > 0) throw new Faulty(own.map(({ name, faults }) => `${name}: ${faults.join(', ')}`).join('; '))
  return `${exchanges.length - failed.length} of ${exchanges.length} probes hold`
}

async function record(setting: Setting): Promise<string> {
  const files = readdirSync(recordings(setting))
  const cases = files.flatMap((file) => ['--cases', join(recordings(setting), file)])
  const { output } = await command(['test', setting.server.format, ...cases])
  return output.trim().split('\n').at(-1) ?? ''
}

/** A draft from the server's own answers serves as well as the format that ships. */
async function initFormat({ folder, server }: Setting): Promise<string> {
  const own = join(folder, 'drafted')
  rmSync(own, { recursive: true, force: true })
  mkdirSync(own)
  const file = (name: string, text: string): string => {
    const path = join(own, name)
    writeFileSync(path, text)
    return path
  }
  const url = server.chatUrl
  const body = { model: server.model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 12 }
  const key = server.key ?? 'any-key-0001'
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
  const answers: string[] = []
  for (const stream of [false, true]) {
    const sent = { method: 'POST', headers, body: JSON.stringify({ ...body, stream }) }
    const response = await fetch(url, sent)
    answers.push('--answer', file(stream ? 'stream.txt' : 'answer.json', await response.text()))
  }
  const curl = file(
    'curl.txt',
    `curl ${url} -H "content-type: application/json" -H "authorization: Bearer $KEY" -d '${JSON.stringify(body)}'`,
  )
  const drafted = join(own, 'drafted.yaml')
  const { output } = await command(['init-format', '--from', curl, ...answers, '--out', drafted])
  await command(['check', drafted])
  await command(['test', drafted])
  const [, base = ''] = /base_url: (\S+)/.exec(output) ?? []
  const up = { format: 'drafted', base_url: base, keys: [key], models: [server.model] }
  const config = file(
    'providers.yaml',
    JSON.stringify({ formats: { drafted }, providers: { up }, models: { fast: [`up/${server.model}`] } }),
  )
  const gateway = start(['serve', '--config', config, '--port', '0'])
  try {
    const { ask } = asker(await greeted(gateway), '')
    for (const stream of [false, true]) {
      const answer = await ask({ messages: body.messages, max_tokens: 12, stream })
      if (answer.text === '') throw new Faulty(`the draft serves nothing: ${JSON.stringify(answer)}`)
    }
  } finally {
    gateway.kill('SIGKILL')
  }
  return 'the draft checks, holds its cases and serves'
}

export const COMMANDS: Record<string, Scenario> = {
  probe,
  'test --live': live,
  '--record': record,
  'init-format': initFormat,
}
