/** `run -- COMMAND …`: an agent that finds this server by itself; starts the server for as long where none runs. */
import { spawn } from 'node:child_process'
import { createApp } from '../../app/app.ts'
import { agentEnvironment, agentOf, fillIn, readAgents, type Agent } from '../../agents/agent.ts'
import { writeOnce, type Once } from '../../agents/once.ts'
import { readEndpoint, ENDPOINT_OPTIONS, type Located } from '../endpoint.ts'
import { postGuard } from '../running/guard.ts'
import { exitCodeOf, holdSignals, type Signals } from '../running/signals.ts'
import { listening } from '../serving/listen-error.ts'
import { readOptions, UsageError } from '../command-line.ts'

/** Milliseconds in which a server that runs tells so. */
const PATIENCE = 2000

export async function run(args: string[]): Promise<number> {
  const end = args.indexOf('--')
  const { values, positionals } = readOptions(end < 0 ? args : args.slice(0, end), ENDPOINT_OPTIONS)
  const [command, ...given] = end < 0 ? positionals : args.slice(end + 1)
  if (command === undefined)
    throw new UsageError('run wants a command: run -- codex, run --model fast -- aider --message "…"')
  const located = readEndpoint(values)
  const agent = agentOf(readAgents(), command)
  const signals = holdSignals()
  const once = filesOf(agent, located)
  // however this process ends
  process.once('exit', once.remove)
  const stop = (await isRunning(located.endpoint.origin)) ? undefined : await start(located)
  try {
    const ours = fillIn(agent.arguments, once.endpoint) ?? []
    const env = agentEnvironment(agent, once.endpoint, process.env)
    return await finished(command, [...ours, ...given], env, signals, once.endpoint.once)
  } finally {
    await stop?.()
  }
}

function filesOf(agent: Agent, { endpoint }: Located): Once {
  try {
    return writeOnce(agent, endpoint)
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** Is it ours that answers there? Throws a UsageError when something else does. */
async function isRunning(origin: string): Promise<boolean> {
  let answer: Response
  try {
    answer = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(PATIENCE) })
  } catch {
    return false
  }
  const said: unknown = await answer.json().catch(() => undefined)
  if (typeof said === 'object' && said !== null && 'in_flight' in said && 'queued' in said) return true
  throw new UsageError(`something else answers on ${origin}: choose another port with --port`)
}

/** In this process, and without log lines: the terminal is the agent's. */
async function start({ config, host, port }: Located): Promise<() => Promise<void>> {
  const app = await createApp(config, { level: 'silent' })
  await listening(() => app.server.listen({ port, host }), app.close, port, host)
  return app.close
}

/** The command's exit code, or what shells tell of a signal. */
function finished(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  signals: Signals,
  folder: string | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const guard = postGuard(folder)
    const child = spawn(command, args, { stdio: 'inherit', env, shell: process.platform === 'win32' })
    if (child.pid !== undefined) {
      signals.belongTo(child)
      guard.watch(child.pid)
    }
    child.once('error', (cause) => {
      guard.dismiss()
      const missing = 'code' in cause && cause.code === 'ENOENT'
      reject(new UsageError(missing ? `there is no command "${command}" here` : cause.message, { cause }))
    })
    child.once('exit', (code, signal) => {
      guard.dismiss()
      resolve(code ?? (signal ? exitCodeOf(signal) : 0))
    })
  })
}
