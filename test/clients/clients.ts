/**
 * `npm run clients [NAME]`: clients in other languages, pinned and installed into a temporary folder (CLIENTS_FOLDER keeps
 * one), against a server of their own over an upstream that answers always the same. Writes what it saw into docs/CLIENTS.md,
 * with a NAME only that client's row. Not part of `npm test`.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { greeted, start } from '../scheduler-http/command-line.ts'
import { CLIENTS, type Client } from './client-list.ts'
import { startHeartbeatCounter } from './heartbeat-counter.ts'
import { langchainSuite } from './langchain-suite.ts'
import { writeRow, writeSuite, type Cell } from './page.ts'
import { startUpstream } from './upstream.ts'

/** What each case is to say, in the order of the table. Names that are numbers would come first in an object. */
const CASES: [name: string, expected: RegExp][] = [
  ['plain', /^Hello from upstream\. 15 tokens$/],
  ['stream', /^Hello from upstream\. in 3 pieces$/],
  ['tools', /^get_weather Oslo, It is fine in Oslo\.$/],
  ['structured', /^Ada 36$/],
  ['400', /400.*temperature/s],
  ['401', /401/],
  ['404', /404.*missing/s],
  ['429', /429/],
  ['5xx', /50[0234]/],
  ['error in stream', /^Hello, then .*overheated/s],
  ['queued', /^Hello from upstream\. in 3 pieces$/],
]
const NAMES = CASES.map(([name]) => name)
const KEY = 'key-of-a-client-0001'
/** Milliseconds for all cases of one client. */
const PATIENCE = 240_000

const only = process.argv[2]?.toLowerCase()
const kept = process.env['CLIENTS_FOLDER']
const folder = kept ?? mkdtempSync(join(tmpdir(), 'balanced-call-clients-'))
if (kept === undefined) process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const upstream = await startUpstream()
let failed = 0
let ran = 0
for (const client of CLIENTS.filter(({ name }) => only === undefined || name.toLowerCase().includes(only))) {
  try {
    execFileSync('sh', ['-c', `command -v ${client.needs}`], { stdio: 'ignore' })
  } catch {
    console.log(`skip  ${client.name}: ${client.needs} is not here`)
    continue
  }
  ran++
  const { said, heartbeats } = await run(client)
  const cells = CASES.map(([name, expected]) => {
    const words = said.get(name) ?? 'said nothing'
    const cell = judge(client, name, expected.test(words) && (name !== 'queued' || heartbeats > 0))
    if (cell === 'no') failed++
    const detail = name === 'queued' ? `${words}, ${heartbeats} heartbeats` : words
    console.log(`${cell.padEnd(5)} ${client.name.padEnd(18)} ${name.padEnd(16)} ${detail.slice(0, 200)}`)
    return cell
  })
  writeRow(NAMES, { name: client.name, version: client.version, cells, own: client.own ?? {} })
}
upstream.server.close()
if (only === undefined || langchainSuite.name.includes(only)) {
  ran++
  const { about, faults } = await langchainSuite.run(join(folder, langchainSuite.name), outputOf)
  failed += faults
  console.log(`${langchainSuite.name}: ${about}`)
  writeSuite(NAMES, langchainSuite.name, about)
}
console.log(`${ran} clients, ${failed} faults`)
process.exitCode = failed > 0 ? 1 : 0

function judge({ own }: Client, name: string, isRight: boolean): Cell {
  if (isRight) return 'yes'
  return own?.[name] === undefined ? 'no' : 'its own'
}

async function run(client: Client): Promise<{ said: Map<string, string>; heartbeats: number }> {
  const command = client.prepare(join(folder, client.name))
  const up = { format: 'openai', base_url: upstream.url, keys: ['any-key-0001'] }
  const config = join(folder, `${client.name}.yaml`)
  writeFileSync(
    config,
    JSON.stringify({
      server: { heartbeat: '100ms', api_keys: [KEY] },
      providers: {
        up: { ...up, models: ['m', 'overheats'] },
        refusing: { ...up, models: ['refuses'] },
        failing: { ...up, models: ['fails'] },
        limited: { ...up, limits: [{ requests: 1, per: '2s' }], models: ['m'] },
      },
      models: {
        fast: ['up/m'],
        overheats: ['up/overheats'],
        refuses: ['refusing/refuses'],
        fails: ['failing/fails'],
        queued: ['limited/m'],
      },
    }),
  )
  const server = start(['serve', '--config', config, '--port', '0'])
  const counter = await startHeartbeatCounter(await greeted(server))
  try {
    const output = await outputOf(command, { CLIENT_URL: `${counter.url}/v1`, CLIENT_KEY: KEY })
    const lines = output.split('\n').map((line) => line.split('\t'))
    return {
      said: new Map(lines.map(([name = '', words = '']) => [name, words])),
      heartbeats: counter.heartbeats(),
    }
  } finally {
    counter.close()
    server.kill('SIGKILL')
  }
}

/** Not synchronous: the upstream and the counter answer in this process meanwhile. */
function outputOf(command: ReturnType<Client['prepare']>, env: NodeJS.ProcessEnv): Promise<string> {
  const options = { env: { ...process.env, ...command.env, ...env }, timeout: PATIENCE }
  return new Promise((resolve) => {
    execFile(command.file, command.args, options, (error, output, errors) => {
      if (error) console.log(errors.slice(-1500))
      resolve(output)
    })
  })
}
