/** The conversation of a Responses request: items in a row become OpenAI's chat messages. */
import { invalid } from '../chat-completions/request/invalid.ts'
import { toExtraContent } from '../chat-completions/response/upstream-chunk/thought-signature.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'
import { unsealThought } from './sealed-thought.ts'
import { toolName } from './tools.ts'

type Json = Record<string, unknown>

export interface Conversation {
  messages: Json[]
  /** Tools that were declared in the middle of it. */
  tools: Json[]
  /** What has no form here, in words for the client. */
  leftOut: string[]
  /** Why only an upstream of this API can read it. */
  insists?: string
}

const FUNCTION_RESULT = 'function_call_output'
const CUSTOM_RESULT = 'custom_tool_call_output'
const RESULTS = new Set([FUNCTION_RESULT, CUSTOM_RESULT])

/** Items that only say how the conversation is run. */
const SILENT = new Set(['configuration_update', 'item_reference'])

/**
 * Throws a GatewayError for an item that no API takes.
 * @param items with the items of earlier responses before them
 * @param goesOn what came before is known elsewhere: calls that are answered here, too
 */
export function readConversation(items: readonly unknown[], goesOn = false): Conversation {
  const reader = new Reader(goesOn)
  for (const [position, item] of items.entries()) reader.take(item, `input[${position}]`)
  return reader.end()
}

class Reader {
  private readonly messages: Json[] = []
  private readonly tools: Json[] = []
  private readonly leftOut = new Set<string>()
  private insists: string | undefined
  /** Images and files of results, which stand in a message behind all results: a result of OpenAI's holds text alone. */
  private shown: Json[] = []
  /** The message that calls and thoughts of one turn belong to. */
  private turn: Json | undefined
  /** Ids of the calls so far. */
  private readonly calls = new Set<string>()
  private readonly goesOn: boolean

  constructor(goesOn: boolean) {
    this.goesOn = goesOn
  }

  take(item: unknown, path: string): void {
    if (!isRecord(item)) throw invalid('An input item must be an object.', path)
    const type = filled(item['type']) ?? 'message'
    if (!RESULTS.has(type)) this.show()
    switch (type) {
      case 'message':
        return this.takeMessage(item, path)
      case 'function_call':
        return this.call(item, {
          type: 'function',
          function: { name: toolName(item), arguments: textOf(item['arguments']) },
        })
      case 'custom_tool_call':
        return this.call(item, { type: 'custom', custom: { name: toolName(item), input: textOf(item['input']) } })
      case FUNCTION_RESULT:
      case CUSTOM_RESULT:
        return this.result(item, path)
      case 'image_generation_call':
        return this.draw(item)
      case 'reasoning':
        return this.think(item)
      case 'additional_tools':
      case 'tool_search_output':
        if (Array.isArray(item['tools'])) this.tools.push(...item['tools'].filter(isRecord))
        return
      default:
        if (!SILENT.has(type)) this.leftOut.add(`${type} items of the conversation`)
    }
  }

  end(): Conversation {
    this.show()
    const { messages, tools, insists } = this
    return { messages, tools, leftOut: [...this.leftOut], ...(insists !== undefined && { insists }) }
  }

  private takeMessage(item: Json, path: string): void {
    const role = filled(item['role']) ?? 'user'
    const content = this.contentOf(item['content'], `${path}.content`)
    if (role !== 'assistant') {
      this.turn = undefined
      this.messages.push({ role, content })
      return
    }
    const refusal = Array.isArray(item['content'])
      ? item['content'].find((part) => isRecord(part) && part['type'] === 'refusal')
      : undefined
    const turn = this.openTurn(() => true)
    const before = turn['content']
    turn['content'] = typeof before === 'string' && before !== '' ? before + plain(content) : plain(content)
    if (isRecord(refusal)) turn['refusal'] = textOf(refusal['refusal'])
  }

  private call(item: Json, call: Json): void {
    const turn = this.openTurn(() => true)
    const calls = (turn['tool_calls'] ??= []) as Json[]
    const id = filled(item['call_id']) ?? filled(item['id']) ?? `call_${calls.length}`
    this.calls.add(id)
    calls.push({ id, ...call })
  }

  private result(item: Json, path: string): void {
    const id = textOf(item['call_id'])
    if (!this.calls.has(id)) {
      const isCustom = item['type'] === CUSTOM_RESULT
      const what = isCustom ? 'custom tool call output' : 'function call output'
      if (!this.goesOn) throw invalid(`No tool call found for ${what} with call_id ${id}.`, 'input')
      this.call(item, { type: 'function', function: { name: 'unknown', arguments: '{}' } })
    }
    this.turn = undefined
    const { output } = item
    const said = isRecord(output) ? JSON.stringify(output) : this.contentOf(output, `${path}.output`)
    const parts = typeof said === 'string' ? [] : said
    const texts = parts.filter((part) => part['type'] === 'text')
    const content = typeof said === 'string' ? said : texts.length > 0 ? texts : ''
    this.messages.push({ role: 'tool', tool_call_id: id, content })
    this.shown.push(...parts.filter((part) => part['type'] !== 'text'))
  }

