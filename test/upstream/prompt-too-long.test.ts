import { expect, it } from 'vitest'
import { isPromptTooLong } from '../../src/upstream/response/errors/prompt-too-long.ts'

it.each([
  "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.",
  'prompt is too long: 210000 tokens > 200000 maximum',
  'The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).',
  'Input is too long for requested model.',
  'too many tokens: size limit exceeded by 12 tokens. Try using shorter or fewer inputs.',
  'the request exceeds the available context size (4096 tokens), try increasing it',
  'Please reduce the length of the messages or completion.',
  '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]',
  'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
  'The prompt length 9000 exceeds the max_model_len 8192',
  'Requested tokens (600) exceed context window of 512',
  '`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000 `inputs` tokens and 20 `max_new_tokens`',
  'Input validation error: `inputs` must have less than 1024 tokens. Given: 2000',
  'Input too long: 40000 tokens exceed the limit of 32768',
  'prompt token count of 140000 exceeds the limit of 128000',
  'Total tokens of image and text exceed max message tokens.',
  'context shift is disabled',
  '输入内容长度超过模型最大上下文限制',
])('knows a prompt that is too long: %s', (message) => expect(isPromptTooLong(message)).toBe(true))

it.each([
  'Rate limit reached: 8000 tokens per minute exceeded',
  'max_tokens is too large: 100000. This model supports at most 16384 completion tokens.',
  'max_tokens must be at most 4096',
  "Invalid 'messages': expected an array with at least one message.",
  'Image exceeds the maximum size of 5 MB',
  'max_tokens 100000 exceeds the maximum of 8192',
  'completion tokens exceed the limit of 4096',
  'Image tokens exceed the limit of 5',
  'Too many tools: at most 128 are allowed',
  'The request body is longer than 20971520 bytes',
  'Invalid value for context: it must be an object',
])('takes nothing else for one: %s', (message) => expect(isPromptTooLong(message)).toBe(false))
