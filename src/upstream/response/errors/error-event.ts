/** A fault that an event tells in a shape which no rule of its format knows: frameworks and proxies write their own into a stream. */
import { isMap } from '../../../definition/scope.ts'
import { messageOf } from './error-message.ts'

/** Fields that hold the words of a fault and nothing else; `message` and its like say other things as well. */
const PLACES = ['error', 'errors', 'detail', 'error_message', 'error_msg', 'fault']
const WORDS = ['message', 'msg', 'title']

/** What an event that says nothing else tells of a fault, as rules emit `error`; undefined when it tells none. */
export function errorOf(event: unknown, name: string | undefined): Record<string, unknown> | undefined {
  if (!isMap(event)) return undefined
  const code = numberOf(event['code']) ?? numberOf(event['status_code']) ?? numberOf(event['status'])
  for (const place of PLACES) {
    const said = Array.isArray(event[place]) ? (event[place][0] as unknown) : event[place]
    const message = messageOf(said)
    if (message !== undefined)
      return { code: code ?? event['code'], type: event['type'], ...(isMap(said) && said), message }
  }
  const isFault = name === 'error' || event['object'] === 'error' || event['type'] === 'error' || (code ?? 0) >= 400
  if (!isFault) return undefined
  const place = WORDS.find((each) => messageOf(event[each]) !== undefined)
  return place === undefined ? undefined : { ...event, code: code ?? event['code'], message: messageOf(event[place]) }
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}
