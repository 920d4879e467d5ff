/** What a vendor's error means: its message, type and code by the definition's rules, its kind by table, else by status. */
import { GatewayError, KINDS, type ErrorKind } from '../../chat/error.ts'
import type { DeltaError } from '../../chat/delta.ts'
import { parseJson } from '../../runtime/json/json.ts'
import { compileCases, type Cases } from '../../definition/cases.ts'
import type { Watch } from '../../definition/context.ts'
import { DefinitionError } from '../../definition/error.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import { isMap, Scope, type Frame } from '../../definition/scope.ts'
import { templateContext } from '../../definition/template.ts'
import type { UpstreamAnswer } from '../types.ts'
import { combinedReset, readDuration } from './reset-time.ts'
import { globTest } from '../../runtime/glob.ts'
import { isPromptTooLong } from './errors/prompt-too-long.ts'
import { messageOf } from './errors/error-message.ts'
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
  /** What the vendor tells beside it, under its own names: counts of what did not fit, what its filter found. */
  extra?: Record<string, unknown>
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
      const rule = classify(said, answer.status)
      const byTable = mayBeTooLong(said, rule?.kind, answer.status) ? 'context_length' : rule?.kind
      const byStatus = kindOf(answer.status)
      const found = byTable ?? byStatus
      const kind = found === 'not_found' ? whatIsMissing(said.message) : found
      // the upstream's own status stands unless the table knows better than it
      const isOwn = byTable === undefined || byTable === byStatus || kind === 'kept_elsewhere'
      return new GatewayError(kind, said.message, {
        status: isOwn ? clientStatus(answer.status, kind) : KINDS[kind].status,
        ...shown(said, kind),
        param: said.param ?? null,
        retryAfter: bounded(
          retryAfter(answer, now) ?? said.retryAfter ?? (answer.status === 429 ? waitIn(said.message) : undefined),
        ),
        leaveOut: rule?.leaveOut,
        extra: said.extra,
      })
    },
    inStream(emitted) {
      const said = isMap(emitted) ? toSaid(emitted, 0) : undefined
      const found = said ?? { message: messageOf(emitted) ?? `${name} reported an error without a message` }
      const number = Number(found.code)
      const told = classify(found)?.kind
      const known = mayBeTooLong(found, told, number) ? 'context_length' : told
      const kind = known ?? (number >= 400 && number < 600 ? kindOf(number) : 'server_error')
      return { message: found.message, kind, ...shown(found, kind), retryAfter: bounded(found.retryAfter) }
    },
  }
}

const BEFORE_A_LOOK = new Set<ErrorKind>([
  'invalid_request',
  'unprocessable',
  'server_error',
  'too_large',
  'bad_answer',
])

/** What the table does not tell, or only as a fault of the request, may still be told by its words. */
function mayBeTooLong({ message, code, type }: Said, known: ErrorKind | undefined, status: number): boolean {
  if (!BEFORE_A_LOOK.has(known ?? (status >= 400 ? kindOf(status) : 'invalid_request'))) return false
  return isPromptTooLong(`${code ?? ''} ${type ?? ''} ${message}`)
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
  const beneath = saidBeneath(found['metadata'])
  const wait = Array.isArray(found['retry_after']) ? (found['retry_after'][0] as unknown) : found['retry_after']
  return {
    message: beneath === undefined || message.includes(beneath) ? message : `${message}: ${beneath}`,
    type: word(found['type']),
    code: word(found['code']),
    param: word(found['param']),
    retryAfter: wait === undefined ? undefined : readDuration(wait, now),
    extra: beside(found),
  }
}

/** A router's own sentence says little of a refusal by the server beneath it, whose answer it hands on as a text. */
function saidBeneath(metadata: unknown): string | undefined {
  const raw = isMap(metadata) ? metadata['raw'] : undefined
  if (typeof raw !== 'string') return messageOf(raw)
  return (messageOf(parseJson(raw)) ?? messageOf(raw))?.slice(0, MOST_BENEATH)
}

const MOST_BENEATH = 1000

function beside({ extra, innererror }: Record<string, unknown>): Record<string, unknown> | undefined {
  const told = { ...counts(extra), ...(isMap(innererror) && { innererror }) }
  return Object.keys(told).length === 0 ? undefined : told
}

