/** Where a provider is: what its wire format adds to an address is not written there a second time. */
import { isMap } from '../definition/scope.ts'
import type { Path } from '../definition/error.ts'
import { fault, type Fault } from './problem.ts'

type Report = (fault: Fault) => void

export function readBaseUrl(text: string, path: Path, report: Report): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && (url.username !== '' || url.password !== '')) {
    // the problem's excerpt would show the line
    report(fault(path, 'a base_url takes no user:password@; send them with headers: { authorization: "Basic …" }'))
    return undefined
  }
  if (url && (url.protocol === 'https:' || url.protocol === 'http:') && url.search === '' && url.hash === '') {
    const written = text.trim().replace(/\/+$/, '')
    if (/\s/.test(written)) report(fault(path, 'expected a URL without spaces in it'))
    // names and paths in other letters, as they go over the wire
    return /[^!-~]/.test(written) ? url.href.replace(/\/+$/, '') : written
  }
  // the embedded upstream has no address before it runs
  if (text === 'sandbox:') return text
  const what = url?.protocol.startsWith('http') ? 'a URL without ? or #' : 'a URL such as https://api.example.com/v1'
  report(fault(path, `expected ${what}`))
  return undefined
}

/** What a format puts behind an address, as templates: the paths of chats, and those of all else that is asked for. */
export interface FormatPaths {
  chat: readonly string[]
  beside: readonly string[]
}

/** Of the list of models nothing: an API may lie below /models. */
export function pathsOf({ request, native, embeddings, relays }: Record<string, unknown>): FormatPaths {
  const chat = isMap(request) ? textsOf(request['path']) : []
  const ofNative = isMap(native) ? [native['path'], native['operations']] : []
  return { chat, beside: textsOf([ofNative, isMap(embeddings) && embeddings['path'], relays]) }
}

/** The paths that a template can give. */
function textsOf(node: unknown): string[] {
  if (typeof node === 'string') return node.startsWith('/') ? [node.replace(/\?.*/s, '')] : []
  return typeof node === 'object' && node !== null ? Object.values(node).flatMap(textsOf) : []
}

/**
 * The address without what its format adds anyway, and with a warning: vendors show the root of an API, its version or a
 * whole endpoint, and all of these are pasted.
 */
export function withoutOverlap(
  base: string,
  format: string,
  { chat, beside }: FormatPaths,
  path: Path,
  warn: Report,
): string {
  const address = base.replace(/^https?:\/\/[^/]*/i, '')
  const cuts = [
    ...chat.flatMap((each) => beginnings(each).map((start) => ({ start, why: each }))),
    ...beside.map((each) => ({ start: each, why: each })),
  ].flatMap(({ start, why }) => {
    const cut = endOf(address, start)
    return cut === '' ? [] : [{ cut, why: `which format ${format} adds (${why})` }]
  })
  const longest = cuts.toSorted((a, b) => b.cut.length - a.cut.length)[0] ?? anotherVersion(address, format, chat)
  if (!longest) return base
  const { cut, why } = longest
  const left = base.slice(0, -cut.length).replace(/\/+$/, '')
  // written twice it is meant: one of them is the server's own
  if (!left.endsWith(cut))
    warn(
      fault(
        path,
        `base_url of ${path[1]} ends in ${cut}, ${why}: taken as ${left}; write that, or ${cut} twice where it is meant so`,
      ),
    )
  return left
}

/** `/v1`, `/v1/messages`. A hole takes any text, so that it counts behind two words that do not, or in the whole path. */
function beginnings(path: string): string[] {
  const parts = path.split('/').slice(1)
  return parts.flatMap((_, at) => {
    const holes = parts.slice(0, at + 1).findIndex((part) => part.includes('${'))
    const isSure = holes === -1 || holes >= 2 || at === parts.length - 1
    return isSure ? [`/${parts.slice(0, at + 1).join('/')}`] : []
  })
}

/** What of the address is `start`, a template, at its end. */
function endOf(address: string, start: string): string {
  const words = start.replaceAll(/\$\{[^}]*\}/g, '').replaceAll('/', '')
  if (words === '' || !mayEnd(address, start)) return ''
  const pattern = start
    .split(/(\$\{[^}]*\})/)
    .map((part, at) => (at % 2 === 0 ? RegExp.escape(part) : part.endsWith(':path}') ? '.+' : '[^/]+'))
    .join('')
  return new RegExp(`${pattern}$`).exec(address)?.[0] ?? ''
}

/** Most addresses end in nothing of the kind, and there may be thousands. */
function mayEnd(address: string, start: string): boolean {
  return start.includes('${') || address.endsWith(start)
}

const VERSION = /^v\d+(?:(?:alpha|beta)\d*)?$/i

/** `…/v1` before `/v1beta/models/…`: no API has two of them in a row. */
function anotherVersion(
  address: string,
  format: string,
  chat: readonly string[],
): { cut: string; why: string } | undefined {
  const last = address.slice(address.lastIndexOf('/') + 1)
  if (!VERSION.test(last)) return undefined
  const first = chat.map((path) => path.split('/')[1] ?? '')
  if (first.length === 0 || !first.every((part) => VERSION.test(part))) return undefined
  return { cut: `/${last}`, why: `and format ${format} adds /${first[0]} itself` }
}
