/** Tools that the server of this API's inventor runs itself mean nothing elsewhere: left out, with a warning. */
import { isMap } from '../../../definition/scope.ts'
import type { RequestTransform } from './request-transform.ts'

/** `tools[].type` of the Responses API and of chat completions; versions are written behind the name. */
const HOSTED =
  /^(web_search(?:_preview)?|file_search|code_interpreter|computer_use_preview|mcp|image_generation|local_shell|shell|apply_patch|tool_search)(_\d{4}_\d\d_\d\d)?$/

export const withoutHostedTools: RequestTransform = () => (request, warnings) => {
  const { vendor_tools: given } = request
  if (!given?.some(isHosted)) return request
  const types = given.filter(isHosted).map((tool) => String(tool['type']))
  for (const type of types) warnings.push(`tools: ${type} is run by another vendor alone, left out`)
  const left = given.filter((tool) => !isHosted(tool))
  const body = { ...request.body }
  if (Array.isArray(body['tools'])) body['tools'] = body['tools'].filter((tool: unknown) => !isHosted(tool))
  return { ...request, vendor_tools: left.length > 0 ? left : undefined, body }
}

function isHosted(tool: unknown): boolean {
  // a vendor's own search of the same type says how in a field of that name
  return isMap(tool) && HOSTED.test(String(tool['type'])) && !isMap(tool[String(tool['type'])])
}
