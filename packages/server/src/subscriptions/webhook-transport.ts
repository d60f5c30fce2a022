/** A signed request to a receiver. */
export interface WebhookRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** The time for everything: connecting, sending, and the whole answer. */
  readonly timeoutMs: number
  /** Calls `run` when the server stops. */
  onAbort(run: () => void): void
}

/** What came of it. Redirects are answers like any other; they are never followed. */
export type WebhookAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: Uint8Array }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * How a runtime calls webhooks. It decides which URLs may be called, and it must decide again by the address that it
 * connects to: a name that was harmless yesterday may lead to a private network today.
 */
export interface WebhookTransport {
  /** Why a URL is not called, in words; null when it may be. */
  check(url: string): string | null
  /** Never rejects. The answer's body is bounded. */
  post(request: WebhookRequest): Promise<WebhookAnswer>
}

/** Which webhooks a server may call. */
export interface WebhookPolicy {
  /**
   * Allows `http://` and `https://` to `localhost` and `127.0.0.x`, for work on one's own machine. Default false.
   * @see PROTOCOL §6.2
   */
  readonly development?: boolean
  /** Hosts that may be called, such as `hooks.example.com` or `*.example.com`; others are refused. Default all. */
  readonly allowedHosts?: readonly string[]
  /** Ports that may be called. Default all. */
  readonly allowedPorts?: readonly number[]
  /**
   * Private networks whose addresses may be called all the same, such as `10.20.0.0/16`, for workers beside the
   * server. Default none.
   */
  readonly allowedNetworks?: readonly string[]
}
