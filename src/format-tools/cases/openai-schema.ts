/** What OpenAI's clients may count on in a chunk, a completion and an error: the shape, as one JSON Schema for each. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

const text = { type: 'string' }
const textOrNull = { type: ['string', 'null'] }
const count = { type: 'integer', minimum: 0 }
const FINISH = ['stop', 'length', 'tool_calls', 'content_filter', 'function_call']

const usage = {
  type: 'object',
  required: ['prompt_tokens', 'completion_tokens', 'total_tokens'],
  properties: {
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: { type: 'object', properties: { cached_tokens: count } },
    completion_tokens_details: { type: 'object', properties: { reasoning_tokens: count } },
  },
}

const callFunction = { type: 'object', properties: { name: text, arguments: text } }

const delta = {
  type: 'object',
  properties: {
    role: { const: 'assistant' },
    content: textOrNull,
    refusal: textOrNull,
    reasoning_content: text,
    tool_calls: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['index'],
        properties: {
          index: count,
          id: { ...text, minLength: 1 },
          type: { enum: ['function', 'custom'] },
          function: callFunction,
        },
      },
    },
    function_call: callFunction,
  },
}

const message = {
  type: 'object',
  required: ['role', 'content'],
  properties: {
    ...delta.properties,
    tool_calls: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['id', 'type'],
        anyOf: [{ required: ['function'] }, { required: ['custom'] }],
        properties: {
          id: { ...text, minLength: 1 },
          type: { enum: ['function', 'custom'] },
          function: { ...callFunction, required: ['name', 'arguments'] },
        },
      },
    },
  },
}

const head = {
  id: { ...text, minLength: 1 },
  created: count,
  model: { ...text, minLength: 1 },
}

const SCHEMAS = {
  chunk: {
    type: 'object',
    required: ['id', 'object', 'created', 'model', 'choices'],
    properties: {
      ...head,
      object: { const: 'chat.completion.chunk' },
      choices: {
        type: 'array',
        items: {
          type: 'object',
          required: ['index', 'delta', 'finish_reason'],
          properties: { index: count, delta, finish_reason: { enum: [...FINISH, null] } },
        },
      },
      usage: { anyOf: [{ type: 'null' }, usage] },
    },
  },
  completion: {
    type: 'object',
    required: ['id', 'object', 'created', 'model', 'choices'],
    properties: {
      ...head,
      object: { const: 'chat.completion' },
      choices: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['index', 'message', 'finish_reason'],
          properties: { index: count, message, finish_reason: { enum: FINISH } },
        },
      },
      usage,
    },
  },
  error: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['message', 'type', 'param', 'code'],
        properties: { message: { ...text, minLength: 1 }, type: text, param: textOrNull, code: textOrNull },
      },
    },
  },
}

const ajv = new Ajv2020({ strict: false, allErrors: true })
const compiled = new Map<string, ValidateFunction>()

/** What is wrong with the shape; one line a fault. */
export function shapeFaults(kind: keyof typeof SCHEMAS, value: unknown): string[] {
  let validate = compiled.get(kind)
  if (!validate) compiled.set(kind, (validate = ajv.compile(SCHEMAS[kind])))
  if (validate(value)) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message: why }) => `not a ${kind} of OpenAI's: ${instancePath || 'it'} ${why}`,
  )
}
