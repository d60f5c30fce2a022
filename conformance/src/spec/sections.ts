/** The headings of the specification that statements and cases are ordered by. */
export const SECTION_TITLES: Readonly<Record<string, string>> = {
  '2': 'Terminology',
  '3': 'Protocol overview',
  '4': 'Stream model',
  '4.1': 'Stream closure',
  '4.2': 'Stream forking',
  '5': 'HTTP operations',
  '5.1': 'Create stream',
  '5.2': 'Append to stream',
  '5.2.1': 'Idempotent producers',
  '5.3': 'Close stream',
  '5.4': 'Delete stream',
  '5.5': 'Stream metadata',
  '5.6': 'Read: catch-up',
  '5.7': 'Read: long-poll',
  '5.8': 'Read: SSE',
  '6': 'Subscription APIs',
  '6.1': 'Subscription addressing',
  '6.2': 'Create a subscription',
  '6.3': 'Read or delete a subscription',
  '6.4': 'Stream membership',
  '6.5': 'Signing keys',
  '7': 'Subscription delivery',
  '7.1': 'Webhook delivery',
  '7.2': 'Pull-wake',
  '7.3': 'Fencing and leases',
  '7.4': 'Draft extensions',
  '8': 'Offsets',
  '9': 'Content types',
  '9.1': 'JSON mode',
  '10': 'Caching and collapsing',
  '10.1': 'Cursors',
  '10.2': 'SSE collapsing',
  '11': 'Extensibility',
  '12': 'Security',
  '12.1': 'Access control',
  '12.2': 'Multi-tenant safety',
  '12.3': 'Untrusted content',
  '12.4': 'Content type validation',
  '12.5': 'Rate limiting',
  '12.6': 'Sequence validation',
  '12.7': 'Browser security headers',
  '12.8': 'Webhook URLs',
  '12.9': 'Callback tokens',
  '12.10': 'Webhook signatures',
  '12.11': 'TLS',
}

/** A section with its heading, or its number alone where it has none of its own. */
export function titleOfSection(section: string): string {
  return SECTION_TITLES[section] ?? ''
}

/** The order of sections in the specification: `5.2` before `5.2.1` before `5.10`. */
export function compareSections(left: string, right: string): number {
  const a = left.split('.').map(Number)
  const b = right.split('.').map(Number)
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? -1) - (b[index] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}
