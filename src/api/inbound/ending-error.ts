import { GatewayError } from '../../chat/error.ts'

/** Faults in an answer are GatewayErrors; anything else is a defect of ours, told as such and not hidden. */
export function endingError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  return new GatewayError('internal', 'This server failed while it wrote the answer; its log has the cause.', {
    cause: error,
  })
}