function counts(value: unknown): Record<string, number> | undefined {
  if (!isMap(value)) return undefined
  const found = Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

interface KindRule {
  kind: ErrorKind
  /** Fields of the request without which it may be asked again. */
  leaveOut: readonly string[] | undefined
}

/**
 * Keys without `*` are a code or a type, in capitals or not; keys with `*` are globs over the message. A status before
 * either (`401 *model group*`) must be the answer's. The first that fits decides. A value is a kind, or `{ kind, leave_out }`.
 */
function compileKinds(node: unknown): (said: Said, status?: number) => KindRule | undefined {
  if (node === undefined) return () => undefined
  if (!isMap(node)) throw new DefinitionError('kinds is a map from code, type or *message* to kind', ['error', 'kinds'])
  const rules = Object.entries(node).map(([written, value]) => {
    const status = /^(\d{3}) /.exec(written)?.[1]
    const key = status === undefined ? written : written.slice(4)
    const { kind, leave_out: leaveOut } = (isMap(value) ? value : { kind: value }) as {
      kind: unknown
      leave_out?: string[]
    }
    if (typeof kind !== 'string' || !isKind(kind)) {
      const near = didYouMean(String(kind), Object.keys(KINDS))
      throw new DefinitionError(`"${String(kind)}" is not an error kind${near} (${Object.keys(KINDS).join(', ')})`, [
        'error',
        'kinds',
        written,
      ])
    }
    const fits = globTest(key.toLowerCase())
    const test = key.includes('*')
      ? (said: Said) => fits(said.message.toLowerCase())
      : (said: Said) => said.code?.toLowerCase() === key.toLowerCase() || said.type?.toLowerCase() === key.toLowerCase()
    return { kind, leaveOut, status: status === undefined ? undefined : Number(status), test }
  })
  return (said, status) =>
    rules.find((rule) => (rule.status === undefined || rule.status === status) && rule.test(said))
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
  // the one code that clients act on, whatever the vendor calls it
  if (kind === 'context_length') return { type, code: KINDS[kind].code }
  const own = said.code !== undefined && /^[a-z][a-z0-9_]{2,63}$/.test(said.code) ? said.code : null
  return { type, code: own ?? KINDS[kind].code }
}

/** What a request names by an id beside its model: one account has it, and others do not. */
const KEPT = /\b(files?|previous[_ ]response|threads?|conversation|containers?|cached ?contents?|vector stores?)\b/i
/** What a request names that is the same wherever it is sent. */
const CONTENT =
  /\b(files?|images?|documents?|attachments?|urls?|videos?|audio|previous[_ ]response|threads?|content|conversation|chat template)\b/i
const GONE = /\b(not (?:be )?found|no such|exists?|expired)\b/i
const MODEL = /\b(models?|deployments?|engines?|endpoints?)\b/i

function whatIsMissing(message: string): ErrorKind {
  if (MODEL.test(message)) return 'not_found'
  return KEPT.test(message) && GONE.test(message)
    ? 'kept_elsewhere'
    : CONTENT.test(message)
      ? 'invalid_request'
      : 'not_found'
}

const WAIT =
  /(?:try again|retry|wait|reset)\b[^.\n]{0,60}?\b(?:in|after|for)\s+(?:about\s+)?((?:\d+(?:\.\d+)?\s?[a-z]{1,12}\s?){1,4})/i
const SPELT: [RegExp, string][] = [
  [/milli(?:second)?s?|msecs?/gi, 'ms'],
  [/seconds?|secs?/gi, 's'],
  [/minutes?|mins?/gi, 'm'],
  [/hours?|hrs?/gi, 'h'],
  [/days?/gi, 'd'],
]

/** Milliseconds that a sentence asks to wait: "Please try again in 1m3.5s", "Try again in 37 seconds". */
function waitIn(message: string): number | undefined {
  const found = WAIT.exec(message.slice(0, 2000))?.[1]
  if (found === undefined) return undefined
  const short = SPELT.reduce((text, [long, unit]) => text.replace(long, unit), found)
  const exact = /^(?:\d+(?:\.\d+)?\s?(?:ms|s|m|h|d)\s?)+/.exec(short)?.[0]
  return exact === undefined ? undefined : readDuration(exact.replaceAll(/\s/g, ''), 0)
}

/** Headers in which a refusal tells its end, where it has no Retry-After: seconds, or a moment. */
const RESETS = ['ratelimit-reset', 'x-ratelimit-reset']

/** Milliseconds: the longest limit is a month's, and what is said beyond it is a mistake of whoever said it. */
const LONGEST = 32 * 86_400_000
const DAY = 86_400_000

function bounded(wait: number | undefined): number | undefined {
  return wait !== undefined && wait > LONGEST ? DAY : wait
}

/** Milliseconds; `retry-after-ms` wins because it is the finer one. */
function retryAfter({ status, headers }: UpstreamAnswer, now: number): number | undefined {
  const fine = Number(headers['retry-after-ms'] ?? Number.NaN)
  if (Number.isFinite(fine) && fine >= 0) return fine
  const told = readDuration(headers['retry-after'], now)
  if (told !== undefined || status !== 429) return told
  const name = RESETS.find((each) => headers[each] !== undefined)
  return name === undefined ? combinedReset(headers['ratelimit']) : readDuration(headers[name], now)
}

function silent(name: string, answer: UpstreamAnswer, body: string): string {
  const type = answer.headers['content-type'] ?? ''
  const text = /html/.test(type) || body.trimStart().startsWith('<') ? '' : body.trim().slice(0, 500)
  return text === '' ? `${name} answered ${answer.status} without a message` : text
}