  /** A picture that a model made; one that is told by its id alone is known where it is kept. */
  private draw(item: Json): void {
    const data = filled(item['result'])
    if (data === undefined) {
      this.leftOut.add('image_generation_call items without their result')
      return
    }
    const format = filled(item['output_format']) ?? 'png'
    const url = `data:image/${format === 'svg' ? 'svg+xml' : format};base64,${data}`
    const turn = this.openTurn(() => true)
    turn['images'] = [...((turn['images'] as Json[] | undefined) ?? []), { type: 'image_url', image_url: { url } }]
  }

  private show(): void {
    if (this.shown.length > 0) this.messages.push({ role: 'user', content: this.shown })
    this.shown = []
  }

  /** Files by id are known to the vendor that keeps them alone. */
  private contentOf(content: unknown, path: string): string | Json[] {
    if (Array.isArray(content) && content.some((part) => isRecord(part) && isById(part)))
      this.insists ??= `${path} holds a file by its id, which is read where it is kept`
    return contentOf(content, path)
  }

  /** A thought comes before what it led to. What another API's vendor sealed nobody else can open. */
  private think(item: Json): void {
    const sealed = unsealThought(item['encrypted_content'])
    if (sealed?.call !== undefined || sealed?.text !== undefined) return this.sign(sealed)
    const text = [item['content'], item['summary']]
      .map((parts) =>
        Array.isArray(parts)
          ? parts
              .filter(isRecord)
              .map((part) => textOf(part['text']))
              .join('\n\n')
          : '',
      )
      .find((each) => each !== '')
    const details: Json[] = []
    if (sealed?.data !== undefined) details.push({ type: 'reasoning.encrypted', data: sealed.data })
    else if (sealed?.signature !== undefined)
      details.push({ type: 'reasoning.text', text: text ?? '', signature: sealed.signature })
    if (text === undefined && details.length === 0) return
    // calls or words before it: they were the answer to another thought
    const turn = this.openTurn((open) => open['content'] === null && open['tool_calls'] === undefined)
    if (text !== undefined) turn['reasoning_content'] = [turn['reasoning_content'], text].filter(Boolean).join('\n\n')
    if (details.length > 0) turn['reasoning_details'] = [...((turn['reasoning_details'] as Json[]) ?? []), ...details]
    else if (text !== undefined && turn['reasoning_details'] !== undefined)
      (turn['reasoning_details'] as Json[]).push({ type: 'reasoning.text', text })
  }

  /** Opaque state of a call or of the text that came right before. */
  private sign({ call, text, signature }: { call?: string; text?: true; signature?: string }): void {
    const { turn } = this
    if (!turn || signature === undefined) return
    const extra = toExtraContent(signature)
    if (text) turn['extra_content'] = extra
    const calls = (turn['tool_calls'] ?? []) as Json[]
    const signed = calls.find(({ id }) => id === call)
    if (signed) signed['extra_content'] = extra
  }

  private openTurn(fits: (turn: Json) => boolean): Json {
    if (!this.turn || !fits(this.turn)) {
      this.turn = { role: 'assistant', content: null }
      this.messages.push(this.turn)
    }
    return this.turn
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
}

/** An answer's own text; where there is none, null as OpenAI has it. */
function plain(content: string | Json[]): string | null {
  if (typeof content === 'string') return content
  const text = content.map((part) => (part['type'] === 'text' ? textOf(part['text']) : '')).join('')
  return text === '' ? null : text
}

function contentOf(content: unknown, path: string): string | Json[] {
  if (typeof content === 'string') return content
  if (content === undefined || content === null) return ''
  if (!Array.isArray(content)) throw invalid('Content must be a text or a list of parts.', path)
  return content.flatMap((part: unknown, index) => partOf(part, `${path}[${index}]`))
}

function partOf(part: unknown, path: string): Json[] {
  if (typeof part === 'string') return [{ type: 'text', text: part }]
  if (!isRecord(part)) throw invalid('A content part must be an object.', path)
  const cache = isRecord(part['prompt_cache_breakpoint'])
    ? { prompt_cache_breakpoint: part['prompt_cache_breakpoint'] }
    : {}
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
    case 'reasoning_text':
      return part['text'] === '' ? [] : [{ type: 'text', text: textOf(part['text']), ...cache }]
    case 'input_image':
      return [imageOf(part, path, cache)]
    case 'input_file': {
      const { type: _type, file_url, file_data, prompt_cache_breakpoint: _mark, ...rest } = part
      return [{ type: 'file', file: { ...rest, file_data: file_data ?? file_url }, ...cache }]
    }
    case 'input_audio':
      return [{ type: 'input_audio', input_audio: part['input_audio'] }]
    // told beside the content
    case 'refusal':
      return []
    default:
      throw invalid(`A content part of type "${textOf(part['type'])}" is not known.`, `${path}.type`)
  }
}

function isById(part: Json): boolean {
  return filled(part['file_id']) !== undefined && filled(part['image_url']) === undefined
}

function imageOf(part: Json, path: string, cache: Json): Json {
  const image = part['image_url']
  const url = filled(isRecord(image) ? image['url'] : image)
  if (url === undefined) {
    const id = filled(part['file_id'])
    if (id === undefined) throw invalid('An image needs image_url or file_id.', path)
    return { type: 'file', file: { file_id: id } }
  }
  const given = filled(part['detail'])
  // chat has none of its own for the whole picture
  const detail = given === 'original' ? 'high' : given
  return { type: 'image_url', image_url: { url, ...(detail !== undefined && { detail }) }, ...cache }
}
