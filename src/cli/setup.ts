/** `setup TOOL`: writes this server into a tool's own configuration; what stood there is kept beside it. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { agentNames, fillIn, readAgents } from '../agents/agent.ts'
import { mergeSettings } from '../agents/merge-settings.ts'
import { readEndpoint, ENDPOINT_OPTIONS } from './endpoint.ts'
import { readOptions, UsageError } from './usage.ts'

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, { ...ENDPOINT_OPTIONS, print: { type: 'boolean' } })
  const [name, ...more] = positionals
  const agents = readAgents()
  const known = agentNames(agents)
  const agent = name !== undefined && known.includes(name) ? agents[name] : undefined
  if (!agent?.file || more.length > 0)
    throw new UsageError(`setup wants one tool: ${known.join(', ')}; for others see docs/CLIENTS.md`)
  const { endpoint } = readEndpoint(values)
  const file = fillIn(agent.file, endpoint)
  const path = file.path.replace(/^~/, homedir())
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const after = merged(path, before, file)
  if (values.print === true) {
    console.log(`# ${path}\n${after.trimEnd()}`)
    return 0
  }
  if (after === before) {
    console.log(`${agent.title} uses ${endpoint.origin} already (${path})`)
    return 0
  }
  const backup = before === '' ? undefined : backUp(path)
  mkdirSync(dirname(path), { recursive: true })
  // it holds a key
  writeFileSync(path, after, { mode: 0o600 })
  console.log(`${agent.title} uses ${endpoint.origin}, model ${endpoint.model}: ${path}`)
  if (backup !== undefined) console.log(`what it was before: ${backup}`)
  return 0
}

function merged(path: string, before: string, file: Parameters<typeof mergeSettings>[1]): string {
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
    const copy = join(`${path}.before-balanced-call${number === 1 ? '' : `-${number}`}`)
    if (existsSync(copy)) continue
    copyFileSync(path, copy)
    return copy
  }
}
