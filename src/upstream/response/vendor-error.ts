/** What a vendor's error means: its message, type and code by the definition's rules, its kind by table, else by status. */
import { GatewayError, KINDS, type ErrorKind } from '../../chat/error.ts'
import type { DeltaError } from '../../chat/delta.ts'
import { parseJson } from '../../runtime/json.ts'
import { compileCases, type Cases } from '../../definition/cases.ts'
import type { Watch } from '../../definition/context.ts'
import { DefinitionError } from '../../definition/error.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import { isMap, Scope, type Frame } from '../../definition/scope.ts'
import { templateContext } from '../../definition/template.ts'
import type { UpstreamAnswer } from '../types.ts'
import { readDuration } from './reset-time.ts'
import { globTest } from '../../runtime/glob.ts'
import { messageOf } from './error-message.ts'
import { TEMPLATE_FUNCTIONS } from '../template-functions/index.ts'

export interface ErrorReader {
  /** An answer that is no 2xx, or an error under a 200. @param now milliseconds since the epoch */
  answer(answer: UpstreamAnswer, body: string, now: number): GatewayError
  /** What a rule emitted as `error`. */
  inStream(emitted: unknown): DeltaError
}

interface Said {
  message: string
  type?: string
  code?: string
  param?: string
  retryAfter?: number
}

const KEYS = new Set(['when', 'then', 'cases', 'kinds'])
const BY_STATUS: Record<number, ErrorKind> = {
  401: 'authentication',
  402: 'quota',
  403: 'permission',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  413: 'too_large',
  422: 'unprocessable',
  429: 'rate_limit',
  503: 'overloaded',
  504: 'timeout',
  524: 'timeout',
  529: 'overloaded',
}

export function compileErrors(name: string, node: unknown, watch?: Watch): ErrorReader {
  const table = isMap(node) ? node : {}
  const scope = Scope.of({ status: {}, headers: {} })
  const hasCases = table['when'] !== undefined || table['cases'] !== undefined
  const cases = hasCases
    ? compileCases(table, templateContext(scope, TEMPLATE_FUNCTIONS, watch), ['error'], KEYS)
    : undefined
  const frame = scope.frame()
  const classify = compileKinds(table['kinds'])

  return {
    answer(answer, body, now) {
      frame[0] = answer.status
      frame[1] = Object.fromEntries(
        Object.entries(answer.headers).map(([key, value]) => [key.replaceAll('-', '_'), value]),
      )
      const parsed = parseJson(body)
      const said = read(cases, frame, parsed, now) ?? { message: messageOf(parsed) ?? silent(name, answer, body) }
      const byTable = classify(said)
      const byStatus = kindOf(answer.status)
      const kind = byTable ?? byStatus
      return new GatewayError(kind, said.message, {
        // the upstream's own status stands unless the table knows better than it
        status: byTable !== undefined && byTable !== byStatus ? KINDS[kind].status : clientStatus(answer.status, kind),
        ...shown(said, kind),
        param: said.param ?? null,
        retryAfter: retryAfter(answer.headers, now) ?? said.retryAfter,
      })
    },
    inStream(emitted) {
      const said = isMap(emitted) ? toSaid(emitted, 0) : undefined
      const found = said ?? { message: messageOf(emitted) ?? `${name} reported an error without a message` }
      const number = Number(found.code)
      const kind = classify(found) ?? (number >= 400 && number < 600 ? kindOf(number) : 'server_error')
      return { message: found.message, kind, ...shown(found, kind), retryAfter: found.retryAfter }
    },
  }
}

function read(cases: Cases | undefined, frame: Frame, body: unknown, now: number): Said | undefined {
  if (!cases || body === undefined) return undefined
  // some endpoints wrap the one error in a list
  const value = Array.isArray(body) && body.length > 0 ? (body[0] as unknown) : body
  const found = cases.choose(value, frame)?.(frame)
  return isMap(found) ? toSaid(found, now) : undefined
}

function toSaid(found: Record<string, unknown>, now: number): Said | undefined {
  const message = messageOf(found['message'])
  if (message === undefined) return undefined
  const wait = Array.isArray(found['retry_after']) ? (found['retry_after'][0] as unknown) : found['retry_after']
  return {
    message,
    type: word(found['type']),
    code: word(found['code']),
    param: word(found['param']),
    retryAfter: wait === undefined ? undefined : readDuration(wait, now),
  }
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

/** Keys without `*` are a code or a type, in capitals or not; keys with `*` are globs over the message. The first that fits decides. */
function compileKinds(node: unknown): (said: Said) => ErrorKind | undefined {
  if (node === undefined) return () => undefined
  if (!isMap(node)) throw new DefinitionError('kinds is a map from code, type or *message* to kind', ['error', 'kinds'])
  const rules = Object.entries(node).map(([key, kind]) => {
    if (typeof kind !== 'string' || !isKind(kind)) {
      const near = didYouMean(String(kind), Object.keys(KINDS))
      throw new DefinitionError(`"${String(kind)}" is not an error kind${near} (${Object.keys(KINDS).join(', ')})`, [
        'error',
        'kinds',
        key,
      ])
    }
    const fits = globTest(key.toLowerCase())
    const test = key.includes('*')
      ? (said: Said) => fits(said.message.toLowerCase())
      : (said: Said) => said.code?.toLowerCase() === key.toLowerCase() || said.type?.toLowerCase() === key.toLowerCase()
    return { kind, test }
  })
  return (said) => rules.find((rule) => rule.test(said))?.kind
}

function isKind(text: string): text is ErrorKind {
  return Object.hasOwn(KINDS, text)
}

export function kindOf(status: number): ErrorKind {
  const known = BY_STATUS[status]
  if (known) return known
  if (status >= 500) return 'server_error'
  return status >= 400 ? 'invalid_request' : 'bad_answer'
}

/** 529 and their like are no statuses that a client's SDK knows; what is no error status at all becomes a bad gateway. */
function clientStatus(status: number, kind: ErrorKind): number {
  if (status < 400) return KINDS[kind].status
  return status > 511 ? KINDS[kind].status : status
}

const OPENAI_TYPES = new Set(['tokens', 'requests', ...Object.values(KINDS).map((rule) => rule.type)])

/** OpenAI's words: the vendor's own where they are OpenAI's too, else the kind's. */
function shown(said: Said, kind: ErrorKind): { type: string; code: string | null } {
  const type = said.type !== undefined && OPENAI_TYPES.has(said.type) ? said.type : KINDS[kind].type
  const own = said.code !== undefined && /^[a-z][a-z0-9_]{2,63}$/.test(said.code) ? said.code : null
  return { type, code: own ?? KINDS[kind].code }
}

/** Milliseconds; `retry-after-ms` wins because it is the finer one. */
function retryAfter(headers: Record<string, string>, now: number): number | undefined {
  const fine = Number(headers['retry-after-ms'] ?? Number.NaN)
  return Number.isFinite(fine) && fine >= 0 ? fine : readDuration(headers['retry-after'], now)
}

function silent(name: string, answer: UpstreamAnswer, body: string): string {
  const type = answer.headers['content-type'] ?? ''
  const text = /html/.test(type) || body.trimStart().startsWith('<') ? '' : body.trim().slice(0, 500)
  return text === '' ? `${name} answered ${answer.status} without a message` : text
}
