/** What an agent reads to find an endpoint, filled in for ours. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export interface Endpoint {
  /** `http://127.0.0.1:9000` */
  origin: string
  /** A client's key of this server, or any word where none is asked for. */
  key: string
  model: string
  /** For titles, summaries and other small tasks. */
  smallModel: string
  /** The folder of files that are for one start. */
  once?: string
}

export type FileType = 'json' | 'toml' | 'yaml' | 'env'

/** The agent's own configuration. */
export interface AgentFile {
  /** `~` is the user's home. */
  path: string
  type: FileType
  /** Merged into what is there. */
  set: unknown
  /** Merged where the file says nothing of it. */
  missing?: unknown
  /** The field that tells entries of a list apart, where there are lists in YAML; ours goes first, as first ones are taken. */
  key?: string
}

export interface OnceFile extends AgentFile {
  /** The agent's own file, which it takes the place of, and into whose words ours are merged; absent: ours alone. */
  from?: string
}

export interface Agent {
  title: string
  /** Where it is not the name in the catalogue. */
  command?: string
  /** Variables for the agent's process; a value that is no text is passed on as JSON. */
  environment: Record<string, unknown>
  /** Variables that would lead the agent elsewhere. */
  without?: string[]
  /** Put before the user's own. */
  arguments?: string[]
  /** What an agent that reads nothing else is given for one start, in the folder `${once}`. */
  once?: OnceFile[]
  files?: AgentFile[]
}

const CATALOGUE = new URL('agents.yaml', import.meta.url)
const FOLDER = fileURLToPath(new URL('.', import.meta.url)).replace(/[/\\]$/, '')
/** The entry for commands that have none of their own. */
const OTHER = 'other'

/** The catalogue, by command; `other` is for every command that it does not name. */
export function readAgents(): Record<string, Agent> {
  return parse(readFileSync(CATALOGUE, 'utf8'), { merge: true }) as Record<string, Agent>
}

/** Names of the agents that `setup` knows. */
export function agentNames(agents: Readonly<Record<string, Agent>>): string[] {
  return Object.keys(agents).filter((name) => name !== OTHER)
}

/** @param command as typed: `codex`, `/usr/local/bin/codex`, `codex.cmd` */
export function agentOf(agents: Readonly<Record<string, Agent>>, command: string): Agent {
  const name = basename(command).replace(/\.(cmd|exe|ps1|bat)$/i, '')
  const found =
    Object.values(agents).find((agent) => agent.command === name) ??
    (Object.hasOwn(agents, name) ? agents[name] : undefined)
  const other = agents[OTHER]
  if (found) return found
  if (!other) throw new Error('the catalogue of agents has no entry for other commands')
  return other
}

/** A copy of the value with this endpoint's words in all its texts, names of fields included. */
export function fillIn<T>(value: T, endpoint: Endpoint): T {
  const words: Record<string, string> = {
    origin: endpoint.origin,
    openai: `${endpoint.origin}/v1`,
    key: endpoint.key,
    model: endpoint.model,
    small_model: endpoint.smallModel,
    folder: FOLDER,
    once: endpoint.once ?? '',
  }
  const text = (written: string): string =>
    written.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole)
  const fill = (each: unknown): unknown => {
    if (typeof each === 'string') return text(each)
    if (Array.isArray(each)) return each.map(fill)
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(Object.entries(each).map(([name, inner]) => [text(name), fill(inner)]))
  }
  return fill(value) as T
}

/** The environment of the agent's process: ours laid over the user's. */
export function agentEnvironment(agent: Agent, endpoint: Endpoint, own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...own }
  for (const name of agent.without ?? []) delete environment[name]
  for (const [name, value] of Object.entries(fillIn(agent.environment, endpoint)))
    environment[name] = typeof value === 'string' ? value : JSON.stringify(value)
  return environment
}
