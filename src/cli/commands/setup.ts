/** `setup TOOL`: writes this server into a tool's own configuration; what stood there is kept beside it. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { agentNames, fillIn, readAgents, type AgentFile } from '../../agents/agent.ts'
import { mergeSettings } from '../../agents/merge-settings.ts'
import { pathOf } from '../../agents/once.ts'
import { readEndpoint, ENDPOINT_OPTIONS } from '../endpoint.ts'
import { readOptions, UsageError } from '../command-line.ts'
import { makeFolder } from '../../runtime/make-folder.ts'

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, { ...ENDPOINT_OPTIONS, print: { type: 'boolean' } })
  const [name, ...more] = positionals
  const agents = readAgents()
  const known = agentNames(agents)
  const agent = name !== undefined && known.includes(name) ? agents[name] : undefined
  if (!agent?.files || more.length > 0)
    throw new UsageError(`setup wants one tool: ${known.join(', ')}; for others see docs/CLIENTS.md`)
  const { endpoint } = readEndpoint(values)
  // all are read before one is written, so that a fault in one leaves all as they are
  const changes = fillIn(agent.files, endpoint).map(changeOf)
  if (values.print === true) {
    for (const { path, after } of changes) console.log(`# ${path}\n${after}`)
    return 0
  }
  const needed = changes.filter(({ before, after }) => after !== before)
  if (needed.length === 0) console.log(`${agent.title} uses ${endpoint.origin} already`)
  else console.log(`${agent.title} uses ${endpoint.origin}, model ${endpoint.model}`)
  for (const change of needed) write(change)
  return 0
}

interface Change {
  path: string
  before: string
  after: string
}

function changeOf(file: AgentFile): Change {
  const path = pathOf(file.path)
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return { path, before, after: merged(path, before, file) }
}

function write({ path, before, after }: Change): void {
  const kept = before === '' ? '' : `; what it was before: ${backUp(path)}`
  makeFolder(dirname(path))
  // it holds a key
  writeFileSync(path, after, { mode: 0o600 })
  console.log(`${path} is written${kept}`)
}

function merged(path: string, before: string, file: AgentFile): string {
  try {
    return mergeSettings(before, file)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`${path} stays as it is: ${why}. Mend it, or write by hand what --print shows.`, { cause })
  }
}

/** The first free name, so that no earlier backup is lost. */
function backUp(path: string): string {
  for (let number = 1; ; number++) {
    const copy = `${path}.before-balanced-call${number === 1 ? '' : `-${number}`}`
    if (existsSync(copy)) continue
    copyFileSync(path, copy)
    return copy
  }
}
