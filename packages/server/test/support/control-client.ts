/** An answer of the control API. */
export interface ControlAnswer {
  readonly status: number
  readonly code: string | null
  readonly json: Record<string, unknown>
  readonly headers: Headers
}

/** Sends JSON below a stream root. */
export async function control(
  base: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<ControlAnswer> {
  const response = await fetch(`${base}/${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const json = (text === '' ? {} : JSON.parse(text)) as { error?: { code: string } }
  return {
    status: response.status,
    code: json.error?.code ?? null,
    json: json,
    headers: response.headers,
  }
}

/** A report with the bearer token of a wake. */
export function report(
  wake: { readonly wake_id: string; readonly generation: number },
  token: string,
  over: object = {},
): [body: object, headers: Record<string, string>] {
  const body = { wake_id: wake.wake_id, generation: wake.generation, done: true, ...over }
  return [body, { authorization: `Bearer ${token}` }]
}
