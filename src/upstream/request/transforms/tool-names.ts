/** Names of tools that a vendor refuses, made to fit: declarations, calls, results and choices alike; answers get their own back. */
import { createHash } from 'node:crypto'
import type { ChatRequest, Message } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import { withWireNames, wireWithNames } from './tool-names-in-wire.ts'
import type { RequestTransform } from './request-transform.ts'

const HASH = 8

/** From the client's name to the vendor's. */
export type FitName = (name: string) => string

/** `characters`: what the vendor takes; `first`: how a name may begin, if that is less; `most`: how many. */
export function fitToolNames(options: Record<string, unknown>): FitName {
  const characters = typeof options['characters'] === 'string' ? options['characters'] : 'A-Za-z0-9_-'
  const refused = new RegExp(`[^${characters}]`, 'g')
  const first = typeof options['first'] === 'string' ? options['first'] : characters
  const begins = new RegExp(`^[${first}]`)
  const most = typeof options['most'] === 'number' ? options['most'] : 64
  const fits = new RegExp(`^(?=[${first}])[${characters}]{1,${most}}$`)
  return (name) => {
    // nearly always, and asked of each call of a long history
    if (fits.test(name)) return name
    const clean = name.replaceAll(refused, '_')
    const begun = begins.test(clean) ? clean : `_${clean}`
    if (begun === name && name.length <= most) return name
    // two names that become alike must stay two
    return `${begun.slice(0, most - HASH - 1)}_${createHash('sha256').update(name).digest('hex').slice(0, HASH)}`
  }
}

/** The rule of a format's `prepare`; undefined where it takes any name. */
export function toolNameFit(prepare: unknown): FitName | undefined {
  if (!Array.isArray(prepare)) return undefined
  for (const each of prepare) {
    if (each === 'tool-names') return fitToolNames({})
    if (isMap(each) && isMap(each['tool-names'])) return fitToolNames(each['tool-names'])
  }
  return undefined
}

export const toolNames: RequestTransform = (options) => {
  const fit = fitToolNames(options)
  const isUnfit = (name: string | undefined): boolean => name !== undefined && fit(name) !== name
  const namesUnfit = ({ role, name, tool_calls: calls }: Message): boolean =>
    (calls?.some((call) => isUnfit(call.name)) ?? false) || (role === 'tool' && isUnfit(name))

  const renamed = (message: Message): Message => {
    if (!namesUnfit(message)) return message
    const { role, name, tool_calls: calls, wire } = message
    return {
      ...message,
      wire: wireWithNames(wire, fit),
      ...(role === 'tool' && name !== undefined && { name: fit(name) }),
      ...(calls && { tool_calls: calls.map((call) => ({ ...call, name: fit(call.name) })) }),
    }
  }

  return (request) => {
    const { tools, tool_choice: choice } = request
    if (!tools?.some(({ name }) => isUnfit(name)) && !request.messages.some(namesUnfit)) return request
    const messages = request.messages.map(renamed)
    const fitted: ChatRequest = { ...request, messages, body: withWireNames(request.body, messages, fit) }
    if (tools) fitted.tools = tools.map((tool) => ({ ...tool, name: fit(tool.name) }))
    if (typeof choice === 'object') {
      fitted.tool_choice = 'name' in choice ? { name: fit(choice.name) } : { ...choice, names: choice.names.map(fit) }
    }
    return fitted
  }
}

/** From a name that the vendor knows to the client's own; undefined where all names are the same. */
export function clientNames(
  { tools }: Pick<ChatRequest, 'tools'>,
  fit: FitName,
): ReadonlyMap<string, string> | undefined {
  const names = (tools ?? []).flatMap(({ name }) => (fit(name) === name ? [] : [[fit(name), name] as const]))
  return names.length === 0 ? undefined : new Map(names)
}
