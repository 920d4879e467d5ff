import { filled, isRecord } from '../../json-value.ts'
import type { ToolCallChunk } from './chunk-delta.ts'

/** A tool call of an OpenAI-like chunk or message, its oddities removed: `id: "null"`, empty names, a missing type. */
export function wireToolCall(call: Record<string, unknown>, isWhole: boolean): ToolCallChunk {
  // pieces after the first need not repeat the type
  const hasFunction = isRecord(call['function']) && call['type'] !== 'custom'
  const custom = !hasFunction && isRecord(call['custom']) ? call['custom'] : undefined
  const called = hasFunction ? (call['function'] as Record<string, unknown>) : custom
  const name = filled(called?.['name'])
  const text = custom === undefined ? called?.['arguments'] : custom['input']
  const id = filled(call['id'])
  const piece: ToolCallChunk = { arguments: text ?? undefined }
  if (Number.isInteger(call['index'])) piece.index = call['index'] as number
  if (id !== undefined && id !== 'null') piece.id = id
  if (name !== undefined) piece.name = name
  if (name !== undefined && piece.arguments === undefined && !isWhole) piece.unfinished = true
  if (custom !== undefined) piece.custom = true
  if (isRecord(call['extra_content'])) piece.extra_content = call['extra_content']
  return piece
}
