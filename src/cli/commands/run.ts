/** `run -- COMMAND …`: an agent that finds this server by itself; starts the server for as long where none runs. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { createApp } from '../../app/app.ts'
import { agentEnvironment, agentOf, fillIn, readAgents, type Agent } from '../../agents/agent.ts'
import { writeOnce, type Once } from '../../agents/once.ts'
import { readEndpoint, ENDPOINT_OPTIONS, type Located } from '../endpoint.ts'
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
  const once = filesOf(agent, located)
  try {
    const stop = (await isRunning(located.endpoint.origin)) ? undefined : await start(located)
    try {
      const ours = fillIn(agent.arguments, once.endpoint) ?? []
      return await finished(command, [...ours, ...given], agentEnvironment(agent, once.endpoint, process.env))
    } finally {
      await stop?.()
    }
  } finally {
    once.remove()
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

/** The command's exit code, or as shells tell of a signal: 128 and its number. */
function finished(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env, shell: process.platform === 'win32' })
    // a terminal sends these to the child as well: it decides what they mean
    const ignore = (): void => {}
    const pass = (): void => void child.kill('SIGTERM')
    process.on('SIGINT', ignore).on('SIGTERM', pass)
    const settle = (): void => void process.off('SIGINT', ignore).off('SIGTERM', pass)
    child.once('error', (cause) => {
      settle()
      const missing = 'code' in cause && cause.code === 'ENOENT'
      reject(new UsageError(missing ? `there is no command "${command}" here` : cause.message, { cause }))
    })
    child.once('exit', (code, signal) => {
      settle()
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))
    })
  })
}
