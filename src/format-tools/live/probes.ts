/** A few real requests that show what a model can do behind a wire, and how each answer is judged. */

/** A client's answer: the fields of the message, with its finish, its usage or its error. */
export type Told = Record<string, unknown>

export interface Probe {
  name: string
  /** What it shows, as the catalogue names it. */
  shows?: 'tools' | 'vision' | 'json_schema'
  body: Record<string, unknown>
  /** Sent with a key that is none. */
  wrongKey?: boolean
  /** What is wrong with the answer; nothing when it is as it should be. */
  judge(told: Told): string | undefined
}

/** 32 by 32 pixels of red. */
const RED =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAKklEQVR42mN4ICBAU8QwasGoBaMWjFowasGoBaMWjFowasGoBaMWDBULALgcAD3G45K4AAAAAElFTkSuQmCC'

const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of one city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
}

const ANSWER = {
  type: 'json_schema',
  json_schema: {
    name: 'river',
    strict: true,
    schema: {
      type: 'object',
      properties: { name: { type: 'string' }, length_km: { type: 'integer' } },
      required: ['name', 'length_km'],
      additionalProperties: false,
    },
  },
}

const ASK = [{ role: 'user', content: 'Name one river. Answer in one short sentence.' }]

export const PROBES: readonly Probe[] = [
  { name: 'text', body: { messages: ASK, max_tokens: 400 }, judge: (told) => saidSomething(told) ?? counted(told) },
  {
    name: 'stream',
    body: { messages: ASK, max_tokens: 400, stream: true, stream_options: { include_usage: true } },
    judge: (told) => saidSomething(told) ?? counted(told),
  },
  {
    name: 'tools',
    shows: 'tools',
    body: {
      messages: [{ role: 'user', content: 'What is the weather in Oslo? Use the tool.' }],
      tools: [WEATHER],
      max_tokens: 800,
      stream: true,
    },
    judge: (told) => called(told, 1),
  },
  {
    name: 'parallel tools',
    body: {
      messages: [{ role: 'user', content: 'What is the weather in Oslo and Rome? Use the tool for both at once.' }],
      tools: [WEATHER],
      max_tokens: 800,
      stream: true,
    },
    judge: (told) => called(told, 2),
  },
  {
    name: 'tool result',
    body: {
      messages: [
        { role: 'user', content: 'What is the weather in Oslo?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: '4 degrees, rain' },
      ],
      tools: [WEATHER],
      max_tokens: 800,
    },
    judge: saidSomething,
  },
  {
    name: 'json_schema',
    shows: 'json_schema',
    body: { messages: [{ role: 'user', content: 'Name one river.' }], response_format: ANSWER, max_tokens: 800 },
    judge: isRiver,
  },
  {
    name: 'image',
    shows: 'vision',
    body: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Which colour is this picture: red, green, blue or yellow? One word.' },
            { type: 'image_url', image_url: { url: RED } },
          ],
        },
      ],
      max_tokens: 400,
    },
    judge: (told) => saidSomething(told) ?? (isRed(text(told)) ? undefined : 'it does not say that the picture is red'),
  },
  {
    name: 'long output',
    body: {
      messages: [{ role: 'user', content: 'Count from 1 to 200, with spaces between.' }],
      max_tokens: 2000,
      stream: true,
    },
    judge: saidSomething,
  },
  {
    name: 'cut at max_tokens',
    body: { messages: [{ role: 'user', content: 'Count from 1 to 200, with spaces between.' }], max_tokens: 16 },
    judge: (told) => wrong(told) ?? (told['finish_reason'] === 'length' ? undefined : 'finish_reason is not length'),
  },
  {
    name: 'error',
    wrongKey: true,
    body: { messages: ASK, max_tokens: 16 },
    judge: (told) => (errorOf(told)?.['message'] ? undefined : 'a wrong key gives no error'),
  },
]

function errorOf(told: Told): Record<string, unknown> | undefined {
  return told['error'] as Record<string, unknown> | undefined
}

function wrong(told: Told): string | undefined {
  const error = errorOf(told)
  return error && `${String(error['status'])} ${String(error['kind'])}: ${String(error['message'])}`
}

function text(told: Told): string {
  return typeof told['content'] === 'string' ? told['content'] : ''
}

function saidSomething(told: Told): string | undefined {
  return wrong(told) ?? (text(told).trim() === '' ? 'it says nothing' : undefined)
}

function counted(told: Told): string | undefined {
  const usage = told['usage'] as Record<string, number> | undefined
  return usage && (usage['completion_tokens'] ?? 0) > 0 ? undefined : 'it does not count its tokens'
}

function called(told: Told, least: number): string | undefined {
  const fault = wrong(told)
  if (fault !== undefined) return fault
  const calls = (told['tool_calls'] ?? []) as { function: { name: string; arguments: string } }[]
  if (calls.length < least) return `${calls.length} of ${least} tool calls`
  return calls.every((call) => call.function.name === 'get_weather' && cityOf(call.function.arguments))
    ? undefined
    : 'a call without its city'
}

function cityOf(argumentsText: string): boolean {
  return typeof (parse(argumentsText) as { city?: unknown } | undefined)?.city === 'string'
}

function isRiver(told: Told): string | undefined {
  const fault = saidSomething(told)
  if (fault !== undefined) return fault
  const value = parse(text(told)) as { name?: unknown; length_km?: unknown } | undefined
  return typeof value?.name === 'string' && Number.isInteger(value.length_km) ? undefined : 'it does not fit the schema'
}

function isRed(answer: string): boolean {
  return /\bred\b/i.test(answer) && !/\b(cannot|can't|unable)\b/i.test(answer)
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source) as unknown
  } catch {
    return undefined
  }
}
