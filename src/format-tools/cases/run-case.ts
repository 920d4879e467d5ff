/** Runs one case: says where the definition does something else than the case wants. */
import { parseChatRequest } from '../../api/chat-completions/request/parse.ts'
import { checkChatRequest } from '../../api/chat-completions/request/schema/schema.ts'
import { GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { Encoded, Format, Target } from '../../upstream/types.ts'
import { answerOf } from './answer.ts'
import { differences } from './diff.ts'
import type { Case } from './case.ts'

const QUESTION = { messages: [{ role: 'user', content: 'Hi' }] }

const BASE_URL = 'https://vendor.test'

/** One line for each difference; none when the case holds. */
export function runCase(each: Case, format: Format): string[] {
  const body = clientBody(each)
  const asks = each.sends ?? each.refuses ?? each.path ?? each.headers
  const faults = asks === undefined ? [] : requestFaults(each, format, body)
  const answered = each.answers ?? each.streams ?? each.streams_base64
  return answered === undefined ? faults : [...faults, ...answerFaults(each, format, parseChatRequest(body))]
}

/** What the client of a case sends. */
export function clientBody(each: Case): Record<string, unknown> {
  const streams = each.streams !== undefined || each.streams_base64 !== undefined
  return { model: each.model ?? 'some-model', ...(each.client ?? (streams ? { ...QUESTION, stream: true } : QUESTION)) }
}

/** The request of a case as its vendor would get it. Throws the GatewayError that the client would get. */
export function encodeCase(each: Case, format: Format): Encoded {
  const body = clientBody(each)
  const broken = checkChatRequest(body)
  if (broken) throw broken
  const target: Target = { base_url: BASE_URL, model: each.model ?? 'some-model', secret: 'test-key', headers: {} }
  return format.encode(parseChatRequest(body), target)
}

function requestFaults(each: Case, format: Format, body: Record<string, unknown>): string[] {
  const before = JSON.stringify(body)
  let encoded: Encoded
  try {
    encoded = encodeCase({ ...each, client: body }, format)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return each.refuses ? refusalFaults(each.refuses, error) : [`refused: ${error.message}`]
  }
  if (each.refuses) return ['expected a refusal, but it would be sent']
  const { request, warnings } = encoded
  const faults: string[] = []
  if (JSON.stringify(body) !== before) faults.push("the client's body was changed on the way")
  if (each.sends) faults.push(...differences(each.sends, JSON.parse(String(request.body)), true, 'sends'))
  if (each.path !== undefined) faults.push(...differences(each.path, request.url.slice(BASE_URL.length), true, 'path'))
  if (each.headers) faults.push(...differences(each.headers, request.headers, false, 'headers'))
  return [...faults, ...warningFaults(each.warns ?? [], warnings)]
}

function refusalFaults(expected: Record<string, unknown>, error: GatewayError): string[] {
  const { message, ...rest } = expected
  const { status, type, code, param } = error
  const faults = differences(rest, { status, type, code, param }, false, 'refuses')
  if (typeof message === 'string' && !error.message.includes(message)) {
    faults.push(`refuses.message: expected "${message}" in "${error.message}"`)
  }
  return faults
}

function warningFaults(expected: string[], warnings: string[]): string[] {
  const silent = expected.filter((begin) => !warnings.some((warning) => warning.startsWith(begin)))
  const further = warnings.filter((warning) => !expected.some((begin) => warning.startsWith(begin)))
  return [
    ...silent.map((begin) => `warns: expected "${begin}", but it is not said`),
    ...further.map((warning) => `warns: not expected, but said: "${warning}"`),
  ]
}

function answerFaults(each: Case, format: Format, request: ChatRequest): string[] {
  const { given, cut, signals } = answerOf(each, format, request)
  const faults = each.gives ? differences(each.gives, given, false, 'gives') : []
  if (cut !== undefined) {
    faults.push(...differences(given, cut, true, 'cut into single bytes'))
  }
  if (each.signals) faults.push(...differences(each.signals, signals, false, 'signals'))
  return faults
}
