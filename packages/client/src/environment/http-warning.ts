const warned = new Set<string>()
/** Origins that are remembered as warned about. */
const MAX_WARNED = 100

/**
 * Warns once per origin when a page uses `http:`: browsers then open six connections at most, and each live read
 * takes one. Does nothing outside of pages.
 */
export function warnIfUsingHttpInBrowser(url: string | URL, warnOnHttp = true): void {
  const { document, location } = globalThis as { document?: unknown; location?: { href: string } }
  if (!warnOnHttp || document === undefined || location === undefined) return
  const { protocol, origin } = new URL(url, location.href)
  if (protocol !== 'http:' || warned.has(origin) || warned.size >= MAX_WARNED) return
  warned.add(origin)
  console.warn(
    `durable stream: ${origin} is read over HTTP/1.1, where a browser has six connections; use HTTPS`,
  )
}
