/**
 * `npm run agents`: real coding agents, pinned and installed into a temporary folder, each take a turn with a call of one of
 * their tools, started by `balanced-call run`, over an upstream of each wire; and one over the sandbox. Not part of `npm test`.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DONE, startUpstream, WIRES, type Upstream } from './upstreams.ts'
import { freePort } from '../free-port.ts'

/** The agent's package, and its command line for one turn that asks nobody. */
const AGENTS: Record<string, { install: string; command: string[] }> = {
  'Claude Code': {
    install: '@anthropic-ai/claude-code@2.1.332',
    command: ['claude', '--allowedTools', 'Bash', '-p'],
  },
  Codex: {
    install: '@openai/codex@0.171.0',
    command: ['codex', 'exec', '--skip-git-repo-check', '--sandbox', 'danger-full-access'],
  },
  'Gemini CLI': { install: '@google/gemini-cli@0.61.0', command: ['gemini', '--skip-trust', '--yolo', '-p'] },
  opencode: { install: 'opencode-ai@1.18.33', command: ['opencode', 'run'] },
  Cline: { install: 'cline@3.0.65', command: ['cline'] },
  Continue: { install: '@continuedev/cli@1.5.47', command: ['cn', '--auto', '-p'] },
  'Qwen Code': { install: '@qwen-code/qwen-code@0.24.4', command: ['qwen', '--yolo', '-p'] },
}
const PROMPT = 'Run a command that says hello, and tell me what it said.'
/** Milliseconds for one turn. */
const PATIENCE = 240_000

const only = process.argv[2]?.toLowerCase()
const folder = mkdtempSync(join(tmpdir(), 'balanced-call-agents-'))
const bin = join(folder, 'node_modules/.bin')
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const agents = Object.entries(AGENTS).filter(([name]) => only === undefined || name.toLowerCase().includes(only))
execFileSync('npm', ['init', '-y'], { cwd: folder, stdio: 'ignore' })
const packages = agents.map(([, { install }]) => install)
execFileSync('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: folder, stdio: 'ignore' })

let failed = 0
for (const [name, { command }] of agents) {
  for (const [wire, upstream] of [...Object.entries(WIRES), ['sandbox', undefined] as const]) {
    const fake = upstream ? await startUpstream(upstream) : undefined
    const fault = await turn(command, upstream?.format, fake)
    fake?.close()
    if (fault !== undefined) failed++
    console.log(`${fault === undefined ? 'ok  ' : 'FAIL'}  ${name.padEnd(12)} over ${wire.padEnd(10)} ${fault ?? ''}`)
  }
}
console.log(`${agents.length * (Object.keys(WIRES).length + 1) - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

/** What went wrong; undefined for a turn that came to its end. */
async function turn(
  command: string[],
  format: string | undefined,
  fake: Upstream | undefined,
): Promise<string | undefined> {
  const home = mkdtempSync(join(folder, 'home-'))
  const work = join(home, 'work')
  mkdirSync(work)
  writeFileSync(join(work, 'note.txt'), 'hello\n')
  const provider = fake
    ? { format, base_url: fake.url, keys: ['any'], models: { m: {} } }
    : { format: 'openai', base_url: 'sandbox:', keyless: true, models: { 'sandbox-fast': {} } }
  const config = join(home, 'providers.yaml')
  const model = fake ? 'up/m' : 'up/sandbox-fast'
  writeFileSync(config, JSON.stringify({ providers: { up: provider }, models: { fast: [model] } }))
  const main = join(import.meta.dirname, '../../src/main.ts')
  const args = [main, 'run', '--config', config, '--port', String(await freePort()), '--', ...command, PROMPT]
  // agents that find their own keys would leave ours aside
  const env = { PATH: `${dirname(process.execPath)}:${bin}:${process.env['PATH']}`, HOME: home, TERM: 'dumb', CI: '1' }
  const child = spawn(process.execPath, args, { cwd: work, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
  const timer = setTimeout(() => child.kill(), PATIENCE)
  const code = await new Promise((ended) => child.once('exit', ended))
  clearTimeout(timer)
  const last = said.trim().split('\n').slice(-3).join(' | ').slice(0, 300)
  if (code !== 0) return `exit code ${String(code)}: ${last}`
  if (!fake) return said.trim() === '' ? 'said nothing' : undefined
  if (fake.results() === 0) return `no result of a tool came back: ${last}`
  return said.includes(DONE) ? undefined : `did not say the answer: ${last}`
}
