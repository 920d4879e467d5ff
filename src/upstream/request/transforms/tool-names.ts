/** Names of tools that a vendor refuses, made to fit: declarations, calls, results and choices alike; answers get their own back. */
import { createHash } from 'node:crypto'
import type { ChatRequest, Message } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

const MOST = 64
const HASH = 8

/** A letter or an underscore first, then letters, digits, `_`, `.`, `:` and `-`; 64 at most. */
export function fitToolName(name: string): string {
  const clean = name.replaceAll(/[^A-Za-z0-9_.:-]/g, '_')
  const begun = /^[A-Za-z_]/.test(clean) ? clean : `_${clean}`
  if (begun === name && name.length <= MOST) return name
  // two names that become alike must stay two
  return `${begun.slice(0, MOST - HASH - 1)}_${createHash('sha256').update(name).digest('hex').slice(0, HASH)}`
}

export const toolNames: RequestTransform = () => (request) => {
  const { tools, tool_choice: choice, messages } = request
  if (!tools?.some(isUnfit) && !messages.some(namesUnfit)) return request
  const fitted: ChatRequest = { ...request, messages: messages.map(renamed) }
  if (tools) fitted.tools = tools.map((tool) => ({ ...tool, name: fitToolName(tool.name) }))
  if (typeof choice === 'object') {
    fitted.tool_choice =
      'name' in choice ? { name: fitToolName(choice.name) } : { ...choice, names: choice.names.map(fitToolName) }
  }
  return fitted
}

/** From a name that the vendor knows to the client's own; undefined where all names are the same. */
export function clientNames({ tools }: Pick<ChatRequest, 'tools'>): ReadonlyMap<string, string> | undefined {
  if (!tools?.some(isUnfit)) return undefined
  return new Map(tools.map(({ name }) => [fitToolName(name), name]))
}

function isUnfit({ name }: { name: string }): boolean {
  return fitToolName(name) !== name
}

function namesUnfit({ role, name, tool_calls: calls }: Message): boolean {
  return (calls?.some(isUnfit) ?? false) || (role === 'tool' && name !== undefined && isUnfit({ name }))
}

function renamed(message: Message): Message {
  if (!namesUnfit(message)) return message
  const { role, name, tool_calls: calls } = message
  return {
    ...message,
    ...(role === 'tool' && name !== undefined && { name: fitToolName(name) }),
    ...(calls && { tool_calls: calls.map((call) => ({ ...call, name: fitToolName(call.name) })) }),
  }
}
