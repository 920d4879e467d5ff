/** What a model does not take, or not like this: fields that go, values for fields that were left out, bounds. */
import type { ChatRequest } from '../../chat/request.ts'
import { isAbsent } from '../../definition/scope.ts'
import { fieldOf, isNeutral } from '../request/fields.ts'
import type { ModelPlan } from './model-traits.ts'

/** The request as it is where the plan changes nothing of it. */
export function fitModel(name: string, request: ChatRequest, plan: ModelPlan, warnings: string[]): ChatRequest {
  let fitted = request
  for (let i = 0; i < plan.drop.length; i++) {
    const field = plan.drop[i] as string
    const value = fieldOf(fitted, field)
    if (!isNeutral(field, value)) warnings.push(`${field}: this model of ${name} does not take it, left out`)
    if (!isAbsent(value) || Object.hasOwn(fitted.body, field)) fitted = withField(fitted, field, undefined)
  }
  for (const field in plan.defaults) {
    if (isAbsent(fieldOf(fitted, field))) fitted = withField(fitted, field, plan.defaults[field])
  }
  for (let i = 0; i < plan.clamp.length; i++) {
    const { field, low, high } = plan.clamp[i] as ModelPlan['clamp'][number]
    const value = fieldOf(fitted, field)
    if (typeof value !== 'number' || (value >= low && value <= high)) continue
    const inside = Math.min(high, Math.max(low, value))
    fitted = withField(fitted, field, inside)
    warnings.push(`${field}: ${value} is outside ${low} to ${high} of ${name}, set to ${inside}`)
  }
  return fitted
}

function withField(request: ChatRequest, field: string, value: unknown): ChatRequest {
  const fitted: ChatRequest = { ...request }
  if (Object.hasOwn(request.options, field)) fitted.options = { ...request.options, [field]: value }
  else Object.assign(fitted, { [field]: value })
  if (Object.hasOwn(request.body, field)) fitted.body = { ...request.body, [field]: value }
  return fitted
}
