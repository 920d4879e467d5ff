/** What a client sees, streamed or not, in one form. */

export interface ClientAnswer {
  status: number
  text: string
  calls: { name: string; arguments: string }[]
  /** Every finish reason that came. */
  finish: string[]
  done: boolean
  error: Record<string, unknown> | undefined
  /** The ids that its chunks had. */
  ids: string[]
  usage: Record<string, unknown> | undefined
  /** How often it was continued. */
  resumed: number | undefined
  headers: Headers
}

interface Choice {
  delta?: Said
  message?: Said
  finish_reason?: string | null
}

interface Said {
  content?: string | null
  tool_calls?: { index?: number; function?: { name?: string; arguments?: string } }[]
}

export async function readAnswer(
  url: string,
  model: string,
  stream: boolean,
  headers: Record<string, string> = {},
  fields: Record<string, unknown> = {},
): Promise<ClientAnswer> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model,
      stream,
      ...fields,
      messages: [{ role: 'user', content: 'How is the weather?' }],
      tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } }],
    }),
  })
  return collect(response.status, response.headers, await response.text())
}

function collect(status: number, headers: Headers, body: string): ClientAnswer {
  const answer: ClientAnswer = {
    status,
    text: '',
    calls: [],
    finish: [],
    done: false,
    error: undefined,
    ids: [],
    usage: undefined,
    resumed: undefined,
    headers,
  }
  if (!headers.get('content-type')?.startsWith('text/event-stream')) take(answer, JSON.parse(body))
  else {
    for (const line of body.split('\n')) {
      if (!line.startsWith('data: ')) continue
      if (line === 'data: [DONE]') answer.done = true
      else take(answer, JSON.parse(line.slice(6)))
    }
  }
  return answer
}

interface Event {
  id?: string
  error?: Record<string, unknown>
  choices?: Choice[]
  usage?: Record<string, unknown> | null
  balanced_call?: { resumed: number }
}

function take(answer: ClientAnswer, value: Event): void {
  answer.error ??= value.error
  answer.usage = value.usage ?? answer.usage
  answer.resumed ??= value.balanced_call?.resumed
  if (value.id !== undefined && !answer.ids.includes(value.id)) answer.ids.push(value.id)
  for (const choice of value.choices ?? []) {
    const said = choice.delta ?? choice.message
    answer.text += said?.content ?? ''
    said?.tool_calls?.forEach((call, i) => {
      const slot = (answer.calls[call.index ?? i] ??= { name: '', arguments: '' })
      slot.name += call.function?.name ?? ''
      slot.arguments += call.function?.arguments ?? ''
    })
    if (choice.finish_reason) answer.finish.push(choice.finish_reason)
  }
}
