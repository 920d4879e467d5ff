/** What a client asked, what went to the upstream and what came back, for clients whose bodies are logged: bounded, without files. */
import { pipeAnswer, textOf, type AnswerSource } from '../chat/answer-source.ts'
import type { Delta } from '../chat/delta.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { Client } from '../upstream/types.ts'
import type { RecordedBodies } from './logged-request.ts'

/** Characters of one body; what comes beyond is left out. */
const MOST = 256 * 1024
/** Characters from which a text in base64 is taken for a file. */
const FILE = 256

export class KeptBodies {
  private readonly request: string
  private sent: string | undefined
  private text = ''
  private reasoning = ''
  private readonly calls = new Map<string, { name: string; arguments: string }>()
  private size = 0

  constructor({ native, relay, body }: Pick<ChatRequest, 'native' | 'relay' | 'body'>) {
    this.request = boundedJson(native?.body ?? relay?.body ?? body)
  }

  /** The same client; the last body that goes to the provider itself is kept, and none that asks for a token. */
  watchClient(client: Client, base: string): Client {
    return {
      send: (request, options) => {
        if (request.method !== 'GET' && request.url.startsWith(base)) {
          const { pieces, headers, body } = request
          const type = headers['content-type'] ?? ''
          this.sent = FORM.test(type)
            ? formText(type, pieces ?? [Buffer.from(body)])
            : boundedText(Buffer.concat(pieces ?? [Buffer.from(body)]).toString())
        }
        return client.send(request, options)
      },
      close: () => client.close(),
    }
  }

  /** The same answer. */
  watchAnswer(answer: AsyncIterable<Delta[]>): AnswerSource {
    const hear = (deltas: readonly Delta[]): void => deltas.forEach((delta) => this.hear(delta))
    async function* iterate(): AsyncGenerator<Delta[]> {
      for await (const deltas of answer) {
        hear(deltas)
        yield deltas
      }
    }
    return {
      [Symbol.asyncIterator]: iterate,
      pushTo: (into) =>
        pipeAnswer(answer, {
          take(deltas) {
            hear(deltas)
            return into.take(deltas)
          },
          takeText: (literal, event) => {
            this.say(textOf(literal))
            return into.takeText(literal, event)
          },
          end: () => into.end(),
          fail: (cause) => into.fail(cause),
        }),
    }
  }

  read(): RecordedBodies {
    const calls = [...this.calls.values()]
    const isEmpty = this.text === '' && this.reasoning === '' && calls.length === 0
    const answer = boundedJson({
      ...(this.reasoning !== '' && { reasoning: this.reasoning }),
      ...(this.text !== '' && { text: this.text }),
      ...(calls.length > 0 && { tool_calls: calls }),
    })
    return {
      request: this.request,
      ...(this.sent !== undefined && { sent: this.sent }),
      ...(!isEmpty && { answer }),
    }
  }

  private say(text: string): void {
    if (this.room(text)) this.text += text
  }

  private hear({ choice = 0, text, refusal, reasoning, tool_call: call, chunk }: Delta): void {
    if (choice !== 0) return
    this.say(text ?? refusal ?? '')
    if (reasoning !== undefined && this.room(reasoning)) this.reasoning += reasoning
    if (call) this.call(call.id, call.index, call.name, call.arguments)
    const [first] = Array.isArray(chunk?.['choices']) ? (chunk['choices'] as (WireChoice | null)[]) : []
    const said = first?.delta ?? first?.message
    if (!said || (first?.index ?? 0) !== 0) return
    if (typeof said.content === 'string') this.say(said.content)
    const thought = said.reasoning_content ?? said.reasoning
    if (typeof thought === 'string' && this.room(thought)) this.reasoning += thought
    for (const each of Array.isArray(said.tool_calls) ? (said.tool_calls as (WireCall | null)[]) : [])
      this.call(each?.id, each?.index, each?.function?.name, each?.function?.arguments)
  }

  /** A call without an index comes whole; one with an index may come in pieces, of which the first alone has an id. */
  private call(id: unknown, index: unknown, name: unknown, args: unknown): void {
    const place = typeof index === 'number' ? `#${index}` : String(id)
    const call = this.calls.get(place) ?? { name: '', arguments: '' }
    const piece = typeof args === 'string' ? args : args === undefined ? '' : boundedJson(args)
    if (!this.room(piece)) return
    if (typeof name === 'string') call.name += name
    call.arguments += piece
    this.calls.set(place, call)
  }

  private room(text: string): boolean {
    if (this.size + text.length > MOST) return false
    this.size += text.length
    return true
  }
}

/** OpenAI's wire form, whatever else an upstream may have put there. */
interface WireChoice {
  index?: unknown
  delta?: WireMessage | null
  message?: WireMessage | null
}

interface WireMessage {
  content?: unknown
  reasoning_content?: unknown
  reasoning?: unknown
  tool_calls?: unknown
}

interface WireCall {
  id?: unknown
  index?: unknown
  function?: { name?: unknown; arguments?: unknown }
}

/** JSON as it is, but for files, and of what is too long the beginning. */
export function boundedJson(value: unknown): string {
  const text = JSON.stringify(value, (_name, each: unknown) => (typeof each === 'string' ? withoutFile(each) : each))
  return cut(text ?? 'null')
}

function boundedText(text: string): string {
  // a file may be most of it
  if (!text.startsWith('{') || text.length > MOST * 64) return cut(text)
  try {
    return boundedJson(JSON.parse(text) as unknown)
  } catch {
    return cut(text)
  }
}

function cut(text: string): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST)}… ${text.length - MOST} characters more`
}

/** Of a form, whose texts the request has beside it: it is there for its files. */
function formText(type: string, pieces: readonly Uint8Array[]): string {
  const size = pieces.reduce((sum, { length }) => sum + length, 0)
  return `… ${size} bytes of ${type.split(';')[0]}`
}

const FORM = /^multipart\//i
const DATA_URL = /^data:[^,]{0,200};base64,/
const BASE64 = /^[A-Za-z0-9+/_=-]+$/

function withoutFile(text: string): string {
  if (text.length < FILE) return text
  const [head = ''] = DATA_URL.exec(text.slice(0, 256)) ?? []
  if (head !== '') return `${head}… ${text.length - head.length} characters`
  // a look at the beginning tells texts from files, at what little a long text costs then
  return BASE64.test(text.slice(0, FILE)) && BASE64.test(text) ? `… ${text.length} characters of base64` : text
}
