/** A vendor's request by example → the template that writes it. */
import { isMap } from '../../definition/scope.ts'
import type { CurlRequest } from './curl.ts'
import { leavesOf, mapsOf, nameOf, put, quoted, type Way } from './leaves.ts'
import { draftMessages, findMessages } from './messages.ts'
import { whenThen } from './rule.ts'
import { draftTools } from './tools.ts'
import { FIELDS, MODEL, SECRET_HEADER, SYSTEM } from './words.ts'

export interface RequestDraft {
  /** Of the provider. */
  base_url: string
  request: { path: string; headers: Record<string, string>; body: Record<string, unknown> }
  /** What the example says, as a client would say it to us. */
  client: Record<string, unknown>
  /** The vendor's name for the model in the example. */
  model: string
  /** What a person should look at. */
  notes: string[]
}

export interface Known {
  /** What the vendor's answer calls the assistant. */
  assistant?: string
  /** There is a sample of a stream. */
  streams: boolean
}

/** Throws an Error where the body holds no conversation. */
export function draftRequest({ url, headers, body }: CurlRequest, known: Known): RequestDraft {
  if (!isMap(body)) throw new Error('the body of the example is not a map')
  const found = findMessages(body)
  if (!found) throw new Error('the body of the example has no list of messages (maps with a role and a text)')
  const notes: string[] = []
  const system = topText(body, SYSTEM)
  const { template, turns } = draftMessages(found, system !== undefined, known.assistant)
  const client: Record<string, unknown> = { messages: turns }
  let draft: unknown = quoted(body)
  draft = put(draft, found.way, template)
  if (system) {
    const instructions = whenThen({ $pick: '$messages' }, { role: 'system', text: '$text' }, '$text')
    draft = put(draft, system.way, { $use: 'join', of: [instructions] })
    turns.unshift({ role: 'system', content: system.value })
  }
  for (const { way, value } of leavesOf(body)) {
    const [, hole] = FIELDS.find(([name]) => name.test(nameOf(way))) ?? []
    if (hole === undefined || within(way, found.way)) continue
    if (typeof value === 'string' && hole !== '$user' && hole !== '$stop') continue
    // of a list the list itself is the value
    const whole = typeof way.at(-1) === 'number' ? way.slice(0, -1) : way
    draft = put(draft, whole, hole)
    client[hole.slice(1)] = valueAt(body, whole)
  }
  const tools = draftTools(body)
  if (tools) {
    draft = put(draft, tools.way, tools.template)
    client['tools'] = tools.client
  }
  const named = topText(body, MODEL)
  if (named) draft = put(draft, named.way, '$model')
  const target = draftUrl(url, named?.value, notes)
  const asked = JSON.stringify(draft).includes('$stream')
  if (known.streams && !asked) notes.push('nothing in the example asks for a stream: stream: true is a guess')
  const stream = known.streams && !asked ? { stream: whenThen({ $match: '$stream' }, true, true) } : {}
  const withKey = draftHeaders(headers, target.path, notes)
  return {
    base_url: target.base_url,
    request: { path: target.path, headers: withKey, body: { ...(draft as object), ...stream, '<<': '$extra' } },
    client,
    model: named?.value ?? target.model ?? 'some-model',
    notes,
  }
}

/** A text in the outer maps of the body that has such a name. */
function topText(body: Record<string, unknown>, name: RegExp): { way: Way; value: string } | undefined {
  const found = mapsOf(body)
    .filter(({ way }) => way.every((step) => typeof step === 'string') && way.length < 3)
    .flatMap(({ way, map }) => Object.entries(map).map(([key, value]) => ({ way: [...way, key], value })))
    .find(({ way, value }) => typeof value === 'string' && name.test(nameOf(way)))
  return found && { way: found.way, value: String(found.value) }
}

function within(way: Way, outer: Way): boolean {
  return outer.every((step, i) => way[i] === step)
}

function valueAt(body: unknown, way: Way): unknown {
  return way.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], body)
}

/** Where no field of the body names the model, the path does. */
function draftUrl(
  text: string,
  named: string | undefined,
  notes: string[],
): { base_url: string; path: string; model?: string } {
  const url = new URL(text.replaceAll(/\$\{?\w+\}?/g, 'filled-in'))
  let path = url.pathname
  let model: string | undefined
  if (named === undefined) {
    const segment = /\/(?:models|deployments|engines|talk|chat|generate)\/([^/:?]+)/.exec(path)?.[1]
    if (segment === undefined)
      notes.push('no field and no part of the path names the model: put ${model} where it goes')
    else {
      model = decodeURIComponent(segment)
      path = path.replace(`/${segment}`, '/${model}')
    }
  }
  const query = [...url.searchParams]
    .map(([name, value]) => `${name}=${SECRET_HEADER.test(name) ? '${key}' : encodeURIComponent(value)}`)
    .join('&')
  return { base_url: url.origin, path: query === '' ? path : `${path}?${query}`, model }
}

function draftHeaders(headers: [string, string][], path: string, notes: string[]): Record<string, string> {
  const kept = headers.filter(([name]) => !['content-type', 'accept', 'content-length', 'user-agent'].includes(name))
  if (!path.includes('${key}') && !kept.some(([name]) => SECRET_HEADER.test(name))) {
    notes.push('the example sends no key: as bearer is a guess, for a provider that has one')
    kept.push(['authorization', 'Bearer KEY'])
  }
  return Object.fromEntries(
    kept.map(([name, value]) => {
      if (!SECRET_HEADER.test(name)) return [name, String(quoted(value))]
      const scheme = /^([A-Za-z][\w-]*) +\S/.exec(value)?.[1]
      return [name, scheme === undefined ? '$key' : `${scheme} \${key}`]
    }),
  )
}
