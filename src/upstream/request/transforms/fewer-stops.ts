/** Stop sequences beyond the vendor's most are left out, the last ones first. */
import type { RequestTransform } from './request-transform.ts'

/** `most`: how many the vendor takes. */
export const fewerStops: RequestTransform = (options) => {
  const most = typeof options['most'] === 'number' ? options['most'] : 4
  return (request, warnings) => {
    if (!request.stop || request.stop.length <= most) return request
    const stop = request.stop.slice(0, most)
    warnings.push(`stop: no more than ${most} are taken, the first ${most} stand`)
    return { ...request, stop, body: { ...request.body, stop } }
  }
}
