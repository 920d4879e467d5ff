/** Request transforms on the request that no template can do, named from a format's `prepare`. */
import { DefinitionError, type Path } from '../../../definition/error.ts'
import { readComponentReference } from '../../format/component-reference.ts'
import type { RequestTransform } from './request-transform.ts'
import { chosenToolsOnly } from './chosen-tools-only.ts'
import { fewerCacheMarks } from './fewer-cache-marks.ts'
import { fewerStops } from './fewer-stops.ts'
import { jsonSchemaInWords } from './json-schema-in-words.ts'
import { mediaOfResultsApart } from './media-of-results-apart.ts'
import { mergeNeighbours } from './merge-neighbours.ts'
import { noThoughtsMidway } from './no-thoughts-midway.ts'
import { openaiMessages } from './openai-messages.ts'
import { renameFields } from './rename-fields.ts'
import { resultsFirst } from './results-first.ts'
import { signFirstCalls } from './sign-first-calls.ts'
import { startsWithUser } from './starts-with-user.ts'
import { systemInPlace } from './system-in-place.ts'
import { textFilesInline } from './text-files-inline.ts'
import { thoughtsBeside } from './thoughts-beside.ts'
import { toolCallIds } from './tool-call-ids.ts'
import { toolHistoryAsText } from './tool-history-as-text.ts'
import { toolNames } from './tool-names.ts'
import { toolResultsInOrder } from './tool-results-in-order.ts'
import { trimLastAnswer } from './trim-last-answer.ts'
import { withoutBlankText } from './without-blank-text.ts'
import { withoutHostedTools } from './without-hosted-tools.ts'
import { withoutUnusedTools } from './without-unused-tools.ts'
import { withoutForeignFields } from './without-foreign-fields.ts'
import { withoutIdleFields } from './without-idle-fields.ts'

export const REQUEST_TRANSFORMS: Record<string, RequestTransform> = {
  'chosen-tools-only': chosenToolsOnly,
  'fewer-cache-marks': fewerCacheMarks,
  'fewer-stops': fewerStops,
  'json-schema-in-words': jsonSchemaInWords,
  'media-of-results-apart': mediaOfResultsApart,
  'merge-neighbours': mergeNeighbours,
  'no-thoughts-midway': noThoughtsMidway,
  'openai-messages': openaiMessages,
  'rename-fields': renameFields,
  'results-first': resultsFirst,
  'sign-first-calls': signFirstCalls,
  'starts-with-user': startsWithUser,
  'system-in-place': systemInPlace,
  'text-files-inline': textFilesInline,
  'thoughts-beside': thoughtsBeside,
  'tool-call-ids': toolCallIds,
  'tool-history-as-text': toolHistoryAsText,
  'tool-names': toolNames,
  'tool-results-in-order': toolResultsInOrder,
  'trim-last-answer': trimLastAnswer,
  'without-blank-text': withoutBlankText,
  'without-hosted-tools': withoutHostedTools,
  'without-unused-tools': withoutUnusedTools,
  'without-foreign-fields': withoutForeignFields,
  'without-idle-fields': withoutIdleFields,
}

/** The request transforms of a list of names, or `{ name: options }`, in order. */
export function compileRequestTransforms(nodes: unknown, path: Path): ReturnType<RequestTransform>[] {
  if (nodes === undefined) return []
  if (!Array.isArray(nodes)) throw new DefinitionError('prepare is a list of request transforms', path)
  return nodes.map((node: unknown, i) => {
    const { component, options } = readComponentReference(node, REQUEST_TRANSFORMS, 'request transform', [...path, i])
    return component(options)
  })
}
