/** Editors ask a chat for what stands between two pieces of code, and put the answer in as it comes. */
export function fillBetween(prompt: string, suffix: string): string {
  return `Write what belongs between the two parts below, and nothing else: no comment, no quotes, no code fence.

<before>${prompt}</before>
<after>${suffix}</after>`
}
